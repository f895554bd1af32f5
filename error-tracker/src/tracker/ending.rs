//! Waits for the store at the end of the program, within one deadline for all ways in which it may
//! end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::{Tracker, tracker};
use crate::pipeline::FlushError;
use crate::trace::early_report;

/// The most time that the end of the program waits for a store that hangs: the guard's drop, the
/// exit and an aborting panic together.
const DEADLINE: Duration = Duration::from_secs(2);

/// The time until which all of them wait. Stays set if the store did not finish.
static WAIT_UNTIL: Mutex<Option<Instant>> = Mutex::new(None);

/// Waits until everything is stored and the store is closed, or the deadline.
pub(super) fn finish(tracker: &Tracker) {
    within_deadline(|deadline| tracker.inner.pipeline.finish(deadline));
}

/// Waits until everything is stored, or the deadline.
#[cfg(feature = "panic")]
pub(super) fn flush(tracker: &Tracker) {
    within_deadline(|deadline| tracker.inner.pipeline.flush(deadline));
}

fn within_deadline(wait: impl FnOnce(Duration) -> Result<(), FlushError>) {
    let now = Instant::now();
    let shared = |until: &mut Option<Instant>| {
        *until.insert(until.filter(|it| *it + DEADLINE > now).unwrap_or(now + DEADLINE))
    };
    // Never blocks: a thread of another process may have held the lock at a fork.
    let until = WAIT_UNTIL.try_lock().map_or(now + DEADLINE, |mut until| shared(&mut until));
    let is_stuck = wait(until.saturating_duration_since(now))
        .is_err_and(|partial| partial.pending + partial.unobserved > 0);
    if !is_stuck && let Ok(mut until) = WAIT_UNTIL.try_lock() {
        *until = None;
    }
}

/// Makes a normal end of the process, including `std::process::exit`, wait for the store.
#[allow(unsafe_code, reason = "`atexit`, `on_exit`")]
pub(super) fn finish_at_exit() {
    fn end(failed: Option<bool>) {
        let _ = catch_unwind(|| early_report::settle_at_end(failed));
        if let Some(tracker) = tracker() {
            let _ = catch_unwind(AssertUnwindSafe(|| finish(tracker)));
        }
    }
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::ffi::{c_int, c_void};
        use std::ptr;
        unsafe extern "C" {
            fn on_exit(
                callback: extern "C" fn(status: c_int, argument: *mut c_void),
                argument: *mut c_void,
            ) -> c_int;
        }
        extern "C" fn at_exit(status: c_int, _: *mut c_void) {
            end(Some(status != 0));
        }
        // SAFETY: the function of glibc; the callback lives for ever, does not unwind and does not
        // use its argument.
        unsafe { on_exit(at_exit, ptr::null_mut()) };
    }
    #[cfg(all(unix, not(all(target_os = "linux", target_env = "gnu"))))]
    {
        unsafe extern "C" {
            fn atexit(callback: extern "C" fn()) -> std::ffi::c_int;
        }
        extern "C" fn at_exit() {
            end(None);
        }
        // SAFETY: the function of the C standard library; the callback lives for ever and does not
        // unwind.
        unsafe { atexit(at_exit) };
    }
    #[cfg(not(unix))]
    let _: fn(Option<bool>) = end;
}
