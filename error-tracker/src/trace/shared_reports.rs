//! The last reported failures of all threads. Their errors may be observed again on another thread
//! or task that waits through a `join`, a channel or a handle, or be captured after an `await` on
//! another thread.
//!
//! An error does not say where it comes from, so equal errors are told apart by their task
//! (`WorkOwner`), by the functions that they passed, and by number: each entry is used once in a
//! place. Of as many equal errors as were reported none is reported again, and one more is another
//! failure.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::error_facts::{ErrorFacts, ObservedError};
use super::failure::{CapturePlace, Failure, ReportOutcome};
use super::function_meta::FunctionMeta;
use crate::event::Kind;
use crate::fork::PerProcess;
use crate::scope::{CurrentWork, WorkNumber, WorkOwner, current_work};

/// Number of failures that are remembered.
const MAX_REPORTED: usize = 1024;
/// Time for which they are remembered.
const MAX_AGE: Duration = Duration::from_secs(60);
/// Time within which an error may be captured again on another thread.
const SOON: Duration = Duration::from_secs(10);

/// A failure that was reported.
pub(super) struct ReportedFailure {
    pub(super) serial: u64,
    pub(super) report: ReportOutcome,
    kind: Kind,
    facts: ErrorFacts,
    /// The functions that it passed, innermost first.
    pub(super) functions: Vec<&'static FunctionMeta>,
    owner: WorkOwner,
    work: Option<WorkNumber>,
    /// Whether code without the attribute may still have the error.
    left: bool,
    pub(super) captured: Vec<CapturePlace>,
    at: Instant,
}

/// Whether any failure was remembered yet, so that most programs never take the lock.
static ANY: AtomicBool = AtomicBool::new(false);
static REPORTED: PerProcess<Mutex<VecDeque<ReportedFailure>>> =
    PerProcess::new(Mutex::new(VecDeque::new()), Mutex::default);

fn all() -> MutexGuard<'static, VecDeque<ReportedFailure>> {
    REPORTED.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers a reported failure whose error may be observed or captured again: it left the
/// annotated functions, or was captured in a task. Replaces the entry with the same serial.
pub(super) fn remember(failure: &Failure, left: bool) {
    if ANY.load(Ordering::Acquire) {
        let is_another = |known: &ReportedFailure| left && known.serial != failure.serial;
        forget_replaced(&mut all(), failure.outermost(), is_another);
    }
    if !failure.report.is_recorded()
        || failure.kind == Kind::None
        || !(left || failure.explicit && failure.owner.is_task)
    {
        return;
    }
    let reported = ReportedFailure {
        serial: failure.serial,
        report: failure.report.clone(),
        kind: failure.kind,
        facts: failure.outermost().clone(),
        functions: failure.frames.iter().map(|record| record.meta).collect(),
        owner: failure.owner,
        work: failure.work(),
        left,
        captured: failure.captured.clone(),
        at: Instant::now(),
    };
    let mut all = all();
    while all
        .front()
        .is_some_and(|oldest| all.len() >= MAX_REPORTED || oldest.at.elapsed() > MAX_AGE)
    {
        all.pop_front();
    }
    if let Some(index) = all.iter().rposition(|known| known.serial == failure.serial) {
        all.remove(index);
    }
    all.push_back(reported);
    ANY.store(true, Ordering::Release);
}

/// Forgets errors that were freed: an error at the same address that has another text, or of which
/// `is_another` says so, has replaced them.
fn forget_replaced(
    all: &mut VecDeque<ReportedFailure>,
    facts: &ErrorFacts,
    is_another: impl Fn(&ReportedFailure) -> bool,
) {
    if facts.is_in_its_box() {
        all.retain(|known| {
            let same_address = known.facts.address == facts.address && known.facts.is_in_its_box();
            !same_address || known.facts.is_in(facts) && !is_another(known)
        });
    }
}

/// Notes a further place at which a reported failure was captured.
pub(super) fn note_capture(serial: u64, place: Option<CapturePlace>) {
    if ANY.load(Ordering::Acquire)
        && let Some(known) = all().iter_mut().rfind(|known| known.serial == serial)
    {
        known.captured.extend(place);
    }
}

/// Returns the reported failure with this serial, without its frames.
pub(super) fn with_serial(serial: u64) -> Option<Box<Failure>> {
    all().iter().rfind(|known| known.serial == serial).map(ReportedFailure::failure)
}

/// Notes that a failure, which was captured before, has left the outermost tracked call.
pub(super) fn note_departure(mark: &Failure) {
    if let Some(known) = all().iter_mut().rfind(|known| known.serial == mark.serial) {
        known.facts = mark.outermost().clone();
        known.left = true;
    }
}

/// Returns whether this task reported a failure of this error that was not captured at `place`.
pub(super) fn knows_own(facts: &ErrorFacts, place: Option<CapturePlace>, owner: WorkOwner) -> bool {
    let is_own = |known: &ReportedFailure| {
        known.owner == owner
            && known.kind == Kind::Error
            && place.is_none_or(|place| !known.captured.contains(&place))
            && known.facts.may_be_held_in(facts)
    };
    ANY.load(Ordering::Acquire) && all().iter().any(is_own)
}

/// Returns the current work. It takes no failure that belongs to no work if an equal one was
/// reported before the work began: then something else fails in the same way again and again, such
/// as a task that polls the same server.
pub(super) fn work_for(facts: &ErrorFacts) -> CurrentWork {
    let work = current_work();
    let Some(since) = work.since().filter(|_| ANY.load(Ordering::Acquire)) else { return work };
    let is_earlier = |known: &ReportedFailure| {
        known.work.is_none()
            && known.kind == Kind::Error
            && known.captured.is_empty()
            && known.at < since
            && known.at.elapsed() < MAX_AGE
            && known.facts.may_be_held_in(facts)
    };
    if all().iter().any(is_earlier) { work.closed() } else { work }
}

/// Finds the failure of an error that is captured at `place` and was reported on another thread, or
/// long ago. Notes the place.
pub(super) fn find_captured(
    facts: &ErrorFacts,
    place: Option<CapturePlace>,
    work: CurrentWork,
) -> Option<Box<Failure>> {
    if !ANY.load(Ordering::Acquire) {
        return None;
    }
    let owner = WorkOwner::current();
    let mut all = all();
    forget_replaced(&mut all, facts, |_| false);
    let is_new_here = |known: &ReportedFailure| match place {
        // Clones of a shared error may be captured at one place.
        Some(place) => !known.captured.contains(&place) || known.left && facts.is_shared(),
        None => true,
    };
    let is_same = |known: &ReportedFailure| {
        known.kind == Kind::Error
            && !work.excludes(known.work, known.at)
            && is_new_here(known)
            && known.at.elapsed() < MAX_AGE
            && known.facts.may_be_held_in(facts)
    };
    // Its own failures come first. A task may capture one error often; the next equal error of a
    // thread is usually another one.
    let rules: [&dyn Fn(&ReportedFailure) -> bool; 3] = [
        &|known| known.owner == owner && (owner.is_task || known.captured.is_empty()),
        &|known| known.left && known.captured.is_empty(),
        &|known| known.left && known.at.elapsed() < SOON,
    ];
    let index = rules
        .iter()
        .find_map(|rule| all.iter().rposition(|known| rule(known) && is_same(known)))?;
    let known = &mut all[index];
    known.captured.extend(place);
    Some(known.failure())
}

/// Takes the newest reported failure whose error may arrive in `function` from another thread or
/// task. `name` is the last segment of the error's type; `may_come_from` decides by the function that the
/// failure left last.
///
/// A failure that passed `function` itself began below it, and is another one.
pub(super) fn take_arrived(
    observed: &ObservedError<'_, '_>,
    name: &str,
    function: &'static FunctionMeta,
    may_come_from: impl Fn(Option<&'static FunctionMeta>) -> bool,
) -> Option<ReportedFailure> {
    if !ANY.load(Ordering::Acquire) {
        return None;
    }
    let work = current_work();
    let mut all = all();
    let index = all.iter().rposition(|known| {
        known.left
            && !work.excludes(known.work, known.at)
            && known.is_in(observed, name)
            && known.at.elapsed() < MAX_AGE
            && !known.functions.iter().any(|passed| std::ptr::eq(*passed, function))
            && may_come_from(known.functions.last().copied())
    })?;
    all.remove(index)
}

impl ReportedFailure {
    /// Returns a failure with the same serial and outermost error, without frames.
    fn failure(&self) -> Box<Failure> {
        let failure = Failure::new(Kind::Error, self.facts.clone());
        Box::new(Failure {
            serial: self.serial,
            report: self.report.clone(),
            handled: !self.left,
            ..failure
        })
    }

    /// Returns whether the observed error is this one, or carries it. A `JoinError` with the
    /// message of a panic is that panic.
    fn is_in(&self, observed: &ObservedError<'_, '_>, name: &str) -> bool {
        match self.kind {
            Kind::Panic => name == "JoinError" && observed.message().contains(&self.facts.message),
            _ => self.facts.type_name == observed.error.type_name && observed.carries(&self.facts),
        }
    }
}
