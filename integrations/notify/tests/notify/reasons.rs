//! When people are told.

use error_tracker::event::{Level, Status};
use error_tracker::store::IssueChange;
use error_tracker_notify::{EventFilter, NotifyRules};

use crate::{HOUR, MINUTE, Told};

/// Changes the issue `no disk`.
fn change(told: &Told, change: &IssueChange) {
    let store = told.tracker.store();
    assert_eq!(store.change(&[&told.hash("no disk")], change).unwrap(), 1);
}

#[test]
fn people_are_told_of_a_new_issue_of_powers_of_ten_and_of_a_regression() {
    let told = Told::new(|channel| channel);
    told.fail("no disk");
    assert_eq!(told.told(), ["io::Error::Other: no disk: New issue."]);
    for _ in 2..10 {
        told.fail("no disk");
        assert_eq!(told.told(), [""; 0]);
    }
    told.fail("no disk");
    assert_eq!(told.told(), ["io::Error::Other: no disk: Seen 10 times."]);
    change(&told, &IssueChange::SetStatus(Status::Resolved));
    told.fail("no disk");
    assert_eq!(told.told(), ["io::Error::Other: no disk: Seen again after it was resolved."]);
    let history = told.tracker.store().outbox().unwrap().history(&told.hash("no disk")).unwrap();
    let shown: Vec<_> = history.iter().map(|of| (of.state.as_str(), &*of.result)).collect();
    assert_eq!(shown, [("sent", "kept"); 3]);
    assert_eq!((told.health().name.as_str(), told.health().sent), ("test", 3));
}

#[test]
fn people_are_told_of_a_spike_once() {
    let told = Told::new(|channel| channel);
    for _ in 0..29 {
        told.fail("no disk");
    }
    told.told();
    told.fail("no disk");
    assert_eq!(told.told(), ["io::Error::Other: no disk: Seen 30 times or more within 5 minutes."]);
    for _ in 0..30 {
        told.fail("no disk");
    }
    assert_eq!(told.told(), [""; 0]);
    told.advance(10 * MINUTE);
    told.fail("no disk");
    assert_eq!(told.told(), [""; 0]);
}

#[test]
fn every_occurrence_or_each_issue_once_as_configured() {
    let every = Told::new(|channel| channel.rules(NotifyRules::every()).per_issue(100));
    let once = Told::new(|channel| channel.rules(NotifyRules::once()));
    for told in [&every, &once] {
        for _ in 0..12 {
            told.fail("no disk");
        }
    }
    let messages = every.told();
    assert_eq!(messages.len(), 12);
    assert_eq!(messages[11], "io::Error::Other: no disk: Seen.");
    assert_eq!(once.told(), ["io::Error::Other: no disk: New issue."]);
}

#[test]
fn a_muted_issue_is_not_told() {
    let mut rules = NotifyRules::every();
    rules.changes = false;
    let told = Told::new(|channel| channel.rules(rules));
    told.fail("no disk");
    change(&told, &IssueChange::SetStatus(Status::Muted));
    told.told();
    told.fail("no disk");
    told.advance(HOUR);
    told.settle();
    assert_eq!(told.told(), [""; 0]);
    assert_eq!(told.health().held_back, 0);
}

#[test]
fn an_issue_that_is_seen_as_often_as_its_mute_allows_is_told_again() {
    let told = Told::new(|channel| channel);
    told.fail("no disk");
    change(&told, &IssueChange::MuteFor(2));
    told.told();
    told.fail("no disk");
    told.fail("no disk");
    assert_eq!(told.told(), [""; 0]);
    told.fail("no disk");
    assert_eq!(told.told(), ["io::Error::Other: no disk: No longer muted."]);
}

#[test]
fn a_filter_decides_of_what_a_channel_tells() {
    let told = Told::new(|channel| channel.filter(EventFilter::new().min_level(Level::Fatal)));
    told.fail("no disk");
    assert_eq!(told.told(), [""; 0]);
}

#[test]
fn a_message_has_the_subject_the_trace_and_the_event() {
    let told = Told::new(|channel| channel);
    told.fail("no disk");
    let message = told.recorder.notifications().remove(0);
    assert_eq!(message.subject, "[shop] io::Error::Other: no disk");
    assert!(message.trace.contains("no disk") && !message.repeated);
    assert_eq!(message.issue.unwrap().hash, told.hash("no disk"));
    assert_eq!(message.event.unwrap().message, "no disk");
}

#[test]
fn an_issue_that_was_merged_into_another_one_is_told_as_that_one() {
    let told = Told::new(|channel| channel.rules(NotifyRules::every()));
    for text in ["no disk", "no light"] {
        told.fail(text);
    }
    let (part, whole) = (told.hash("no light"), told.hash("no disk"));
    assert_eq!(told.tracker.store().merge(&[&part], &whole).unwrap(), 1);
    told.told();
    told.fail("no light");
    assert_eq!(told.recorder.notifications().remove(0).issue.unwrap().hash, whole);
    let history = told.tracker.store().outbox().unwrap().history(&whole).unwrap();
    assert_eq!(history.len(), 2);
}
