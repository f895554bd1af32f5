//! Defers errors that `main` handles until the program ends. `Err(error) => { eprintln!("{error}");
//! exit(1) }` handles nothing: only the exit code says whether a function that has not returned has
//! handled an error.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::finish::finish;
use super::pending_failure::PendingFailure;
use super::thread::{self, TrackedFrame};
use crate::fork::PerProcess;

/// Limit of failures that are deferred; beyond it the oldest are reported as handled.
const MAX_DEFERRED: usize = 32;

static DEFERRED: PerProcess<Mutex<Vec<PendingFailure>>> =
    PerProcess::new(Mutex::new(Vec::new()), Mutex::default);

fn deferred() -> MutexGuard<'static, Vec<PendingFailure>> {
    DEFERRED.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns whether a frame is the program's own `main`, whose outcome is the exit code.
pub(super) fn is_main(frame: TrackedFrame<'_>) -> bool {
    cfg!(unix) && frame.meta().name() == "main" && std::thread::current().name() == Some("main")
}

/// Keeps a failure until the program ends.
pub(super) fn defer(mut pending: PendingFailure) {
    if pending.caller != 0 {
        let caller = pending.caller;
        pending.join_origin();
        pending.failure.add_callers(caller);
        pending.caller = 0;
    }
    let mut deferred = deferred();
    let oldest = (deferred.len() >= MAX_DEFERRED).then(|| deferred.remove(0));
    deferred.push(pending);
    drop(deferred);
    if let Some(oldest) = oldest {
        finish(oldest, true);
    }
}

/// Takes all deferred failures.
pub(super) fn take_deferred() -> Vec<PendingFailure> {
    std::mem::take(&mut *deferred())
}

/// Returns whether a thread that ends now ends the program: annotated functions still run on it.
pub(super) fn ends_program() -> bool {
    cfg!(unix) && thread::is_inside()
}
