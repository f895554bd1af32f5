//! Where failures are reported: the tracker, which stands above, installs its functions here.

use std::sync::OnceLock;

use super::failure::{Failure, ReportOutcome};

/// Adds to a failure what only an event shows, such as the frames of the callers.
pub(crate) type CompleteFailure<'a> = &'a mut dyn FnMut(&mut Failure);

/// The functions of the tracker that take failures.
pub(crate) struct FailureSink {
    /// Counts a failure onto the issue of equal ones while these are frequent; else completes it and makes an event.
    /// Returns which.
    pub(crate) report: fn(&mut Failure, CompleteFailure<'_>) -> ReportOutcome,
    /// Replaces the early event of a panic once the panic has unwound.
    pub(crate) replace: fn(&Failure),
    /// Adds a capture, or functions passed on another thread, to an event that was accepted before.
    pub(crate) amend: fn(&Failure),
    /// Corrects an early event with the whole failure, which has passed further functions since.
    pub(crate) extend: fn(&Failure),
}

/// The installed tracker; empty until the first one is installed.
pub(crate) static SINK: OnceLock<FailureSink> = OnceLock::new();
