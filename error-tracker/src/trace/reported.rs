//! Reports failures, and remembers the last ones of each thread, so that one error is reported
//! once.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use super::error_facts::{ErrorFacts, ObservedError};
use super::failure::{CapturePlace, Failure, ReportOutcome};
use super::observation::Observation;
use super::pending_failure::{PendingFailure, ReportState};
use super::sink::SINK;
use super::{shared_reports, work_failures};
use crate::event::Kind;
use crate::scope::{CurrentWork, WorkOwner};

/// Number of reported failures that each thread remembers, to be printed or captured again.
const MAX_REPORTED: usize = 4;

/// Time within which an error reaches an untracked function further out. It does so at once, unless
/// a busy machine runs other threads meanwhile.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(10);

thread_local! {
    /// Newest last.
    static REPORTED: RefCell<Vec<Box<Failure>>> = const { RefCell::new(Vec::new()) };
    /// The failure that was forgotten last, whose memory the next one takes over.
    static SPARE: Cell<Option<Box<Failure>>> = const { Cell::new(None) };
}

/// Reports a failure and remembers it. `complete` adds what only an event shows.
pub(crate) fn report(failure: Box<Failure>, complete: impl FnMut(&mut Failure)) -> ReportOutcome {
    let left = !failure.handled;
    report_as(failure, left, complete)
}

/// Reports a failure and remembers it. With `left`, code without the attribute may still have the
/// error.
pub(super) fn report_as(
    mut failure: Box<Failure>,
    left: bool,
    mut complete: impl FnMut(&mut Failure),
) -> ReportOutcome {
    // Work may be settled between both of the calls that need it.
    let mut is_complete = false;
    let mut complete = |failure: &mut Failure| {
        if !std::mem::replace(&mut is_complete, true) {
            complete(failure);
        }
    };
    let report = match (SINK.get(), &failure.report) {
        (None, _) => ReportOutcome::No,
        (Some(sink), ReportOutcome::Early(id)) => {
            let report = ReportOutcome::Event(id.clone());
            complete(&mut failure);
            (sink.replace)(&failure);
            report
        }
        (Some(sink), _) => work_failures::hold(&mut failure, &mut complete)
            .unwrap_or_else(|| (sink.report)(&mut failure, &mut complete)),
    };
    work_failures::note_report(&failure, &report);
    failure.report = report.clone();
    shared_reports::remember(&failure, left);
    remember(failure);
    report
}

/// Reports a panic that has only begun. Once it has unwound, its event is replaced by the complete
/// one.
#[cfg(feature = "panic")]
pub(crate) fn report_early(mut failure: Box<Failure>) {
    if let Some(sink) = SINK.get() {
        let report = (sink.report)(&mut failure, &mut |_| ());
        work_failures::note_report(&failure, &report);
    }
}

/// Remembers a failure as the one that was reported last on this thread.
pub(super) fn remember(failure: Box<Failure>) {
    let oldest = REPORTED.try_with(|reported| {
        let reported = &mut *reported.try_borrow_mut().ok()?;
        reported.retain(|known| known.serial != failure.serial);
        let oldest = (reported.len() >= MAX_REPORTED).then(|| reported.remove(0));
        reported.push(failure);
        oldest
    });
    if let Ok(Some(oldest)) = oldest {
        let _ = SPARE.try_with(|spare| spare.set(Some(oldest)));
    }
}

/// Takes a failure that is no longer needed, for its memory.
pub(super) fn spare_failure() -> Option<Box<Failure>> {
    SPARE.try_with(Cell::take).ok().flatten()
}

/// Makes an error pending again that was reported when it left the outermost tracked call, and is
/// observed now by an untracked call further out. Its function extends the event.
pub(super) fn resume_reported(
    observation: Observation<'_>,
    observed: &ObservedError<'_, '_>,
) -> Option<PendingFailure> {
    if !observation.is_temporary() || observation.frame.caller() != 0 {
        return None;
    }
    let function = observation.frame.meta();
    // An error that passed this function before is another one.
    let comes_from = |last: &Failure| {
        last.kind == Kind::Error
            && last.owner == WorkOwner::current()
            && (!last.handled || last.left || last.hidden_exit.is_some())
            && last.since.elapsed() < ARRIVAL_LIMIT
            && !last.frames.iter().any(|record| record.is_of(function))
            && last.may_be_observed_in(function, observation.site())
            && (observed.carries(last.outermost())
                || last.is_named_by_site(function, observation.site()))
    };
    observed.sources();
    let failure = REPORTED.try_with(|reported| {
        let reported = &mut *reported.try_borrow_mut().ok()?;
        match reported.last() {
            // An explicit capture is complete: its failure stays here, and a copy becomes pending.
            Some(last) if last.left && comes_from(last) => Some(last.clone()),
            _ => reported.pop_if(|last| comes_from(last)),
        }
    });
    let mut failure = failure.ok()??;
    failure.frames.extend(failure.hidden_exit.take().map(|record| *record));
    let report = if failure.left { ReportState::Reported } else { ReportState::ReportedEarly };
    Some(PendingFailure { report, ..PendingFailure::at(observation.frame.key(), failure) })
}

/// Finds the failure of an error that is captured at `place` and was reported on this thread: one
/// of the present task, or one that has left the annotated functions.
pub(super) fn find_reported(
    facts: &ErrorFacts,
    place: Option<CapturePlace>,
    work: CurrentWork,
) -> Option<Box<Failure>> {
    let owner = WorkOwner::current();
    let found = REPORTED.try_with(|reported| {
        let mut reported = reported.try_borrow_mut().ok()?;
        let is_this = |failure: &Failure| {
            !work.excludes(failure.work(), failure.since) && failure.is_failure_of(facts, place)
        };
        let own = reported.iter().rposition(|failure| failure.owner == owner && is_this(failure));
        let index = own.or_else(|| {
            // A task that moved between threads may have reported its own error on the other one.
            if owner.is_task && shared_reports::knows_own(facts, place, owner) {
                return None;
            }
            let left = |failure: &Failure| {
                (!failure.handled || failure.left) && failure.captured.is_empty()
            };
            reported.iter().rposition(|failure| left(failure) && is_this(failure))
        })?;
        let failure = &mut reported[index];
        failure.captured.extend(place);
        Some(failure.clone())
    });
    let failure = found.ok().flatten()?;
    shared_reports::note_capture(failure.serial, place);
    Some(failure)
}

/// Notes a further place at which a reported failure was captured: an equal error that is captured
/// there later is another one.
#[cfg(feature = "web")]
pub(super) fn note_capture(serial: u64, place: CapturePlace) {
    let _ = REPORTED.try_with(|reported| {
        let mut reported = reported.try_borrow_mut().ok()?;
        let failure = reported.iter_mut().rfind(|failure| failure.serial == serial)?;
        failure.captured.push(place);
        Some(())
    });
    shared_reports::note_capture(serial, Some(place));
}

/// Returns the reported failure that a pending mark stands for; the mark itself when it was
/// forgotten.
pub(super) fn resolve_mark(mark: Box<Failure>) -> Box<Failure> {
    let here = REPORTED.try_with(|reported| {
        let reported = reported.try_borrow().ok()?;
        reported.iter().rfind(|failure| failure.serial == mark.serial).cloned()
    });
    here.ok().flatten().or_else(|| shared_reports::with_serial(mark.serial)).unwrap_or(mark)
}

/// Notes that a reported error has left the outermost tracked call. Further captures look for what
/// it has become.
pub(super) fn note_departure(mark: Failure) {
    let here = REPORTED.try_with(|reported| {
        let mut reported = reported.try_borrow_mut().ok()?;
        let failure = reported.iter_mut().rfind(|failure| failure.serial == mark.serial)?;
        failure.changed = Some(mark.outermost().clone());
        failure.left = true;
        Some(failure.clone())
    });
    match here.ok().flatten() {
        Some(failure) => shared_reports::remember(&failure, true),
        None => shared_reports::note_departure(&mark),
    }
}
