//! The state of the queue and of each issue, changed under the lock of the shared queue.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::correction::Correction;
use super::counted_facets::{CountedFacets, Occurrence};
use super::losses::ThreadLosses;
use super::queued_event::{QueuedEvent, SightingFate, SightingInFlight, SightingOutcome};
use crate::event::{Event, Timestamp};
use crate::store::Sighting;

/// Unwritten events of one issue, after which further ones are only counted.
const MAX_UNWRITTEN: u32 = 8;
/// Events of one issue in a second, after which further ones are only counted.
const MAX_PER_SECOND: u32 = 16;
/// Different texts of one issue in a second, after which further ones are only counted.
const MAX_TEXTS: usize = 32;
/// The most corrections of stored events that wait; further ones are discarded.
const MAX_CORRECTIONS: usize = 100;
/// Issues that are remembered at a time.
pub(super) const MAX_ISSUES: usize = 4096;
/// The most users of all issues that are remembered between two writes.
const MAX_USERS: usize = 1 << 16;

pub(super) struct QueueState {
    pub(super) queue: VecDeque<QueuedEvent>,
    /// Events that the store had no room for. Smaller ones may still be stored.
    pub(super) deferred: VecDeque<QueuedEvent>,
    /// Whether the store had no room for counts.
    pub(super) has_deferred_counts: bool,
    pub(super) retry: RetrySchedule,
    /// The bytes of all waiting events, and of those that are being written.
    pub(super) bytes: usize,
    pub(super) writing_bytes: usize,
    pub(super) issues: HashMap<u64, QueuedIssue>,
    /// The sum of the `repeats` of all issues.
    pub(super) repeats: u64,
    /// How many more users of repeats may be remembered.
    pub(super) user_room: usize,
    /// Events and counts that the writer has taken and not settled.
    pub(super) writing: u64,
    pub(super) raised: u64,
    pub(super) stored: u64,
    pub(super) coalesced: u64,
    pub(super) dropped: BTreeMap<&'static str, u64>,
    pub(super) losses: ThreadLosses,
    /// Events that were put into the queue.
    pub(super) accepted: u64,
    /// The number of the first event that is being written; they are numbered by `accepted`.
    pub(super) first_writing: Option<u64>,
    /// How often the writer took work, and how often it finished it.
    pub(super) taken: u64,
    pub(super) finished: u64,
    pub(super) last_taken: Instant,
    /// When the writer last wrote something, closed the store or did the maintenance of an idle one.
    pub(super) quiet_since: Instant,
    pub(super) flushing: usize,
    /// Corrections of stored events, and whether the writer makes some of them now.
    pub(super) corrections: Vec<Correction>,
    pub(super) correcting: bool,
    /// Incremented to make the writer retry at once.
    pub(super) retry_requests: u64,
    /// How often a check of the store was requested, and how many of these are done.
    pub(super) checks_requested: u64,
    pub(super) checks_done: u64,
    /// Whether everything was there at the last check, and whether a loss was found that no flush
    /// has reported.
    pub(super) is_there: bool,
    pub(super) is_lost: bool,
    /// How often closing the store was requested, and how many of these are done.
    pub(super) closes_requested: u64,
    pub(super) closes_done: u64,
    pub(super) stopped: Option<&'static str>,
    pub(super) ended: bool,
    pub(super) last_error: Option<String>,
}

/// About the most bytes of a batch of several events.
const MAX_BATCH_BYTES: usize = 4 << 20;

/// When to retry what did not fit.
pub(super) struct RetrySchedule {
    pub(super) at: Instant,
    pub(super) delay: Duration,
    /// The `QueueState::retry_requests` of the last try.
    pub(super) retry_requests: u64,
}

pub(super) const FIRST_RETRY: Duration = Duration::from_millis(20);
pub(super) const LAST_RETRY: Duration = Duration::from_secs(2);

/// The state of one issue. Issues are found by [`Likeness::issue`](super::Likeness).
#[derive(Default)]
pub(super) struct QueuedIssue {
    /// Events that wait or are being written.
    pub(super) unwritten: u32,
    second: u64,
    count_in_second: u32,
    /// The texts of the events that were taken in this second.
    texts: Vec<u64>,
    /// Occurrences without an event that are not written yet.
    pub(super) repeats: u64,
    pub(super) last_seen: Timestamp,
    /// The users and routes of these occurrences.
    pub(super) facets: CountedFacets,
    /// The latest stored event, to which repeats are added.
    pub(super) stored: Option<Event>,
    /// The value of `QueueState::taken` when the issue was last used.
    pub(super) used: u64,
}

impl QueuedIssue {
    /// Returns whether the issue has, or will have, a stored event.
    pub(super) fn has_event(&self) -> bool {
        self.unwritten > 0 || self.stored.is_some()
    }

    /// Returns whether an event with this text is only counted. An event with a new text is kept.
    pub(super) fn is_storming(&mut self, text: u64, at: Timestamp) -> bool {
        self.begin_second(at);
        let many = self.unwritten >= MAX_UNWRITTEN || self.count_in_second >= MAX_PER_SECOND;
        self.has_event() && many && (self.texts.len() >= MAX_TEXTS || self.texts.contains(&text))
    }

    /// Begins a new second, unless `at` belongs to an earlier one: events may arrive late. The
    /// clock may have been set back.
    fn begin_second(&mut self, at: Timestamp) {
        const LONG: u64 = 60;
        let second = at.as_micros() / 1_000_000;
        if second > self.second || second + LONG < self.second {
            (self.second, self.count_in_second) = (second, 0);
            self.texts.clear();
        }
    }

    /// Counts an event that is put into the queue.
    pub(super) fn take(&mut self, text: u64, at: Timestamp) {
        self.begin_second(at);
        self.unwritten += 1;
        self.count_in_second += 1;
        if self.texts.len() < MAX_TEXTS && !self.texts.contains(&text) {
            self.texts.push(text);
        }
    }
}

impl QueueState {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            queue: VecDeque::with_capacity(capacity.min(MAX_ISSUES)),
            deferred: VecDeque::new(),
            has_deferred_counts: false,
            retry: RetrySchedule { at: Instant::now(), delay: FIRST_RETRY, retry_requests: 0 },
            bytes: 0,
            writing_bytes: 0,
            issues: HashMap::with_capacity(MAX_ISSUES),
            repeats: 0,
            user_room: MAX_USERS,
            writing: 0,
            raised: 0,
            stored: 0,
            coalesced: 0,
            dropped: BTreeMap::new(),
            losses: ThreadLosses::default(),
            accepted: 0,
            first_writing: None,
            taken: 0,
            finished: 0,
            last_taken: Instant::now(),
            quiet_since: Instant::now(),
            flushing: 0,
            corrections: Vec::new(),
            correcting: false,
            retry_requests: 0,
            checks_requested: 0,
            checks_done: 0,
            is_there: true,
            is_lost: false,
            closes_requested: 0,
            closes_done: 0,
            stopped: None,
            ended: false,
            last_error: None,
        }
    }

    pub(super) fn pending(&self) -> u64 {
        self.waiting() as u64 + self.repeats + self.writing
    }

    /// Returns the waiting event with this id.
    pub(super) fn item(&mut self, id: &str) -> Option<&mut QueuedEvent> {
        self.queue.iter_mut().rev().chain(&mut self.deferred).find(|item| item.event.id == id)
    }

    /// Adds a correction, and returns it if too many wait or the queue is stopped.
    pub(super) fn correct(&mut self, correction: Correction) -> Option<Correction> {
        if self.corrections.len() >= MAX_CORRECTIONS || self.stopped.is_some() {
            return Some(correction);
        }
        self.corrections.push(correction);
        None
    }

    /// Returns the hash of the issue whose latest stored event has this id.
    pub(super) fn issue_of_stored(&self, id: &str) -> Option<String> {
        let mut stored = self.issues.values().filter_map(|issue| issue.stored.as_ref());
        stored.find(|event| event.id == id).map(|event| event.grouping.hash.clone())
    }

    /// Returns the number of waiting events.
    pub(super) fn waiting(&self) -> usize {
        self.queue.len() + self.deferred.len()
    }

    /// Returns whether one of the first `accepted` events, or a count, is not settled.
    pub(super) fn has_unsettled(&self, accepted: u64) -> bool {
        let events =
            self.queue.front().into_iter().chain(&self.deferred).map(|item| item.position.number);
        self.has_deferred_counts
            || events.chain(self.first_writing).any(|number| number <= accepted)
    }

    pub(super) fn count_dropped(&mut self, reason: &'static str, count: u64) {
        *self.dropped.entry(reason).or_default() += count;
    }

    /// Counts an occurrence of the issue if `is_storming` returns `true` for it, and returns
    /// whether it did.
    pub(super) fn count_repeat(
        &mut self,
        key: u64,
        occurrence: &Occurrence<'_>,
        is_storming: impl FnOnce(&mut QueuedIssue) -> bool,
    ) -> bool {
        let taken = self.taken;
        let Some(key) = self.issues.get_mut(&key) else { return false };
        if self.stopped.is_some() || !is_storming(key) {
            return false;
        }
        key.repeats += 1;
        key.last_seen = key.last_seen.max(occurrence.at);
        key.facets.add(occurrence, &mut self.user_room);
        key.used = taken;
        self.repeats += 1;
        self.raised += 1;
        true
    }

    /// Takes events from the front of the queue, and all counts that can be written.
    pub(super) fn take(&mut self, batch: usize, now: Instant) -> Vec<SightingInFlight> {
        let mut bytes = 0;
        let fits = |item: &&QueuedEvent| {
            bytes += item.position.weight;
            bytes <= MAX_BATCH_BYTES
        };
        let is_retry_due = self.is_retry_due(now);
        if is_retry_due {
            self.retry.retry_requests = self.retry_requests;
        }
        let from = if is_retry_due && !self.deferred.is_empty() {
            &mut self.deferred
        } else {
            &mut self.queue
        };
        let count = from.iter().take(batch).take_while(fits).count().max(1).min(from.len());
        let mut all = Vec::with_capacity(count);
        let mut latest = HashMap::new();
        for QueuedEvent { event, position, key } in from.drain(..count) {
            self.bytes -= position.weight;
            self.writing_bytes += position.weight;
            if let Some(key) = key {
                latest.insert(key, all.len());
            }
            let sighting = Sighting::new(*event).again(position.only_counts);
            all.push(SightingInFlight { sighting, key, position: Some(position) });
        }
        self.first_writing =
            all.iter().filter_map(|taken| taken.position).map(|position| position.number).min();
        if self.repeats > 0 {
            for (id, key) in self.issues.iter_mut().filter(|(_, key)| key.repeats > 0) {
                let at = if let Some(&at) = latest.get(id) {
                    let sighting = &mut all[at].sighting;
                    sighting.count += key.repeats;
                    sighting.last_seen = sighting.last_seen.max(key.last_seen);
                    at
                } else if let Some(event) = &key.stored {
                    let sighting = Sighting::new(event.clone())
                        .repeated(key.repeats, key.last_seen)
                        .again(true);
                    all.push(SightingInFlight { sighting, key: Some(*id), position: None });
                    all.len() - 1
                } else {
                    continue;
                };
                key.facets.move_to(&mut all[at].sighting, &mut self.user_room);
                self.repeats -= key.repeats;
                key.repeats = 0;
            }
        }
        self.taken += 1;
        self.last_taken = now;
        self.writing = all.iter().map(|taken| taken.sighting.count).sum();
        all
    }

    /// Applies the outcomes of everything that was taken.
    pub(super) fn settle(&mut self, outcomes: Vec<SightingOutcome>) {
        let had_room =
            !outcomes.iter().any(|outcome| matches!(outcome.became, SightingFate::Deferred(_)));
        self.has_deferred_counts = false;
        for outcome in outcomes {
            self.settle_one(outcome);
        }
        self.finished = self.taken;
        (self.writing_bytes, self.first_writing) = (0, None);
        let delay = if had_room { FIRST_RETRY } else { (self.retry.delay * 2).min(LAST_RETRY) };
        let now = Instant::now();
        (self.retry.at, self.retry.delay, self.quiet_since) = (now, delay, now);
    }

    fn settle_one(&mut self, outcome: SightingOutcome) {
        let SightingOutcome { key, position, count, became } = outcome;
        self.writing -= count;
        let events = u64::from(position.is_some());
        match &became {
            SightingFate::Stored(_) => {
                self.stored += events;
                self.coalesced += count - events;
            }
            SightingFate::Dropped(reason) => {
                self.losses.add(position.map(|position| position.thread), count);
                self.count_dropped(reason, count);
            }
            SightingFate::Deferred(_) => {}
        }
        let mut known = key.and_then(|key| self.issues.get_mut(&key));
        if let Some(key) = &mut known {
            key.used = self.taken;
        }
        match (became, known) {
            (SightingFate::Deferred(mut sighting), known) => {
                // Its repeats wait separately, because more may come.
                let repeats = count - events;
                if let Some(known) = known {
                    known.facets.take_back(&mut sighting, repeats, &mut self.user_room);
                    known.repeats += repeats;
                    known.last_seen = known.last_seen.max(sighting.last_seen);
                    self.repeats += repeats;
                }
                self.has_deferred_counts |= position.is_none();
                if let Some(position) = position {
                    self.bytes += position.weight;
                    self.deferred.push_back(QueuedEvent {
                        event: Box::new(sighting.event),
                        position,
                        key,
                    });
                }
            }
            (SightingFate::Stored(stored), Some(key)) => {
                key.unwritten -= u32::from(position.is_some());
                if let Some(stored) = stored {
                    key.stored = Some(*stored);
                }
            }
            (SightingFate::Dropped(reason), Some(key)) => {
                key.unwritten -= u32::from(position.is_some());
                if !key.has_event() {
                    let repeats = std::mem::take(&mut key.repeats);
                    key.facets.clear(&mut self.user_room);
                    self.repeats -= repeats;
                    self.losses.add(None, repeats);
                    self.count_dropped(reason, repeats);
                }
            }
            (_, None) => {}
        }
    }

    /// Removes the least recently used half of the settled issues once there are many, and returns
    /// them.
    pub(super) fn forget_keys(&mut self) -> Vec<QueuedIssue> {
        if self.issues.len() < MAX_ISSUES / 4 * 3 {
            return Vec::new();
        }
        let settled = |key: &&QueuedIssue| key.unwritten == 0 && key.repeats == 0;
        let mut uses: Vec<u64> = self.issues.values().filter(settled).map(|key| key.used).collect();
        if uses.is_empty() {
            return Vec::new();
        }
        let middle = uses.len() / 2;
        let (_, middle, _) = uses.select_nth_unstable(middle);
        let middle = *middle;
        self.issues
            .extract_if(|_, key| settled(&&*key) && key.used <= middle)
            .map(|(_, key)| key)
            .collect()
    }
}
