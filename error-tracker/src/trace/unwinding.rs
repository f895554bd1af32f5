//! The progress of a panic through tracked calls.

use super::failure::Failure;

/// What a pending panic knows beside its failure.
pub(super) struct UnwindingPanic {
    /// Keys of the failure's frames, innermost first.
    pub(super) keys: Vec<usize>,
    /// Number of these frames that have unwound.
    pub(super) unwound: usize,
    pub(super) stage: UnwindStage,
    /// The frame that another panic unwinds, when this one began in a destructor that it runs. This
    /// one must be caught there.
    pub(super) within: Option<usize>,
}

/// Whether a panic still unwinds. The runtime tells neither of a `catch_unwind` nor of a
/// destructor, so it is inferred.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum UnwindStage {
    Unwinding,
    /// A destructor called an annotated function: a panic that begins now ends within the
    /// destructor.
    RunsDestructor,
    /// Another panic began outside of a destructor, so this one was caught, unless the program
    /// aborts.
    Superseded,
}

impl UnwindingPanic {
    /// Returns whether it has unwound all frames that it can.
    pub(super) fn is_over(&self) -> bool {
        self.within.is_some() && self.unwound == self.keys.len()
    }

    /// Returns the index of a frame that has not unwound. The memory of one that has may hold
    /// another frame now.
    pub(super) fn index_of(&self, key: usize) -> Option<usize> {
        (self.unwound..self.keys.len()).find(|index| self.keys[*index] == key)
    }
}

/// Marks a failure as handled. The frames that a panic did not unwind become callers that are still
/// running.
pub(super) fn as_handled(
    mut failure: Box<Failure>,
    unwinding: Option<&UnwindingPanic>,
) -> Box<Failure> {
    if let Some(UnwindingPanic { unwound, .. }) = unwinding {
        failure.still_running_from(*unwound);
    }
    failure.handled = true;
    failure
}
