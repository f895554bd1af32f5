//! What is known of each event and key; changed under the lock of `ledger`.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

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

pub(super) struct State {
    pub(super) queue: VecDeque<Item>,
    /// Of the queue, and of what is being written.
    pub(super) bytes: usize,
    pub(super) writing_bytes: usize,
    pub(super) keys: HashMap<u64, Key>,
    /// The sum of all keys' `more`.
    pub(super) more: u64,
    /// Taken by the writer and not yet settled, events and counts.
    pub(super) writing: u64,
    pub(super) raised: u64,
    pub(super) stored: u64,
    pub(super) coalesced: u64,
    pub(super) dropped: BTreeMap<&'static str, u64>,
    /// Dropped after they had been accepted, and how many of them a flush has told.
    pub(super) lost: u64,
    pub(super) told: u64,
    /// Events put into the queue, and events settled, in the same order.
    pub(super) accepted: u64,
    pub(super) settled: u64,
    /// How often the writer took work, and how often it was done with it.
    pub(super) taken: u64,
    pub(super) finished: u64,
    pub(super) last_taken: Instant,
    pub(super) flushing: usize,
    /// Asks the writer to try again at once.
    pub(super) nudges: u64,
    pub(super) stopped: Option<&'static str>,
    pub(super) ended: bool,
    pub(super) last_error: Option<String>,
}

pub(super) struct Item {
    pub(super) event: Box<Event>,
    pub(super) weight: usize,
    pub(super) since: Instant,
    /// None when the table of keys was full.
    pub(super) key: Option<u64>,
}

/// How long an event waits at least, unless somebody flushes or a batch is full.
const HOLD: Duration = Duration::from_millis(100);

/// What is known of the events of one issue.
#[derive(Default)]
pub(super) struct Key {
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
    /// When it was last used, by `State::taken`.
    pub(super) used: u64,
}

/// A sighting on its way, and whom it stands for.
pub(super) struct Taken {
    pub(super) sighting: Sighting,
    pub(super) key: Option<u64>,
    /// Whether it is an event of the queue; else it only counts.
    pub(super) is_event: bool,
}

/// What became of one [`Taken`].
pub(super) struct Outcome {
    pub(super) key: Option<u64>,
    pub(super) is_event: bool,
    pub(super) count: u64,
    /// The event to count onto from now on, or why it was dropped.
    pub(super) result: Result<Option<Event>, &'static str>,
}

impl Taken {
    pub(super) fn outcome(&self, result: Result<Option<Event>, &'static str>) -> Outcome {
        Outcome { key: self.key, is_event: self.is_event, count: self.sighting.count, result }
    }
}

impl Key {
    /// Whether there is, or will be, an event to count onto.
    pub(super) fn has_event(&self) -> bool {
        self.unwritten > 0 || self.stored.is_some()
    }

    /// Whether an event with this text needs only be counted. One with a new text shows something new.
    pub(super) fn storms(&mut self, text: u64, at: Timestamp) -> bool {
        self.begin_second(at);
        let many = self.unwritten >= UNWRITTEN || self.in_second >= A_SECOND;
        self.has_event() && many && (self.texts.len() >= TEXTS || self.texts.contains(&text))
    }

    /// A new second begins, unless `at` is of one that is over: failures wait for their turn. The clock may have been set back.
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

impl State {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            queue: VecDeque::with_capacity(capacity.min(KEYS)),
            bytes: 0,
            writing_bytes: 0,
            keys: HashMap::with_capacity(KEYS),
            more: 0,
            writing: 0,
            raised: 0,
            stored: 0,
            coalesced: 0,
            dropped: BTreeMap::new(),
            lost: 0,
            told: 0,
            accepted: 0,
            settled: 0,
            taken: 0,
            finished: 0,
            last_taken: Instant::now(),
            flushing: 0,
            nudges: 0,
            stopped: None,
            ended: false,
            last_error: None,
        }
    }

    /// How much longer the front of the queue is held, so that what a program captures by hand right behind can
    /// still be added to it, and batches fill.
    pub(super) fn held_for(&self, batch: usize) -> Duration {
        if self.flushing > 0 || self.stopped.is_some() || self.queue.len() >= batch {
            return Duration::ZERO;
        }
        self.queue.front().map_or(Duration::ZERO, |item| HOLD.saturating_sub(item.since.elapsed()))
    }

    pub(super) fn pending(&self) -> u64 {
        self.queue.len() as u64 + self.more + self.writing
    }

    pub(super) fn drop_as(&mut self, reason: &'static str, count: u64) {
        *self.dropped.entry(reason).or_default() += count;
    }

    /// Counts an occurrence onto its key when `storms` says so.
    pub(super) fn count_more(
        &mut self,
        key: u64,
        at: Timestamp,
        storms: impl FnOnce(&mut Key) -> bool,
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
    pub(super) fn take(&mut self, batch: usize) -> Vec<Taken> {
        let count = batch.min(self.queue.len());
        let mut all = Vec::with_capacity(count);
        let mut latest = HashMap::new();
        for item in self.queue.drain(..count) {
            self.bytes -= item.weight;
            self.writing_bytes += item.weight;
            if let Some(key) = item.key {
                latest.insert(key, all.len());
            }
            all.push(Taken { sighting: Sighting::new(*item.event), key: item.key, is_event: true });
        }
        if self.more > 0 {
            for (id, key) in self.keys.iter_mut().filter(|(_, key)| key.more > 0) {
                if let Some(&at) = latest.get(id) {
                    let sighting = &mut all[at].sighting;
                    sighting.count += key.more;
                    sighting.last_seen = sighting.last_seen.max(key.last_seen);
                } else if let Some(event) = &key.stored {
                    let sighting = Sighting::new(event.clone()).repeated(key.more, key.last_seen).again(true);
                    all.push(Taken { sighting, key: Some(*id), is_event: false });
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

    pub(super) fn settle(&mut self, outcome: Outcome) {
        let Outcome { key, is_event, count, result } = outcome;
        self.writing -= count;
        self.settled += u64::from(is_event);
        match result {
            Ok(_) => {
                self.stored += u64::from(is_event);
                self.coalesced += count - u64::from(is_event);
            }
            Err(reason) => {
                self.lost += count;
                self.drop_as(reason, count);
            }
        }
        let Some(key) = key.and_then(|key| self.keys.get_mut(&key)) else { return };
        key.unwritten -= u32::from(is_event);
        key.used = self.taken;
        match result {
            Ok(None) => {}
            Ok(stored) => key.stored = stored,
            Err(reason) if !key.has_event() => {
                let more = std::mem::take(&mut key.more);
                self.more -= more;
                self.lost += more;
                self.drop_as(reason, more);
            }
            Err(_) => {}
        }
    }

    /// Forgets the keys used longest ago, once there are many.
    pub(super) fn forget_keys(&mut self) -> Vec<Key> {
        if self.keys.len() < KEYS / 4 * 3 {
            return Vec::new();
        }
        let settled = |key: &&Key| key.unwritten == 0 && key.more == 0;
        let mut uses: Vec<u64> = self.keys.values().filter(settled).map(|key| key.used).collect();
        if uses.is_empty() {
            return Vec::new();
        }
        let middle = uses.len() / 2;
        let (_, middle, _) = uses.select_nth_unstable(middle);
        let middle = *middle;
        self.keys.extract_if(|_, key| settled(&&*key) && key.used <= middle).map(|(_, key)| key).collect()
    }
}
