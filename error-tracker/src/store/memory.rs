mod change;
mod listing;
mod members;
mod process;
mod state;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, MutexGuard};

use super::clock::{self, StoreClock};
use super::memory_outbox::MemoryOutbox;
use super::outbox::Outbox;
use super::{
    EventSelector, IssueChange, IssueFacets, IssueQuery, Page, Pruned, Recorded, Retention,
    Sighting, Store, StoreError,
};
use crate::event::{Event, Issue, Note, Timestamp};
use process::Process;
use state::{MemoryState, StoredIssue};

/// Stores events in memory, within a [`Retention`], until the program ends. A forked child
/// continues with its own copy.
///
/// ```
/// use error_tracker::event::Event;
/// use error_tracker::store::{IssueQuery, MemoryStore, Sighting, Store};
///
/// let store = MemoryStore::new();
/// store.record(&[Sighting::new(Event::default())])?;
/// assert_eq!(store.issues(&IssueQuery::default())?.items.len(), 1);
/// # Ok::<(), error_tracker::store::StoreError>(())
/// ```
pub struct MemoryStore {
    retention: Retention,
    outbox: Arc<MemoryOutbox>,
    process: Process,
}

impl MemoryStore {
    /// Creates a store with the limits of [`Retention::default`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_retention(Retention::default())
    }

    /// Creates a store with these limits.
    #[must_use]
    pub fn with_retention(retention: Retention) -> Self {
        let outbox = Arc::new(MemoryOutbox::new());
        let state = MemoryState { outbox: Arc::clone(&outbox), ..MemoryState::default() };
        Self { retention, outbox, process: Process::of(state) }
    }

    fn state(&self) -> MutexGuard<'_, MemoryState> {
        self.process.lock()
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("issues", &self.state().entries.len())
            .finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
        let mut kept = self.state();
        let begin =
            || StoreClock::new(clock::now(), None, Timestamp::default(), self.retention.max_age);
        kept.clock.get_or_insert_with(begin).update(clock::now());
        let recorded =
            batch.iter().map(|sighting| kept.record(sighting, &self.retention)).collect();
        kept.delete_surplus(self.retention.max_issues, &mut Pruned::default());
        Ok(recorded)
    }

    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        self.state().page(query)
    }

    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError> {
        let kept = self.state();
        Ok(kept.target(hash).map(|entry| kept.total(entry).into_owned()))
    }

    fn event(&self, hash: &str, which: &EventSelector) -> Result<Option<Event>, StoreError> {
        let kept = self.state();
        let events = kept.events(hash);
        let at = |id: &str| events.iter().position(|event| event.id == id);
        let event = match which {
            EventSelector::Latest => events.last(),
            EventSelector::Oldest => events.first(),
            EventSelector::Id(id) => at(id).and_then(|at| events.get(at)),
            EventSelector::After(id) => at(id).and_then(|at| events.get(at + 1)),
            EventSelector::Before(id) => at(id).and_then(|at| events.get(at.checked_sub(1)?)),
        };
        Ok(event.copied().cloned())
    }

    fn issue_of_event(&self, id: &str) -> Result<Option<String>, StoreError> {
        let state = self.state();
        let has_it = |entry: &StoredIssue| entry.events.iter().any(|stored| stored.event.id == id);
        let mut all = state.entries.iter();
        Ok(all.find(|(_, entry)| has_it(entry)).and_then(|(hash, _)| state.target_hash(hash)))
    }

    fn rewrite(&self, events: &[Event]) -> Result<u64, StoreError> {
        let mut kept = self.state();
        let mut count = 0;
        for event in events {
            if let Some(entry) = kept.entries.get_mut(&event.grouping.hash)
                && let Some(old) = entry.events.iter_mut().rfind(|old| old.event.id == event.id)
            {
                old.event = event.clone();
                entry.issue.handled &= event.is_handled_error();
                count += 1;
            }
        }
        Ok(count)
    }

    fn change(&self, hashes: &[&str], change: &IssueChange) -> Result<u64, StoreError> {
        self.state().change(hashes, change)
    }

    fn notes(&self, hash: &str) -> Result<Vec<Note>, StoreError> {
        let kept = self.state();
        let members = kept.target(hash).into_iter().flat_map(|entry| kept.members(entry));
        let mut notes: Vec<_> = members.flat_map(|member| member.notes.clone()).collect();
        notes.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        Ok(notes)
    }

    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        let mut kept = self.state();
        let mut deleted = 0;
        for hash in hashes {
            deleted += u64::from(kept.target(hash).is_some());
            kept.delete(hash, &mut Pruned::default());
        }
        Ok(deleted)
    }

    fn merge(&self, hashes: &[&str], into: &str) -> Result<u64, StoreError> {
        Ok(self.state().merge(hashes, into))
    }

    fn unmerge(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        Ok(self.state().unmerge(hashes))
    }

    fn parts(&self, hash: &str) -> Result<Vec<Issue>, StoreError> {
        let kept = self.state();
        let members = kept.target(hash).into_iter().flat_map(|entry| kept.members(entry));
        let mut parts: Vec<_> = members.skip(1).map(|part| part.issue.clone()).collect();
        parts.sort_by(|a, b| (a.first_seen, &a.hash).cmp(&(b.first_seen, &b.hash)));
        Ok(parts)
    }

    fn hourly_counts(&self, hash: &str, since: Timestamp) -> Result<Vec<(u64, u64)>, StoreError> {
        let kept = self.state();
        let mut hours = BTreeMap::<u64, u64>::new();
        for member in kept.target(hash).into_iter().flat_map(|entry| kept.members(entry)) {
            for (hour, count) in member.hours.range(since.hour()..) {
                *hours.entry(*hour).or_default() += count;
            }
        }
        Ok(hours.into_iter().collect())
    }

    fn facets(&self, hash: &str) -> Result<IssueFacets, StoreError> {
        let kept = self.state();
        let members = || kept.target(hash).into_iter().flat_map(|entry| kept.members(entry));
        Ok(IssueFacets::new(
            members().flat_map(|member| member.releases.counts()),
            members().flat_map(|member| member.routes.counts()),
        ))
    }

    fn prune(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        let mut kept = self.state();
        let Some(clock) = &mut kept.clock else { return Ok(pruned) };
        clock.update(clock::now());
        let oldest = clock.oldest(retention.max_age);
        while let Some((_, hash)) =
            kept.order.first().filter(|(last_seen, _)| *last_seen < oldest).cloned()
        {
            kept.delete(&hash, &mut pruned);
        }
        kept.delete_surplus(retention.max_issues, &mut pruned);
        for entry in kept.entries.values_mut() {
            pruned.occurrences += entry.trim(retention);
            while let Some(hour) =
                entry.hours.first_entry().filter(|hour| *hour.key() < oldest.hour())
            {
                hour.remove();
            }
        }
        Ok(pruned)
    }

    fn outbox(&self) -> Option<&dyn Outbox> {
        Some(&*self.outbox)
    }
}
