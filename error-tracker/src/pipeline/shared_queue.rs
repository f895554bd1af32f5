//! The queue and the counters, under one lock that is held shortly and without I/O.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::correction::Correction;
use super::counted_facets::Occurrence;
use super::losses::ThreadNumber;
use super::queue_state::{MAX_ISSUES, QueueState, QueuedIssue};
use super::queued_event::{QueuePosition, QueuedEvent, SightingOutcome};
use super::reduced_event::weight;
use super::writer_task::WriterTask;
use super::{FlushError, Health, Likeness};
use crate::event::Event;

/// The most bytes of waiting events.
const MAX_BYTES: usize = 32 << 20;
/// Events that wake the writer at once.
const FULL_BATCH: usize = 500;

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

impl SharedQueue {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            state: Mutex::new(QueueState::new(capacity)),
            work: Condvar::new(),
            done: Condvar::new(),
        }
    }

    /// Locks the state. Code that runs under the lock never panics.
    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn coalesce(&self, like: Likeness, occurrence: &Occurrence<'_>) -> bool {
        let is_storming = |key: &mut QueuedIssue| key.is_storming(like.text, occurrence.at);
        self.state().count_repeat(like.issue, occurrence, is_storming)
    }

    pub(super) fn count(&self, like: Likeness, occurrence: &Occurrence<'_>) -> bool {
        self.state().count_repeat(like.issue, occurrence, |key| key.has_event())
    }

    pub(super) fn submit(&self, event: Box<Event>, like: Likeness, only_counts: bool) {
        let (now, weight, at) = (Instant::now(), weight(&event), event.at);
        let (key, thread) = (like.issue, ThreadNumber::current());
        let request = event.context.request.as_ref();
        let route = request.map(|request| (request.method.as_str(), request.route_or_path()));
        let occurrence = Occurrence { at, user: event.user_key(), route };
        let mut guard = self.state();
        let state = &mut *guard;
        let is_full = state.waiting() >= self.capacity
            || state.bytes + state.writing_bytes + weight > MAX_BYTES;
        if state.count_repeat(key, &occurrence, |key| {
            if is_full { key.has_event() } else { key.is_storming(like.text, at) }
        }) {
            // The event is freed after the lock is released.
            drop(guard);
            return;
        }
        state.raised += 1;
        if let Some(reason) = state.stopped.or(is_full.then_some(QUEUE_FULL)) {
            state.count_dropped(reason, 1);
            drop(guard);
            return;
        }
        let has_room = state.issues.len() < MAX_ISSUES || state.issues.contains_key(&key);
        let tracked = has_room.then(|| {
            state.issues.entry(key).or_default().take(like.text, at);
            key
        });
        state.bytes += weight;
        state.accepted += 1;
        let number = state.accepted;
        let position =
            QueuePosition { number, weight, since: now, only_counts, is_prepared: false, thread };
        state.queue.push_back(QueuedEvent { event, position, key: tracked });
        // The first event wakes the writer, which then holds it for a moment: waking it for each
        // event would cost more than the rest of this function. A full batch is not held.
        let wakes = state.queue.len() == 1 || state.queue.len().is_multiple_of(FULL_BATCH);
        drop(guard);
        if wakes {
            self.work.notify_one();
        }
    }

    /// Changes the queued event with this id, and returns whether there was one.
    pub(super) fn amend_queued(&self, id: &str, change: impl FnOnce(&mut Event)) -> bool {
        let mut state = self.state();
        state.item(id).map(|item| change(&mut item.event)).is_some()
    }

    /// Changes the queued or stored event with this id.
    pub(super) fn amend(&self, id: &str, change: impl FnOnce(&mut Event) + Send + 'static) {
        let mut state = self.state();
        if let Some(item) = state.item(id) {
            change(&mut item.event);
            return;
        }
        let issue = state.issue_of_stored(id);
        let (id, change) = (id.to_owned(), Box::new(change));
        let discarded = state.correct(Correction::Change { id, issue, change });
        self.work.notify_one();
        drop(state);
        drop(discarded);
    }

    /// Replaces the queued or stored event that has the same id.
    pub(super) fn replace(&self, event: Event) {
        let mut state = self.state();
        let mut event = Box::new(event);
        let old = match state.item(&event.id) {
            Some(item) => {
                item.position.is_prepared = false;
                std::mem::swap(&mut item.event, &mut event);
                Some(Correction::Replace(event))
            }
            None => {
                self.work.notify_one();
                state.correct(Correction::Replace(event))
            }
        };
        drop(state);
        drop(old);
    }

    /// Notes that the writer has made its corrections.
    pub(super) fn corrected(&self) {
        let mut state = self.state();
        (state.correcting, state.quiet_since) = (false, Instant::now());
        drop(state);
        self.done.notify_all();
    }

    /// Counts an event that was lost before it could be queued.
    pub(super) fn count_dropped_one(&self, reason: &'static str) {
        let mut state = self.state();
        state.raised += 1;
        state.count_dropped(reason, 1);
    }

    /// Waits for the writer's next task. Only the writer calls this.
    pub(super) fn next(&self, batch: usize) -> WriterTask {
        let mut state = self.state();
        loop {
            let wait = match state.next_task(batch, Instant::now()) {
                Ok(task) => return task,
                Err(wait) => wait,
            };
            state = self.work.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Returns whether nothing waits except what the store has no room for.
    pub(super) fn has_no_work(&self) -> bool {
        let state = self.state();
        state.queue.is_empty()
            && (state.repeats == 0 || state.has_deferred_counts)
            && state.writing == 0
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.state().stopped.is_some()
    }

    /// Waits before a retry, which a flush makes at once. Returns `false` if there is to be none.
    pub(super) fn wait_to_retry(&self, delay: Duration) -> bool {
        let state = self.state();
        let retry_requests = state.retry_requests;
        let unchanged = |state: &mut QueueState| {
            state.stopped.is_none() && state.retry_requests == retry_requests
        };
        let waited = self.work.wait_timeout_while(state, delay, unchanged);
        waited.unwrap_or_else(PoisonError::into_inner).0.stopped.is_none()
    }

    /// Applies the outcomes of everything that [`SharedQueue::next`] returned.
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
        // Counts that are not being written belong to the next work that is taken.
        let taken = state.taken + u64::from(state.repeats > 0);
        state.flushing += 1;
        state.retry_requests += 1;
        self.work.notify_all();
        let is_done = |state: &QueueState| {
            let is_correcting = state.correcting || !state.corrections.is_empty();
            !is_correcting
                && (state.pending() == 0
                    || !state.has_unsettled(accepted) && state.finished >= taken)
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
        (state, is_there) = self.wait_for_check(state, timeout.saturating_sub(start.elapsed()));
        let dropped = state.losses.take_unreported(ThreadNumber::current());
        if is_stored && is_there && dropped == 0 {
            return Ok(());
        }
        Err(FlushError { pending: state.pending(), dropped, ..FlushError::NONE })
    }

    /// Waits, at most `timeout`, until the writer has checked whether all stored events are still
    /// there. Returns whether they are.
    fn wait_for_check<'a>(
        &'a self,
        mut state: MutexGuard<'a, QueueState>,
        timeout: Duration,
    ) -> (MutexGuard<'a, QueueState>, bool) {
        if state.stored + state.coalesced == 0 || state.ended {
            return (state, true);
        }
        state.checks_requested += 1;
        let asked = state.checks_requested;
        self.work.notify_all();
        let waits = |state: &mut QueueState| state.checks_done < asked && !state.ended;
        let waited = self.done.wait_timeout_while(state, timeout, waits);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let is_lost = std::mem::take(&mut state.is_lost);
        let is_there = !waits(&mut state) && state.is_there && !is_lost;
        (state, is_there)
    }

    /// Notes the result of a check, for all requests up to number `asked`.
    pub(super) fn checks_done(&self, asked: u64, is_there: bool, is_lost: bool) {
        let mut state = self.state();
        state.checks_done = state.checks_done.max(asked);
        state.is_there = is_there;
        state.is_lost |= is_lost;
        drop(state);
        self.done.notify_all();
    }

    /// Returns the number of checks that were requested.
    pub(super) fn checks_requested(&self) -> u64 {
        self.state().checks_requested
    }

    /// Waits, at most `timeout`, until the writer has closed the store.
    pub(super) fn close_store(&self, timeout: Duration) {
        let mut state = self.state();
        state.closes_requested += 1;
        let asked = state.closes_requested;
        self.work.notify_all();
        let open = |state: &mut QueueState| state.closes_done < asked && !state.ended;
        let waited = self.done.wait_timeout_while(state, timeout, open);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Notes that the writer has closed the store, for all requests until now.
    pub(super) fn store_closed(&self) {
        let mut state = self.state();
        state.closes_done = state.closes_requested;
        state.quiet_since = Instant::now();
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

    /// Ends the queue for `reason`, before or after the writer has run.
    pub(super) fn end(&self, reason: &'static str) {
        let mut guard = self.state();
        guard.stopped.get_or_insert(reason);
        guard.ended = true;
        let queue = self.abandon(&mut guard, reason);
        drop(guard);
        drop(queue);
        self.done.notify_all();
    }

    /// Removes and counts all waiting events, except those that are being written.
    fn abandon(&self, state: &mut QueueState, reason: &'static str) -> VecDeque<QueuedEvent> {
        let mut queue = std::mem::take(&mut state.queue);
        queue.append(&mut state.deferred);
        state.has_deferred_counts = false;
        let repeats = std::mem::take(&mut state.repeats);
        for key in state.issues.values_mut() {
            key.repeats = 0;
            key.facets.clear(&mut state.user_room);
        }
        for key in queue.iter().filter_map(|item| item.key) {
            if let Some(key) = state.issues.get_mut(&key) {
                key.unwritten -= 1;
            }
        }
        queue.iter().for_each(|item| state.losses.add(Some(item.position.thread), 1));
        state.losses.add(None, repeats);
        let count = queue.len() as u64 + repeats;
        state.bytes = 0;
        if count > 0 {
            state.count_dropped(reason, count);
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
            untracked: 0,
            panic_hook_replaced: false,
            observers: Vec::new(),
            last_error: state.last_error.clone(),
            store: String::new(),
        }
    }
}
