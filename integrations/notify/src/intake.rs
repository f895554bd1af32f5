//! Adds messages to the outbox, many at once: each transaction waits for the disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use error_tracker::store::{Enqueued, MemoryOutbox, OutboxLimits, OutboxMessage, Store};

use crate::worker_state::WorkerState;

/// The most messages that wait to be added. Then the observer waits for room, but not for ever: it
/// is to end with the tracker.
const MAX_WAITING: usize = 1_000;
const MAX_WAIT: Duration = Duration::from_secs(10);
/// The most messages of a transaction.
const MAX_BATCH: usize = 200;
/// The pause after which they are added again if the store is not available.
const PAUSE: Duration = Duration::from_secs(1);

/// Messages of one process that are to be added, and the thread that adds them.
#[derive(Default)]
pub(crate) struct MessageIntake {
    state: Mutex<IntakeState>,
    changed: Condvar,
}

#[derive(Default)]
struct IntakeState {
    waiting: Vec<QueuedMessage>,
    /// The number of those that are being added.
    taken: usize,
    stopped: bool,
}

/// A message that is to be added.
pub(crate) struct QueuedMessage {
    /// The state of its channel.
    pub(crate) state: Arc<WorkerState>,
    pub(crate) message: OutboxMessage,
    pub(crate) limits: OutboxLimits,
}

impl MessageIntake {
    /// Locks the state. Code that runs under the lock never panics.
    fn state(&self) -> MutexGuard<'_, IntakeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a message.
    ///
    /// # Errors
    /// If it is stopped, or too many messages wait and the store does not take them.
    pub(crate) fn push(&self, message: QueuedMessage) -> Result<(), &'static str> {
        let is_full =
            |state: &mut IntakeState| state.waiting.len() >= MAX_WAITING && !state.stopped;
        let waited = self.changed.wait_timeout_while(self.state(), MAX_WAIT, is_full);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        if state.stopped {
            return Err("there is no thread that adds messages to the outbox");
        }
        if state.waiting.len() >= MAX_WAITING {
            return Err("the outbox cannot be used, and too many messages wait for it");
        }
        state.waiting.push(message);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Waits, at most `timeout`, until nothing is to be added. Returns the number of messages that
    /// are.
    pub(crate) fn wait(&self, timeout: Duration) -> u64 {
        let is_busy =
            |state: &mut IntakeState| state.waiting.len() + state.taken > 0 && !state.stopped;
        let waited = self.changed.wait_timeout_while(self.state(), timeout, is_busy);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        (state.waiting.len() + state.taken) as u64
    }

    /// Ends the thread.
    pub(crate) fn stop(&self) {
        self.state().stopped = true;
        self.changed.notify_all();
    }

    /// Adds messages until it is stopped.
    pub(crate) fn run(&self, store: &dyn Store, memory: &MemoryOutbox) {
        loop {
            let is_idle = |state: &mut IntakeState| state.waiting.is_empty() && !state.stopped;
            let waited = self.changed.wait_while(self.state(), is_idle);
            let mut state = waited.unwrap_or_else(PoisonError::into_inner);
            if state.stopped {
                return;
            }
            let length = state.waiting.len().min(MAX_BATCH);
            let batch: Vec<QueuedMessage> = state.waiting.drain(..length).collect();
            state.taken = length;
            drop(state);
            self.changed.notify_all();
            self.add(&batch, store, memory);
            self.state().taken = 0;
            self.changed.notify_all();
        }
    }

    fn add(&self, batch: &[QueuedMessage], store: &dyn Store, memory: &MemoryOutbox) {
        let messages: Vec<(&OutboxMessage, &OutboxLimits)> =
            batch.iter().map(|queued| (&queued.message, &queued.limits)).collect();
        loop {
            let outbox = store.outbox().unwrap_or(memory);
            let add = AssertUnwindSafe(|| outbox.enqueue_all(&messages));
            let error = match catch_unwind(add) {
                Ok(Ok(results)) => {
                    for (queued, result) in batch.iter().zip(results) {
                        // What is known may have been found by the channel's thread, and is
                        // waited for all the same.
                        if result != Enqueued::HeldBack {
                            queued.state.wake();
                        }
                    }
                    return;
                }
                Ok(Err(error)) if error.is_transient() && !self.is_stopped(Duration::ZERO) => {
                    for queued in batch {
                        queued.state.note_error(&format!("the outbox cannot be used: {error}"));
                    }
                    self.is_stopped(PAUSE);
                    continue;
                }
                Ok(Err(error)) => error.to_string(),
                Err(payload) => {
                    // Dropping it may panic again.
                    std::mem::forget(payload);
                    "the store panicked".to_owned()
                }
            };
            for queued in batch {
                queued.state.note_failed(&format!("a message could not be added: {error}"));
            }
            return;
        }
    }

    /// Returns whether it is stopped; waits for that, at most `timeout`.
    fn is_stopped(&self, timeout: Duration) -> bool {
        let runs = |state: &mut IntakeState| !state.stopped;
        let waited = self.changed.wait_timeout_while(self.state(), timeout, runs);
        waited.unwrap_or_else(PoisonError::into_inner).0.stopped
    }
}
