//! The failures of a piece of work, such as a web request, that are held until its result is known.
//!
//! Whether an error matters may depend on what becomes of the work: one that is answered with the
//! status 404 is part of normal operation. So an error that leaves the annotated functions is
//! *held* while the work is open, and reported or dropped when the work is settled. Panics,
//! explicit captures, and errors that were handled on the way are reported at once; they are noted,
//! so that they explain a result that has no other failure.
//!
//! The work belongs to a scope, and so to all tasks and threads that the scope was taken to.
#![cfg_attr(not(feature = "web"), allow(dead_code, reason = "only a web request is such work"))]

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::error_facts::ErrorFacts;
use super::failure::{Failure, ReportOutcome};
use super::sink::{CompleteFailure, SINK};
use crate::event::Kind;
use crate::fork::PerProcess;
use crate::scope::Scope;

/// Limit of the failures that one piece of work holds; beyond it the oldest is reported as it is.
const MAX_HELD: usize = 32;
/// Limit of the failures that all work of the process holds; beyond it failures are reported at
/// once.
const MAX_HELD_IN_ALL: usize = 4096;
/// Limit of the handled errors that are noted.
const MAX_HANDLED: usize = 4;
/// An error whose text is shorter than this many bytes is not looked for in another text.
const MIN_TEXT: usize = 4;

/// The failures of a piece of work.
#[derive(Default)]
pub(crate) struct WorkFailures {
    state: Mutex<WorkState>,
}

#[derive(Default)]
struct WorkState {
    /// What was reported when the result was known. From then on nothing is held any more.
    settled: Option<SettledWork>,
    held: Vec<Arc<HeldFailure>>,
    /// The failure that the work was seen to fail with.
    result: Option<ReportOutcome>,
    /// The last failure that was reported while the work was open.
    reported: Option<ReportOutcome>,
    /// The last of them that is a panic.
    panic: Option<ReportOutcome>,
    /// Texts and reports of the errors that were handled last.
    handled: VecDeque<(String, ReportOutcome)>,
}

/// What became of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkResult<'a> {
    /// It failed. `text` is its answer, in which an error is looked for that was handled on the
    /// way.
    Failed { text: &'a str },
    /// It ended with a panic.
    Panicked,
    /// It was refused, which is normal: what is held is dropped.
    Refused,
    /// It went on: what is held was handled.
    Succeeded,
    /// Its result is not known: what is held is reported.
    Abandoned,
}

/// What was reported when a piece of work was settled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SettledWork {
    /// Whether a failure is known that explains why the work failed.
    pub(crate) is_explained: bool,
    /// The id of the event of this failure.
    pub(crate) id: Option<String>,
}

/// The work that holds failures, as far as it is still going on.
static HOLDING: PerProcess<Mutex<Vec<Weak<WorkFailures>>>> =
    PerProcess::new(Mutex::new(Vec::new()), Mutex::default);

/// The number of failures that all work holds.
static HELD_IN_ALL: PerProcess<AtomicUsize> =
    PerProcess::new(AtomicUsize::new(0), AtomicUsize::default);

/// Settles all work, since the program ends before its result is known.
pub(crate) fn abandon_all() {
    let all = std::mem::take(&mut *lock(HOLDING.get()));
    for work in all.iter().filter_map(Weak::upgrade) {
        work.settle(WorkResult::Abandoned);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl WorkFailures {
    /// Returns those of the current scope's work, if it is open.
    pub(super) fn open() -> Option<Arc<Self>> {
        Self::of(&Scope::current()).filter(|work| work.is_open())
    }

    pub(crate) fn is_open(&self) -> bool {
        self.lock().settled.is_none()
    }

    fn of(scope: &Scope) -> Option<Arc<Self>> {
        scope.work()?.failures()
    }

    fn lock(&self) -> MutexGuard<'_, WorkState> {
        lock(&self.state)
    }

    /// Returns the last failure that it holds of this error.
    pub(super) fn held(&self, facts: &ErrorFacts) -> Option<Arc<HeldFailure>> {
        let held = self.lock().held.clone();
        held.into_iter().rev().find(|held| held.is_of(facts))
    }

    /// Sets the failure that the work was seen to fail with.
    pub(super) fn set_result(&self, result: ReportOutcome) {
        self.lock().result = Some(result);
    }

    /// Settles the work: reports or drops what it holds. Failures that its tasks still have are
    /// reported at once from now on.
    ///
    /// Work that was settled before, at the end of the program, has the result of that.
    pub(crate) fn settle(&self, result: WorkResult<'_>) -> SettledWork {
        let WorkState { held, result: seen, reported, panic, handled, .. } = {
            let mut state = self.lock();
            if let Some(settled) = &state.settled {
                return settled.clone();
            }
            let settled = Some(SettledWork::default());
            std::mem::replace(&mut *state, WorkState { settled, ..WorkState::default() })
        };
        match result {
            WorkResult::Refused => {
                let dropped = held.iter().filter(|held| held.discard()).count();
                if let Some(sink) = SINK.get().filter(|_| dropped > 0) {
                    (sink.count_untracked)(dropped as u64);
                }
            }
            WorkResult::Succeeded => {
                held.iter().for_each(|held| held.report(|it| it.handled = true));
            }
            WorkResult::Abandoned | WorkResult::Panicked | WorkResult::Failed { .. } => {
                held.iter().for_each(|held| held.report(|_| ()));
            }
        }
        let last = held.last().map(|held| ReportOutcome::Held(Arc::clone(held)));
        let known = match result {
            WorkResult::Refused | WorkResult::Succeeded => None,
            WorkResult::Panicked => panic,
            WorkResult::Abandoned => seen.or(last).or(reported),
            WorkResult::Failed { text } => seen.or(last).or(reported).or_else(|| {
                let mut all = handled.into_iter().rev();
                let (message, report) = all.find(|(message, _)| text.contains(&**message))?;
                was_not_handled(message, &report);
                Some(report)
            }),
        };
        let known = known.map(|report| report.settled());
        let settled = SettledWork {
            // One that the program ignores is known as well.
            is_explained: known
                .as_ref()
                .is_some_and(|known| !matches!(known, ReportOutcome::Unwanted)),
            id: known.and_then(|report| report.id()),
        };
        self.lock().settled = Some(settled.clone());
        settled
    }
}

/// Corrects the event of an error that was handled on the way, and then given as the answer.
fn was_not_handled(message: String, report: &ReportOutcome) {
    let facts = ErrorFacts { message, ..ErrorFacts::default() };
    if let Some(sink) = SINK.get() {
        (sink.amend)(&Failure { report: report.clone(), ..Failure::new(Kind::Error, facts) });
    }
}

/// Holds a failure if its work is open, and it is an error that nobody has captured or handled.
pub(super) fn hold(failure: &mut Failure, complete: CompleteFailure<'_>) -> Option<ReportOutcome> {
    if failure.handled || failure.explicit || !matches!(failure.kind, Kind::Error | Kind::None) {
        return None;
    }
    let work = WorkFailures::of(&failure.scope)?;
    if !work.is_open() || HELD_IN_ALL.get().load(Relaxed) >= MAX_HELD_IN_ALL {
        return None;
    }
    complete(failure);
    let held = Arc::new(HeldFailure::new(failure.clone()));
    let mut state = work.lock();
    if state.settled.is_some() {
        return None;
    }
    let is_first = state.held.is_empty();
    state.held.push(Arc::clone(&held));
    let oldest = (state.held.len() > MAX_HELD).then(|| state.held.remove(0));
    drop(state);
    if is_first {
        let mut holding = lock(HOLDING.get());
        if holding.len() == holding.capacity() {
            holding.retain(|work| work.upgrade().is_some_and(|work| work.is_open()));
        }
        holding.push(Arc::downgrade(&work));
    }
    if let Some(oldest) = oldest {
        oldest.report(|_| ());
    }
    Some(ReportOutcome::Held(held))
}

/// Notes a failure that was reported while its work was open.
pub(super) fn note_report(failure: &Failure, report: &ReportOutcome) {
    // A panic that the program ignores explains that its work failed.
    let is_noted = match report {
        ReportOutcome::Held(_) | ReportOutcome::Unwanted => false,
        ReportOutcome::No => failure.kind == Kind::Panic,
        _ => failure.kind != Kind::Message,
    };
    if !is_noted {
        return;
    }
    let Some(work) = WorkFailures::of(&failure.scope) else { return };
    let mut state = work.lock();
    let is_handled = failure.handled && !failure.explicit && failure.kind != Kind::Panic;
    if state.settled.is_some() {
    } else if !is_handled {
        state.reported = Some(report.clone());
        if failure.kind == Kind::Panic {
            state.panic = Some(report.clone());
        }
    } else if failure.outermost().message.len() >= MIN_TEXT {
        if state.handled.len() == MAX_HANDLED {
            state.handled.pop_front();
        }
        state.handled.push_back((failure.outermost().message.clone(), report.clone()));
    }
}

/// A failure that is held until its work is settled, or the program captures its error.
pub(crate) struct HeldFailure {
    state: Mutex<HeldState>,
}

enum HeldState {
    Held(Box<Failure>),
    Reported(ReportOutcome),
    Dropped,
}

impl HeldFailure {
    fn new(failure: Failure) -> Self {
        HELD_IN_ALL.get().fetch_add(1, Relaxed);
        Self { state: Mutex::new(HeldState::Held(Box::new(failure))) }
    }

    /// Notes that one failure less is held. A forked child does not count those of its parent.
    fn release() {
        let _ = HELD_IN_ALL.get().fetch_update(Relaxed, Relaxed, |held| held.checked_sub(1));
    }

    fn lock(&self) -> MutexGuard<'_, HeldState> {
        lock(&self.state)
    }

    /// Returns what was reported; `None` while it is held.
    pub(super) fn outcome(&self) -> Option<ReportOutcome> {
        match &*self.lock() {
            HeldState::Held(_) => None,
            HeldState::Reported(report) => Some(report.clone()),
            HeldState::Dropped => Some(ReportOutcome::Unwanted),
        }
    }

    /// Returns the serial of the failure while it is held.
    pub(super) fn serial(&self) -> Option<u64> {
        match &*self.lock() {
            HeldState::Held(failure) => Some(failure.serial),
            _ => None,
        }
    }

    /// Whether it is still held, and of this error.
    fn is_of(&self, facts: &ErrorFacts) -> bool {
        matches!(&*self.lock(), HeldState::Held(failure) if failure.is_failure_of(facts, None))
    }

    /// Changes the failure while it is held. Returns whether it is.
    pub(super) fn change(&self, change: impl FnOnce(&mut Failure)) -> bool {
        match &mut *self.lock() {
            HeldState::Held(failure) => {
                change(failure);
                true
            }
            _ => false,
        }
    }

    /// Reports the failure if it is still held.
    pub(super) fn report(&self, change: impl FnOnce(&mut Failure)) {
        let mut state = self.lock();
        if let HeldState::Held(failure) = &mut *state {
            change(failure);
            let report =
                SINK.get().map_or(ReportOutcome::No, |sink| (sink.report)(failure, &mut |_| ()));
            *state = HeldState::Reported(report);
            Self::release();
        }
    }

    /// Drops the failure if it is still held. Returns whether it was.
    fn discard(&self) -> bool {
        let mut state = self.lock();
        let is_held = matches!(&*state, HeldState::Held(_));
        if is_held {
            *state = HeldState::Dropped;
            Self::release();
        }
        is_held
    }
}

impl Drop for HeldFailure {
    fn drop(&mut self) {
        self.discard();
    }
}

impl fmt::Debug for HeldFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldFailure").finish_non_exhaustive()
    }
}
