//! Where and how an error is met.

use super::guard::{FrameRef, Guard};

/// Where an error is met: its function's frame, the site, and what becomes of it. Two words, which go in registers.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Meeting<'a> {
    pub(crate) frame: FrameRef<'a>,
    /// The site above, below it whether the frame stands alone, the `Way` in the lowest bits.
    code: u32,
}

/// What becomes of an error that is met.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It leaves the function.
    Out,
    /// `.context(..)` or the like is about to change it, and what comes of it leaves.
    Changed,
    /// A `match` or the like is about to handle it.
    Handled,
    /// `.ok()` or the like is about to lose it.
    Lost,
}

/// Set in a code when the frame stands alone.
const ALONE: u32 = 4;

impl<'a> Meeting<'a> {
    pub(super) fn new(frame: FrameRef<'a>) -> Self {
        Self { frame, code: 0 }
    }

    /// In a frame that goes when the error was met.
    pub(super) fn alone(frame: FrameRef<'a>) -> Self {
        Self { frame, code: ALONE }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn at(self, site: u32, way: Way) -> Self {
        Self { code: self.code | site << 3 | way as u32, ..self }
    }

    pub(crate) fn site(self) -> u32 {
        self.code >> 3
    }

    /// Whether the frame stands for a call that is not followed, and goes when the error was met.
    pub(crate) fn is_alone(self) -> bool {
        self.code & ALONE != 0
    }

    pub(crate) fn way(self) -> Way {
        match self.code & 3 {
            0 => Way::Out,
            1 => Way::Changed,
            2 => Way::Handled,
            _ => Way::Lost,
        }
    }
}

/// Tells where an error is met. No closure, which could not be told that it is always inline.
pub trait Meets<'a> {
    fn meeting(self) -> Meeting<'a>;
}

pub(super) struct Place<'a, const ARGUMENTS: usize, const TASK: bool> {
    pub(super) guard: &'a Guard<ARGUMENTS, TASK>,
    pub(super) site: u32,
    pub(super) way: Way,
}

impl<'a, const N: usize, const TASK: bool> Meets<'a> for Place<'a, N, TASK> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn meeting(self) -> Meeting<'a> {
        self.guard.meeting(self.site, self.way)
    }
}
