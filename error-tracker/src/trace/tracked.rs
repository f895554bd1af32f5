//! An annotated future: its frame is linked for the length of each poll.

use std::future::Future;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::meta::Meta;
use super::waiting::Stash;
use super::{panic, thread};
use crate::frame::Body;
use crate::scope::{Entered, Scope};

pin_project! {
    /// The body of an annotated `async fn`.
    pub struct Tracked<F> {
        #[pin]
        body: Body<F, Meta>,
        // Failures that wait in the suspended body; they follow it to whatever thread polls it next.
        waiting: Stash,
        // What the scope of its task holds, while it is the outermost annotated future of one; `None` before it is
        // polled.
        scope: Option<Scope>,
    }
}

impl<F: UnwindSafe> UnwindSafe for Tracked<F> {}
impl<F: RefUnwindSafe> RefUnwindSafe for Tracked<F> {}

impl<F: Future> Tracked<F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn new(body: F) -> Self {
        Self { body: Body::new(body), waiting: Stash::default(), scope: None }
    }
}

/// One poll of an annotated future.
struct Polling;

impl Polling {
    fn begin() -> Self {
        thread::with(|thread| thread.polls.set(thread.polls.get() + 1));
        Self
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        thread::with(|thread| thread.polls.set(thread.polls.get() - 1));
    }
}

impl<F: Future> Future for Tracked<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _polling = Polling::begin();
        // Each task has a scope of its own, which starts as a copy of where it was first polled.
        let outermost = thread::with(|thread| thread.polls.get()) == 1;
        let _entered = outermost.then(|| Entered::new(this.scope.get_or_insert_with(Scope::current)));
        let (result, suspended) = thread::with(|thread| {
            this.body.as_mut().poll(&thread.frames, || this.waiting.put_back(), context)
        });
        if suspended != 0 && thread::with(|thread| thread.pending.get() != 0) {
            // What a panic left on this thread would not be found on another one.
            if !std::thread::panicking() {
                panic::caught();
            }
            *this.waiting = Stash::take(suspended);
        }
        result
    }
}
