//! The body of a future: its frame is on the list of the polling thread during each poll.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::SlotCount;
use super::list::FrameList;
use super::live_frame::{FrameRef, LiveFrame, unmarked};

pin_project! {
    /// A future whose frame lives on while it is suspended.
    pub(crate) struct FramedFuture<T, M: 'static> {
        #[pin]
        future: T,
        // The frame of the suspended body, or null.
        frame: *const LiveFrame<M>,
    }
}

// SAFETY: the frame is that of `future`, which is Send, and is only used by the thread that polls.
unsafe impl<T: Send, M: Sync> Send for FramedFuture<T, M> {}
// SAFETY: nothing can be reached through a shared `FramedFuture`.
unsafe impl<T: Sync, M: Sync> Sync for FramedFuture<T, M> {}

impl<T: Future, M: SlotCount> FramedFuture<T, M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new(future: T) -> Self {
        Self { future, frame: ptr::null() }
    }

    /// Polls the future with its frame as the innermost one of this thread, and calls `resumed` as
    /// soon as the frame is on the list.
    ///
    /// Returns the result, and the frame's key if the body is suspended, else 0. (A reference to
    /// the frame would be one to what the future has borrowed from itself.)
    pub(crate) fn poll(
        self: Pin<&mut Self>,
        list: &FrameList<M>,
        resumed: impl FnOnce(),
        context: &mut Context<'_>,
    ) -> (Poll<T::Output>, usize) {
        let this = self.project();
        let unlink = UnlinkGuard { list, head: list.head.get() };
        // Replaced by null first: a poll that panics frees the frame. SAFETY: it is the frame of
        // the suspended body, which is freed by the guard inside `future`.
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

/// Takes the frames off that a poll has put on the list, also when the body panics.
struct UnlinkGuard<'a, M: 'static> {
    list: &'a FrameList<M>,
    head: *const LiveFrame<M>,
}

impl<M> Drop for UnlinkGuard<'_, M> {
    fn drop(&mut self) {
        // If no frame is left to take off, the head stays: it may have been marked meanwhile.
        if !ptr::eq(unmarked(self.list.head.get()), unmarked(self.head)) {
            self.list.head.set(self.head);
        }
    }
}
