mod change;
mod members;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

use super::clock::{self, StoreClock};
use super::cursor::{IssueCursor, PageStart, page_limit};
use super::facets::{FacetList, release_of};
use super::memory_outbox::MemoryOutbox;
use super::outbox::Outbox;
use super::reopening::{Reopening, StatusTerm};
use super::retention::{PruneCandidate, family, surplus_issues, surplus_occurrences};
use super::text::contains;
use super::{
    EventSelector, IssueChange, IssueFacets, IssueQuery, Page, Pruned, Recorded, Retention,
    Sighting, Store, StoreError, UserSketch,
};
use crate::event::{Event, Issue, Note, Timestamp};
use crate::fork::{self, SetOnce};

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

/// The data of one process. A forked child needs its own, because a lock may have been held at the
/// fork.
struct Process {
    /// The number of forks between the program's start and this process.
    generation: u32,
    kept: Mutex<MemoryState>,
    child: SetOnce<Process>,
}

/// The interval and number of the attempts of a forked child to lock and copy its parent's data.
/// Another thread of the child may hold the lock for a moment; a thread of the parent that held it
/// at the fork never releases it.
const COPY_RETRY_INTERVAL: Duration = Duration::from_millis(1);
const MAX_COPY_RETRIES: u32 = 200;

impl Process {
    fn of(kept: MemoryState) -> Self {
        fork::count();
        Self { generation: fork::generation(), kept: Mutex::new(kept), child: SetOnce::new() }
    }

    /// Returns the data of this process, which was forked from that of `self`.
    fn of_child(&self) -> &Self {
        for _ in 0..MAX_COPY_RETRIES {
            if let Some(child) = self.child.get() {
                return child;
            }
            let copy = match self.kept.try_lock() {
                Ok(kept) => kept.clone(),
                Err(TryLockError::Poisoned(kept)) => kept.into_inner().clone(),
                Err(TryLockError::WouldBlock) => {
                    thread::sleep(COPY_RETRY_INTERVAL);
                    continue;
                }
            };
            return self.child.get_or_set(Self::of(copy)).0;
        }
        self.child.get_or_set(Self::of(MemoryState::default())).0
    }
}

#[derive(Clone, Default)]
struct MemoryState {
    entries: HashMap<String, StoredIssue>,
    /// Issues that are no parts, by the time when they were last seen.
    order: BTreeSet<(Timestamp, String)>,
    clock: Option<StoreClock>,
    /// The numbers of the releases, in the order in which they were seen first.
    releases: HashMap<String, u64>,
    /// The number of events that were recorded.
    recorded: u64,
    /// The outbox of the store, which forgets deleted issues.
    outbox: Arc<MemoryOutbox>,
}

#[derive(Clone)]
struct StoredIssue {
    issue: Issue,
    /// The [`family`] of the latest event.
    family: i64,
    /// In the order in which they were recorded.
    events: Vec<NumberedEvent>,
    /// The number of events that were recorded before the issue was reopened.
    earlier: usize,
    /// Has also what the issue shows of it.
    term: StatusTerm,
    notes: Vec<Note>,
    hours: BTreeMap<u64, u64>,
    users: UserSketch,
    releases: FacetList,
    routes: FacetList,
    /// The hash of the issue that it is a part of.
    merged_into: Option<String>,
    /// The hashes of its parts.
    parts: Vec<String>,
}

#[derive(Clone)]
struct NumberedEvent {
    /// Increases in the order of recording, over all issues.
    number: u64,
    event: Event,
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

    /// Locks the data. A poisoned lock is usable, because nothing panics in the middle of a change.
    fn state(&self) -> MutexGuard<'_, MemoryState> {
        let mut process = &self.process;
        while process.generation != fork::generation() {
            process = process.of_child();
        }
        process.kept.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Keys the users. Nobody else sees the data of the process.
const SECRET: [u8; 32] = [0; 32];

impl StoredIssue {
    fn count_facets(&mut self, sighting: &Sighting) {
        for user in &sighting.users {
            self.users.insert(user.keyed(&SECRET));
        }
        self.issue.users = self.users.count();
        self.releases.add(release_of(&sighting.event), sighting.count);
        for (route, count) in sighting.routes() {
            self.routes.add(&route, count);
        }
    }

    /// Opens it again if the sighting, with which it has `count` occurrences, ends its status.
    /// Returns why.
    fn reopen(&mut self, sighting: &Sighting, release: u64, count: u64) -> Option<Reopening> {
        let release = (&*sighting.event.origin.release, release);
        let reopening = self.term.ended_by(sighting.last_seen, release, count, Timestamp::now())?;
        if reopening == Reopening::Regression {
            self.earlier = self.events.len();
        }
        self.set_term(StatusTerm::default());
        Some(reopening)
    }

    /// Deletes the events that exceed `retention`, and returns their number.
    fn trim(&mut self, retention: &Retention) -> u64 {
        let releases: Vec<&str> =
            self.events.iter().map(|stored| &*stored.event.origin.release).collect();
        let surplus = surplus_occurrences(&releases, self.earlier, retention);
        self.earlier -= surplus.iter().filter(|at| **at < self.earlier).count();
        let mut at = 0;
        self.events.retain(|_| {
            at += 1;
            surplus.binary_search(&(at - 1)).is_err()
        });
        surplus.len() as u64
    }
}

impl MemoryState {
    fn record(&mut self, sighting: &Sighting, retention: &Retention) -> Recorded {
        let event = &sighting.event;
        let hash = &event.grouping.hash;
        let release = match &*event.origin.release {
            "" => 0,
            release => self.number_of_release(release),
        };
        let target = self.target_hash(hash).unwrap_or_else(|| hash.clone());
        self.unlist(&target);
        let (mut new, mut reopening) = (false, None);
        self.recorded += 1;
        let entry = match self.entries.get_mut(hash) {
            Some(entry) => {
                entry.issue = updated_issue(&entry.issue, sighting);
                entry.family = family(&entry.issue);
                reopening = entry.reopen(sighting, release, entry.issue.count);
                entry
            }
            None => {
                new = true;
                let mut issue = Issue::of(event);
                issue.count = sighting.count;
                issue.last_seen = sighting.last_seen.max(event.at);
                let entry = StoredIssue {
                    family: family(&issue),
                    issue,
                    events: Vec::new(),
                    earlier: 0,
                    term: StatusTerm::default(),
                    notes: Vec::new(),
                    hours: BTreeMap::new(),
                    users: UserSketch::default(),
                    releases: FacetList::default(),
                    routes: FacetList::default(),
                    merged_into: None,
                    parts: Vec::new(),
                };
                self.entries.entry(hash.clone()).or_insert(entry)
            }
        };
        *entry.hours.entry(sighting.last_seen.hour()).or_default() += sighting.count;
        entry.count_facets(sighting);
        if new || !sighting.again {
            entry.events.push(NumberedEvent { number: self.recorded, event: event.clone() });
        }
        entry.trim(retention);
        let is_part = entry.merged_into.is_some();
        let count = self.target(&target).map_or(0, |entry| self.total(entry).count);
        if is_part && let Some(entry) = self.entries.get_mut(&target) {
            reopening = entry.reopen(sighting, release, count);
        }
        self.list(&target);
        let recorded = Recorded::seen(count).with_new(new);
        match reopening {
            Some(reopening) => reopening.noted(recorded),
            None => recorded,
        }
    }

    /// Deletes the issue that a hash stands for, and its parts.
    fn delete(&mut self, hash: &str, pruned: &mut Pruned) {
        let Some(target) = self.target_hash(hash) else { return };
        self.unlist(&target);
        let parts = self.entries.get(&target).map(|entry| entry.parts.clone()).unwrap_or_default();
        for member in parts.iter().chain([&target]) {
            if let Some(entry) = self.entries.remove(member) {
                self.outbox.forget_issue(member);
                pruned.issues += 1;
                pruned.occurrences += entry.events.len() as u64;
            }
        }
    }

    /// Deletes the issues beyond `max_issues`.
    fn delete_surplus(&mut self, max_issues: u64, pruned: &mut Pruned) {
        let excess = (self.entries.len() as u64).saturating_sub(max_issues);
        if excess == 0 {
            return;
        }
        let candidate = |(_, hash): &(Timestamp, String)| {
            let StoredIssue { issue, family, .. } = self.entries.get(hash)?;
            Some(PruneCandidate {
                issue: hash.clone(),
                family: *family,
                kind: issue.kind,
                status: issue.status,
            })
        };
        let latest_first = self.order.iter().rev().filter_map(candidate);
        for hash in surplus_issues(latest_first, usize::try_from(excess).unwrap_or(usize::MAX)) {
            self.delete(&hash, pruned);
        }
    }
}

/// Returns `issue` updated by `sighting`: with the data of the latest event, and what an update
/// does not change.
fn updated_issue(issue: &Issue, sighting: &Sighting) -> Issue {
    let latest = Issue::of(&sighting.event);
    Issue {
        count: issue.count.saturating_add(sighting.count),
        first_seen: issue.first_seen.min(latest.first_seen),
        last_seen: issue.last_seen.max(sighting.last_seen),
        status: issue.status,
        handled: issue.handled && latest.handled,
        resolved_in: issue.resolved_in.clone(),
        muted_until: issue.muted_until,
        muted_until_count: issue.muted_until_count,
        assignee: issue.assignee.clone(),
        ..latest
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
        let from = PageStart::of(query)?;
        let kept = self.state();
        let listed = kept.entries.values().filter(|entry| entry.merged_into.is_none());
        let matching = listed
            .map(|entry| (entry, kept.total(entry)))
            .filter(|(entry, issue)| kept.matches(entry, issue, query))
            .map(|(_, issue)| issue);
        let mut ordered: Vec<_> =
            matching.map(|issue| (IssueCursor::of(&issue, query.sort), issue)).collect();
        ordered.sort_by(|(a, _), (b, _)| if query.ascending { a.cmp(b) } else { b.cmp(a) });
        let precedes =
            |a: &IssueCursor, b: &IssueCursor| if query.ascending { a < b } else { a > b };
        let limit = page_limit(query);
        let (start, end) = match &from {
            PageStart::Start => (0, limit),
            PageStart::After(cursor) => {
                let start = ordered.partition_point(|(other, _)| !precedes(cursor, other));
                (start, start + limit)
            }
            PageStart::Before(cursor) => {
                let end = ordered.partition_point(|(other, _)| precedes(other, cursor));
                (end.saturating_sub(limit), end)
            }
        };
        let end = end.min(ordered.len());
        let page = &ordered[start.min(end)..end];
        let cursor = |entry: Option<&(IssueCursor, Cow<'_, Issue>)>| {
            entry.map(|(cursor, _)| cursor.write(query.sort))
        };
        let next = cursor(page.last().filter(|_| end < ordered.len()));
        let previous = cursor(page.first().filter(|_| start > 0));
        Ok(Page::new(
            page.iter().map(|(_, issue)| issue.clone().into_owned()).collect(),
            next,
            previous,
        ))
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

impl MemoryState {
    /// Returns whether an entry, with the numbers of its parts in `issue`, matches a query.
    fn matches(&self, entry: &StoredIssue, issue: &Issue, query: &IssueQuery) -> bool {
        let occurred = |value: &str, list: fn(&StoredIssue) -> &FacetList| {
            value.is_empty() || self.members(entry).any(|member| list(member).contains(value))
        };
        let part = |needle: &str, text: &str| needle.is_empty() || contains(text, needle);
        let has_text = |issue: &Issue| {
            let texts = [&issue.type_name, &issue.message, &issue.function, &issue.file];
            texts.iter().any(|text| part(&query.text, text))
        };
        self.members(entry).any(|member| has_text(&member.issue))
            && query.kind.is_none_or(|kind| issue.kind == kind)
            && query.status.is_none_or(|status| issue.status == status)
            && query.handled.is_none_or(|handled| issue.handled == handled)
            && part(&query.type_name, &issue.type_name)
            && part(&query.host, &issue.host)
            && (query.method.is_empty() || query.method.eq_ignore_ascii_case(&issue.method))
            && part(&query.path, &issue.path)
            && part(&query.function, &issue.function)
            && (query.assignee.is_empty() || query.assignee.eq_ignore_ascii_case(&issue.assignee))
            && query.since.is_none_or(|since| issue.last_seen >= since)
            && query.until.is_none_or(|until| issue.last_seen < until)
            && occurred(&query.release, |entry| &entry.releases)
            && occurred(&query.route, |entry| &entry.routes)
    }
}
