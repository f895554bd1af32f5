//! Tasks that belong to their request.

use std::future::Future;

use actix_web::error::BlockingError;
use actix_web::rt::task::JoinHandle;
use error_tracker::scope::{FutureScopeExt as _, propagate};

/// Starts a task on this worker as [`actix_web::rt::spawn`] does, in the present scope: what fails
/// in it has the request.
///
/// # Panics
/// Outside of a runtime of actix.
pub fn spawn<F: Future<Output: 'static> + 'static>(future: F) -> JoinHandle<F::Output> {
    actix_web::rt::spawn(future.in_current_scope())
}

/// Runs `work` as [`actix_web::rt::task::spawn_blocking`] does, in the present scope: what fails in
/// it has the request.
///
/// # Panics
/// Outside of a runtime of actix.
pub fn spawn_blocking<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> JoinHandle<R> {
    actix_web::rt::task::spawn_blocking(propagate(work))
}

/// Runs `work` as [`actix_web::web::block`] does, in the present scope: what fails in it has the
/// request.
///
/// # Errors
/// The work panicked.
///
/// # Panics
/// Outside of a runtime of actix.
pub fn block<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> impl Future<Output = Result<R, BlockingError>> {
    actix_web::web::block(propagate(work))
}
