//! A channel that fails.

use std::time::Duration;

use error_tracker_notify::SendError;
use error_tracker_tests::until;

use crate::{MINUTE, Told};

#[test]
fn a_message_that_was_not_sent_is_sent_again_later() {
    let told = Told::new(|channel| channel);
    told.recorder.fail_with(SendError::transient("451 busy"));
    told.fail("no disk");
    assert_eq!((told.recorder.attempts(), told.health().waiting), (1, 1));
    assert_eq!(told.health().last_error.as_deref(), Some("451 busy"));
    told.fail("no disk");
    assert_eq!(told.recorder.attempts(), 1, "the channel is left alone for a while");
    told.recorder.fail_with(None);
    told.advance(MINUTE);
    until(|| told.health().sent == 1);
    assert_eq!(told.told(), ["io::Error::Other: no disk: New issue."]);
}

#[test]
fn a_channel_that_comes_back_gets_one_digest_of_what_waited() {
    let told = Told::new(|channel| channel);
    told.recorder.fail_with(SendError::transient("451 busy"));
    for text in ["no disk", "no light", "no paper", "no ink", "no coffee"] {
        told.fail(text);
    }
    told.recorder.fail_with(None);
    told.advance(MINUTE);
    until(|| told.health().sent == 1);
    told.settle();
    let messages = told.recorder.notifications();
    assert_eq!(messages.len(), 1);
    assert_eq!((messages[0].held_back, messages[0].digest.len()), (5, 5));
    told.fail("no tea");
    assert_eq!(told.told(), ["io::Error::Other: no tea: New issue."]);
}

#[test]
fn the_other_side_decides_how_long_it_is_left_alone() {
    let told = Told::new(|channel| channel);
    let delay = Some(Duration::from_secs(7));
    told.recorder.fail_with(SendError::transient("429").with_retry_after(delay));
    told.fail("no disk");
    told.recorder.fail_with(None);
    told.advance(Duration::from_secs(7));
    until(|| told.health().sent == 1);
}

#[test]
fn a_message_that_is_refused_for_good_is_given_up_after_three_times() {
    let told = Told::new(|channel| channel);
    told.recorder.fail_with(SendError::permanent("550 no"));
    told.fail("no disk");
    for attempts in 2..=3 {
        told.advance(10 * MINUTE);
        until(|| told.recorder.attempts() == attempts);
    }
    until(|| told.health().waiting == 0);
    let history = told.tracker.store().outbox().unwrap().history(&told.hash("no disk")).unwrap();
    assert_eq!((history[0].state.as_str(), &*history[0].result), ("failed", "550 no"));
}

#[test]
fn a_notifier_that_panics_is_a_failure_and_no_event() {
    let told = Told::new(|channel| channel);
    told.recorder.fail_with(SendError::transient("panic"));
    told.fail("no disk");
    assert_eq!(told.health().last_error.as_deref(), Some("the notifier panicked"));
    let issues = told.tracker.issues(&error_tracker::store::IssueQuery::default()).unwrap();
    assert_eq!(issues.items.len(), 1);
    told.recorder.fail_with(None);
    told.advance(MINUTE);
    until(|| told.health().sent == 1);
}
