//! The guard that an annotated function holds while it runs.

use super::meeting::{Meeting, Way};
use super::meta::Meta;
use super::{settle, thread};
use crate::frame;
use crate::frame::{Argument, Content, PastArgument};
use crate::snapshot::keep::{Held, keep_argument};

pub(crate) type FrameRef<'a> = frame::FrameRef<'a, Meta>;

/// Stands for a running call of an annotated function: for its frame, if the call is followed. Lives in a local that only the
/// expansion can name, and goes by reference to all that the expansion does.
///
/// With `TASK` it stands in a future, which may be dropped while its frame is not on the list.
pub struct Guard<const ARGUMENTS: usize, const TASK: bool> {
    frame: Option<FrameRef<'static>>,
    meta: &'static Meta,
    /// Kept when a call fails that is not followed.
    arguments: [PastArgument; ARGUMENTS],
}

/// A call of a function begins.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn enter<const N: usize>(meta: &'static Meta, arguments: [Argument<'_>; N]) -> Guard<N, false> {
    let frame = frame_for(meta.budget.follows(), meta, arguments);
    Guard { frame, meta, arguments: Argument::past(arguments) }
}

/// A call of a small function begins. None is followed.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn enter_small<const N: usize>(meta: &'static Meta, arguments: [Argument<'_>; N]) -> Guard<N, false> {
    Guard { frame: None, meta, arguments: Argument::past(arguments) }
}

/// A call of a small function begins that others may call than those with the attribute. It is followed when no other function is
/// running: what becomes of an error is known where the outermost one ends.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn enter_small_public<const N: usize>(
    meta: &'static Meta,
    arguments: [Argument<'_>; N],
) -> Guard<N, false> {
    let follows = thread::innermost() == 0 && meta.budget.follows();
    let frame = frame_for(follows, meta, arguments);
    Guard { frame, meta, arguments: Argument::past(arguments) }
}

/// A future begins. Each is followed, so nothing is held for a failure of one that is not.
pub fn enter_task<const N: usize>(meta: &'static Meta, arguments: [Argument<'_>; N]) -> Guard<0, true> {
    Guard { frame: frame_for(true, meta, arguments), meta, arguments: [] }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn frame_for<const N: usize>(
    follows: bool,
    meta: &'static Meta,
    arguments: [Argument<'_>; N],
) -> Option<FrameRef<'static>> {
    if follows {
        // A copy that might be written to, or the optimizer would put the list into memory for a call that is not followed, too.
        let mut copy = arguments;
        follow(meta, &mut copy)
    } else {
        None
    }
}

impl<const N: usize, const TASK: bool> Guard<N, TASK> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn meeting(&self, site: u32, way: Way) -> Meeting<'_> {
        let Self { frame, meta, mut arguments } = *self;
        // A copy that might be written to, or the optimizer would have the list in memory where no error is met, too. With the site
        // as an argument these calls would be alike, and the optimizer would make one of them, at the cost of the sites.
        meeting(frame, meta, &mut arguments).at(site, way)
    }

    /// Where a variable goes, if this call is followed.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn place(&self, index: usize) -> Option<Held<'_, Meta>> {
        self.frame.map(|frame| Held { frame, index })
    }
}

impl<const N: usize, const TASK: bool> Drop for Guard<N, TASK> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        if let Some(frame) = self.frame {
            if TASK { settle::leave_task(frame) } else { settle::leave(frame) }
        }
    }
}

/// A frame for a call that is followed, with the arguments in its slots. Those are rare among the calls of a function that is
/// called often. By its ABI it does not unwind, so a function that calls nothing else needs no code for the case that it does.
#[cold]
#[inline(never)]
#[expect(improper_ctypes_definitions, reason = "only Rust calls it")]
extern "C" fn follow(meta: &'static Meta, arguments: &mut [Argument<'_>]) -> Option<FrameRef<'static>> {
    meta.budget.followed();
    let frame = thread::with(|thread| FrameRef::enter(meta, &thread.frames))?;
    for (index, argument) in arguments.iter().enumerate() {
        keep_argument(*argument, Held { frame, index });
    }
    Some(frame)
}

/// Where an error is met, but for the site. A call that is not followed has a frame for so long only. Does not unwind, like all that is
/// called there.
#[cold]
#[inline(never)]
#[expect(improper_ctypes_definitions, reason = "only Rust calls it")]
extern "C" fn meeting<'a>(
    frame: Option<FrameRef<'a>>,
    meta: &'static Meta,
    arguments: &mut [PastArgument],
) -> Meeting<'a> {
    match frame {
        Some(frame) => Meeting::new(frame),
        None => {
            let frame = alone(meta);
            for (slot, argument) in frame.slots().zip(arguments) {
                if let Some(content) = argument.content() {
                    slot.set(content);
                }
            }
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
