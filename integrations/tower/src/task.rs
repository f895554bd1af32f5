//! Tasks of tokio that belong to their request.

use std::future::Future;

use error_tracker::scope::{FutureScopeExt as _, propagate};
use tokio::task::JoinHandle;

/// Starts a task as [`tokio::spawn`] does, in the present scope: what fails in it has the request.
///
/// # Panics
/// Outside of a runtime of tokio.
pub fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(
    future: F,
) -> JoinHandle<F::Output> {
    tokio::spawn(future.in_current_scope())
}

/// Runs `work` as [`tokio::task::spawn_blocking`] does, in the present scope: what fails in it has
/// the request.
///
/// # Panics
/// Outside of a runtime of tokio.
pub fn spawn_blocking<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> JoinHandle<R> {
    tokio::task::spawn_blocking(propagate(work))
}
