//! The body of an annotated `async fn`, whose frame is linked during each poll.

use std::future::Future;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::function_meta::FunctionMeta;
use super::pending_list::SuspendedFailures;
use super::{panic, thread};
use crate::frame::FramedFuture;
use crate::scope::{EnteredScope, Scope, TaskOwner};

pin_project! {
    /// The body of an annotated `async fn`.
    pub struct TrackedFuture<F> {
        #[pin]
        body: FramedFuture<F, FunctionMeta>,
        // The failures that are pending in the suspended body. They move to the thread that polls it next.
        suspended: SuspendedFailures,
        // The scope of its task, if it is the outermost annotated future of one; `None` before the first poll.
        scope: Option<Scope>,
        owner: TaskOwner,
    }
}

impl<F: UnwindSafe> UnwindSafe for TrackedFuture<F> {}
impl<F: RefUnwindSafe> RefUnwindSafe for TrackedFuture<F> {}

impl<F: Future> TrackedFuture<F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn new(body: F) -> Self {
        Self {
            body: FramedFuture::new(body),
            suspended: SuspendedFailures::default(),
            scope: None,
            owner: TaskOwner::default(),
        }
    }
}

/// One poll of an annotated future.
struct PollGuard;

impl PollGuard {
    fn begin() -> Self {
        thread::with(|thread| thread.polls.set(thread.polls.get() + 1));
        Self
    }
}

impl Drop for PollGuard {
    fn drop(&mut self) {
        thread::with(|thread| thread.polls.set(thread.polls.get() - 1));
    }
}

impl<F: Future> Future for TrackedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _polling = PollGuard::begin();
        // Each task has its own scope, which starts as a copy of the scope of its first poll.
        let outermost = thread::with(|thread| thread.polls.get()) == 1;
        let _entered =
            outermost.then(|| EnteredScope::new(this.scope.get_or_insert_with(Scope::current)));
        let _owner = outermost.then(|| this.owner.enter());
        let (result, frame) = thread::with(|thread| {
            this.body.as_mut().poll(&thread.frames, || this.suspended.put_back(), context)
        });
        if frame != 0 && thread::with(|thread| thread.pending.get() != 0) {
            // A caught panic stays on this thread, so it is reported before the body moves to another one.
            if !std::thread::panicking() {
                panic::caught();
            }
            *this.suspended = SuspendedFailures::take(frame);
        }
        result
    }
}
