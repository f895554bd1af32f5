//! Starts tasks that belong to the current request.

use std::future::Future;

use actix_web::error::BlockingError;
use actix_web::rt::task::JoinHandle;
use error_tracker::scope::{FutureScopeExt as _, propagate};

/// Starts a task on the current worker like [`actix_web::rt::spawn`], in the current scope: events
/// of the task contain the request.
///
/// # Panics
/// If it is called outside of an actix runtime.
pub fn spawn<F: Future<Output: 'static> + 'static>(future: F) -> JoinHandle<F::Output> {
    actix_web::rt::spawn(future.in_current_scope())
}

/// Runs `work` like [`actix_web::rt::task::spawn_blocking`], in the current scope: events of `work`
/// contain the request.
///
/// # Panics
/// If it is called outside of an actix runtime.
pub fn spawn_blocking<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> JoinHandle<R> {
    actix_web::rt::task::spawn_blocking(propagate(work))
}

/// Runs `work` like [`actix_web::web::block`], in the current scope: events of `work` contain the
/// request.
///
/// # Errors
/// If `work` panics.
///
/// # Panics
/// If it is called outside of an actix runtime.
pub fn block<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> impl Future<Output = Result<R, BlockingError>> {
    actix_web::web::block(propagate(work))
}
