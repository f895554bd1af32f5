//! While the tracker runs the program's own code, it records nothing, and hides panics of that
//! code.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs code and catches its panic. Returns `None` when it panicked.
pub(crate) fn catch_panic<R>(code: impl FnOnce() -> R) -> Option<R> {
    let _rendering = UserCodeGuard::start();
    catch_unwind(AssertUnwindSafe(code)).map_err(drop_quietly).ok()
}

/// Runs code of the tracker, so that no panic in it reaches the program.
pub(crate) fn contain_panics(code: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(code)) {
        drop_quietly(payload);
    }
}

/// Drops a panic's payload, whose own `Drop` may panic.
pub(crate) fn drop_quietly(payload: Box<dyn std::any::Any + Send>) {
    let _rendering = UserCodeGuard::start();
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static SILENT: Cell<u32> = const { Cell::new(0) };
}

/// A guard for the time in which this thread runs the user's code for the tracker (`Debug`,
/// `MaskRule`, a store): call guards and captures record nothing. Guards nest.
#[must_use]
pub(crate) struct UserCodeGuard {
    silent: bool,
}

impl UserCodeGuard {
    /// Starts such a time, for code whose panics are caught: they are not printed either.
    pub(crate) fn start() -> Self {
        change(&SILENT, |count| count.saturating_add(1));
        change(&DEPTH, |depth| depth.saturating_add(1));
        Self { silent: true }
    }

    /// Starts such a time, for code whose panics may reach the program: they are printed.
    pub(crate) fn with_panics_shown() -> Self {
        change(&DEPTH, |depth| depth.saturating_add(1));
        Self { silent: false }
    }
}

impl Drop for UserCodeGuard {
    fn drop(&mut self) {
        if self.silent {
            change(&SILENT, |count| count.saturating_sub(1));
        }
        change(&DEPTH, |depth| depth.saturating_sub(1));
    }
}

/// Changes a count of this thread. Does nothing when the thread is ending: then no guard reads it.
fn change(cell: &'static std::thread::LocalKey<Cell<u32>>, change: impl FnOnce(u32) -> u32) {
    let _ = cell.try_with(|cell| cell.set(change(cell.get())));
}

/// Returns whether this thread runs user code for the tracker, or captures a variable.
pub(crate) fn in_user_code() -> bool {
    DEPTH.try_with(|depth| depth.get() > 0).unwrap_or(false)
}

/// Returns whether a panic of this thread is caught by the tracker, and so is not a failure.
#[cfg(feature = "panic")]
pub(crate) fn hides_panics() -> bool {
    SILENT.try_with(|count| count.get() > 0).unwrap_or(false)
}
