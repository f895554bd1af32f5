//! The guard that an annotated function holds while it runs.

use super::meta::Meta;
use super::outcome::{Meeting, Way};
use super::{record, thread};
use crate::frame;
use crate::snapshot::keep::{Held, Place};

pub(crate) type FrameRef<'a> = frame::FrameRef<'a, Meta>;

/// Stands for a running call of an annotated function with `N` variables. Lives in a local that only the
/// expansion can name, so it is neither moved nor leaked while it is linked.
///
/// With `TASK` it stands in a future, which may be dropped while it is not linked.
pub struct Guard<const N: usize, const TASK: bool>(frame::Guard<Meta, N>);

impl<const N: usize, const TASK: bool> Guard<N, TASK> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[must_use]
    pub fn new(meta: &'static Meta) -> Self {
        Self(frame::Guard::new(meta, TASK))
    }

    /// Makes this the innermost live frame.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn enter(&self) -> Entered<'_, N, TASK> {
        thread::with(|thread| self.0.enter(&thread.frames));
        Entered { guard: &self.0, meta: self.0.meta() }
    }
}

/// What an expansion does everything with: the guard, and beside it what the optimizer would have to read from it again.
#[derive(Clone, Copy)]
pub struct Entered<'a, const N: usize, const TASK: bool> {
    guard: &'a frame::Guard<Meta, N>,
    meta: &'static Meta,
}

impl<'a, const N: usize, const TASK: bool> Entered<'a, N, TASK> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn frame(self) -> FrameRef<'a> {
        self.guard.frame()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn meeting(self, site: u32, way: Way) -> Meeting<'a> {
        Meeting::new(self.frame(), site, way)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn place(self, index: usize) -> Place<'a, Meta> {
        Place { slot: self.guard.slot(index), meta: self.meta, held: Held::new(self.frame(), index, TASK) }
    }
}

impl<const N: usize, const TASK: bool> Drop for Guard<N, TASK> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        thread::with(|thread| {
            if self.0.is_innermost(&thread.frames) {
                self.0.leave(&thread.frames);
            } else {
                record::leave(self.0.frame(), TASK);
            }
        });
        if TASK {
            self.0.give_back();
        }
    }
}
