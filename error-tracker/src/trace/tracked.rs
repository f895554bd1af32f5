//! An annotated future: its frame is linked for the length of each poll.

use std::future::Future;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll};

use super::guard::{Frame, FrameRef};
use super::waiting::Stash;
use super::{panic, thread};
use crate::scope::{Entered, Scope};

/// The body of an annotated `async fn`.
pub struct Tracked<F> {
    body: F,
    /// The guard of the suspended body, or null.
    frame: *const Frame,
    /// Failures that wait in the suspended body; they follow it to whatever thread polls it next.
    waiting: Stash,
    /// What the scope of its task holds, while it is the outermost annotated future of one; `None` before it is polled.
    scope: Option<Scope>,
}

// SAFETY: the pointer leads into `body`, which is Send, and is only followed by the thread that polls.
unsafe impl<F: Send> Send for Tracked<F> {}
// SAFETY: nothing can be reached through a shared `Tracked`.
unsafe impl<F: Sync> Sync for Tracked<F> {}
impl<F: UnwindSafe> UnwindSafe for Tracked<F> {}
impl<F: RefUnwindSafe> RefUnwindSafe for Tracked<F> {}

impl<F: Future> Tracked<F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn new(body: F) -> Self {
        Self { body, frame: ptr::null(), waiting: Stash::default(), scope: None }
    }
}

/// Takes the frames off that a poll has linked, also when the body panics.
struct Unlink {
    head: *const Frame,
}

impl Unlink {
    fn new() -> Self {
        thread::with(|thread| {
            thread.polls.set(thread.polls.get() + 1);
            Self { head: thread.head.get() }
        })
    }
}

impl Drop for Unlink {
    fn drop(&mut self) {
        thread::with(|thread| {
            thread.polls.set(thread.polls.get() - 1);
            thread.head.set(self.head);
        });
    }
}

impl<F: Future> Future for Tracked<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `body` is not moved out of the pinned value.
        let this = unsafe { self.get_unchecked_mut() };
        let unlink = Unlink::new();
        let head = unlink.head;
        // Each task has a scope of its own, which starts as a copy of where it was first polled.
        let outermost = thread::with(|thread| thread.polls.get()) == 1;
        let _entered = outermost.then(|| Entered::new(this.scope.get_or_insert_with(Scope::current)));
        // SAFETY: the frame is the guard of the suspended body, which lives inside `this.body`.
        if let Some(frame) = unsafe { FrameRef::new(this.frame) } {
            frame.set_prev(head);
            thread::with(|thread| thread.head.set(this.frame));
            this.waiting.put_back();
        }
        // SAFETY: `body` is pinned because `self` is.
        let result = unsafe { Pin::new_unchecked(&mut this.body) }.poll(context);
        this.frame = ptr::null();
        if result.is_pending() {
            let (innermost, waits) = thread::with(|thread| (thread.head.get(), thread.pending.get() != 0));
            if !ptr::eq(innermost, head) {
                this.frame = innermost;
                if waits {
                    // What a panic left on this thread would not be found on another one.
                    if !std::thread::panicking() {
                        panic::caught();
                    }
                    this.waiting = Stash::take(innermost);
                }
            }
        }
        drop(unlink);
        result
    }
}
