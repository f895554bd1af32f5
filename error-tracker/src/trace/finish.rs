//! Finishes pending failures: reports them, or completes the event that reports them already.

use super::pending_failure::{PendingFailure, ReportState};
use super::{reported, shared_reports, sink};

/// Finishes a failure that no site observed again, as handled. Unless a handler observed it, code without the attribute
/// may have the error still, and it may be observed again.
pub(super) fn finish_retained(pending: PendingFailure) {
    let is_retained = pending.handler.is_none();
    finish_as(pending, true, is_retained);
}

/// Finishes a failure; an unhandled error is still owned by the code outside.
pub(super) fn finish(pending: PendingFailure, handled: bool) {
    finish_as(pending, handled, !handled);
}

/// Finishes a failure. With `left`, code without the attribute may still have the error.
fn finish_as(mut pending: PendingFailure, handled: bool, left: bool) {
    if pending.is_provisional() {
        return;
    }
    pending.join_origin();
    pending.failure.handled = handled;
    let PendingFailure { mut failure, report, caller, hidden, .. } = pending;
    match report {
        ReportState::ReportedEarly if failure.report.is_recorded() => {
            sink::extend(&failure);
            shared_reports::remember(&failure, left);
            reported::remember(failure);
        }
        ReportState::ReportedElsewhere => {
            if handled && caller != 0 {
                failure.add_callers(caller);
            }
            shared_reports::remember(&failure, left);
            sink::amend(*failure);
        }
        ReportState::Reported => {
            if !handled {
                reported::note_departure(*failure);
            }
        }
        // An early report that was not recorded is repeated with what is known now.
        ReportState::ReportedEarly | ReportState::Unreported | ReportState::FromElsewhere(_) => {
            if handled {
                failure.still_running_from(failure.frames.len().saturating_sub(hidden));
            }
            reported::report_as(failure, left, |failure| {
                if caller != 0 {
                    failure.add_callers(caller);
                }
            });
        }
    }
}
