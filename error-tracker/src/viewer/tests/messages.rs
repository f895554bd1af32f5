//! What the page of an issue shows of messages to people.

use super::{body, get, viewer};
use crate::store::{Outbox, OutboxClaim, OutboxLimits, OutboxMessage, SendOutcome, Store};
use crate::viewer::sample;
use std::time::Duration;

/// Adds a message, claims it, and ends the claim.
fn tell(outbox: &dyn Outbox, hash: &str, reason: &str, age: u64, outcome: SendOutcome) {
    let message = OutboxMessage::new("mail <team>", hash, reason, sample::before(age));
    outbox.enqueue(&message, &OutboxLimits::unlimited()).unwrap();
    let claim = OutboxClaim::new("mail <team>", "a", sample::before(age), Duration::from_secs(60));
    let claimed = outbox.claim(&claim).unwrap().unwrap();
    assert!(outbox.finish(claimed.id, "a", &outcome).unwrap());
}

#[test]
fn the_page_shows_what_was_sent_where_and_when_and_what_failed() {
    let (viewer, store) = viewer();
    let (parse, panic) = (sample::hash("parse"), sample::hash("panic"));
    let path = format!("/{parse}");
    assert!(!body(&get(&viewer, &path)).contains("id=\"messages\""));
    let outbox = store.outbox().unwrap();
    let sent = SendOutcome::Sent { at: sample::before(7_200), answer: "250 2.0.0 <kept>".into() };
    tell(outbox, &parse, "new", 7_205, sent);
    let error = "550 no such <user>".to_owned();
    tell(
        outbox,
        &panic,
        "milestone/1000",
        600,
        SendOutcome::Failed { at: sample::before(590), error },
    );
    let page = body(&get(&viewer, &path)).to_owned();
    let shown = page.split("id=\"messages\"").nth(1).unwrap();
    for expected in [
        "<strong>mail &lt;team&gt;</strong>",
        "<span class=\"badge sent\">sent</span>",
        "new issue · <time",
        "2 hours ago",
        "250 2.0.0 &lt;kept&gt;",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    assert!(!shown.contains("no such"), "it is about another issue");

    store.merge(&[&panic], &parse).unwrap();
    let page = body(&get(&viewer, &path)).to_owned();
    let shown = page.split("id=\"messages\"").nth(1).unwrap();
    let failed = shown.find("550 no such &lt;user&gt;").unwrap();
    assert!(failed < shown.find("250 2.0.0").unwrap(), "newest first");
    assert!(shown.contains("<span class=\"badge failed\">not sent</span>"), "{shown}");
    assert!(shown.contains("seen 1,000 times"), "{shown}");
}

#[test]
fn many_messages_are_folded() {
    let (viewer, store) = viewer();
    let parse = sample::hash("parse");
    let outbox = store.outbox().unwrap();
    for nth in 0..9 {
        let error = format!("451 try {nth} later");
        let outcome = SendOutcome::Failed { at: sample::before(90 - nth), error };
        tell(outbox, &parse, &format!("occurrence/{nth}"), 100 - nth, outcome);
    }
    let page = body(&get(&viewer, &format!("/{parse}"))).to_owned();
    let (shown, folded) = page.split_once("<summary>4 more</summary>").unwrap();
    assert!(shown.contains("451 try 8 later") && shown.contains("451 try 4 later"));
    assert!(folded.contains("451 try 3 later") && folded.contains("451 try 0 later"));
}
