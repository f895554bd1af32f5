use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Scope;
use super::current::{Entered, current};

/// Makes a scope follow a future, on whichever thread it is polled.
///
/// A task that is spawned starts without a scope, and tasks on one thread would see each other's changes. Both ends
/// with `in_current_scope`: each task works on a copy of its own.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use error_tracker::scope::{InScope, Scope, configure_scope};
///
/// configure_scope(|scope| scope.set_tag("order", 1007));
/// let task = tokio::spawn(
///     async { Scope::current().tag("order").map(str::to_owned) }.in_current_scope(),
/// );
/// assert_eq!(task.await.unwrap().as_deref(), Some("1007"));
/// # });
/// ```
pub trait InScope: Future + Sized {
    /// Runs this future with a copy of the scope that is current now.
    fn in_current_scope(self) -> Scoped<Self> {
        self.in_scope(current())
    }

    /// Runs this future with `scope`. Changes that it makes stay with it.
    fn in_scope(self, scope: Scope) -> Scoped<Self> {
        Scoped { scope, future: Some(self) }
    }
}

impl<F: Future> InScope for F {}

/// A future with a scope of its own; made by [`InScope`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Scoped<F> {
    scope: Scope,
    /// `None` only while this is being dropped.
    future: Option<F>,
}

impl<F> Scoped<F> {
    fn parts(self: Pin<&mut Self>) -> (&mut Scope, Pin<&mut Option<F>>) {
        // SAFETY: `future` is pinned whenever `self` is: it is handed out only as `Pin`, never moved, and dropped in
        // place; `scope` is never pinned. `Scoped` is not packed, and `Unpin` only when `F` is.
        unsafe {
            let this = self.get_unchecked_mut();
            (&mut this.scope, Pin::new_unchecked(&mut this.future))
        }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let (scope, future) = self.parts();
        let _entered = Entered::new(scope);
        match future.as_pin_mut() {
            Some(future) => future.poll(context),
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Scoped<F> {
    /// What the future drops when it is cancelled still sees its scope.
    fn drop(&mut self) {
        // SAFETY: `self` is not moved any more: it is being dropped.
        let (scope, mut future) = unsafe { Pin::new_unchecked(self) }.parts();
        let _entered = Entered::new(scope);
        future.set(None);
    }
}
