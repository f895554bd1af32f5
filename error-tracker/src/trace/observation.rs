//! An observation of an error: where it is observed, and what becomes of it there.

use super::thread::TrackedFrame;

/// An error at a site: the function's frame, the site, and the error's fate. Two words, which are
/// passed in registers.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Observation<'a> {
    pub(crate) frame: TrackedFrame<'a>,
    /// Bits 0 and 1: the `ErrorFate`. Bit 2: whether the frame is temporary. Above: the site.
    code: u32,
}

/// What becomes of an observed error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorFate {
    /// It leaves the function, as by `?`.
    Propagated,
    /// `.context(..)` or the like is about to convert it, and the result leaves the function.
    Converted,
    /// A `match` or the like is about to handle it.
    Handled,
    /// `.ok()` or the like is about to discard it.
    Discarded,
}

/// The bit of a temporary frame.
const TEMPORARY: u32 = 4;

impl<'a> Observation<'a> {
    pub(super) fn new(frame: TrackedFrame<'a>) -> Self {
        Self { frame, code: 0 }
    }

    /// An observation in a temporary frame.
    pub(super) fn temporary(frame: TrackedFrame<'a>) -> Self {
        Self { frame, code: TEMPORARY }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn at(self, site: u32, fate: ErrorFate) -> Self {
        Self { code: self.code | site << 3 | fate as u32, ..self }
    }

    pub(crate) fn site(self) -> u32 {
        self.code >> 3
    }

    /// Returns whether the call is untracked, so that the frame is released after the observation.
    pub(crate) fn is_temporary(self) -> bool {
        self.code & TEMPORARY != 0
    }

    pub(crate) fn fate(self) -> ErrorFate {
        match self.code & 3 {
            0 => ErrorFate::Propagated,
            1 => ErrorFate::Converted,
            2 => ErrorFate::Handled,
            _ => ErrorFate::Discarded,
        }
    }
}

/// Makes an observation when a value turns out to be a failure. A trait in place of a closure,
/// because a closure cannot be `inline(always)`.
pub trait ObservationSource<'a> {
    fn observation(self) -> Observation<'a>;
}
