//! A store whose outbox fails for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use error_tracker::event::{Event, Issue, Timestamp};
use error_tracker::store::{
    ClaimedMessage, Enqueued, EventSelector, IssueChange, IssueQuery, MemoryStore, Outbox,
    OutboxClaim, OutboxCounts, OutboxLimits, OutboxMessage, OutboxRecord, Page, Recorded,
    SendOutcome, Sighting, Store, StoreError,
};

use crate::Told;

#[derive(Debug)]
struct BusyStore {
    store: MemoryStore,
    /// How often messages are not added from now on.
    refusals: Arc<AtomicU64>,
    refusal: fn() -> StoreError,
}

impl BusyStore {
    fn inner(&self) -> &dyn Outbox {
        self.store.outbox().unwrap()
    }
}

impl Store for BusyStore {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
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

    fn outbox(&self) -> Option<&dyn Outbox> {
        Some(self)
    }
}

impl Outbox for BusyStore {
    fn enqueue(
        &self,
        message: &OutboxMessage,
        limits: &OutboxLimits,
    ) -> Result<Enqueued, StoreError> {
        let left = self.refusals.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        if left.is_ok() { Err((self.refusal)()) } else { self.inner().enqueue(message, limits) }
    }

    fn claim(&self, claim: &OutboxClaim) -> Result<Option<ClaimedMessage>, StoreError> {
        self.inner().claim(claim)
    }

    fn finish(&self, id: u64, owner: &str, outcome: &SendOutcome) -> Result<bool, StoreError> {
        self.inner().finish(id, owner, outcome)
    }

    fn collapse(&self, digest: &OutboxMessage) -> Result<u64, StoreError> {
        self.inner().collapse(digest)
    }

    fn channel(&self, channel: &str) -> Result<OutboxCounts, StoreError> {
        self.inner().channel(channel)
    }

    fn history(&self, hash: &str) -> Result<Vec<OutboxRecord>, StoreError> {
        self.inner().history(hash)
    }

    fn delete_finished(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.inner().delete_finished(before)
    }
}

/// Returns what was told of an error while the store refuses `refusals` times, and of one before.
fn told_while(refusals: u64, refusal: fn() -> StoreError) -> (Told, Vec<String>) {
    let left = Arc::<AtomicU64>::default();
    let store = BusyStore { store: MemoryStore::new(), refusals: Arc::clone(&left), refusal };
    let told = Told::with_store(store, |channel| channel);
    // The channel has looked for issues of which nobody was told.
    told.fail("no paper");
    left.store(refusals, Relaxed);
    told.fail("no disk");
    let all = told.told();
    (told, all)
}

#[test]
fn people_are_told_when_the_store_is_available_again() {
    let (told, all) = told_while(2, || StoreError::Unavailable("locked".into()));
    assert_eq!(all[1..], ["io::Error::Other: no disk: New issue."]);
    let error = told.health().last_error.unwrap();
    assert!(error.contains("the outbox cannot be used: not available now: locked"), "{error}");
}

#[test]
fn a_message_that_the_store_refuses_is_counted() {
    let (told, all) = told_while(1, || StoreError::Damaged("page 7".into()));
    assert_eq!(all, ["io::Error::Other: no paper: New issue."]);
    assert_eq!(told.health().failed, 1);
}
