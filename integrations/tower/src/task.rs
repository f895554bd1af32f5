//! Starts tokio tasks that belong to the current request.

use std::future::Future;

use error_tracker::scope::{FutureScopeExt as _, propagate};
use tokio::task::JoinHandle;

/// Starts a task like [`tokio::spawn`], in the current scope: events of the task contain the
/// request.
///
/// # Panics
/// If it is called outside of a tokio runtime.
pub fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(
    future: F,
) -> JoinHandle<F::Output> {
    tokio::spawn(future.in_current_scope())
}

/// Runs `work` like [`tokio::task::spawn_blocking`], in the current scope: events of `work` contain
/// the request.
///
/// # Panics
/// If it is called outside of a tokio runtime.
pub fn spawn_blocking<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> JoinHandle<R> {
    tokio::task::spawn_blocking(propagate(work))
}
