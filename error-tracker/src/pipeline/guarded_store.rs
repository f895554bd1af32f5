//! Calls the store without recording failures within it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::event::{Event, Issue, Note, Timestamp};
use crate::store::{
    EventSelector, IssueChange, IssueFacets, IssueQuery, Outbox, Page, Pruned, Recorded, Retention,
    Sighting, Store, StoreError,
};
use crate::user_code::UserCodeGuard;

/// A store whose own failures are not recorded: their events would be written to the same store,
/// and fail again.
pub(super) struct GuardedStore {
    store: Arc<dyn Store>,
    /// Whether the store may have something open.
    used: AtomicBool,
}

impl GuardedStore {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, used: AtomicBool::new(false) }
    }

    pub(super) fn is_used(&self) -> bool {
        self.used.load(Relaxed)
    }

    fn call<T>(&self, call: impl FnOnce(&dyn Store) -> T) -> T {
        self.used.store(true, Relaxed);
        let _rendering = UserCodeGuard::with_panics_shown();
        call(&*self.store)
    }
}

impl fmt::Debug for GuardedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

impl Store for GuardedStore {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
        self.call(|store| store.record(batch))
    }

    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        self.call(|store| store.issues(query))
    }

    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError> {
        self.call(|store| store.issue(hash))
    }

    fn event(&self, hash: &str, which: &EventSelector) -> Result<Option<Event>, StoreError> {
        self.call(|store| store.event(hash, which))
    }

    fn issue_of_event(&self, id: &str) -> Result<Option<String>, StoreError> {
        self.call(|store| store.issue_of_event(id))
    }

    fn rewrite(&self, events: &[Event]) -> Result<u64, StoreError> {
        self.call(|store| store.rewrite(events))
    }

    fn change(&self, hashes: &[&str], change: &IssueChange) -> Result<u64, StoreError> {
        self.call(|store| store.change(hashes, change))
    }

    fn notes(&self, hash: &str) -> Result<Vec<Note>, StoreError> {
        self.call(|store| store.notes(hash))
    }

    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        self.call(|store| store.delete(hashes))
    }

    fn merge(&self, hashes: &[&str], into: &str) -> Result<u64, StoreError> {
        self.call(|store| store.merge(hashes, into))
    }

    fn unmerge(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        self.call(|store| store.unmerge(hashes))
    }

    fn parts(&self, hash: &str) -> Result<Vec<Issue>, StoreError> {
        self.call(|store| store.parts(hash))
    }

    fn hourly_counts(&self, hash: &str, since: Timestamp) -> Result<Vec<(u64, u64)>, StoreError> {
        self.call(|store| store.hourly_counts(hash, since))
    }

    fn facets(&self, hash: &str) -> Result<IssueFacets, StoreError> {
        self.call(|store| store.facets(hash))
    }

    fn prune(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        self.call(|store| store.prune(retention))
    }

    fn restore_missing(&self) -> Result<Option<String>, StoreError> {
        let _rendering = UserCodeGuard::with_panics_shown();
        let found = self.store.restore_missing()?;
        self.used.fetch_or(found.is_some(), Relaxed);
        Ok(found)
    }

    fn idle(&self) -> Result<(), StoreError> {
        let _rendering = UserCodeGuard::with_panics_shown();
        self.store.idle()
    }

    fn close(&self) -> Result<(), StoreError> {
        self.used.store(false, Relaxed);
        let _rendering = UserCodeGuard::with_panics_shown();
        self.store.close()
    }

    fn secret(&self) -> Result<Option<[u8; 32]>, StoreError> {
        self.call(super::super::store::Store::secret)
    }

    fn outbox(&self) -> Option<&dyn Outbox> {
        self.used.store(true, Relaxed);
        self.store.outbox()
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        self.call(super::super::store::Store::check)
    }
}
