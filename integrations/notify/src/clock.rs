//! Time, which a test may hold.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use error_tracker::event::Timestamp;

/// The clock by which messages are sent, limited and repeated.
#[derive(Clone, Default)]
pub struct NotifyClock {
    /// The held time in microseconds; the system's clock if there is none.
    held: Option<Arc<AtomicU64>>,
}

impl NotifyClock {
    /// Returns the system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// Returns a clock that stands still at this time, for tests. Its clones show the same time.
    #[must_use]
    pub fn held_at(time: Timestamp) -> Self {
        Self { held: Some(Arc::new(AtomicU64::new(time.as_micros()))) }
    }

    /// Moves a held clock forward.
    pub fn advance(&self, by: Duration) {
        if let Some(held) = &self.held {
            held.fetch_add(u64::try_from(by.as_micros()).unwrap_or(u64::MAX), Relaxed);
        }
    }

    /// Returns the time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.held {
            Some(held) => Timestamp::from_micros(held.load(Relaxed)),
            None => Timestamp::now(),
        }
    }

    /// Returns how long a thread may sleep that has work after `pause`: one that waits for a held
    /// clock looks at it often.
    pub(crate) fn sleep(&self, pause: Duration) -> Duration {
        match &self.held {
            Some(_) => pause.min(Duration::from_millis(5)),
            None => pause,
        }
    }
}

impl fmt::Debug for NotifyClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.held.is_some() { "held" } else { "system" })
    }
}

/// Returns the time `duration` after `at`.
pub(crate) fn later(at: Timestamp, duration: Duration) -> Timestamp {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    Timestamp::from_micros(at.as_micros().saturating_add(micros))
}

/// Returns how long it is from `now` to `at`; zero if that is over.
pub(crate) fn until(now: Timestamp, at: Timestamp) -> Duration {
    Duration::from_micros(at.as_micros().saturating_sub(now.as_micros()))
}
