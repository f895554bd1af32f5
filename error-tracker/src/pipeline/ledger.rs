//! What waits, and what became of everything else; one short lock, no I/O under it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::light::weight;
use super::{Health, Partial};
use crate::event::{Event, Timestamp};
use crate::store::Sighting;

/// How many events of one key wait before further ones are only counted.
const UNWRITTEN: u32 = 8;
/// How many events of one key are taken in a second before further ones are only counted.
const A_SECOND: u32 = 16;
/// How many keys are known at a time.
const KEYS: usize = 4096;
/// How many bytes wait at most.
const BYTES: usize = 32 << 20;
/// How often counts are written that come without an event.
const COUNTS: Duration = Duration::from_millis(100);
/// How often an idle store may tidy up.
const IDLE: Duration = Duration::from_secs(1);

pub(super) const QUEUE_FULL: &str = "queue full";
pub(super) const STOPPED: &str = "stopped";

pub(super) struct Shared {
    capacity: usize,
    state: Mutex<State>,
    /// The writer waits here.
    work: Condvar,
    /// Those who flush or stop wait here.
    done: Condvar,
}

struct State {
    queue: VecDeque<Item>,
    /// Of the queue, and of what is being written.
    bytes: usize,
    writing_bytes: usize,
    keys: HashMap<u64, Key>,
    /// The sum of all keys' `more`.
    more: u64,
    /// Taken by the writer and not yet settled, events and counts.
    writing: u64,
    raised: u64,
    stored: u64,
    coalesced: u64,
    dropped: BTreeMap<&'static str, u64>,
    /// Dropped after they had been accepted, and how many of them a flush has told.
    lost: u64,
    told: u64,
    /// Events put into the queue, and events settled, in the same order.
    accepted: u64,
    settled: u64,
    /// How often the writer took work, and how often it was done with it.
    taken: u64,
    finished: u64,
    last_taken: Instant,
    flushing: usize,
    /// Asks the writer to try again at once.
    nudges: u64,
    stopped: Option<&'static str>,
    ended: bool,
    last_error: Option<String>,
}

struct Item {
    event: Box<Event>,
    weight: usize,
    /// None when the table of keys was full.
    key: Option<u64>,
}

struct Key {
    /// Events of this key that wait or are being written.
    unwritten: u32,
    second: Instant,
    in_second: u32,
    /// Occurrences without an event.
    more: u64,
    last_seen: Timestamp,
    /// The latest stored event, to count onto.
    stored: Option<Event>,
    /// When it was last used, by `State::taken`.
    used: u64,
}

/// A sighting on its way, and whom it stands for.
pub(super) struct Taken {
    pub(super) sighting: Sighting,
    pub(super) key: Option<u64>,
    /// Whether it is an event of the queue; else it only counts.
    pub(super) is_event: bool,
}

/// What the writer is to do.
pub(super) enum Work {
    Write(Vec<Taken>),
    Idle,
    End,
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
    fn new(now: Instant) -> Self {
        Self {
            unwritten: 0,
            second: now,
            in_second: 0,
            more: 0,
            last_seen: Timestamp::default(),
            stored: None,
            used: 0,
        }
    }

    /// Whether there is, or will be, an event to count onto.
    fn has_event(&self) -> bool {
        self.unwritten > 0 || self.stored.is_some()
    }

    fn storms(&mut self, now: Instant) -> bool {
        if now.duration_since(self.second) >= Duration::from_secs(1) {
            (self.second, self.in_second) = (now, 0);
        }
        self.has_event() && (self.unwritten >= UNWRITTEN || self.in_second >= A_SECOND)
    }
}

impl State {
    fn pending(&self) -> u64 {
        self.queue.len() as u64 + self.more + self.writing
    }

    fn drop_as(&mut self, reason: &'static str, count: u64) {
        *self.dropped.entry(reason).or_default() += count;
    }

    /// Counts an occurrence onto its key when `storms` says so.
    fn count_more(&mut self, key: u64, at: Timestamp, storms: impl FnOnce(&mut Key) -> bool) -> bool {
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
    fn take(&mut self, batch: usize) -> Vec<Taken> {
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

    fn settle(&mut self, outcome: Outcome) {
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
    fn forget_keys(&mut self) -> Vec<Key> {
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

impl Shared {
    pub(super) fn new(capacity: usize) -> Self {
        let state = State {
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
        };
        Self { capacity, state: Mutex::new(state), work: Condvar::new(), done: Condvar::new() }
    }

    /// No code that could panic runs under the lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn coalesce(&self, key: u64, at: Timestamp) -> bool {
        let now = Instant::now();
        self.state().count_more(key, at, |key| key.storms(now))
    }

    pub(super) fn submit(&self, event: Box<Event>, key: u64) {
        let (now, weight, at) = (Instant::now(), weight(&event), event.at);
        let mut guard = self.state();
        let state = &mut *guard;
        let is_full =
            state.queue.len() >= self.capacity || state.bytes + state.writing_bytes + weight > BYTES;
        if state.count_more(key, at, |key| if is_full { key.has_event() } else { key.storms(now) }) {
            // The event is freed outside the lock.
            drop(guard);
            return;
        }
        state.raised += 1;
        if let Some(reason) = state.stopped.or(is_full.then_some(QUEUE_FULL)) {
            state.drop_as(reason, 1);
            drop(guard);
            return;
        }
        let has_room = state.keys.len() < KEYS || state.keys.contains_key(&key);
        let tracked = has_room.then(|| {
            let entry = state.keys.entry(key).or_insert_with(|| Key::new(now));
            entry.unwritten += 1;
            entry.in_second += 1;
            key
        });
        state.bytes += weight;
        state.accepted += 1;
        state.queue.push_back(Item { event, weight, key: tracked });
        drop(guard);
        self.work.notify_one();
    }

    /// Counts an event that was lost before it could be queued.
    pub(super) fn drop_one(&self, reason: &'static str) {
        let mut state = self.state();
        state.raised += 1;
        state.drop_as(reason, 1);
    }

    /// Waits for work; the writer alone calls this.
    pub(super) fn next(&self, batch: usize) -> Work {
        let mut state = self.state();
        let until_idle = Instant::now();
        loop {
            let counts_due =
                state.flushing > 0 || state.stopped.is_some() || state.last_taken.elapsed() >= COUNTS;
            if !state.queue.is_empty() || state.more > 0 && counts_due {
                return Work::Write(state.take(batch));
            }
            if state.stopped.is_some() {
                return Work::End;
            }
            let idle_for = until_idle.elapsed();
            if state.more == 0 && idle_for >= IDLE {
                return Work::Idle;
            }
            let wait = if state.more > 0 { COUNTS } else { IDLE - idle_for };
            state = self.work.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_quiet(&self) -> bool {
        self.state().pending() == 0
    }

    /// Waits before another try; `false` when there is to be none. A flush is worth a try at once.
    pub(super) fn wait_to_retry(&self, delay: Duration) -> bool {
        let state = self.state();
        let nudges = state.nudges;
        let unchanged = |state: &mut State| state.stopped.is_none() && state.nudges == nudges;
        let waited = self.work.wait_timeout_while(state, delay, unchanged);
        waited.unwrap_or_else(PoisonError::into_inner).0.stopped.is_none()
    }

    /// Notes what became of everything that [`Shared::next`] gave.
    pub(super) fn settle(&self, outcomes: Vec<Outcome>) {
        let mut state = self.state();
        for outcome in outcomes {
            state.settle(outcome);
        }
        state.finished = state.taken;
        state.writing_bytes = 0;
        let forgotten = state.forget_keys();
        drop(state);
        self.done.notify_all();
        drop(forgotten);
    }

    pub(super) fn note_error(&self, error: String) {
        self.state().last_error = Some(error);
    }

    pub(super) fn flush(&self, timeout: Duration) -> Result<(), Partial> {
        let start = Instant::now();
        let mut state = self.state();
        let (accepted, told) = (state.accepted, state.told);
        // Counts that are not on their way yet go with the next work that is taken.
        let taken = state.taken + u64::from(state.more > 0);
        state.flushing += 1;
        state.nudges += 1;
        self.work.notify_all();
        let is_done =
            |state: &State| state.pending() == 0 || state.settled >= accepted && state.finished >= taken;
        while !is_done(&state) && !state.ended {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                break;
            }
            state = self.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.flushing -= 1;
        let dropped = state.lost - told;
        state.told = state.lost;
        if is_done(&state) && dropped == 0 {
            return Ok(());
        }
        Err(Partial { pending: state.pending(), dropped })
    }

    pub(super) fn stop(&self, timeout: Duration) {
        let start = Instant::now();
        let mut guard = self.state();
        guard.stopped.get_or_insert(STOPPED);
        self.work.notify_all();
        while !guard.ended {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                break;
            }
            guard = self.done.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let queue = self.abandon(&mut guard, STOPPED);
        drop(guard);
        drop(queue);
    }

    /// Ends everything for `reason`, before or after the writer has run.
    pub(super) fn end(&self, reason: &'static str) {
        let mut guard = self.state();
        guard.stopped.get_or_insert(reason);
        guard.ended = true;
        let queue = self.abandon(&mut guard, reason);
        drop(guard);
        drop(queue);
        self.done.notify_all();
    }

    /// Drops what waits; what is being written stays.
    fn abandon(&self, state: &mut State, reason: &'static str) -> VecDeque<Item> {
        let queue = std::mem::take(&mut state.queue);
        let more = std::mem::take(&mut state.more);
        for key in state.keys.values_mut() {
            key.more = 0;
        }
        for key in queue.iter().filter_map(|item| item.key) {
            if let Some(key) = state.keys.get_mut(&key) {
                key.unwritten -= 1;
            }
        }
        let count = queue.len() as u64 + more;
        state.bytes = 0;
        state.settled += queue.len() as u64;
        state.lost += count;
        if count > 0 {
            state.drop_as(reason, count);
        }
        queue
    }

    pub(super) fn health(&self) -> Health {
        let state = self.state();
        Health {
            raised: state.raised,
            stored: state.stored,
            coalesced: state.coalesced,
            pending: state.pending(),
            dropped: state.dropped.clone(),
            last_error: state.last_error.clone(),
            store: String::new(),
        }
    }
}
