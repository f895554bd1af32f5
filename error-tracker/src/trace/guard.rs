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
    pub fn new() -> Self {
        Self(frame::Guard::new())
    }

    /// Makes this the innermost live frame, if this call is followed.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn enter(&self, meta: &'static Meta) -> Entered<'_, N> {
        let follows = TASK || meta.budget.follows();
        if follows {
            follow(self.0.unlinked(), meta);
        }
        Entered { guard: &self.0, meta, follows, arguments: () }
    }
}

impl<const N: usize, const TASK: bool> Drop for Guard<N, TASK> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        if let Some(frame) = self.0.linked() {
            if TASK { record::leave_task(frame) } else { record::leave(frame) }
        }
    }
}

/// Calls that are followed are rare among those of a function that is called often. By its ABI it does not unwind, so a
/// function that calls nothing else needs no code for the case that it does.
#[cold]
#[inline(never)]
extern "C" fn follow(guard: frame::Unlinked<'_, Meta>, meta: &'static Meta) {
    meta.budget.followed();
    thread::with(|thread| guard.link(meta, &thread.frames));
}

/// What an expansion does everything with: the guard, and beside it what the optimizer would have to read from it again.
#[derive(Clone, Copy)]
pub struct Entered<'a, const N: usize, A = ()> {
    guard: &'a frame::Guard<Meta, N>,
    meta: &'static Meta,
    follows: bool,
    /// What of the arguments can be kept late, when a call fails that is not followed.
    arguments: A,
}

/// Adds what is held of the arguments.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn holding<const N: usize, A: Arguments>(guard: Entered<'_, N>, arguments: A) -> Entered<'_, N, A> {
    let Entered { guard, meta, follows, .. } = guard;
    Entered { guard, meta, follows, arguments }
}

impl<'a, const N: usize, A: Arguments> Entered<'a, N, A> {
    /// The frame, which is linked if it was not.
    #[cold]
    #[inline(never)]
    pub(crate) fn frame(self) -> FrameRef<'a> {
        let Self { guard, meta, arguments, .. } = self;
        if let Some(frame) = guard.linked() {
            return frame;
        }
        let frame = record::link_late(guard.unlinked(), meta);
        arguments.keep(0, &|index| place(guard, meta, index));
        frame
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn meeting(self, site: u32, way: Way) -> Meeting<'a> {
        Meeting::new(self.frame(), site, way)
    }

    /// Where a variable goes, if this call is followed.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn place(self, index: usize) -> Option<Place<'a>> {
        self.follows.then(|| place(self.guard, self.meta, index))
    }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn place<'a, const N: usize>(guard: &'a frame::Guard<Meta, N>, meta: &'static Meta, index: usize) -> Place<'a> {
    let (slot, chunk) = guard.slot(index);
    Place { slot, chunk, budget: &meta.budget, function: meta, index }
}

/// What can be kept late of a function's arguments: pairs of one and the rest.
pub trait Arguments: Copy {
    fn keep<'a>(self, index: usize, place: &dyn Fn(usize) -> Place<'a>);
}

impl Arguments for () {
    fn keep<'a>(self, _: usize, _: &dyn Fn(usize) -> Place<'a>) {}
}

impl<H: Held, R: Arguments> Arguments for (H, R) {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep<'a>(self, index: usize, place: &dyn Fn(usize) -> Place<'a>) {
        self.0.keep(place(index));
        self.1.keep(index + 1, place);
    }
}
