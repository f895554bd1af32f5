//! The list of a thread's live frames, innermost first, and how frames enter and leave it.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use super::live_frame::{FrameRef, LiveFrame, mark, unmarked};
use super::{SlotCount, memory};

/// The live frames of one thread.
pub(crate) struct FrameList<M: 'static> {
    /// The innermost live frame, or null. Like the links between frames it may carry a mark.
    pub(super) head: Cell<*const LiveFrame<M>>,
}

impl<M: SlotCount> FrameList<M> {
    pub(crate) const fn new() -> Self {
        Self { head: Cell::new(ptr::null()) }
    }

    /// Returns the key of the innermost frame; 0 when there is none.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn innermost(&self) -> usize {
        unmarked(self.head.get()).addr()
    }

    /// Calls `read` with the live frames. No frame leaves before `read` has returned: functions
    /// that it calls return before it does.
    pub(crate) fn read<R>(&self, read: impl FnOnce(FrameIter<'_, M>) -> R) -> R {
        read(FrameIter { next: unmarked(self.head.get()), alive: PhantomData })
    }

    /// Marks the live frame with this key; does nothing when there is none.
    ///
    /// A frame's guard compares the list's head with its own frame when it is dropped. A marked
    /// link makes them differ, so the guard takes its slow path.
    pub(crate) fn mark(&self, key: usize) {
        if key != 0 {
            self.links(|frame, link| {
                let found = frame == key;
                if found {
                    mark(link);
                }
                !found
            });
        }
    }

    /// Marks all live frames.
    pub(crate) fn mark_all(&self) {
        self.links(|_, link| {
            mark(link);
            true
        });
    }

    /// Takes a frame off, mostly the innermost.
    fn remove(&self, frame: FrameRef<'_, M>) {
        self.links(|key, link| {
            let found = key == frame.key();
            if found {
                link.set(frame.link().get());
            }
            !found
        });
    }

    /// Calls `visit` with the key of each live frame and the link to it, until it returns false.
    fn links(&self, visit: impl Fn(usize, &Cell<*const LiveFrame<M>>) -> bool) {
        let mut link = &self.head;
        // SAFETY: as in `FrameIter::next`: no guard leaves meanwhile.
        while let Some(frame) = unsafe { FrameRef::new(unmarked(link.get())) } {
            if !visit(frame.key(), link) {
                return;
            }
            link = frame.link();
        }
    }
}

impl<M: SlotCount> FrameRef<'static, M> {
    /// Enters a new frame with empty slots as the innermost of the list's thread. Returns `None`
    /// while this module waits for the program's allocator: the frame would be one of the
    /// allocator itself.
    pub(crate) fn enter(meta: &'static M, list: &FrameList<M>) -> Option<Self> {
        Some(Self::linked(memory::take(Self::words(meta))?.cast(), meta, list))
    }

    /// Enters a new frame as `enter` does, also inside the program's allocator.
    pub(crate) fn enter_anyway(meta: &'static M, list: &FrameList<M>) -> Self {
        Self::linked(memory::take_anyway(Self::words(meta)).cast(), meta, list)
    }

    fn linked(at: NonNull<LiveFrame<M>>, meta: &'static M, list: &FrameList<M>) -> Self {
        // SAFETY: `enter` and `enter_anyway` took a block of so many words.
        let frame = unsafe { Self::write(at, meta, list.head.get()) };
        list.head.set(frame.as_ptr());
        frame
    }
}

impl<M: SlotCount> FrameRef<'_, M> {
    /// Returns whether it is the innermost frame and is not marked.
    pub(crate) fn is_innermost(self, list: &FrameList<M>) -> bool {
        ptr::eq(list.head.get(), self.as_ptr())
    }

    /// Takes the frame off the list and frees it. The frame must not be used afterwards.
    pub(crate) fn leave(self, list: &FrameList<M>) {
        list.remove(self);
        self.free();
    }

    /// Takes the frame off the list if it is the innermost and not marked, and returns whether it
    /// did. The caller then frees it.
    #[inline]
    pub(crate) fn leaves_as_innermost(self, list: &FrameList<M>) -> bool {
        let is_innermost = self.is_innermost(list);
        if is_innermost {
            list.head.set(self.link().get());
        }
        is_innermost
    }

    /// Makes this the innermost frame again.
    pub(super) fn enter_again(self, list: &FrameList<M>) {
        self.link().set(list.head.get());
        list.head.set(self.as_ptr());
    }
}

/// An iterator over live frames, innermost first. None of them leaves while it exists.
pub(crate) struct FrameIter<'a, M: 'static> {
    next: *const LiveFrame<M>,
    alive: PhantomData<&'a LiveFrame<M>>,
}

impl<'a, M: SlotCount> Iterator for FrameIter<'a, M> {
    type Item = FrameRef<'a, M>;

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: frames are taken off the list before they are freed, and none can leave within
        // `'a`, the time of a call of `read`.
        let frame = unsafe { FrameRef::new(self.next) }?;
        self.next = frame.prev();
        Some(frame)
    }
}
