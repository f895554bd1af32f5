//! The work of a rendering: the nanoseconds that it takes on an idle machine.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::effort::ThreadEffort;

pub(crate) type Nanos = u32;

/// The work of a rendering, and of each byte that it writes.
const VALUE: Nanos = 300;
const BYTE: Nanos = 10;
/// A rendering is slow if it takes longer than this and so many times the expected work. Debug
/// builds are ten times slower.
const SLOW: Nanos = 100_000;
const SLOW_TIMES: Nanos = if cfg!(debug_assertions) { 100 } else { 30 };

/// The values, one bit each, whose next rendering is measured exactly: those that were not rendered
/// yet and those that were slow.
#[derive(Debug)]
pub(crate) struct SlowSuspects(AtomicU64);

impl SlowSuspects {
    /// Returns the set of all values.
    pub(crate) const fn all() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }

    /// Returns whether the next rendering of the value is measured exactly.
    pub(crate) fn suspects(&self, bit: u64) -> bool {
        self.0.load(Relaxed) & bit != 0
    }

    /// Starts to measure a rendering of the value.
    pub(crate) fn watch(&self, bit: u64) -> Stopwatch {
        let effort = if self.suspects(bit) { Some(ThreadEffort::of_thread()) } else { None };
        Stopwatch { begun: Instant::now(), effort }
    }

    /// Returns the work of a rendering that wrote so many bytes, and updates the set.
    ///
    /// The measured time counts only if the rendering was slow and was measured exactly: otherwise
    /// the machine may have run something else meanwhile.
    pub(crate) fn done(&self, bit: u64, bytes: usize, took: MeasuredTime) -> Nanos {
        let made =
            u32::try_from(bytes).unwrap_or(u32::MAX).saturating_mul(BYTE).saturating_add(VALUE);
        let time = u32::try_from(took.time.as_nanos()).unwrap_or(u32::MAX);
        let is_slow = time > made.saturating_mul(SLOW_TIMES).saturating_add(SLOW);
        if is_slow && !took.is_exact {
            self.0.fetch_or(bit, Relaxed);
        } else if !is_slow && took.is_exact {
            self.0.fetch_and(!bit, Relaxed);
        }
        if is_slow && took.is_exact { time } else { made }
    }
}

/// Measures a rendering.
pub(crate) struct Stopwatch {
    begun: Instant,
    effort: Option<ThreadEffort>,
}

/// How long something took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MeasuredTime {
    time: Duration,
    /// The time excludes what the machine ran besides.
    is_exact: bool,
}

impl Stopwatch {
    /// Returns the time since the start.
    pub(crate) fn took(self) -> MeasuredTime {
        let time = self.begun.elapsed();
        match self.effort {
            // A short time needs no exact measure.
            Some(effort) if time > Duration::from_nanos(SLOW.into()) => {
                MeasuredTime { time: effort.spent(time), is_exact: true }
            }
            effort => MeasuredTime { time, is_exact: effort.is_some() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);
    const MINUTE: Duration = Duration::from_secs(60);

    fn done(suspects: &SlowSuspects, bit: u64, time: Duration) -> (Nanos, bool) {
        let is_exact = suspects.watch(bit).effort.is_some();
        (suspects.done(bit, 100, MeasuredTime { time, is_exact }), is_exact)
    }

    #[test]
    fn a_slow_value_is_charged_by_its_time_from_the_first_rendering_on() {
        let suspects = SlowSuspects::all();
        assert_eq!(done(&suspects, 1, MILLISECOND), (1_000_000, true));
        assert_eq!(done(&suspects, 1, MINUTE), (u32::MAX, true));
    }

    #[test]
    fn a_quick_value_is_charged_by_its_size_on_a_busy_machine() {
        let suspects = SlowSuspects::all();
        assert_eq!(done(&suspects, 2, Duration::from_micros(50)), (1_300, true));
        assert_eq!(done(&suspects, 2, Duration::from_micros(200)), (1_300, false), "a debug build");
        assert_eq!(done(&suspects, 2, MINUTE), (1_300, false), "the machine did something else");
        assert_eq!(
            done(&suspects, 2, Duration::ZERO),
            (1_300, true),
            "measured exactly, it is quick"
        );
        assert_eq!(done(&suspects, 2, MINUTE), (1_300, false));
        assert_eq!(done(&suspects, 2, MINUTE), (u32::MAX, true), "it has become slow");
        assert_eq!(done(&suspects, 1, Duration::ZERO), (1_300, true), "another value");
    }
}
