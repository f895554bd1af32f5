//! What each thread knows: the innermost running frame, and whether any failure waits to be settled.

use std::cell::Cell;
use std::ptr;

use super::guard::{Frame, FrameRef};

pub(crate) struct Thread {
    /// The innermost live guard's frame, or null.
    pub(crate) head: Cell<*const Frame>,
    /// How many failures of this thread wait to be settled; a guard that leaves looks at nothing else.
    pub(crate) pending: Cell<u32>,
    /// Changes whenever failures begin, cease or go on waiting.
    pub(crate) changes: Cell<u32>,
    /// How many polls of annotated futures are on this thread's stack.
    pub(crate) polls: Cell<u32>,
}

thread_local! {
    static THREAD: Thread = const {
        Thread { head: Cell::new(ptr::null()), pending: Cell::new(0), changes: Cell::new(0), polls: Cell::new(0) }
    };
}

/// Never fails: the value has no destructor, so it lives as long as the thread.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn with<R>(f: impl FnOnce(&Thread) -> R) -> R {
    THREAD.with(f)
}

/// The live frames of this thread from `from` on, innermost first.
pub(crate) fn live<'a>(from: *const Frame) -> impl Iterator<Item = FrameRef<'a>> {
    let mut next = from;
    std::iter::from_fn(move || {
        // SAFETY: linked frames are alive: a guard unlinks itself when it is dropped, and its expansion never
        // moves or leaks it. The callers of this function use the frames before any guard can leave.
        let frame = unsafe { FrameRef::new(next) }?;
        next = frame.prev();
        Some(frame)
    })
}
