//! State of each thread: its live frames, and the number of its pending failures.

use std::cell::Cell;

use super::function_meta::FunctionMeta;
use crate::frame::{FrameIter, FrameList, FrameRef};

/// The live frame of a tracked call.
pub(crate) type TrackedFrame<'a> = FrameRef<'a, FunctionMeta>;

/// State of a thread.
pub(crate) struct ThreadState {
    pub(crate) frames: FrameList<FunctionMeta>,
    /// Number of pending failures; the only thing that a guard reads when it is dropped.
    pub(crate) pending: Cell<u32>,
    /// Stack address of the untracked call that observed an error last.
    pub(crate) stack_address: Cell<usize>,
    /// Number of polls of annotated futures on this thread's stack.
    pub(crate) polls: Cell<u32>,
}

thread_local! {
    static THREAD: ThreadState = const {
        ThreadState { frames: FrameList::new(), pending: Cell::new(0), stack_address: Cell::new(0), polls: Cell::new(0) }
    };
}

/// Runs `f` with the state of this thread. Never fails: the state has no destructor, so it lives as
/// long as the thread.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn with<R>(f: impl FnOnce(&ThreadState) -> R) -> R {
    THREAD.with(f)
}

/// Reads the live frames of this thread, innermost first.
pub(crate) fn read<R>(read: impl FnOnce(FrameIter<'_, FunctionMeta>) -> R) -> R {
    with(|thread| thread.frames.read(read))
}

/// Returns whether annotated functions are running on this thread.
pub(crate) fn is_inside() -> bool {
    innermost() != 0
}

/// Returns the key of this thread's innermost live frame; 0 if there is none.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn innermost() -> usize {
    with(|thread| thread.frames.innermost())
}
