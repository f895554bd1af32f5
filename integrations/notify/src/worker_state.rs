//! What the thread of a channel and others know of each other.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use error_tracker::ChannelHealth;
use error_tracker::event::Timestamp;

/// The state of a channel's thread in one process.
#[derive(Debug, Default)]
pub(crate) struct WorkerState {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How often messages were added, and how often the thread has then found nothing to do.
    added: u64,
    done: u64,
    /// The number of messages that wait because the channel fails; 0 while it does not.
    stuck: u64,
    stopped: bool,
    health: ChannelHealth,
}

impl WorkerState {
    /// Locks the state. Code that runs under the lock never panics.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the thread that a message was added.
    pub(crate) fn wake(&self) {
        self.state().added += 1;
        self.changed.notify_all();
    }

    /// Ends the thread, once it has finished the current message.
    pub(crate) fn stop(&self) {
        self.state().stopped = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    /// Returns how often messages were added.
    pub(crate) fn added(&self) -> u64 {
        self.state().added
    }

    /// Notes that everything is done that was added before, apart from `stuck` messages. Then
    /// sleeps until more is added, at most for `pause`.
    pub(crate) fn rest(&self, added: u64, stuck: u64, pause: Duration) {
        let mut state = self.state();
        (state.done, state.stuck) = (added, stuck);
        self.changed.notify_all();
        // While the channel fails, what is added waits as well.
        let may_sleep =
            |state: &mut State| !state.stopped && (state.added == added || state.stuck > 0);
        drop(self.changed.wait_timeout_while(state, pause, may_sleep));
    }

    /// Waits until everything that was added is sent, or the channel fails. Returns the number of
    /// messages that were not sent.
    pub(crate) fn flush(&self, timeout: Duration) -> u64 {
        let state = self.state();
        let added = state.added;
        let is_busy = |state: &mut State| state.done < added && state.stuck == 0 && !state.stopped;
        let waited = self.changed.wait_timeout_while(state, timeout, is_busy);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        if state.stuck > 0 { state.stuck } else { added.saturating_sub(state.done) }
    }

    pub(crate) fn note_sent(&self, at: Timestamp) {
        let mut state = self.state();
        state.health.sent += 1;
        state.health.last_sent = Some(at);
        state.stuck = 0;
    }

    pub(crate) fn note_failed(&self, error: &str) {
        let mut state = self.state();
        state.health.failed += 1;
        state.health.last_error = Some(error.to_owned());
    }

    pub(crate) fn note_error(&self, error: &str) {
        self.state().health.last_error = Some(error.to_owned());
    }

    pub(crate) fn health(&self) -> ChannelHealth {
        self.state().health.clone()
    }
}
