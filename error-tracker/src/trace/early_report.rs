//! Reports pending failures before they are settled: overdue ones, at a flush, and at the end of
//! the program.

use std::time::Duration;

use super::ending;
use super::failure::ReportOutcome;
use super::finish::{finish, finish_retained};
use super::pending_failure::{PendingFailure, ReportState};
use super::pending_list::{self, all_lists};
use super::reported::report_as;
use super::unwinding::as_handled;
use super::work_failures;

/// Age at which a pending failure is reported as handled.
const OVERDUE: Duration = Duration::from_secs(10);

/// Reports overdue failures as handled; an overdue panic was caught. Called by the ticker. The
/// event of a failure that is observed again afterwards is corrected.
pub(crate) fn settle_overdue() {
    pending_list::set_any(false);
    report_early(|pending| pending.failure.since.elapsed() > OVERDUE, true);
    if all_lists().iter().any(|list| list.lock().iter().any(is_reportable)) {
        pending_list::set_any(true);
    }
}

/// Returns whether failures may be pending on some thread. Called by the ticker.
pub(crate) fn any_pending() -> bool {
    pending_list::any()
}

/// Reports all pending failures of all threads, so that a flush includes them.
pub(crate) fn report_all(handled: bool) {
    report_early(|_| true, handled);
}

/// Reports everything at the end of the program. `failed` says whether the program failed; when
/// that is unknown, deferred failures, which have returned from `main`, are unhandled, and pending
/// ones are handled.
pub(crate) fn settle_at_end(failed: Option<bool>) {
    let handled = !failed.unwrap_or(true);
    for pending in ending::take_deferred() {
        if handled { finish_retained(pending) } else { finish(pending, false) }
    }
    report_all(!failed.unwrap_or(false));
    work_failures::abandon_all();
}

/// Returns whether nothing was reported of it yet.
fn is_reportable(pending: &PendingFailure) -> bool {
    pending.is_unreported() || pending.unwinding.is_some() && !pending.report.is_final()
}

/// Reports the wanted failures of all lists, which stay pending.
///
/// A report may run code of the program, so no list is locked meanwhile: copies are reported. The
/// owning thread may finish a failure between both locks; therefore it is marked as reported under
/// the first one, and the outcome is stored, if the failure is still there, under the second.
fn report_early(wanted: impl Fn(&PendingFailure) -> bool, handled: bool) {
    for list in all_lists() {
        let early: Vec<_> = list
            .lock()
            .iter_mut()
            .filter(|pending| is_reportable(pending) && wanted(pending))
            .map(|pending| {
                pending.join_origin();
                let early = as_handled(pending.failure.clone(), pending.unwinding.as_ref());
                if pending.unwinding.is_some() {
                    pending.report = ReportState::Reported;
                } else {
                    pending.report = ReportState::ReportedEarly;
                    pending.failure.report = ReportOutcome::Counted;
                }
                (early, !pending.is_discarded())
            })
            .collect();
        for (mut failure, is_retained) in early {
            failure.handled = handled;
            let serial = failure.serial;
            let report = report_as(failure, is_retained, |_| ());
            let mut list = list.lock();
            if let Some(pending) = list.iter_mut().find(|pending| pending.failure.serial == serial)
            {
                pending.failure.report = report;
            }
        }
    }
}
