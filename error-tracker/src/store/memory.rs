use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::cursor::{Cursor, From, limit};
use super::{IssueQuery, Mark, Page, Pruned, Recorded, Retention, Sighting, Store, StoreError, Which};
use crate::event::{Event, Issue, Status, Timestamp};

/// Keeps everything in memory, within a [`Retention`]; it is gone when the program ends.
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
#[derive(Default)]
pub struct MemoryStore {
    retention: Retention,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    entries: HashMap<String, Entry>,
    /// By when they were last seen.
    order: BTreeSet<(Timestamp, String)>,
}

struct Entry {
    issue: Issue,
    /// In the order in which they came.
    events: Vec<Event>,
    /// How many of them came before the issue was opened again or its release changed.
    earlier: usize,
    hours: BTreeMap<u64, u64>,
}

impl MemoryStore {
    /// Keeps as much as [`Retention::default`] allows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps as much as `retention` allows.
    #[must_use]
    pub fn with_retention(retention: Retention) -> Self {
        Self { retention, kept: Mutex::default() }
    }

    /// What is kept stays usable when a thread panicked: nothing here panics half way through a change.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("issues", &self.kept().entries.len()).finish_non_exhaustive()
    }
}

impl Entry {
    /// Drops the events beyond `retention`; says how many.
    fn trim(&mut self, retention: &Retention) -> u64 {
        let count = |number| usize::try_from(number).unwrap_or(usize::MAX);
        let excess = self.events.len().saturating_sub(count(retention.max_occurrences));
        let earlier = excess.min(self.earlier);
        self.events.drain(..earlier);
        self.earlier -= earlier;
        if earlier < excess {
            let first = count(retention.first_occurrences());
            self.events.drain(first..first + excess - earlier);
        }
        excess as u64
    }
}

impl Kept {
    fn record(&mut self, sighting: &Sighting, retention: &Retention) -> Recorded {
        let event = &sighting.event;
        let hash = &event.grouping.hash;
        let (mut new, mut regression) = (false, false);
        let entry = match self.entries.get_mut(hash) {
            Some(entry) => {
                self.order.remove(&(entry.issue.last_seen, hash.clone()));
                regression = entry.issue.status == Status::Resolved;
                if regression || entry.issue.release != event.origin.release {
                    entry.earlier = entry.events.len();
                }
                entry.issue = seen_again(&entry.issue, sighting);
                entry
            }
            None => {
                new = true;
                let mut issue = Issue::of(event);
                issue.count = sighting.count;
                issue.last_seen = sighting.last_seen.max(event.at);
                let entry = Entry { issue, events: Vec::new(), earlier: 0, hours: BTreeMap::new() };
                self.entries.entry(hash.clone()).or_insert(entry)
            }
        };
        *entry.hours.entry(sighting.last_seen.hour()).or_default() += sighting.count;
        if new || !sighting.again {
            entry.events.push(event.clone());
        }
        entry.trim(retention);
        self.order.insert((entry.issue.last_seen, hash.clone()));
        Recorded::seen(entry.issue.count).new(new).regression(regression)
    }

    fn delete(&mut self, hash: &str, pruned: &mut Pruned) {
        if let Some(entry) = self.entries.remove(hash) {
            self.order.remove(&(entry.issue.last_seen, entry.issue.hash));
            pruned.issues += 1;
            pruned.occurrences += entry.events.len() as u64;
        }
    }

    /// Deletes the issues seen longest ago, beyond `max_issues`.
    fn shrink(&mut self, max_issues: u64, pruned: &mut Pruned) {
        while self.entries.len() as u64 > max_issues {
            let Some((_, oldest)) = self.order.pop_first() else { return };
            self.delete(&oldest, pruned);
        }
    }
}

/// `issue` after `sighting`: what the latest event tells, and what stays.
fn seen_again(issue: &Issue, sighting: &Sighting) -> Issue {
    let latest = Issue::of(&sighting.event);
    Issue {
        count: issue.count.saturating_add(sighting.count),
        first_seen: issue.first_seen.min(latest.first_seen),
        last_seen: issue.last_seen.max(sighting.last_seen),
        status: if issue.status == Status::Muted { Status::Muted } else { Status::Unresolved },
        notification_sent: issue.notification_sent,
        ticket_raised: issue.ticket_raised,
        ticket: issue.ticket.clone(),
        ..latest
    }
}

impl Store for MemoryStore {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
        let mut kept = self.kept();
        let recorded = batch.iter().map(|sighting| kept.record(sighting, &self.retention)).collect();
        kept.shrink(self.retention.max_issues, &mut Pruned::default());
        Ok(recorded)
    }

    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        let from = From::of(query)?;
        let kept = self.kept();
        let matching = kept.entries.values().map(|entry| &entry.issue).filter(|issue| matches(issue, query));
        let mut ordered: Vec<_> = matching.map(|issue| (Cursor::of(issue, query.sort), issue)).collect();
        ordered.sort_by(|(a, _), (b, _)| if query.ascending { a.cmp(b) } else { b.cmp(a) });
        let precedes = |a: &Cursor, b: &Cursor| if query.ascending { a < b } else { a > b };
        let limit = limit(query);
        let (start, end) = match &from {
            From::Start => (0, limit),
            From::After(cursor) => {
                let start = ordered.partition_point(|(other, _)| !precedes(cursor, other));
                (start, start + limit)
            }
            From::Before(cursor) => {
                let end = ordered.partition_point(|(other, _)| precedes(other, cursor));
                (end.saturating_sub(limit), end)
            }
        };
        let end = end.min(ordered.len());
        let page = &ordered[start.min(end)..end];
        let cursor = |entry: Option<&(Cursor, &Issue)>| entry.map(|(cursor, _)| cursor.write(query.sort));
        let next = cursor(page.last().filter(|_| end < ordered.len()));
        let previous = cursor(page.first().filter(|_| start > 0));
        Ok(Page::new(page.iter().map(|(_, issue)| (*issue).clone()).collect(), next, previous))
    }

    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError> {
        Ok(self.kept().entries.get(hash).map(|entry| entry.issue.clone()))
    }

    fn event(&self, hash: &str, which: &Which) -> Result<Option<Event>, StoreError> {
        let kept = self.kept();
        let Some(Entry { events, .. }) = kept.entries.get(hash) else { return Ok(None) };
        let at = |id: &str| events.iter().position(|event| event.id == id);
        let event = match which {
            Which::Latest => events.last(),
            Which::Oldest => events.first(),
            Which::Id(id) => at(id).and_then(|at| events.get(at)),
            Which::After(id) => at(id).and_then(|at| events.get(at + 1)),
            Which::Before(id) => at(id).and_then(|at| events.get(at.checked_sub(1)?)),
        };
        Ok(event.cloned())
    }

    fn set_status(&self, hashes: &[&str], status: Status) -> Result<u64, StoreError> {
        let mut kept = self.kept();
        let mut changed = 0;
        for hash in hashes {
            if let Some(entry) = kept.entries.get_mut(*hash) {
                entry.issue.status = status;
                changed += 1;
            }
        }
        Ok(changed)
    }

    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        let mut pruned = Pruned::default();
        let mut kept = self.kept();
        for hash in hashes {
            kept.delete(hash, &mut pruned);
        }
        Ok(pruned.issues)
    }

    fn mark(&self, hash: &str, mark: &Mark) -> Result<(), StoreError> {
        if let Some(Entry { issue, .. }) = self.kept().entries.get_mut(hash) {
            match mark {
                Mark::Notified => issue.notification_sent = true,
                Mark::Ticket(address) => {
                    issue.ticket_raised = true;
                    issue.ticket = Some(address.clone());
                }
            }
        }
        Ok(())
    }

    fn hours(&self, hash: &str, since: Timestamp) -> Result<Vec<(u64, u64)>, StoreError> {
        let kept = self.kept();
        let hours = kept.entries.get(hash).map(|entry| entry.hours.range(since.hour()..));
        Ok(hours.into_iter().flatten().map(|(hour, count)| (*hour, *count)).collect())
    }

    fn prune(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let oldest = Timestamp::now().minus(retention.max_age);
        let mut pruned = Pruned::default();
        let mut kept = self.kept();
        while let Some((_, hash)) = kept.order.first().filter(|(last_seen, _)| *last_seen < oldest).cloned() {
            kept.delete(&hash, &mut pruned);
        }
        kept.shrink(retention.max_issues, &mut pruned);
        for entry in kept.entries.values_mut() {
            pruned.occurrences += entry.trim(retention);
            while let Some(hour) = entry.hours.first_entry().filter(|hour| *hour.key() < oldest.hour()) {
                hour.remove();
            }
        }
        Ok(pruned)
    }
}

fn matches(issue: &Issue, query: &IssueQuery) -> bool {
    let part =
        |needle: &str, text: &str| needle.is_empty() || text.to_lowercase().contains(&needle.to_lowercase());
    let anywhere = [&issue.type_name, &issue.message, &issue.function, &issue.file];
    anywhere.iter().any(|text| part(&query.text, text))
        && query.kind.is_none_or(|kind| issue.kind == kind)
        && query.status.is_none_or(|status| issue.status == status)
        && part(&query.type_name, &issue.type_name)
        && part(&query.host, &issue.host)
        && (query.method.is_empty() || query.method.eq_ignore_ascii_case(&issue.method))
        && part(&query.path, &issue.path)
        && part(&query.function, &issue.function)
        && query.since.is_none_or(|since| issue.last_seen >= since)
}
