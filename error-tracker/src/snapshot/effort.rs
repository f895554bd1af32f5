//! The processor time and the waits of a thread, as the system counts them.

use std::time::Duration;

/// The counts of a thread at some time; `None` where the system has none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreadEffort(Option<EffortCounts>);

#[derive(Clone, Copy, Debug)]
struct EffortCounts {
    /// The processor time.
    ran: Duration,
    /// How often it gave up the processor to wait.
    waits: i64,
}

impl ThreadEffort {
    /// Reads the counts of the calling thread.
    pub(crate) fn of_thread() -> Self {
        Self(counts())
    }

    /// Returns how much of the wall time since then the thread is responsible for: all of it if it
    /// has waited, else its processor time.
    pub(crate) fn spent(self, time: Duration) -> Duration {
        match (self.0, counts()) {
            (Some(before), Some(now)) if before.waits == now.waits => {
                now.ran.saturating_sub(before.ran).min(time)
            }
            _ => time,
        }
    }
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn counts() -> Option<EffortCounts> {
    use std::ffi::{c_int, c_long};

    /// Asks for the counts of the calling thread.
    const RUSAGE_THREAD: c_int = 1;
    /// The size of `struct rusage`: two times and 14 counts, of which the 13th is the waits. Some C
    /// libraries have room for more.
    const WORDS: usize = 40;
    const WAITS: usize = 16;

    unsafe extern "C" {
        fn getrusage(who: c_int, usage: *mut c_long) -> c_int;
    }
    let mut usage = [0; WORDS];
    // SAFETY: the array is larger than the struct that the call writes.
    if unsafe { getrusage(RUSAGE_THREAD, usage.as_mut_ptr()) } != 0 {
        return None;
    }
    let part = |at: usize| u64::try_from(usage[at]).unwrap_or_default();
    let time = |at: usize| Duration::from_secs(part(at)) + Duration::from_micros(part(at + 1));
    Some(EffortCounts { ran: time(0) + time(2), waits: usage[WAITS] })
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
fn counts() -> Option<EffortCounts> {
    None
}

#[cfg(all(test, target_os = "linux", target_pointer_width = "64"))]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn the_effort_of_other_threads_is_not_counted() {
        let before = ThreadEffort::of_thread();
        assert!(before.spent(HOUR) < HOUR / 2, "it did nothing, and did not wait");
    }

    #[test]
    fn a_thread_that_waits_spends_all_the_time() {
        let before = ThreadEffort::of_thread();
        std::thread::sleep(Duration::from_millis(1));
        assert_eq!(before.spent(HOUR), HOUR);
    }
}
