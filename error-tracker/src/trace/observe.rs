//! Observes errors at the sites of running functions: each resumes its pending failure, or begins one.

use super::error_facts::ObservedError;
use super::error_ref::{ErrorRef, ShowError};
use super::failure::Failure;
use super::finish::finish;
use super::observation::{ErrorFate, Observation};
use super::pending_failure::{PendingFailure, PendingStage, ReportState};
use super::pending_list::{put, take, with_pending};
use super::resume::{is_pending_in, resume, with_received};
use super::temporary_frame::{self, stack_address};
use super::thread::TrackedFrame;
use super::{cross_thread, inside, observation_rate, reported};
use crate::event::Kind;
use crate::user_code::{contain_panics, in_user_code};

/// Observes an error at a site of a running function. Panics of the error's own code are contained.
#[expect(improper_ctypes_definitions, reason = "only Rust calls it")]
pub(crate) extern "C" fn observe(observation: Observation<'_>, show: ShowError<'_>) {
    if !in_user_code() && observation_rate::admits() {
        contain_panics(|| show(&mut |error| observe_error(observation, error)));
    }
    contain_panics(|| temporary_frame::release(observation));
}

/// Observes a `None` of this type that is about to leave the function.
#[expect(improper_ctypes_definitions, reason = "only Rust calls it")]
pub(crate) extern "C" fn observe_none(observation: Observation<'_>, type_name: &'static str) {
    if !in_user_code() && observation_rate::admits() {
        let error = ErrorRef { type_name, display: None, debug: None, error: &|| None };
        contain_panics(|| put(observe_propagated(observation, Kind::None, &error)));
    }
    contain_panics(|| temporary_frame::release(observation));
}

/// Observes an error that is about to leave the function in a macro, which does not show it: `error` is a guess.
pub(crate) fn observe_unseen(observation: Observation<'_>, error: &ErrorRef<'_>) {
    if !in_user_code() {
        let pending = observe_propagated(observation, Kind::Error, error);
        put(PendingFailure { stage: PendingStage::Unseen, ..pending });
    }
    temporary_frame::release(observation);
}

/// Takes back `observe_unseen`: the macro has not returned.
pub(crate) fn cancel_unseen(observation: Observation<'_>) {
    let (key, site) = (observation.frame.key(), observation.site());
    let last = with_pending(|list| {
        let is_it = |pending: &PendingFailure| {
            pending.frame == key
                && pending.failure.frames.last().is_some_and(|record| record.is_at(site))
        };
        list.iter().rposition(is_it).map(|index| list.remove(index))
    });
    if let Some(mut pending) = last.flatten() {
        pending.failure.frames.pop();
        if !pending.failure.frames.is_empty() {
            pending.caller = key;
            finish(pending, true);
        }
    }
    temporary_frame::release(observation);
}

fn observe_error(observation: Observation<'_>, error: &ErrorRef<'_>) {
    match observation.fate() {
        ErrorFate::Propagated => put(observe_propagated(observation, Kind::Error, error)),
        ErrorFate::Converted => observe_converted(observation, error),
        ErrorFate::Handled => observe_handled(observation, error),
        ErrorFate::Discarded => {
            if let Some(pending) =
                with_received(observation, error, |list, index| list.remove(index))
            {
                discard(observation, pending);
            }
        }
    }
}

/// Adds the function to the failure of an error that is about to leave it; returns the failure, which is in no list.
///
/// In this order the error is looked for: pending on this thread, pending or reported on another one, reported when it
/// left the outermost tracked call. An error that is found nowhere begins a failure.
fn observe_propagated(
    observation: Observation<'_>,
    kind: Kind,
    error: &ErrorRef<'_>,
) -> PendingFailure {
    let (frame, site, stack_address) =
        (observation.frame, observation.site(), stack_address(observation));
    let observed = ObservedError::new(error);
    let mut pending = resume_anywhere(observation, stack_address, &observed)
        .unwrap_or_else(|| begin(frame, kind, &observed));
    if pending.is_provisional() {
        pending.stage = PendingStage::Observed;
        frame.meta().budget.note_failure();
        pending.failure.take_stack(true);
    }
    let failure = &mut pending.failure;
    if matches!(pending.report, ReportState::Reported) {
        // Nothing is added to its event; it is only recognised if it is captured again.
        failure.looks_now(&observed);
        failure.captured.clear();
    } else {
        failure.add_frame(frame, Some(site), None, Some(&observed));
        if pending.changed {
            failure.shows_change();
        }
        if failure.debug.is_none() && failure.changed.is_none() {
            failure.read_debug(frame, &observed);
        }
    }
    pending.frame = frame.key();
    pending.left = Some(frame.meta());
    pending.caller = frame.caller();
    pending.stack_address = stack_address;
    pending.changed = false;
    pending.through = None;
    pending.handler = None;
    pending.hidden = 0;
    pending
}

/// Finds the failure of an error that is propagated or converted, wherever it is known.
fn resume_anywhere(
    observation: Observation<'_>,
    stack_address: usize,
    observed: &ObservedError<'_, '_>,
) -> Option<PendingFailure> {
    resume(observation, stack_address, observed)
        .or_else(|| {
            cross_thread::resume_from_elsewhere(observation.frame, observation.site(), observed)
        })
        .or_else(|| reported::resume_reported(observation, observed))
}

/// Begins the failure of an error that is propagated where it appears first.
fn begin(frame: TrackedFrame<'_>, kind: Kind, observed: &ObservedError<'_, '_>) -> PendingFailure {
    let mut failure = Failure::begin(reported::spare_failure(), kind, observed);
    frame.meta().budget.note_failure();
    if frame.meta().budget.reads_error() {
        failure.take_stack(true);
    }
    failure.read_error(frame, observed);
    PendingFailure::at(frame.key(), failure)
}

/// Observes an error whose conversion is about to leave the function.
fn observe_converted(observation: Observation<'_>, error: &ErrorRef<'_>) {
    let stack_address = stack_address(observation);
    let observed = ObservedError::new(error);
    let found = resume_anywhere(observation, stack_address, &observed);
    let Some(mut pending) = found.or_else(|| begin_provisional(observation, &observed)) else {
        return;
    };
    pending.changed |= pending.failure.looks_now(&observed);
    pending.stack_address = stack_address;
    (pending.through, pending.handler) = (Some(observation.site()), None);
    put(pending);
}

/// Observes an error that a `match` or the like is about to handle.
///
/// A known failure stays pending, with its handler: an error that the handler makes, and that leaves, resumes it. An
/// unknown error is of interest only where the handler can make another one of it (`leads`).
fn observe_handled(observation: Observation<'_>, error: &ErrorRef<'_>) {
    let function = observation.frame.meta();
    let found = with_received(observation, error, |list, index| {
        list[index].handler = function.handler(observation.site());
        // Lookups begin at the end, with the failure that was observed last.
        list[index..].rotate_left(1);
    });
    if found.is_some() {
        return;
    }
    let observed = ObservedError::new(error);
    if let Some(pending) =
        cross_thread::resume_from_elsewhere(observation.frame, observation.site(), &observed)
    {
        let handler = function.handler(observation.site());
        return put(PendingFailure {
            handler,
            stack_address: stack_address(observation),
            ..pending
        });
    }
    if let Some(pending) = reported::resume_reported(observation, &observed) {
        return finish(pending, true);
    }
    if function
        .parsed()
        .site(observation.site())
        .is_some_and(|site| site.handler.is_some_and(|scope| scope.leads))
        && let Some(pending) = inside::take(observation, &observed)
            .or_else(|| begin_provisional(observation, &observed))
    {
        let handler = function.handler(observation.site());
        put(PendingFailure { handler, stack_address: stack_address(observation), ..pending });
    }
}

/// Begins a provisional failure for an error that is handled or converted where it appears first; returns `None` for an
/// error that says nothing.
///
/// Drops the provisional failures of this function of which no error can be made any more, so that a loop that handles
/// errors does not collect them: those whose handler does not reach up to this site.
fn begin_provisional(
    observation: Observation<'_>,
    observed: &ObservedError<'_, '_>,
) -> Option<PendingFailure> {
    let (frame, function) = (observation.frame, observation.frame.meta());
    let known = function.parsed();
    let is_over = |pending: &PendingFailure| {
        let reaches_here = pending.handler.as_ref().is_some_and(|handler| {
            handler.is_of(function)
                && known.site(observation.site()).is_some_and(|site| !handler.is_over(site))
        });
        pending.is_provisional()
            && !pending.is_made_inside()
            && is_pending_in(pending, observation)
            && !reaches_here
    };
    drop(take(is_over));
    if observed.has_no_information() {
        return None;
    }
    let mut failure = Failure::begin(reported::spare_failure(), Kind::Error, observed);
    failure.read_error(frame, observed);
    let pending = PendingFailure::at(frame.key(), failure);
    Some(PendingFailure { stage: PendingStage::Provisional, ..pending })
}

/// Marks a failure whose error is discarded. It is reported when the function ends or discards the next one, not now:
/// the closure of an `unwrap_or_else` may still end the program.
fn discard(observation: Observation<'_>, pending: PendingFailure) {
    let key = observation.frame.key();
    for earlier in take(|pending| pending.is_discarded() && pending.caller == key) {
        finish(earlier, true);
    }
    if observation.is_temporary() {
        finish(pending, true);
    } else {
        put(PendingFailure { stage: PendingStage::Discarded, caller: key, ..pending });
    }
}
