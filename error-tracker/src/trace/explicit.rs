//! Failures of errors that the program captures or prints itself.

use super::distinction::ErrorDistinction;
use super::error_facts::{ErrorFacts, ObservedError};
use super::error_ref::ErrorRef;
#[cfg(feature = "web")]
use super::failure::ReportOutcome;
use super::failure::{CapturePlace, Failure};
use super::observation::Observation;
use super::pending_failure::{PendingFailure, PendingStage, ReportState};
use super::pending_list::{put, with_pending};
use super::reported::{find_reported, report, resolve_mark};
use super::thread::{self, TrackedFrame};
use super::work_failures::WorkFailures;
use super::{cross_thread, shared_reports, temporary_frame};
#[cfg(feature = "web")]
use super::{reported::note_capture, sink};
#[cfg(feature = "web")]
use crate::event::Level;
use crate::event::{Exit, Kind};
#[cfg(feature = "web")]
use crate::scope::Scope;
use crate::snapshot::policy;
use crate::user_code::in_user_code;

/// The failure of an error that the program captures or prints.
pub(crate) enum ExplicitFailure {
    /// The error is unknown, or its failure is pending and unreported.
    New(Box<Failure>),
    /// The error was reported.
    Reported(Box<Failure>),
}

/// Returns the failure of an error that is captured at `place`. `around` is the frame of the
/// annotated function there, which is added. With `keep` (to print an error) a pending failure
/// stays pending and unreported.
///
/// The error is looked for in this order: pending on this thread, reported on this thread, reported
/// anywhere, pending elsewhere. Invariant: one error is reported once. So a failure that is taken
/// from a list leaves a *mark* in its place: an empty failure with the same serial, in the state
/// `Reported`. Functions that return the error afterwards resume the mark, and a second capture
/// finds the reported failure by the mark's serial. An error that is new gets a mark as well, in
/// the innermost tracked call.
pub(crate) fn explicit_failure(
    around: Option<TrackedFrame<'_>>,
    place: Option<CapturePlace>,
    error: &ErrorRef<'_>,
    keep: bool,
) -> ExplicitFailure {
    find_or_begin(place, error, keep, |failure, observed| {
        add_capture(around, failure, Some(observed));
    })
}

/// Finds or begins the failure of an error, to which `complete` adds what is known here; see
/// [`explicit_failure`].
fn find_or_begin(
    place: Option<CapturePlace>,
    error: &ErrorRef<'_>,
    keep: bool,
    complete: impl FnOnce(&mut Failure, &ObservedError<'_, '_>),
) -> ExplicitFailure {
    let observed = ObservedError::new(error);
    let facts = observed.facts();
    let new_mark = || {
        let failure = Failure::new(Kind::Error, facts.clone());
        Box::new(Failure { captured: place.into_iter().collect(), ..failure })
    };
    let mut mark = (!keep).then(new_mark);
    let running = thread::innermost();
    let here = with_pending(|list| {
        // A mark further out may belong to an earlier attempt with an equal error.
        let is_near =
            |pending: &PendingFailure| !pending.report.is_final() || pending.caller == running;
        let pending = list
            .iter_mut()
            .rfind(|pending| is_near(pending) && pending.failure.is_failure_of(&facts, place))?;
        pending.join_origin();
        let was_reported = pending.has_report();
        if was_reported {
            pending.failure.captured.extend(place);
        } else if let Some(mut mark) = mark.take() {
            mark.serial = pending.failure.serial;
            pending.report = ReportState::Reported;
            if pending.is_provisional() {
                pending.stage = PendingStage::Observed;
            }
            return Some((std::mem::replace(&mut pending.failure, mark), was_reported));
        }
        Some((pending.failure.clone(), was_reported))
    });
    let (mut failure, was_reported) = match here.flatten() {
        Some((failure, true)) => (resolve_mark(failure), true),
        Some((failure, false)) => (failure, false),
        None => {
            let work = shared_reports::work_for(&facts);
            let reported = find_reported(&facts, place, work)
                .or_else(|| shared_reports::find_captured(&facts, place, work));
            let was_reported = reported.is_some();
            let failure = reported
                .or_else(|| cross_thread::find_pending(&facts, work))
                .unwrap_or_else(|| Box::new(Failure::new(Kind::Error, facts)));
            if let Some(mut mark) = mark
                && running != 0
            {
                mark.serial = failure.serial;
                let pending = PendingFailure::at(running, mark);
                put(PendingFailure { report: ReportState::Reported, ..pending });
            }
            (failure, was_reported)
        }
    };
    // A failure that was not recorded because it was of no interest is recorded now.
    if was_reported && (keep || !failure.report.is_unwanted()) {
        return ExplicitFailure::Reported(failure);
    }
    if failure.frames.is_empty() {
        (failure.innermost, failure.changed) = (observed.facts(), None);
        failure.debug = observed.debug(policy::get(), &mut failure.values.taint);
        failure.distinction = observed.distinction(ErrorDistinction::default());
    }
    failure.captured.extend(place);
    complete(&mut failure, &observed);
    ExplicitFailure::New(failure)
}

/// Observes the error that the current scope's work fails with, such as that of a response. Whether
/// it is reported depends on the result of the work. It has no place of its own. Without work, or
/// when that is settled, it is reported at once.
#[cfg(feature = "web")]
pub(crate) fn observe_result(error: &ErrorRef<'_>) {
    if in_user_code() {
        return;
    }
    let facts = ObservedError::new(error).facts();
    let work = WorkFailures::open();
    // A failure is the error of one work only.
    const PLACE: CapturePlace = (file!(), line!(), 0);
    let known = work.as_ref().and_then(|work| work.held(&facts));
    if let Some(serial) = known.as_ref().and_then(|held| held.serial()) {
        note_capture(serial, PLACE);
    }
    let report = known.map(ReportOutcome::Held).unwrap_or_else(|| {
        match find_or_begin(Some(PLACE), error, false, |_, _| ()) {
            ExplicitFailure::New(mut failure) => {
                (failure.handled, failure.explicit) = (false, false);
                report(failure, |_| ())
            }
            ExplicitFailure::Reported(mut failure) => {
                // Its event lacks what is known here, if it came from a task without the scope.
                failure.frames.clear();
                failure.callers.clear();
                failure.scope = Scope::current();
                (failure.handled, failure.explicit) = (false, false);
                failure.becomes(facts.clone());
                sink::amend(*failure)
            }
        }
    });
    if let ReportOutcome::Held(held) = &report {
        held.change(|held| held.becomes(facts));
    }
    if let Some(work) = work {
        work.set_result(report);
    }
}

/// Reports a failure of the current scope's work of which no error is known: `error` stands for it.
#[cfg(feature = "web")]
pub(crate) fn report_result(error: &ErrorRef<'_>, level: Level) -> ReportOutcome {
    let observed = ObservedError::new(error);
    let mut failure = Box::new(Failure::new(Kind::Error, observed.facts()));
    failure.level = Some(level);
    failure.distinction = observed.distinction(ErrorDistinction::default());
    report(failure, |_| ())
}

/// Reports an error that is passed to an annotated error handler, as one that is handled there.
pub(crate) fn observe_given(observation: Observation<'_>, error: &ErrorRef<'_>) {
    if !in_user_code() {
        let frame = observation.frame;
        let known = frame.meta().parsed();
        let place = (known.head.file, known.head.first_line, 0);
        match explicit_failure(Some(frame), Some(place), error, false) {
            ExplicitFailure::New(mut failure) => {
                let work = WorkFailures::open();
                if work.is_some() {
                    // The result of the work says whether the handler turned it into a failure.
                    (failure.handled, failure.explicit) = (false, false);
                }
                let report = report(failure, |_| ());
                if let Some(work) = work {
                    work.set_result(report);
                }
            }
            ExplicitFailure::Reported(failure) => {
                if let Some(work) = WorkFailures::open() {
                    work.set_result(failure.report);
                }
            }
        }
    }
    temporary_frame::release(observation);
}

/// Returns a failure for a captured message. `around` is the frame of the annotated function that
/// captures it.
pub(crate) fn message_failure(around: Option<TrackedFrame<'_>>, text: String) -> Box<Failure> {
    let facts = ErrorFacts { type_name: "message", message: text, ..ErrorFacts::default() };
    let mut failure = Box::new(Failure::new(Kind::Message, facts));
    add_capture(around, &mut failure, None);
    failure
}

/// Adds the capturing function and its callers.
fn add_capture(
    around: Option<TrackedFrame<'_>>,
    failure: &mut Failure,
    observed: Option<&ObservedError<'_, '_>>,
) {
    (failure.handled, failure.explicit) = (true, true);
    let caller = match around {
        Some(frame) => {
            failure.add_frame(frame, None, Some(Exit::Captured), observed);
            frame.caller()
        }
        None => thread::innermost(),
    };
    failure.take_stack(!failure.frames.is_empty());
    failure.add_callers(caller);
}
