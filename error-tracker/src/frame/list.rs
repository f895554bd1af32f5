//! The live frames of a thread, innermost first.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr;

use super::{Frame, FrameRef, Slots};

/// Each thread has one.
pub(crate) struct List<M: 'static> {
    /// The innermost live guard's frame, or null.
    pub(super) head: Cell<*const Frame<M>>,
}

impl<M: Slots> List<M> {
    pub(crate) const fn new() -> Self {
        Self { head: Cell::new(ptr::null()) }
    }

    /// Names the innermost frame; 0 when there is none.
    pub(crate) fn innermost(&self) -> usize {
        self.head.get().addr()
    }

    /// Reads the frames. They can leave when `read` has returned, and not before: what it calls ends before it does.
    pub(crate) fn read<R>(&self, read: impl FnOnce(Frames<'_, M>) -> R) -> R {
        read(Frames { next: self.head.get(), alive: PhantomData })
    }
}

/// Goes through live frames, which do not leave while it does.
pub(crate) struct Frames<'a, M: 'static> {
    next: *const Frame<M>,
    alive: PhantomData<&'a Frame<M>>,
}

impl<'a, M: Slots> Iterator for Frames<'a, M> {
    type Item = FrameRef<'a, M>;

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: linked frames are alive: a guard unlinks itself when it is dropped, and its expansion never
        // moves or leaks it. None can leave within `'a`, the time of a call of `read`.
        let frame = unsafe { FrameRef::new(self.next) }?;
        self.next = frame.prev();
        Some(frame)
    }
}
