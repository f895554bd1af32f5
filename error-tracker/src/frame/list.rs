//! The live frames of a thread, innermost first.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr;

use super::{Frame, FrameRef, Slots};

/// Each thread has one.
pub struct List<M: 'static> {
    /// The innermost live frame, or null. Like the links between frames it may carry a mark.
    pub(super) head: Cell<*const Frame<M>>,
}

impl<M: Slots> List<M> {
    pub(crate) const fn new() -> Self {
        Self { head: Cell::new(ptr::null()) }
    }

    /// Names the innermost frame; 0 when there is none.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn innermost(&self) -> usize {
        unmarked(self.head.get()).addr()
    }

    /// Reads the frames. They can leave when `read` has returned, and not before: what it calls ends before it does.
    pub(crate) fn read<R>(&self, read: impl FnOnce(Frames<'_, M>) -> R) -> R {
        read(Frames { next: unmarked(self.head.get()), alive: PhantomData })
    }
}

impl<M: Slots> List<M> {
    /// Marks a live frame: its guard, which compares the list's head with itself when it leaves, then finds that they
    /// differ. Where no live frame has this name nothing happens.
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

    pub(crate) fn mark_all(&self) {
        self.links(|_, link| {
            mark(link);
            true
        });
    }

    /// Takes a frame off, mostly the innermost.
    pub(super) fn remove(&self, frame: FrameRef<'_, M>) {
        self.links(|key, link| {
            let found = key == frame.key();
            if found {
                link.set(frame.link().get());
            }
            !found
        });
    }

    /// Goes through the links that lead to the live frames, while `see` answers true.
    fn links(&self, see: impl Fn(usize, &Cell<*const Frame<M>>) -> bool) {
        let mut link = &self.head;
        // SAFETY: as in `Frames::next`: no guard leaves meanwhile.
        while let Some(frame) = unsafe { FrameRef::new(unmarked(link.get())) } {
            if !see(frame.key(), link) {
                return;
            }
            link = frame.link();
        }
    }
}

/// Frames are aligned, so the lowest bit of what leads to one is free.
const MARK: usize = 1;

fn mark<M>(link: &Cell<*const Frame<M>>) {
    link.set(link.get().map_addr(|addr| addr | MARK));
}

pub(super) fn unmarked<M>(frame: *const Frame<M>) -> *const Frame<M> {
    frame.map_addr(|addr| addr & !MARK)
}

/// Goes through live frames, which do not leave while it does.
pub(crate) struct Frames<'a, M: 'static> {
    next: *const Frame<M>,
    alive: PhantomData<&'a Frame<M>>,
}

impl<'a, M: Slots> Iterator for Frames<'a, M> {
    type Item = FrameRef<'a, M>;

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: frames are taken off the list before they are freed, and none can leave within `'a`, the time of a call of `read`.
        let frame = unsafe { FrameRef::new(self.next) }?;
        self.next = frame.prev();
        Some(frame)
    }
}
