//! Every store keeps the same promises, and a store elsewhere runs the same tests.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::panic::catch_unwind;

use error_tracker::event::{Event, Issue, Note, Status};
use error_tracker::store::{
    EventSelector, IssueChange, IssueQuery, MemoryStore, Page, Recorded, Retention, Sighting,
    SqliteStore, Store, StoreError, conformance,
};

#[test]
fn the_store_in_memory_passes() {
    conformance::check(|retention| Box::new(MemoryStore::with_retention(retention)));
}

#[test]
fn the_store_in_a_file_passes() {
    let folder = tempfile::tempdir().unwrap();
    let files = std::cell::Cell::new(0);
    conformance::check(|retention| {
        files.set(files.get() + 1);
        let file = folder.path().join(format!("{}.db", files.get()));
        Box::new(SqliteStore::open(file).unwrap().with_retention(retention))
    });
}

const REOPEN: IssueChange = IssueChange::SetStatus(Status::Unresolved);

/// Forgets what was resolved.
#[derive(Debug)]
struct Forgetful(MemoryStore);

impl Store for Forgetful {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
        self.0.record(batch)
    }
    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        self.0.issues(query)
    }
    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError> {
        self.0.issue(hash)
    }
    fn event(&self, hash: &str, which: &EventSelector) -> Result<Option<Event>, StoreError> {
        self.0.event(hash, which)
    }
    fn rewrite(&self, events: &[Event]) -> Result<u64, StoreError> {
        self.0.rewrite(events)
    }
    fn change(&self, hashes: &[&str], change: &IssueChange) -> Result<u64, StoreError> {
        match change {
            IssueChange::SetStatus(Status::Resolved) => self.0.change(hashes, &REOPEN),
            change => self.0.change(hashes, change),
        }
    }
    fn notes(&self, hash: &str) -> Result<Vec<Note>, StoreError> {
        self.0.notes(hash)
    }
    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        self.0.delete(hashes)
    }
    fn prune(&self, retention: &Retention) -> Result<error_tracker::store::Pruned, StoreError> {
        self.0.prune(retention)
    }
}

#[test]
fn a_failing_store_is_shown_the_names_of_the_failed_tests() {
    let check = || {
        conformance::check(|retention| Box::new(Forgetful(MemoryStore::with_retention(retention))))
    };
    let message = *catch_unwind(check).unwrap_err().downcast::<String>().unwrap();
    for broken in [
        "a_resolved_issue_that_comes_back_is_a_regression_and_a_muted_one_stays_muted",
        "hours_add_up_to_the_count",
    ] {
        assert!(message.contains(broken), "{message}");
    }
    assert!(!message.contains("recorded_events_are_read_back"), "{message}");
}
