//! The guard that an annotated function holds while it runs.

use super::meta::Meta;
use super::outcome::{Meeting, Way};
use super::{record, thread};
use crate::frame;
use crate::frame::Slot;
use crate::snapshot::keep::{Held, Late, Place};

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

    /// The same for a small function, whose calls are followed when no other function is running: what becomes of an error is
    /// known where the outermost one ends.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn enter_small(&self, meta: &'static Meta) -> Entered<'_, N> {
        let follows = thread::innermost() == 0;
        if follows {
            follow(self.0.unlinked(), meta);
        }
        Entered { guard: &self.0, meta, follows, arguments: () }
    }
}

impl<const N: usize, const TASK: bool> Drop for Guard<N, TASK> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        if let Some(frame) = self.0.entered() {
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

/// Adds what can be kept late of the arguments.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn holding<const N: usize, A: Arguments>(entered: Entered<'_, N>, arguments: A) -> Entered<'_, N, A> {
    let Entered { guard, meta, follows, .. } = entered;
    Entered { guard, meta, follows, arguments }
}

impl<'a, const N: usize, A: Arguments> Entered<'a, N, A> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn meeting(self, site: u32, way: Way) -> Meeting<'a> {
        let Self { guard, meta, arguments, .. } = self;
        let (frame, alone) = frame_of(guard, meta, arguments);
        Meeting::new(frame, alone, site, way)
    }

    /// Where a variable goes, if this call is followed.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn place(self, index: usize) -> Option<Place<'a, Meta>> {
        let Self { guard, meta, follows, .. } = self;
        follows.then(|| Place { slot: guard.slot(index), meta, held: Held { frame: guard.frame(), index } })
    }
}

/// The frame in which an error is met, and whether it stands alone: a call that is not followed has one for so long only. Does
/// not unwind, like all that is called there.
#[cold]
#[inline(never)]
#[expect(improper_ctypes_definitions, reason = "only Rust calls it")]
extern "C" fn frame_of<'a, const N: usize, A: Arguments>(
    guard: &'a frame::Guard<Meta, N>,
    meta: &'static Meta,
    arguments: A,
) -> (FrameRef<'a>, bool) {
    if let Some(frame) = guard.entered() {
        return (frame, false);
    }
    meta.budget.failed();
    let here = 0_u8;
    let frame = thread::with(|thread| {
        thread.depth.set((&raw const here).addr());
        FrameRef::alone(meta, &thread.frames)
    });
    frame.slots().for_each(Slot::unfollowed);
    arguments.keep(&mut frame.slots());
    (frame, true)
}

/// What can be kept late of a function's arguments: pairs of one and the rest.
pub trait Arguments: Copy {
    fn keep<'a>(self, slots: &mut dyn Iterator<Item = Slot<'a>>);
}

impl Arguments for () {
    fn keep<'a>(self, _: &mut dyn Iterator<Item = Slot<'a>>) {}
}

impl<L: Late, R: Arguments> Arguments for (L, R) {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep<'a>(self, slots: &mut dyn Iterator<Item = Slot<'a>>) {
        if let Some(slot) = slots.next() {
            self.0.keep(slot);
        }
        self.1.keep(slots);
    }
}
