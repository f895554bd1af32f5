use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

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

pin_project! {
    /// A future with a scope of its own; made by [`InScope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Scoped<F> {
        scope: Scope,
        // `None` only while this is being dropped.
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Scoped<F> {
        /// What the future drops when it is cancelled still sees its scope.
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = Entered::new(this.scope);
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _entered = Entered::new(this.scope);
        match this.future.as_pin_mut() {
            Some(future) => future.poll(context),
            None => Poll::Pending,
        }
    }
}
