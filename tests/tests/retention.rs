//! What a store keeps: which issues and occurrences go first, and what opens a resolved issue again.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::sync::{Arc, Mutex, PoisonError};

use error_tracker::event::{Event, Issue, Kind, Location, Status, Timestamp};
use error_tracker::store::{
    EventSelector, IssueChange, IssueQuery, MemoryStore, Page, Recorded, Retention, Sighting,
    SqliteStore, Store, StoreError,
};
use error_tracker::{Tracker, TrackerGuard};
use error_tracker_tests::SOON;

/// Calls `run` with a tracker over each kind of store, which keeps so many issues.
fn over_each_store(max_issues: u64, run: impl Fn(&Tracker)) {
    let folder = tempfile::tempdir().unwrap();
    let mut retention = Retention::default();
    retention.max_issues = max_issues;
    let file = SqliteStore::open(folder.path().join("errors.db")).unwrap();
    let builder = || error_tracker::builder();
    run(&builder().store(MemoryStore::with_retention(retention.clone())).build().unwrap());
    run(&builder().store(file.with_retention(retention)).build().unwrap());
}

fn event(kind: Kind, message: &str, line: u32) -> Event {
    let mut event = Event::default();
    (event.kind, event.message) = (kind, message.into());
    event.type_name = if kind == Kind::Error { "anyhow::Error".into() } else { String::new() };
    let mut place = Location::default();
    (place.file, place.line) = ("src/main.rs".into(), line);
    event.location = Some(place);
    event
}

fn messages(tracker: &Tracker) -> Vec<String> {
    let mut query = IssueQuery::default();
    query.limit = 1_000;
    let issues = tracker.issues(&query).unwrap().items;
    issues.into_iter().map(|issue| issue.message).collect()
}

/// A word for each number, as texts without digits differ.
fn word(number: u32) -> String {
    let letter = |n| char::from_u32('g' as u32 + n % 20).unwrap();
    format!("{}{}{}", letter(number / 400), letter(number / 20), letter(number))
}

#[test]
fn a_flood_of_one_place_leaves_the_issues_of_others() {
    over_each_store(60, |tracker| {
        for line in 10..40 {
            let text = format!("alone {}", word(line));
            tracker.record_event(event(Kind::Error, &text, line)).unwrap();
        }
        for number in 0..300 {
            let text = format!("flood {}", word(number));
            tracker.record_event(event(Kind::Error, &text, 9)).unwrap();
        }
        let left = messages(tracker);
        let alone = left.iter().filter(|message| message.starts_with("alone")).count();
        assert_eq!((left.len(), alone), (60, 30));
        assert_eq!(left[0], format!("flood {}", word(299)), "of a flood the newest stay");
    });
}

#[test]
fn an_unresolved_panic_outlives_any_number_of_messages() {
    over_each_store(50, |tracker| {
        tracker.record_event(event(Kind::Panic, "the panic", 1)).unwrap();
        for number in 0..400 {
            let line = if number % 2 == 0 { number } else { 7 };
            tracker.record_event(event(Kind::Message, &word(number), line)).unwrap();
        }
        let left = messages(tracker);
        assert_eq!(left.len(), 50);
        assert!(left.contains(&"the panic".to_owned()), "{left:?}");
    });
}

#[test]
fn an_old_imported_event_does_not_reopen_a_resolved_issue() {
    over_each_store(50, |tracker| {
        tracker.record_event(event(Kind::Error, "x", 1)).unwrap();
        let hash = tracker.issues(&IssueQuery::default()).unwrap().items.remove(0).hash;
        let status = || tracker.issue(&hash).unwrap().unwrap().0.status;
        assert!(tracker.change_issue(&hash, &IssueChange::SetStatus(Status::Resolved)).unwrap());
        let mut old = event(Kind::Error, "x", 1);
        old.at = "2020-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(tracker.record_event(old).unwrap(), Recorded::seen(2));
        assert_eq!(status(), Status::Resolved);
        let again = tracker.record_event(event(Kind::Error, "x", 1)).unwrap();
        assert_eq!(again, Recorded::seen(3).regression(true));
        assert_eq!(status(), Status::Unresolved);
    });
}

#[test]
fn releases_that_run_side_by_side_each_keep_their_first_five_occurrences() {
    over_each_store(50, |tracker| {
        let mut ids = Vec::new();
        for number in 0..200 {
            let mut event = event(Kind::Error, "x", 1);
            event.id = format!("{number:03}");
            event.origin.release = if number % 2 == 0 { "shop@1" } else { "shop@2" }.into();
            tracker.record_event(event).unwrap();
            ids.push(format!("{number:03}"));
        }
        let hash = tracker.issues(&IssueQuery::default()).unwrap().items.remove(0).hash;
        let mut kept = Vec::new();
        let mut which = EventSelector::Oldest;
        while let Some(event) = tracker.store().event(&hash, &which).unwrap() {
            which = EventSelector::After(event.id.clone());
            kept.push(event.id);
        }
        ids.drain(10..160);
        assert_eq!(kept, ids);
    });
}

/// Takes nothing while its gate is held.
#[derive(Debug, Default)]
struct Gated {
    store: MemoryStore,
    gate: Mutex<()>,
}

impl Store for Gated {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
        let _open = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        self.store.record(batch)
    }

    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        self.store.issues(query)
    }

    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError> {
        self.store.issue(hash)
    }

    fn event(&self, hash: &str, which: &EventSelector) -> Result<Option<Event>, StoreError> {
        self.store.event(hash, which)
    }

    fn change(&self, hashes: &[&str], change: &IssueChange) -> Result<u64, StoreError> {
        self.store.change(hashes, change)
    }

    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        self.store.delete(hashes)
    }
}

fn fail(tracker: &TrackerGuard) {
    let error = "x".parse::<u8>().unwrap_err();
    assert!(tracker.capture_exception(&error).is_some());
}

#[test]
fn a_queued_failure_does_not_reopen_an_issue_that_was_resolved_since() {
    let store = Arc::new(Gated::default());
    let tracker = error_tracker::builder().shared_store(store.clone()).install().unwrap();
    fail(&tracker);
    tracker.flush(SOON).unwrap();
    let hash = tracker.issues(&IssueQuery::default()).unwrap().items.remove(0).hash;
    let issue = || tracker.issue(&hash).unwrap().unwrap().0;

    let closed = store.gate.lock().unwrap();
    fail(&tracker);
    let before = Timestamp::now();
    assert!(tracker.change_issue(&hash, &IssueChange::SetStatus(Status::Resolved)).unwrap());
    drop(closed);
    tracker.flush(SOON).unwrap();
    assert!(issue().last_seen <= before);
    assert_eq!((issue().count, issue().status), (2, Status::Resolved));

    fail(&tracker);
    tracker.flush(SOON).unwrap();
    assert_eq!((issue().count, issue().status), (3, Status::Unresolved));
}
