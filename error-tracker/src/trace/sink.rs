//! Where failures are reported: the tracker, which stands above, installs its functions here.

use std::sync::OnceLock;

use super::failure::{Failure, ReportOutcome};

/// Adds to a failure what only an event shows, such as the frames of the callers.
pub(crate) type CompleteFailure<'a> = &'a mut dyn FnMut(&mut Failure);

/// The functions of the tracker that take failures.
pub(crate) struct FailureSink {
    /// Counts a failure onto the issue of equal ones while these are frequent; else completes it
    /// and makes an event. Returns which.
    pub(crate) report: fn(&mut Failure, CompleteFailure<'_>) -> ReportOutcome,
    /// Replaces the early event of a panic once the panic has unwound.
    pub(crate) replace: fn(&Failure),
    /// Adds a capture, or functions passed on another thread, to an event that was accepted before.
    pub(crate) amend: fn(&Failure),
    /// Corrects an early event with the whole failure, which has passed further functions since.
    pub(crate) extend: fn(&Failure),
    /// Counts failures that were dropped, since the result of their work is not tracked.
    pub(crate) count_untracked: fn(u64),
}

/// The installed tracker; empty until the first one is installed.
pub(crate) static SINK: OnceLock<FailureSink> = OnceLock::new();

/// Adds to the event of a failure, as the tracker does; to the failure itself while it is held. An
/// explicit capture ends that.
pub(crate) fn amend(mut failure: Failure) -> ReportOutcome {
    if let ReportOutcome::Held(held) = &failure.report {
        let is_explicit = failure.explicit;
        let added = failure.clone();
        let is_held = held.change(|held| match is_explicit {
            true => held.extras.extend(added.extras),
            false => held.go_on_as(added),
        });
        if is_explicit {
            held.report(|_| ());
        }
        if is_held {
            return failure.report.settled();
        }
    }
    failure.report = failure.report.settled();
    if let Some(sink) = SINK.get() {
        (sink.amend)(&failure);
    }
    failure.report
}

/// Corrects an early event with the whole failure; the failure itself while it is held.
pub(super) fn extend(failure: &Failure) {
    let mut now = failure.clone();
    now.report = failure.report.settled();
    if let ReportOutcome::Held(held) = &failure.report {
        let whole = Failure { report: ReportOutcome::No, ..failure.clone() };
        if held.change(|held| *held = whole) {
            return;
        }
    }
    if let Some(sink) = SINK.get() {
        (sink.extend)(&now);
    }
}
