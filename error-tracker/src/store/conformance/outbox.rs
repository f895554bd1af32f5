//! The tests of a store's outbox. A store without one passes them.

use std::time::Duration;

use super::{event, later, moment, record};
use crate::event::{Event, Status, Timestamp};
use crate::store::outbox::{
    ClaimedMessage, DeliveryState, Enqueued, Outbox, OutboxClaim, OutboxLimits, OutboxMessage,
    SendOutcome,
};
use crate::store::{IssueChange, Sighting, Store};

const LEASE: Duration = Duration::from_secs(60);
const ANY: OutboxLimits = OutboxLimits::unlimited();

fn message(hash: &str, reason: &str, second: u64) -> OutboxMessage {
    OutboxMessage::new("mail", hash, reason, moment(second)).event(format!("{hash}-event"))
}

fn claim(outbox: &dyn Outbox, owner: &str, second: u64) -> Option<ClaimedMessage> {
    outbox.claim(&OutboxClaim::new("mail", owner, moment(second), LEASE)).unwrap()
}

fn add(outbox: &dyn Outbox, message: &OutboxMessage, limits: &OutboxLimits) -> Enqueued {
    outbox.enqueue(message, limits).unwrap()
}

fn sent(second: u64) -> SendOutcome {
    SendOutcome::Sent { at: moment(second), answer: "250 queued".into() }
}

fn waiting(outbox: &dyn Outbox) -> (u64, u64) {
    let counts = outbox.channel("mail").unwrap();
    (counts.waiting, counts.held_back)
}

/// A message with the same channel, issue and reason is not added again, neither while it waits nor
/// later. Messages are claimed in their order, each by one owner.
pub(super) fn a_message_is_sent_once_by_one_owner(store: &dyn Store) {
    let Some(outbox) = store.outbox() else { return };
    assert_eq!(outbox.channel("mail").unwrap().latest, None);
    assert_eq!(claim(outbox, "a", 0), None);
    assert_eq!(add(outbox, &message("x", "new", 1), &ANY), Enqueued::Added);
    assert_eq!(add(outbox, &message("x", "new", 2), &ANY), Enqueued::Known);
    assert_eq!(add(outbox, &message("x", "milestone/10", 2), &ANY), Enqueued::Added);
    assert_eq!(add(outbox, &message("y", "new", 3), &ANY), Enqueued::Added);
    let chat = OutboxMessage::new("chat", "x", "new", moment(1));
    assert_eq!(add(outbox, &chat, &ANY), Enqueued::Added);
    let (known, new) = (message("y", "new", 3), message("y", "milestone/10", 3));
    let added = outbox.enqueue_all(&[(&known, &ANY), (&new, &ANY), (&new, &ANY)]).unwrap();
    assert_eq!(added, [Enqueued::Known, Enqueued::Added, Enqueued::Known]);
    assert_eq!(waiting(outbox), (4, 0));
    assert_eq!(outbox.channel("mail").unwrap().latest, Some(moment(3)));

    assert_eq!(claim(outbox, "a", 0), None, "they are not due before they were added");
    let first = claim(outbox, "a", 10).unwrap();
    assert_eq!(first.message, message("x", "new", 1));
    assert_eq!((first.attempts, first.repeated), (1, false));
    let second = claim(outbox, "b", 10).unwrap();
    assert_eq!(second.message.reason, "milestone/10");
    assert!(!outbox.finish(first.id, "b", &sent(11)).unwrap(), "it is a's");
    assert!(outbox.finish(first.id, "a", &sent(11)).unwrap());
    assert!(!outbox.finish(first.id, "a", &sent(12)).unwrap(), "it is finished");
    assert!(outbox.finish(second.id, "b", &sent(12)).unwrap());
    assert_eq!(add(outbox, &message("x", "new", 20), &ANY), Enqueued::Known);
    assert!(outbox.is_known(&message("x", "new", 20)).unwrap());
    assert!(!outbox.is_known(&message("x", "milestone/100", 20)).unwrap());
    assert_eq!(claim(outbox, "a", 20).unwrap().message.hash, "y");
    assert_eq!(claim(outbox, "a", 20).unwrap().message.reason, "milestone/10");
    assert_eq!(claim(outbox, "a", 20), None);

    let history = outbox.history("x").unwrap();
    let states: Vec<_> = history.iter().map(|of| (&*of.message.channel, of.state)).collect();
    assert_eq!(
        states,
        [
            ("chat", DeliveryState::Waiting),
            ("mail", DeliveryState::Sent),
            ("mail", DeliveryState::Sent)
        ],
        "newest first"
    );
    assert_eq!((history[2].finished, &*history[2].result), (Some(moment(11)), "250 queued"));
    assert_eq!(outbox.channels().unwrap(), ["chat", "mail"]);
    let recent = outbox.recent().unwrap();
    let recent: Vec<_> = recent.iter().map(|of| (&*of.message.hash, &*of.message.reason)).collect();
    let expected =
        [("y", "milestone/10"), ("x", "new"), ("y", "new"), ("x", "milestone/10"), ("x", "new")];
    assert_eq!(recent, expected);
    assert_eq!(outbox.delete_finished(moment(12)).unwrap(), 1);
    assert_eq!(outbox.history("x").unwrap().len(), 2);
}

/// When a claim ends without a result the message is claimed again, as one that may have been sent.
/// A message that was not sent is due later.
pub(super) fn a_message_that_was_not_sent_is_claimed_again(store: &dyn Store) {
    let Some(outbox) = store.outbox() else { return };
    add(outbox, &message("x", "new", 0), &ANY);
    let lost = claim(outbox, "a", 10).unwrap();
    assert_eq!(claim(outbox, "b", 69), None);
    assert_eq!(outbox.channel("mail").unwrap().next_due, Some(moment(70)));
    let again = claim(outbox, "b", 70).unwrap();
    assert_eq!((again.id, again.attempts, again.repeated), (lost.id, 2, true));
    assert!(!outbox.finish(lost.id, "a", &sent(71)).unwrap(), "a's lease is over");
    let error = "451 busy".to_owned();
    let retry = SendOutcome::Retry { due: moment(100), error };
    assert!(outbox.finish(again.id, "b", &retry).unwrap());
    assert_eq!(outbox.history("x").unwrap()[0].result, "451 busy");
    assert_eq!(claim(outbox, "a", 99), None);
    let third = claim(outbox, "a", 100).unwrap();
    assert_eq!((third.attempts, third.repeated), (3, false));
    let failed = SendOutcome::Failed { at: moment(101), error: "550 no".into() };
    assert!(outbox.finish(third.id, "a", &failed).unwrap());
    assert_eq!(claim(outbox, "a", 1_000), None);
    assert_eq!(outbox.history("x").unwrap()[0].state, DeliveryState::Failed);
}

/// What a limit holds back is counted exactly, and belongs to the next message about the issue.
pub(super) fn what_a_limit_holds_back_is_told_by_the_next_message(store: &dyn Store) {
    let Some(outbox) = store.outbox() else { return };
    let two = OutboxLimits::new(moment(0), 2, 3);
    for (at, expected) in [Enqueued::Added, Enqueued::Added, Enqueued::HeldBack, Enqueued::HeldBack]
        .into_iter()
        .enumerate()
    {
        let of_issue = message("x", &format!("occurrence/{at}"), at as u64 + 1);
        assert_eq!(add(outbox, &of_issue, &two), expected);
    }
    assert_eq!(add(outbox, &message("y", "new", 5), &two), Enqueued::Added);
    let new = message("z", "new", 6).once(true);
    assert_eq!(add(outbox, &new, &two), Enqueued::HeldBack, "by the limit of the channel");
    assert_eq!(add(outbox, &new, &two), Enqueued::Known);
    assert_eq!(waiting(outbox), (3, 3));
    assert_eq!(outbox.channel("mail").unwrap().held_back_since, Some(moment(3)));

    let first = claim(outbox, "a", 10).unwrap();
    assert_eq!(first.held_back, [("x".to_owned(), 2)]);
    assert_eq!(waiting(outbox), (3, 1));
    // What is held back meanwhile is not lost when this one fails for good.
    add(outbox, &message("x", "occurrence/9", 11), &two);
    let failed = SendOutcome::Failed { at: moment(12), error: "no".into() };
    assert!(outbox.finish(first.id, "a", &failed).unwrap());
    assert_eq!(waiting(outbox), (2, 4));
    let second = claim(outbox, "a", 13).unwrap();
    assert_eq!(second.held_back, [("x".to_owned(), 3)]);
    assert!(outbox.finish(second.id, "a", &sent(14)).unwrap());
    assert_eq!(waiting(outbox), (1, 1));
    // The hour is over.
    let later = OutboxLimits::new(moment(3_600), 2, 3);
    assert_eq!(add(outbox, &message("x", "milestone/10", 3_601), &later), Enqueued::Added);
}

/// A digest has everything that was held back, and what waited.
pub(super) fn a_digest_has_everything_that_was_held_back(store: &dyn Store) {
    let Some(outbox) = store.outbox() else { return };
    let none = OutboxLimits::new(moment(0), 0, 0);
    let digest = OutboxMessage::digest("mail", "digest/1", moment(10));
    assert_eq!(outbox.collapse(&digest).unwrap(), 0);
    assert_eq!(waiting(outbox), (0, 0), "there is nothing to tell");
    for (hash, at) in [("x", 1), ("x", 2), ("y", 3)] {
        add(outbox, &message(hash, &format!("occurrence/{at}"), at), &none);
    }
    add(outbox, &message("x", "new", 4), &ANY);
    add(outbox, &message("z", "new", 5), &ANY);
    let claimed = claim(outbox, "b", 5).unwrap();
    assert_eq!(claimed.held_back, [("x".to_owned(), 2)]);
    assert_eq!(outbox.collapse(&digest).unwrap(), 1, "the other one is being sent");
    assert_eq!(outbox.collapse(&OutboxMessage { reason: "digest/2".into(), ..digest }).unwrap(), 0);
    assert_eq!(waiting(outbox), (2, 2));
    let of_all = claim(outbox, "a", 11).unwrap();
    assert_eq!(of_all.message.hash, "");
    assert_eq!(of_all.held_back, [("y".to_owned(), 1), ("z".to_owned(), 1)]);
    // What comes while it waits belongs to it when it is claimed again.
    let retry = SendOutcome::Retry { due: moment(20), error: "busy".into() };
    assert!(outbox.finish(of_all.id, "a", &retry).unwrap());
    add(outbox, &message("z", "occurrence/12", 12), &none);
    let again = claim(outbox, "a", 20).unwrap();
    assert_eq!(again.held_back, [("y".to_owned(), 1), ("z".to_owned(), 2)]);
    assert!(outbox.finish(again.id, "a", &sent(21)).unwrap());
    assert_eq!(waiting(outbox), (1, 0));
    assert_eq!(outbox.history("z").unwrap()[0].state, DeliveryState::HeldBack);
    assert_eq!(add(outbox, &message("z", "new", 30), &ANY), Enqueued::Known);
}

/// Deleting an issue deletes its messages. What was not sent stays counted.
pub(super) fn messages_about_a_deleted_issue_are_deleted_but_stay_counted(store: &dyn Store) {
    if store.outbox().is_none() {
        return;
    }
    record(store, "x", 0);
    record(store, "y", 0);
    let Some(outbox) = store.outbox() else { return };
    let none = OutboxLimits::new(moment(0), 0, 0);
    for at in 1..4 {
        add(outbox, &message("x", &format!("occurrence/{at}"), at), &none);
    }
    add(outbox, &message("x", "new", 4), &ANY);
    add(outbox, &message("x", "milestone/10", 5), &ANY);
    let claimed = claim(outbox, "a", 6).unwrap();
    assert_eq!(claimed.held_back, [("x".to_owned(), 3)]);
    assert_eq!(store.delete(&["x"]).unwrap(), 1);
    assert_eq!(outbox.history("x").unwrap(), []);
    assert_eq!(waiting(outbox), (0, 5));
    assert!(!outbox.finish(claimed.id, "a", &sent(7)).unwrap());
    assert_eq!(add(outbox, &message("x", "new", 8), &ANY), Enqueued::Added, "it is new again");
    outbox.collapse(&OutboxMessage::digest("mail", "digest/1", moment(9))).unwrap();
    let held_back = claim(outbox, "a", 10).unwrap().held_back;
    assert_eq!(held_back, [(String::new(), 5), ("x".to_owned(), 1)]);
}

/// Each change of a status by a person is kept, in their order. What the store itself changes, and a
/// change to the same status, is none.
pub(super) fn changes_of_status_by_people_are_kept_until_the_issue_is_deleted(store: &dyn Store) {
    let Some(outbox) = store.outbox() else { return };
    let start = Timestamp::now();
    let changes = || -> Vec<(String, Status)> {
        let all = outbox.status_changes(start).unwrap();
        assert!(all.is_sorted_by_key(|change| change.at));
        all.into_iter().map(|change| (change.hash, change.status)).collect()
    };
    record(store, "x", 0);
    record(store, "y", 0);
    assert_eq!(changes(), []);
    store.change(&["x", "y"], &IssueChange::SetStatus(Status::Resolved)).unwrap();
    store.change(&["x"], &IssueChange::SetStatus(Status::Resolved)).unwrap();
    store.change(&["x"], &IssueChange::Assign("Ada".into())).unwrap();
    store.record(&[Sighting::new(Event { at: later(1), ..event("x", 5) })]).unwrap();
    assert_eq!(store.issue("x").unwrap().unwrap().status, Status::Unresolved);
    store.change(&["y"], &IssueChange::MuteFor(3)).unwrap();
    store.change(&["y"], &IssueChange::SetStatus(Status::Unresolved)).unwrap();
    let of = |hash: &str, status| (hash.to_owned(), status);
    let of_y = [of("y", Status::Resolved), of("y", Status::Muted), of("y", Status::Unresolved)];
    assert_eq!(changes(), [&[of("x", Status::Resolved)], &of_y[..]].concat());
    assert_eq!(outbox.status_changes(later(60)).unwrap(), []);
    store.delete(&["x"]).unwrap();
    assert_eq!(changes(), of_y);
}
