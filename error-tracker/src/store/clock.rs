//! Decides whether ages can be computed from the system's clock, which may be wrong: a machine may
//! start in 1970, or half a year ahead.

use std::time::{Duration, Instant};

use crate::event::Timestamp;

/// A clock that has moved forward or back by more than this since the last write has jumped, and so
/// has one that differs by more from the monotonic clock. Limited to a third of the maximum age.
const MAX_STEP: Duration = Duration::from_secs(30 * 86_400);

/// The system's clock, as observed by a store.
#[derive(Clone, Debug)]
pub struct StoreClock {
    /// The same moment by the system's clock and by the monotonic clock.
    at: (Timestamp, Instant),
    /// The earliest time from which ages are counted. Issues that were stored before count as seen
    /// at this time.
    counted_from: Timestamp,
    max_step: Duration,
}

impl StoreClock {
    /// Creates the clock of a store that was last written at `written`, if ever.
    ///
    /// `now` is the same moment by the system's clock and by the monotonic clock, `counted_from` what
    /// [`StoreClock::counted_from`] returned then.
    #[must_use]
    pub fn new(
        now: (Timestamp, Instant),
        written: Option<Timestamp>,
        counted_from: Timestamp,
        max_age: Duration,
    ) -> Self {
        let max_step = MAX_STEP.min(max_age / 3);
        let has_jumped = written.is_some_and(|written| differ_by_more(written, now.0, max_step));
        Self { at: now, counted_from: if has_jumped { now.0 } else { counted_from }, max_step }
    }

    /// Returns the time from which ages are counted, for a store that outlives the program.
    #[must_use]
    pub fn counted_from(&self) -> Timestamp {
        self.counted_from
    }

    /// Updates the clock, and detects jumps.
    pub fn update(&mut self, now: (Timestamp, Instant)) {
        let expected = self.at.0.plus(now.1.saturating_duration_since(self.at.1));
        if differ_by_more(expected, now.0, self.max_step) {
            *self = Self { at: now, counted_from: now.0, max_step: self.max_step };
        }
    }

    /// Returns the time before which everything is older than `max_age`; the earliest time if ages
    /// cannot be computed yet.
    #[must_use]
    pub fn oldest(&self, max_age: Duration) -> Timestamp {
        let oldest = self.at.0.plus(self.at.1.elapsed()).minus(max_age);
        if oldest < self.counted_from { Timestamp::default() } else { oldest }
    }
}

/// Returns the time by both clocks.
pub(super) fn now() -> (Timestamp, Instant) {
    (Timestamp::now(), Instant::now())
}

fn differ_by_more(a: Timestamp, b: Timestamp, max: Duration) -> bool {
    u128::from(a.as_micros().abs_diff(b.as_micros())) > max.as_micros()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::StoreClock;
    use crate::event::Timestamp;

    const DAY: Duration = Duration::from_secs(86_400);
    const MAX_AGE: Duration = Duration::from_secs(90 * 86_400);

    fn day(day: u64) -> Timestamp {
        Timestamp::from_micros(day * 86_400_000_000)
    }

    /// Returns the day from which each run of a program counts ages. The runs start on `days` by
    /// the system's clock, and write at once.
    fn counted_from(days: &[u64]) -> Vec<u64> {
        let (mut written, mut counted_from) = (None, Timestamp::default());
        let start = |&begun: &u64| {
            let clock =
                StoreClock::new((day(begun), Instant::now()), written, counted_from, MAX_AGE);
            (written, counted_from) = (Some(day(begun)), clock.counted_from);
            counted_from.hour() / 24
        };
        days.iter().map(start).collect()
    }

    #[test]
    fn a_clock_that_is_wrong_for_one_start_restarts_the_ages() {
        const TODAY: u64 = 20_000;
        let with = |wrong| counted_from(&[TODAY, TODAY + 3, wrong, TODAY + 4, TODAY + 5]);
        for wrong in [0, TODAY - 183, TODAY - 40, TODAY + 40, TODAY + 183, TODAY + 3650] {
            assert_eq!(with(wrong), [0, 0, wrong, TODAY + 4, TODAY + 4], "{wrong}");
        }
        assert_eq!(with(TODAY + 20), [0; 5], "a program that did not run for some weeks");
    }

    #[test]
    fn issues_from_before_a_jump_count_as_of_that_time() {
        let at = Instant::now();
        let judged = |counted_from: u64| {
            let clock =
                StoreClock::new((day(20_000), at), Some(day(20_000)), day(counted_from), MAX_AGE);
            clock.oldest(MAX_AGE).hour() / 24
        };
        assert_eq!((judged(0), judged(19_910)), (19_910, 19_910));
        assert_eq!((judged(19_911), judged(20_000), judged(30_000)), (0, 0, 0));
    }

    #[test]
    fn a_clock_that_is_set_while_the_program_runs_restarts_the_ages() {
        let begun = Instant::now();
        let mut clock = StoreClock::new((day(0), begun), None, Timestamp::default(), MAX_AGE);
        clock.update((Timestamp::from_micros(5_000_000), begun + Duration::from_secs(5)));
        assert_eq!(clock.counted_from, day(0));
        clock.update((day(20_000), begun + Duration::from_secs(9)));
        assert_eq!(clock.counted_from, day(20_000));
        // The program may run for any time.
        clock.update((day(20_400), begun + Duration::from_secs(9) + 400 * DAY));
        assert_eq!(clock.counted_from, day(20_000));
    }
}
