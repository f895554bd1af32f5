//! Futures with a scope of their own.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Scope;
use super::current::{EnteredScope, current};
use super::work_owner::TaskOwner;

/// Gives a future its own scope, on every thread that polls it.
///
/// A spawned task starts without a scope, and tasks on one thread see each other's changes. With
/// `in_current_scope` each task has a copy of its own.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use error_tracker::scope::{FutureScopeExt, Scope, configure_scope};
///
/// configure_scope(|scope| scope.set_tag("order", 1007));
/// let task = tokio::spawn(
///     async { Scope::current().tag("order").map(str::to_owned) }.in_current_scope(),
/// );
/// assert_eq!(task.await.unwrap().as_deref(), Some("1007"));
/// # });
/// ```
pub trait FutureScopeExt: Future + Sized {
    /// Returns this future with a copy of the scope that is current now.
    fn in_current_scope(self) -> ScopedFuture<Self> {
        self.in_scope(current())
    }

    /// Returns this future with `scope`. Changes that it makes to the scope stay with the future.
    fn in_scope(self, scope: Scope) -> ScopedFuture<Self> {
        ScopedFuture { scope, owner: TaskOwner::default(), future: Some(self) }
    }
}

impl<F: Future> FutureScopeExt for F {}

pin_project! {
    /// A future with a scope of its own, from [`FutureScopeExt`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ScopedFuture<F> {
        scope: Scope,
        owner: TaskOwner,
        // `None` only while this is being dropped.
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for ScopedFuture<F> {
        /// Drops the future within its scope, which destructors of a cancelled future see.
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let (_entered, _owner) = (EnteredScope::new(this.scope), this.owner.enter());
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for ScopedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (_entered, _owner) = (EnteredScope::new(this.scope), this.owner.enter());
        match this.future.as_pin_mut() {
            Some(future) => future.poll(context),
            None => Poll::Pending,
        }
    }
}
