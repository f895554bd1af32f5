//! Decides what the writer does next.

use std::time::{Duration, Instant};

use super::correction::Correction;
use super::queue_state::QueueState;
use super::queued_event::SightingInFlight;

/// The least time that an event is held in the queue, unless a thread flushes or a batch is full.
const HOLD_TIME: Duration = Duration::from_millis(100);

/// How often counts without events are written.
const COUNTS_INTERVAL: Duration = Duration::from_millis(100);
/// How often an idle store may do maintenance.
const IDLE_INTERVAL: Duration = Duration::from_secs(1);

/// The next task of the writer.
pub(super) enum WriterTask {
    Write(Vec<SightingInFlight>),
    Correct(Vec<Correction>),
    /// Check whether all events are still stored, and do maintenance.
    Idle,
    /// Check whether all events are still stored.
    CheckStore,
    /// Close the store.
    Close,
    End,
}

impl QueueState {
    /// Returns the next task, or the time to wait for one. Takes the time as an argument, so that
    /// tests control it.
    pub(super) fn next_task(&mut self, batch: usize, now: Instant) -> Result<WriterTask, Duration> {
        let has_counts = self.repeats > 0 && !self.has_deferred_counts;
        let idle_in = IDLE_INTERVAL.saturating_sub(now.saturating_duration_since(self.quiet_since));
        // Repeated flushes do not delay it.
        let is_idle = !has_counts && self.queue.is_empty() && idle_in.is_zero();
        if self.checks_done < self.checks_requested {
            return Ok(if is_idle { self.idle(now) } else { WriterTask::CheckStore });
        }
        let counts_due = has_counts
            && (self.flushing > 0
                || self.stopped.is_some()
                || now.saturating_duration_since(self.last_taken) >= COUNTS_INTERVAL);
        let held = self.hold_left(batch, now);
        let has_work = held.is_zero() && !self.queue.is_empty() || counts_due;
        if has_work || self.is_retry_due(now) {
            return Ok(WriterTask::Write(self.take(batch, now)));
        }
        // Nothing is being written, so the events that they correct are stored or were dropped.
        if !self.corrections.is_empty() {
            self.correcting = true;
            return Ok(WriterTask::Correct(std::mem::take(&mut self.corrections)));
        }
        if !held.is_zero() {
            return Err(held);
        }
        if self.stopped.is_some() {
            return Ok(WriterTask::End);
        }
        if self.closes_done < self.closes_requested {
            return Ok(WriterTask::Close);
        }
        if is_idle {
            return Ok(self.idle(now));
        }
        let wait = if has_counts { COUNTS_INTERVAL } else { idle_in };
        let retries = self.has_deferred_counts || !self.deferred.is_empty();
        Err(if retries { wait.min(self.retry_in(now)) } else { wait })
    }

    fn idle(&mut self, now: Instant) -> WriterTask {
        self.quiet_since = now;
        WriterTask::Idle
    }

    /// Returns how much longer the first event is held, so that an explicit capture of the same
    /// error right after it can still be added to it, and batches fill.
    fn hold_left(&self, batch: usize, now: Instant) -> Duration {
        if self.flushing > 0 || self.stopped.is_some() || self.queue.len() >= batch {
            return Duration::ZERO;
        }
        self.queue.front().map_or(Duration::ZERO, |item| {
            HOLD_TIME.saturating_sub(now.saturating_duration_since(item.position.since))
        })
    }

    /// Returns the time until what did not fit is retried. A flush retries at once.
    pub(super) fn retry_in(&self, now: Instant) -> Duration {
        let is_wanted = self.stopped.is_some() || self.retry_requests != self.retry.retry_requests;
        if is_wanted {
            Duration::ZERO
        } else {
            self.retry.delay.saturating_sub(now.saturating_duration_since(self.retry.at))
        }
    }

    /// Returns whether something that did not fit is to be retried now.
    pub(super) fn is_retry_due(&self, now: Instant) -> bool {
        (!self.deferred.is_empty() || self.has_deferred_counts) && self.retry_in(now).is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_idle(task: &Result<WriterTask, Duration>) -> bool {
        matches!(task, Ok(WriterTask::Idle))
    }

    #[test]
    fn a_program_that_flushes_all_the_time_is_idle_once_a_second() {
        let mut state = QueueState::new(10);
        let begun = state.quiet_since;
        let mut idle_at = Vec::new();
        for tenth in 1..=35 {
            let now = begun + Duration::from_millis(100) * tenth;
            state.checks_requested += 1;
            let task = state.next_task(10, now);
            assert!(is_idle(&task) || matches!(task, Ok(WriterTask::CheckStore)));
            if is_idle(&task) {
                idle_at.push(tenth);
            }
            // Both look.
            state.checks_done = state.checks_requested;
            assert!(!is_idle(&state.next_task(10, now)), "once");
        }
        assert_eq!(idle_at, [10, 20, 30]);
    }

    #[test]
    fn what_is_written_puts_off_what_an_idle_program_does() {
        let mut state = QueueState::new(10);
        let begun = state.quiet_since;
        assert_eq!(state.next_task(10, begun + IDLE_INTERVAL / 2).err(), Some(IDLE_INTERVAL / 2));
        state.quiet_since += IDLE_INTERVAL;
        assert_eq!(state.next_task(10, begun + IDLE_INTERVAL).err(), Some(IDLE_INTERVAL));
        assert!(is_idle(&state.next_task(10, begun + 2 * IDLE_INTERVAL)));
    }
}
