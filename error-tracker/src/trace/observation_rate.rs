//! Limits the failures that are recorded while no tracker is installed. Only `print_exception!` and
//! the like can show them then, and a program that fails a million times on purpose must not spend
//! minutes on it.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::sink::SINK;

const WINDOW: Duration = Duration::from_secs(1);

/// Limit of observations of a thread within a window.
const MAX_OBSERVED: u32 = 1000;

#[derive(Clone, Copy, Debug)]
struct ObservationRate {
    since: Instant,
    observed: u32,
}

impl ObservationRate {
    fn new(since: Instant) -> Self {
        Self { since, observed: 0 }
    }

    /// Counts one more at `now`.
    fn next(self, now: Instant) -> Self {
        let rate = if now.duration_since(self.since) < WINDOW { self } else { Self::new(now) };
        Self { observed: rate.observed.saturating_add(1), ..rate }
    }
}

thread_local! {
    static RATE: Cell<Option<ObservationRate>> = const { Cell::new(None) };
}

/// Returns whether an error that is observed now is recorded.
pub(super) fn admits() -> bool {
    if SINK.get().is_some() {
        return true;
    }
    let now = Instant::now();
    let rate = RATE.get().unwrap_or(ObservationRate::new(now)).next(now);
    RATE.set(Some(rate));
    rate.observed <= MAX_OBSERVED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_stored_up_to_the_limit_of_each_second() {
        let start = Instant::now();
        let storm = |rate: ObservationRate, at: Duration| {
            (0..MAX_OBSERVED + 5).fold(rate, |rate, _| rate.next(start + at))
        };
        let rate = storm(ObservationRate::new(start), Duration::from_millis(10));
        assert!(
            rate.observed > MAX_OBSERVED
                && rate.next(start + Duration::from_millis(999)).observed > MAX_OBSERVED
        );
        assert_eq!(rate.next(start + WINDOW).observed, 1);
    }
}
