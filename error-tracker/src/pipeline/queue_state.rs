//! What is known of each event and key; changed under the lock of the shared queue.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::losses::ThreadLosses;
use super::queued_event::{QueuedEvent, SightingFate, SightingInFlight, SightingOutcome};
use crate::event::{Event, Timestamp};
use crate::store::Sighting;

/// How many events of one key wait before further ones are only counted.
const UNWRITTEN: u32 = 8;
/// How many events of one key are taken in a second before further ones are only counted.
const A_SECOND: u32 = 16;
/// How many different texts of one key are taken in a second before further ones are only counted.
const TEXTS: usize = 32;
/// How many keys are known at a time.
pub(super) const KEYS: usize = 4096;

pub(super) struct QueueState {
    pub(super) queue: VecDeque<QueuedEvent>,
    /// What the store had no room for, while smaller ones go on.
    pub(super) unfit: VecDeque<QueuedEvent>,
    /// Whether counts are among what it had no room for.
    pub(super) unfit_counts: bool,
    pub(super) retry: RetrySchedule,
    /// Of all that waits, and of what is being written.
    pub(super) bytes: usize,
    pub(super) writing_bytes: usize,
    pub(super) keys: HashMap<u64, QueuedIssue>,
    /// The sum of all keys' `more`.
    pub(super) more: u64,
    /// Taken by the writer and not yet settled, events and counts.
    pub(super) writing: u64,
    pub(super) raised: u64,
    pub(super) stored: u64,
    pub(super) coalesced: u64,
    pub(super) dropped: BTreeMap<&'static str, u64>,
    pub(super) losses: ThreadLosses,
    /// Events put into the queue.
    pub(super) accepted: u64,
    /// The first of those that are being written, by this number.
    pub(super) writing_from: Option<u64>,
    /// How often the writer took work, and how often it was done with it.
    pub(super) taken: u64,
    pub(super) finished: u64,
    pub(super) last_taken: Instant,
    pub(super) flushing: usize,
    /// Events that go in place of stored ones, and whether the writer is at some of them.
    pub(super) replacements: Vec<Event>,
    pub(super) replacing: bool,
    /// Asks the writer to try again at once.
    pub(super) nudges: u64,
    /// How often the store was to be looked at, and how many of these are done.
    pub(super) to_look: u64,
    pub(super) looked: u64,
    /// Whether all was there at the last look, and whether some of it is lost, which no flush has reported.
    pub(super) is_there: bool,
    pub(super) is_lost: bool,
    /// How often the store was to be closed, and how many of these are done.
    pub(super) to_close: u64,
    pub(super) closed: u64,
    pub(super) stopped: Option<&'static str>,
    pub(super) ended: bool,
    pub(super) last_error: Option<String>,
}

/// A batch of several events has about this many bytes at most.
const BATCH_BYTES: usize = 4 << 20;

/// When to try again what did not fit.
pub(super) struct RetrySchedule {
    at: Instant,
    delay: Duration,
    /// As many nudges there were at the last try.
    nudges: u64,
}

pub(super) const FIRST_RETRY: Duration = Duration::from_millis(20);
pub(super) const LAST_RETRY: Duration = Duration::from_secs(2);

/// How long an event waits at least, unless somebody flushes or a batch is full.
const HOLD: Duration = Duration::from_millis(100);

/// What is known of the events of one issue.
#[derive(Default)]
pub(super) struct QueuedIssue {
    /// Events of this key that wait or are being written.
    pub(super) unwritten: u32,
    second: u64,
    in_second: u32,
    /// The texts of those that were taken in this second.
    texts: Vec<u64>,
    /// Occurrences without an event.
    pub(super) more: u64,
    pub(super) last_seen: Timestamp,
    /// The latest stored event, to count onto.
    pub(super) stored: Option<Event>,
    /// When it was last used, by `QueueState::taken`.
    pub(super) used: u64,
}

impl QueuedIssue {
    /// Returns whether there is, or will be, an event to count onto.
    pub(super) fn has_event(&self) -> bool {
        self.unwritten > 0 || self.stored.is_some()
    }

    /// Returns whether an event with this text needs only be counted. One with a new text shows something new.
    pub(super) fn storms(&mut self, text: u64, at: Timestamp) -> bool {
        self.begin_second(at);
        let many = self.unwritten >= UNWRITTEN || self.in_second >= A_SECOND;
        self.has_event() && many && (self.texts.len() >= TEXTS || self.texts.contains(&text))
    }

    /// A new second begins, unless `at` is of one that is over: failures wait for their turn. The clock may have been
    /// set back.
    fn begin_second(&mut self, at: Timestamp) {
        const LONG: u64 = 60;
        let second = at.as_micros() / 1_000_000;
        if second > self.second || second + LONG < self.second {
            (self.second, self.in_second) = (second, 0);
            self.texts.clear();
        }
    }

    /// An event is put into the queue.
    pub(super) fn take(&mut self, text: u64, at: Timestamp) {
        self.begin_second(at);
        self.unwritten += 1;
        self.in_second += 1;
        if self.texts.len() < TEXTS && !self.texts.contains(&text) {
            self.texts.push(text);
        }
    }
}

impl QueueState {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            queue: VecDeque::with_capacity(capacity.min(KEYS)),
            unfit: VecDeque::new(),
            unfit_counts: false,
            retry: RetrySchedule { at: Instant::now(), delay: FIRST_RETRY, nudges: 0 },
            bytes: 0,
            writing_bytes: 0,
            keys: HashMap::with_capacity(KEYS),
            more: 0,
            writing: 0,
            raised: 0,
            stored: 0,
            coalesced: 0,
            dropped: BTreeMap::new(),
            losses: ThreadLosses::default(),
            accepted: 0,
            writing_from: None,
            taken: 0,
            finished: 0,
            last_taken: Instant::now(),
            flushing: 0,
            replacements: Vec::new(),
            replacing: false,
            nudges: 0,
            to_look: 0,
            looked: 0,
            is_there: true,
            is_lost: false,
            to_close: 0,
            closed: 0,
            stopped: None,
            ended: false,
            last_error: None,
        }
    }

    /// Returns how much longer the front of the queue is held, so that what a program captures by hand right behind
    /// can still be added to it, and batches fill.
    pub(super) fn held_for(&self, batch: usize) -> Duration {
        if self.flushing > 0 || self.stopped.is_some() || self.queue.len() >= batch {
            return Duration::ZERO;
        }
        self.queue
            .front()
            .map_or(Duration::ZERO, |item| HOLD.saturating_sub(item.turn.since.elapsed()))
    }

    pub(super) fn pending(&self) -> u64 {
        self.waiting() as u64 + self.more + self.writing
    }

    /// Returns an event that waits, by its id.
    pub(super) fn item(&mut self, id: &str) -> Option<&mut QueuedEvent> {
        self.queue.iter_mut().rev().chain(&mut self.unfit).find(|item| item.event.id == id)
    }

    /// Returns the number of events that wait.
    pub(super) fn waiting(&self) -> usize {
        self.queue.len() + self.unfit.len()
    }

    /// Returns whether an event or count that was accepted before that many events were is not settled.
    pub(super) fn owes(&self, accepted: u64) -> bool {
        let events = self.queue.front().into_iter().chain(&self.unfit).map(|item| item.turn.nth);
        self.unfit_counts || events.chain(self.writing_from).any(|nth| nth <= accepted)
    }

    /// Returns how much longer what did not fit is left alone. A flush is worth a try at once.
    pub(super) fn rests_for(&self) -> Duration {
        let is_wanted = self.stopped.is_some() || self.nudges != self.retry.nudges;
        if is_wanted {
            Duration::ZERO
        } else {
            self.retry.delay.saturating_sub(self.retry.at.elapsed())
        }
    }

    /// Returns whether something that did not fit is to be tried again.
    pub(super) fn tries_again(&self) -> bool {
        (!self.unfit.is_empty() || self.unfit_counts) && self.rests_for().is_zero()
    }

    pub(super) fn drop_as(&mut self, reason: &'static str, count: u64) {
        *self.dropped.entry(reason).or_default() += count;
    }

    /// Counts an occurrence onto its key when `storms` returns `true`.
    pub(super) fn count_more(
        &mut self,
        key: u64,
        at: Timestamp,
        storms: impl FnOnce(&mut QueuedIssue) -> bool,
    ) -> bool {
        let taken = self.taken;
        let Some(key) = self.keys.get_mut(&key) else { return false };
        if self.stopped.is_some() || !storms(key) {
            return false;
        }
        key.more += 1;
        key.last_seen = key.last_seen.max(at);
        key.used = taken;
        self.more += 1;
        self.raised += 1;
        true
    }

    /// Events from the front of the queue, and all counts that can be written.
    pub(super) fn take(&mut self, batch: usize) -> Vec<SightingInFlight> {
        let mut bytes = 0;
        let fits = |item: &&QueuedEvent| {
            bytes += item.turn.weight;
            bytes <= BATCH_BYTES
        };
        let tries_again = self.tries_again();
        if tries_again {
            self.retry.nudges = self.nudges;
        }
        let from =
            if tries_again && !self.unfit.is_empty() { &mut self.unfit } else { &mut self.queue };
        let count = from.iter().take(batch).take_while(fits).count().max(1).min(from.len());
        let mut all = Vec::with_capacity(count);
        let mut latest = HashMap::new();
        for QueuedEvent { event, turn, key } in from.drain(..count) {
            self.bytes -= turn.weight;
            self.writing_bytes += turn.weight;
            if let Some(key) = key {
                latest.insert(key, all.len());
            }
            let sighting = Sighting::new(*event).again(turn.only_counts);
            all.push(SightingInFlight { sighting, key, turn: Some(turn) });
        }
        self.writing_from = all.iter().filter_map(|taken| taken.turn).map(|turn| turn.nth).min();
        if self.more > 0 {
            for (id, key) in self.keys.iter_mut().filter(|(_, key)| key.more > 0) {
                if let Some(&at) = latest.get(id) {
                    let sighting = &mut all[at].sighting;
                    sighting.count += key.more;
                    sighting.last_seen = sighting.last_seen.max(key.last_seen);
                } else if let Some(event) = &key.stored {
                    let sighting =
                        Sighting::new(event.clone()).repeated(key.more, key.last_seen).again(true);
                    all.push(SightingInFlight { sighting, key: Some(*id), turn: None });
                } else {
                    continue;
                }
                self.more -= key.more;
                key.more = 0;
            }
        }
        self.taken += 1;
        self.last_taken = Instant::now();
        self.writing = all.iter().map(|taken| taken.sighting.count).sum();
        all
    }

    /// Notes what became of all that was taken.
    pub(super) fn settle(&mut self, outcomes: Vec<SightingOutcome>) {
        let had_room =
            !outcomes.iter().any(|outcome| matches!(outcome.became, SightingFate::Unfit(_)));
        self.unfit_counts = false;
        for outcome in outcomes {
            self.settle_one(outcome);
        }
        self.finished = self.taken;
        (self.writing_bytes, self.writing_from) = (0, None);
        let delay = if had_room { FIRST_RETRY } else { (self.retry.delay * 2).min(LAST_RETRY) };
        (self.retry.at, self.retry.delay) = (Instant::now(), delay);
    }

    fn settle_one(&mut self, outcome: SightingOutcome) {
        let SightingOutcome { key, turn, count, became } = outcome;
        self.writing -= count;
        let events = u64::from(turn.is_some());
        match &became {
            SightingFate::Stored(_) => {
                self.stored += events;
                self.coalesced += count - events;
            }
            SightingFate::Dropped(reason) => {
                self.losses.add(turn.map(|turn| turn.thread), count);
                self.drop_as(reason, count);
            }
            SightingFate::Unfit(_) => {}
        }
        let mut known = key.and_then(|key| self.keys.get_mut(&key));
        if let Some(key) = &mut known {
            key.used = self.taken;
        }
        match (became, known) {
            (SightingFate::Unfit(sighting), known) => {
                // Its counts wait apart: others may come.
                let more = count - events;
                if let Some(known) = known {
                    known.more += more;
                    known.last_seen = known.last_seen.max(sighting.last_seen);
                    self.more += more;
                }
                self.unfit_counts |= turn.is_none();
                if let Some(turn) = turn {
                    self.bytes += turn.weight;
                    self.unfit.push_back(QueuedEvent {
                        event: Box::new(sighting.event),
                        turn,
                        key,
                    });
                }
            }
            (SightingFate::Stored(stored), Some(key)) => {
                key.unwritten -= u32::from(turn.is_some());
                if let Some(stored) = stored {
                    key.stored = Some(*stored);
                }
            }
            (SightingFate::Dropped(reason), Some(key)) => {
                key.unwritten -= u32::from(turn.is_some());
                if !key.has_event() {
                    let more = std::mem::take(&mut key.more);
                    self.more -= more;
                    self.losses.add(None, more);
                    self.drop_as(reason, more);
                }
            }
            (_, None) => {}
        }
    }

    /// Forgets the keys used longest ago, once there are many.
    pub(super) fn forget_keys(&mut self) -> Vec<QueuedIssue> {
        if self.keys.len() < KEYS / 4 * 3 {
            return Vec::new();
        }
        let settled = |key: &&QueuedIssue| key.unwritten == 0 && key.more == 0;
        let mut uses: Vec<u64> = self.keys.values().filter(settled).map(|key| key.used).collect();
        if uses.is_empty() {
            return Vec::new();
        }
        let middle = uses.len() / 2;
        let (_, middle, _) = uses.select_nth_unstable(middle);
        let middle = *middle;
        self.keys
            .extract_if(|_, key| settled(&&*key) && key.used <= middle)
            .map(|(_, key)| key)
            .collect()
    }
}
