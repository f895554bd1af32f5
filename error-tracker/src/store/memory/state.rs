//! The issues of a store with their events, and how a sighting changes them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::event::{Event, Issue, Note, Timestamp};
use crate::store::clock::StoreClock;
use crate::store::facets::{FacetList, release_of};
use crate::store::memory_outbox::MemoryOutbox;
use crate::store::reopening::{Reopening, StatusTerm};
use crate::store::retention::{PruneCandidate, family, surplus_issues, surplus_occurrences};
use crate::store::{Pruned, Recorded, Retention, Sighting, UserSketch};

#[derive(Clone, Default)]
pub(super) struct MemoryState {
    pub(super) entries: HashMap<String, StoredIssue>,
    /// Issues that are no parts, by the time when they were last seen.
    pub(super) order: BTreeSet<(Timestamp, String)>,
    pub(super) clock: Option<StoreClock>,
    /// The numbers of the releases, in the order in which they were seen first.
    pub(super) releases: HashMap<String, u64>,
    /// The number of events that were recorded.
    pub(super) recorded: u64,
    /// The outbox of the store, which forgets deleted issues.
    pub(super) outbox: Arc<MemoryOutbox>,
}

#[derive(Clone)]
pub(super) struct StoredIssue {
    pub(super) issue: Issue,
    /// The [`family`] of the latest event.
    pub(super) family: i64,
    /// In the order in which they were recorded.
    pub(super) events: Vec<NumberedEvent>,
    /// The number of events that were recorded before the issue was reopened.
    pub(super) earlier: usize,
    /// Has also what the issue shows of it.
    pub(super) term: StatusTerm,
    pub(super) notes: Vec<Note>,
    pub(super) hours: BTreeMap<u64, u64>,
    pub(super) users: UserSketch,
    pub(super) releases: FacetList,
    pub(super) routes: FacetList,
    /// The hash of the issue that it is a part of.
    pub(super) merged_into: Option<String>,
    /// The hashes of its parts.
    pub(super) parts: Vec<String>,
}

#[derive(Clone)]
pub(super) struct NumberedEvent {
    /// Increases in the order of recording, over all issues.
    pub(super) number: u64,
    pub(super) event: Event,
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
    pub(super) fn trim(&mut self, retention: &Retention) -> u64 {
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
    pub(super) fn record(&mut self, sighting: &Sighting, retention: &Retention) -> Recorded {
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
    pub(super) fn delete(&mut self, hash: &str, pruned: &mut Pruned) {
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
    pub(super) fn delete_surplus(&mut self, max_issues: u64, pruned: &mut Pruned) {
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
