//! What waits, and what became of everything else; one short lock, no I/O under it.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::light::weight;
use super::state::{Item, KEYS, Outcome, State, Taken};
use super::{Health, Likeness, Partial};
use crate::event::{Event, Timestamp};

/// How many bytes wait at most.
const BYTES: usize = 32 << 20;
/// So many events are worth to be written at once.
const FULL_BATCH: usize = 500;
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

/// What the writer is to do.
pub(super) enum Work {
    Write(Vec<Taken>),
    Idle,
    End,
}

impl Shared {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::new(State::new(capacity)), work: Condvar::new(), done: Condvar::new() }
    }

    /// No code that could panic runs under the lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn coalesce(&self, like: Likeness, at: Timestamp) -> bool {
        self.state().count_more(like.issue, at, |key| key.storms(like.text, at))
    }

    pub(super) fn submit(&self, event: Box<Event>, like: Likeness) {
        let (now, weight, at) = (Instant::now(), weight(&event), event.at);
        let key = like.issue;
        let mut guard = self.state();
        let state = &mut *guard;
        let is_full =
            state.queue.len() >= self.capacity || state.bytes + state.writing_bytes + weight > BYTES;
        if state.count_more(key, at, |key| if is_full { key.has_event() } else { key.storms(like.text, at) })
        {
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
            state.keys.entry(key).or_default().take(like.text, at);
            key
        });
        state.bytes += weight;
        state.accepted += 1;
        state.queue.push_back(Item { event, weight, key: tracked, since: now });
        // The first event wakes the writer, which then holds it for a moment; to wake it for each would cost more than
        // all the rest. A full batch need not be held.
        let wakes = state.queue.len() == 1 || state.queue.len().is_multiple_of(FULL_BATCH);
        drop(guard);
        if wakes {
            self.work.notify_one();
        }
    }

    /// Changes an event that still waits; says whether there was one with this id.
    pub(super) fn amend(&self, id: &str, change: impl FnOnce(&mut Event)) -> bool {
        let mut state = self.state();
        let item = state.queue.iter_mut().rev().find(|item| item.event.id == id);
        item.map(|item| change(&mut item.event)).is_some()
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
            let held = state.held_for(batch);
            if held.is_zero() && !state.queue.is_empty() || state.more > 0 && counts_due {
                return Work::Write(state.take(batch));
            }
            if !held.is_zero() {
                state = self.work.wait_timeout(state, held).unwrap_or_else(PoisonError::into_inner).0;
                continue;
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
