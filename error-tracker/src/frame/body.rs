//! The body of a future: its frame is on the list for the length of each poll.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::list::unmarked;
use super::{Frame, FrameRef, List, Slots};

pin_project! {
    /// A future that has a frame while it is suspended.
    pub(crate) struct Body<T, M: 'static> {
        #[pin]
        future: T,
        // The frame of the suspended body, or null.
        frame: *const Frame<M>,
    }
}

// SAFETY: the frame is that of `future`, which is Send, and is only used by the thread that polls.
unsafe impl<T: Send, M: Sync> Send for Body<T, M> {}
// SAFETY: nothing can be reached through a shared `Body`.
unsafe impl<T: Sync, M: Sync> Sync for Body<T, M> {}

impl<T: Future, M: Slots> Body<T, M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new(future: T) -> Self {
        Self { future, frame: ptr::null() }
    }

    /// Polls the future, with its frame as the innermost one of this thread; `resumed` is called as soon as it is. Answers the name
    /// of the frame when the body is suspended then, else 0. (A reference to the body for the like would be one to what the future
    /// has lent to itself.)
    pub(crate) fn poll(
        self: Pin<&mut Self>,
        list: &List<M>,
        resumed: impl FnOnce(),
        context: &mut Context<'_>,
    ) -> (Poll<T::Output>, usize) {
        let this = self.project();
        let unlink = Unlink { list, head: list.head.get() };
        // Taken: a poll that panics has freed it.
        // SAFETY: it is the frame of the suspended body, which is freed by the guard inside `future`.
        if let Some(frame) = unsafe { FrameRef::new(mem::replace(this.frame, ptr::null())) } {
            frame.enter_again(list);
            resumed();
        }
        let result = this.future.poll(context);
        let innermost = unmarked(list.head.get());
        if result.is_pending() && !ptr::eq(innermost, unmarked(unlink.head)) {
            *this.frame = innermost;
        }
        (result, this.frame.addr())
    }
}

/// Takes the frames off that a poll has linked, also when the body panics.
struct Unlink<'a, M: 'static> {
    list: &'a List<M>,
    head: *const Frame<M>,
}

impl<M> Drop for Unlink<'_, M> {
    fn drop(&mut self) {
        // Unless there was nothing to take off: then the head may have been marked meanwhile.
        if !ptr::eq(unmarked(self.list.head.get()), unmarked(self.head)) {
            self.list.head.set(self.head);
        }
    }
}
