//! The queue, and the figures of everything else; one short lock, no I/O under it.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::light::weight;
use super::losses::ThreadNumber;
use super::queue_state::{KEYS, QueueState};
use super::queued_event::{QueuePosition, QueuedEvent, SightingInFlight, SightingOutcome};
use super::{FlushError, Health, Likeness};
use crate::event::{Event, Timestamp};

/// How many bytes wait at most.
const BYTES: usize = 32 << 20;
/// So many events are worth to be written at once.
const FULL_BATCH: usize = 500;
/// How often counts are written that come without an event.
const COUNTS: Duration = Duration::from_millis(100);
/// Replacements that wait at most; those beyond are left out.
const MAX_REPLACEMENTS: usize = 100;
/// How often an idle store may tidy up.
const IDLE: Duration = Duration::from_secs(1);

pub(super) const QUEUE_FULL: &str = "queue full";
pub(super) const STOPPED: &str = "stopped";

pub(super) struct SharedQueue {
    capacity: usize,
    state: Mutex<QueueState>,
    /// The writer waits here.
    work: Condvar,
    /// Threads that flush or stop wait here.
    done: Condvar,
}

/// The next task of the writer.
pub(super) enum WriterTask {
    Write(Vec<SightingInFlight>),
    Replace(Vec<Event>),
    Idle,
    /// It is to be looked whether all is still stored.
    Look,
    /// The store is to be closed.
    Close,
    End,
}

impl SharedQueue {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            state: Mutex::new(QueueState::new(capacity)),
            work: Condvar::new(),
            done: Condvar::new(),
        }
    }

    /// No code that could panic runs under the lock.
    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn coalesce(&self, like: Likeness, at: Timestamp) -> bool {
        self.state().count_more(like.issue, at, |key| key.storms(like.text, at))
    }

    pub(super) fn count(&self, like: Likeness, at: Timestamp) -> bool {
        self.state().count_more(like.issue, at, |key| key.has_event())
    }

    pub(super) fn submit(&self, event: Box<Event>, like: Likeness, only_counts: bool) {
        let (now, weight, at) = (Instant::now(), weight(&event), event.at);
        let (key, thread) = (like.issue, ThreadNumber::current());
        let mut guard = self.state();
        let state = &mut *guard;
        let is_full =
            state.waiting() >= self.capacity || state.bytes + state.writing_bytes + weight > BYTES;
        if state.count_more(key, at, |key| {
            if is_full { key.has_event() } else { key.storms(like.text, at) }
        }) {
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
        let nth = state.accepted;
        let turn =
            QueuePosition { nth, weight, since: now, only_counts, is_prepared: false, thread };
        state.queue.push_back(QueuedEvent { event, turn, key: tracked });
        // The first event wakes the writer, which then holds it for a moment; to wake it for each would cost more than
        // all the rest. A full batch need not be held.
        let wakes = state.queue.len() == 1 || state.queue.len().is_multiple_of(FULL_BATCH);
        drop(guard);
        if wakes {
            self.work.notify_one();
        }
    }

    /// Changes a queued event. Returns whether there was one with this id.
    pub(super) fn amend(&self, id: &str, change: impl FnOnce(&mut Event)) -> bool {
        let mut state = self.state();
        state.item(id).map(|item| change(&mut item.event)).is_some()
    }

    /// Puts an event in place of the one with its id, which waits or is stored.
    pub(super) fn replace(&self, event: Event) {
        let mut state = self.state();
        let has_room = state.replacements.len() < MAX_REPLACEMENTS && state.stopped.is_none();
        let old = match state.item(&event.id) {
            Some(item) => {
                item.turn.is_prepared = false;
                Some(std::mem::replace(&mut *item.event, event))
            }
            None if !has_room => Some(event),
            None => {
                state.replacements.push(event);
                self.work.notify_one();
                None
            }
        };
        drop(state);
        drop(old);
    }

    /// The writer is done with its replacements.
    pub(super) fn replaced(&self) {
        self.state().replacing = false;
        self.done.notify_all();
    }

    /// Counts an event that was lost before it could be queued.
    pub(super) fn drop_one(&self, reason: &'static str) {
        let mut state = self.state();
        state.raised += 1;
        state.drop_as(reason, 1);
    }

    /// Waits for work; the writer alone calls this.
    pub(super) fn next(&self, batch: usize) -> WriterTask {
        let mut state = self.state();
        let until_idle = Instant::now();
        loop {
            if state.looked < state.to_look {
                return WriterTask::Look;
            }
            let counts_due = !state.unfit_counts
                && (state.flushing > 0
                    || state.stopped.is_some()
                    || state.last_taken.elapsed() >= COUNTS);
            let held = state.held_for(batch);
            let has_work =
                held.is_zero() && !state.queue.is_empty() || state.more > 0 && counts_due;
            if has_work || state.tries_again() {
                return WriterTask::Write(state.take(batch));
            }
            // Nothing is being written, so what they replace is stored, or waits no more.
            if !state.replacements.is_empty() {
                state.replacing = true;
                return WriterTask::Replace(std::mem::take(&mut state.replacements));
            }
            if !held.is_zero() {
                state =
                    self.work.wait_timeout(state, held).unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            if state.stopped.is_some() {
                return WriterTask::End;
            }
            if state.closed < state.to_close {
                return WriterTask::Close;
            }
            let idle_for = until_idle.elapsed();
            let has_counts = state.more > 0 && !state.unfit_counts;
            if !has_counts && idle_for >= IDLE {
                return WriterTask::Idle;
            }
            let mut wait = if has_counts { COUNTS } else { IDLE - idle_for };
            if state.unfit_counts || !state.unfit.is_empty() {
                wait = wait.min(state.rests_for());
            }
            state = self.work.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Returns whether all that waits needs room in the store.
    pub(super) fn is_quiet(&self) -> bool {
        let state = self.state();
        state.queue.is_empty() && (state.more == 0 || state.unfit_counts) && state.writing == 0
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.state().stopped.is_some()
    }

    /// Waits before another try; `false` when there is to be none. A flush is worth a try at once.
    pub(super) fn wait_to_retry(&self, delay: Duration) -> bool {
        let state = self.state();
        let nudges = state.nudges;
        let unchanged = |state: &mut QueueState| state.stopped.is_none() && state.nudges == nudges;
        let waited = self.work.wait_timeout_while(state, delay, unchanged);
        waited.unwrap_or_else(PoisonError::into_inner).0.stopped.is_none()
    }

    /// Notes what became of everything that [`SharedQueue::next`] gave.
    pub(super) fn settle(&self, outcomes: Vec<SightingOutcome>) {
        let mut state = self.state();
        state.settle(outcomes);
        let forgotten = state.forget_keys();
        drop(state);
        self.done.notify_all();
        drop(forgotten);
    }

    pub(super) fn note_error(&self, error: String) {
        self.state().last_error = Some(error);
    }

    pub(super) fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        let start = Instant::now();
        let mut state = self.state();
        let accepted = state.accepted;
        // Counts that are not on their way yet go with the next work that is taken.
        let taken = state.taken + u64::from(state.more > 0);
        state.flushing += 1;
        state.nudges += 1;
        self.work.notify_all();
        let is_done = |state: &QueueState| {
            let is_replacing = state.replacing || !state.replacements.is_empty();
            !is_replacing
                && (state.pending() == 0 || !state.owes(accepted) && state.finished >= taken)
        };
        while !is_done(&state) && !state.ended {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                break;
            }
            state = self.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.flushing -= 1;
        let is_stored = is_done(&state);
        let is_there;
        (state, is_there) = self.look(state, timeout.saturating_sub(start.elapsed()));
        let dropped = state.losses.tell(ThreadNumber::current());
        if is_stored && is_there && dropped == 0 {
            return Ok(());
        }
        Err(FlushError { pending: state.pending(), dropped, ..FlushError::NONE })
    }

    /// Waits until the writer has looked whether what was stored is still there, at most `timeout`. Returns whether
    /// it is.
    fn look<'a>(
        &'a self,
        mut state: MutexGuard<'a, QueueState>,
        timeout: Duration,
    ) -> (MutexGuard<'a, QueueState>, bool) {
        if state.stored + state.coalesced == 0 || state.ended {
            return (state, true);
        }
        state.to_look += 1;
        let asked = state.to_look;
        self.work.notify_all();
        let waits = |state: &mut QueueState| state.looked < asked && !state.ended;
        let waited = self.done.wait_timeout_while(state, timeout, waits);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let is_lost = std::mem::take(&mut state.is_lost);
        let is_there = !waits(&mut state) && state.is_there && !is_lost;
        (state, is_there)
    }

    /// The writer has looked, for all that asked before.
    pub(super) fn looked(&self, asked: u64, is_there: bool, is_lost: bool) {
        let mut state = self.state();
        state.looked = state.looked.max(asked);
        state.is_there = is_there;
        state.is_lost |= is_lost;
        drop(state);
        self.done.notify_all();
    }

    /// Returns the number of looks that were requested.
    pub(super) fn to_look(&self) -> u64 {
        self.state().to_look
    }

    /// Waits until the writer has closed the store, at most `timeout`.
    pub(super) fn close_store(&self, timeout: Duration) {
        let mut state = self.state();
        state.to_close += 1;
        let asked = state.to_close;
        self.work.notify_all();
        let open = |state: &mut QueueState| state.closed < asked && !state.ended;
        let waited = self.done.wait_timeout_while(state, timeout, open);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// The writer has closed the store, for all that asked until now.
    pub(super) fn store_closed(&self) {
        let mut state = self.state();
        state.closed = state.to_close;
        drop(state);
        self.done.notify_all();
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
    fn abandon(&self, state: &mut QueueState, reason: &'static str) -> VecDeque<QueuedEvent> {
        let mut queue = std::mem::take(&mut state.queue);
        queue.append(&mut state.unfit);
        state.unfit_counts = false;
        let more = std::mem::take(&mut state.more);
        for key in state.keys.values_mut() {
            key.more = 0;
        }
        for key in queue.iter().filter_map(|item| item.key) {
            if let Some(key) = state.keys.get_mut(&key) {
                key.unwritten -= 1;
            }
        }
        queue.iter().for_each(|item| state.losses.add(Some(item.turn.thread), 1));
        state.losses.add(None, more);
        let count = queue.len() as u64 + more;
        state.bytes = 0;
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
            panic_hook_replaced: false,
            observers: Vec::new(),
            last_error: state.last_error.clone(),
            store: String::new(),
        }
    }
}
