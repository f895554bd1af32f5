//! What each thread knows: its running frames, and whether any failure waits to be settled.

use std::cell::Cell;

use super::meta::Meta;
use crate::frame::{Frames, List};

pub(crate) struct Thread {
    pub(crate) frames: List<Meta>,
    /// How many failures of this thread wait to be settled; a guard that leaves looks at nothing else.
    pub(crate) pending: Cell<u32>,
    /// Where on the stack an error was met last in a call that is not followed.
    pub(crate) depth: Cell<usize>,
    /// How many polls of annotated futures are on this thread's stack.
    pub(crate) polls: Cell<u32>,
}

thread_local! {
    static THREAD: Thread = const {
        Thread { frames: List::new(), pending: Cell::new(0), depth: Cell::new(0), polls: Cell::new(0) }
    };
}

/// Never fails: the value has no destructor, so it lives as long as the thread.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn with<R>(f: impl FnOnce(&Thread) -> R) -> R {
    THREAD.with(f)
}

/// Reads the live frames of this thread, innermost first.
pub(crate) fn read<R>(read: impl FnOnce(Frames<'_, Meta>) -> R) -> R {
    with(|thread| thread.frames.read(read))
}

/// Names the innermost live frame of this thread; 0 when there is none.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn innermost() -> usize {
    with(|thread| thread.frames.innermost())
}
