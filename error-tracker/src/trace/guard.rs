//! The guard that an annotated function holds while it runs.

use super::meeting::{Meeting, Way};
use super::meta::Meta;
use super::{settle, thread};
use crate::frame;
use crate::frame::Content;
use crate::snapshot::keep::Held;
use crate::snapshot::late::Late;

pub(crate) type FrameRef<'a> = frame::FrameRef<'a, Meta>;

/// Stands for a running call of an annotated function: for its frame, if the call is followed. Lives in a local that only the
/// expansion can name.
///
/// With `TASK` it stands in a future, which may be dropped while its frame is not on the list.
pub struct Guard<L, const TASK: bool> {
    frame: Option<FrameRef<'static>>,
    meta: &'static Meta,
    /// What of the arguments can be kept late, when a call fails that is not followed.
    late: L,
}

/// A call of a function begins.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn enter<A: Arguments>(meta: &'static Meta, arguments: A) -> Guard<A::Late, false> {
    Guard { frame: frame_for(meta.budget.follows(), meta, arguments), meta, late: arguments.late() }
}

/// A call of a small function begins that others may call than those with the attribute. It is followed when no other function is
/// running: what becomes of an error is known where the outermost one ends.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn enter_small_public<A: Arguments>(meta: &'static Meta, arguments: A) -> Guard<A::Late, false> {
    let follows = thread::innermost() == 0 && meta.budget.follows();
    Guard { frame: frame_for(follows, meta, arguments), meta, late: arguments.late() }
}

/// A future begins. Each is followed, so nothing is held for a failure of one that is not.
pub fn enter_task<A: Arguments>(meta: &'static Meta, arguments: A) -> Guard<(), true> {
    Guard { frame: frame_for(true, meta, arguments), meta, late: () }
}

/// With the arguments in its slots.
#[cfg_attr(not(debug_assertions), inline(always))]
fn frame_for<A: Arguments>(follows: bool, meta: &'static Meta, arguments: A) -> Option<FrameRef<'static>> {
    let frame = if follows { follow(meta, arguments.late()) } else { None }?;
    arguments.keep_now(frame, 0);
    Some(frame)
}

impl<L: Lates, const TASK: bool> Guard<L, TASK> {
    /// What the rest of the expansion uses.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn entered(&self) -> Entered<'_, L> {
        let Self { frame, meta, late } = *self;
        Entered { frame, meta, late }
    }
}

impl<L, const TASK: bool> Drop for Guard<L, TASK> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        if let Some(frame) = self.frame {
            if TASK { settle::leave_task(frame) } else { settle::leave(frame) }
        }
    }
}

/// Stands for a call of a small function. None of them is followed, so there is nothing to be done at its end.
pub struct Unguarded<L>(Entered<'static, L>);

/// A call of a small function begins.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn enter_small<A: Arguments>(meta: &'static Meta, arguments: A) -> Unguarded<A::Late> {
    Unguarded(Entered { frame: None, meta, late: arguments.late() })
}

impl<L: Lates> Unguarded<L> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn entered(&self) -> Entered<'_, L> {
        self.0
    }
}

/// A frame for a call that is followed. Those are rare among the calls of a function that is called often. By its ABI it does not
/// unwind, so a function that calls nothing else needs no code for the case that it does.
#[cold]
#[inline(never)]
extern "C" fn follow<L: Lates>(meta: &'static Meta, late: L) -> Option<FrameRef<'static>> {
    let frame = followed(meta)?;
    late.keep(frame, 0);
    Some(frame)
}

#[inline(never)]
extern "C" fn followed(meta: &'static Meta) -> Option<FrameRef<'static>> {
    meta.budget.followed();
    thread::with(|thread| FrameRef::enter(meta, &thread.frames))
}

/// What an expansion does everything with.
#[derive(Clone, Copy)]
pub struct Entered<'a, L> {
    frame: Option<FrameRef<'a>>,
    meta: &'static Meta,
    late: L,
}

impl<'a, L: Lates> Entered<'a, L> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn meeting(self, site: u32, way: Way) -> Meeting<'a> {
        let Self { frame, meta, late } = self;
        // With the site as an argument these calls would be alike, and the optimizer would make one of them, at the cost of the sites.
        meeting(frame, meta, late).at(site, way)
    }

    /// Where a variable goes, if this call is followed.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn place(self, index: usize) -> Option<Held<'a, Meta>> {
        self.frame.map(|frame| Held { frame, index })
    }
}

/// Where an error is met, but for the site. A call that is not followed has a frame for so long only. Does not unwind, like all that is
/// called there.
#[cold]
#[inline(never)]
extern "C" fn meeting<'a, L: Lates>(
    frame: Option<FrameRef<'a>>,
    meta: &'static Meta,
    late: L,
) -> Meeting<'a> {
    match frame {
        Some(frame) => Meeting::new(frame),
        None => {
            let frame = alone(meta);
            late.keep(frame, 0);
            Meeting::alone(frame)
        }
    }
}

#[inline(never)]
extern "C" fn alone(meta: &'static Meta) -> FrameRef<'static> {
    meta.budget.failed();
    let here = 0_u8;
    let frame = thread::with(|thread| {
        thread.depth.set((&raw const here).addr());
        FrameRef::enter_anyway(meta, &thread.frames)
    });
    frame.slots().for_each(|slot| slot.set(Content::unfollowed()));
    frame
}

/// The arguments of a call that begins: pairs of one and the rest.
pub trait Arguments: Copy {
    type Late: Lates;
    fn late(self) -> Self::Late;
    /// Keeps those that cannot be kept late, from the slot with this index on.
    fn keep_now(self, frame: FrameRef<'_>, index: usize);
}

/// One of them.
pub trait Argument: Copy {
    type Late: Late;
    fn late(self) -> Self::Late;
    fn keep_now(self, held: Held<'_, Meta>);
}

/// What can be kept late of a function's arguments.
pub trait Lates: Copy {
    fn keep(self, frame: FrameRef<'_>, index: usize);
}

impl Arguments for () {
    type Late = ();

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn late(self) {}

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep_now(self, _: FrameRef<'_>, _: usize) {}
}

impl<P: Argument, R: Arguments> Arguments for (P, R) {
    type Late = (P::Late, R::Late);

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn late(self) -> Self::Late {
        (self.0.late(), self.1.late())
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep_now(self, frame: FrameRef<'_>, index: usize) {
        self.0.keep_now(Held { frame, index });
        self.1.keep_now(frame, index + 1);
    }
}

impl Lates for () {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep(self, _: FrameRef<'_>, _: usize) {}
}

impl<L: Late, R: Lates> Lates for (L, R) {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep(self, frame: FrameRef<'_>, index: usize) {
        self.0.keep(frame, index);
        self.1.keep(frame, index + 1);
    }
}
