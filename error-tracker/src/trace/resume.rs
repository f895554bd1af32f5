//! Finds the pending failure of an observed error among those of this thread.

use super::error_facts::ObservedError;
use super::error_ref::ErrorRef;
use super::observation::Observation;
use super::pending_failure::{PendingFailure, PendingStage};
use super::pending_list::{any_pending_here, with_pending};

/// Returns whether a failure is pending in the function of an observation. For an
/// untracked call, also in the next tracked call outward.
pub(super) fn is_pending_in(pending: &PendingFailure, observation: Observation<'_>) -> bool {
    !pending.is_discarded()
        && (pending.caller == observation.frame.key()
            || (observation.is_temporary() && pending.caller == observation.frame.caller()))
}

/// Returns whether an error looks like that of a pending failure, by type and text. Any error looks
/// like an unseen one.
fn looks_like(observed: &ObservedError<'_, '_>, pending: &PendingFailure) -> bool {
    pending.stage == PendingStage::Unseen || observed.looks_like(pending.failure.outermost())
}

/// Returns whether an error is that of a pending failure, or carries it as a source. Reads the
/// error's sources.
fn carries(observed: &ObservedError<'_, '_>, pending: &PendingFailure) -> bool {
    pending.stage == PendingStage::Unseen || observed.carries(pending.failure.outermost())
}

/// Returns whether a site names the function that a failure left last. The error may look
/// different: the `From` of the last `?`, or code between the call and the site, may have converted
/// it.
fn is_named_by_site(pending: &PendingFailure, observation: Observation<'_>) -> bool {
    let known = observation.frame.meta().parsed();
    pending.unwinding.is_none()
        && pending.left.is_some_and(|left| known.may_come_from(observation.site(), left.name()))
}

/// Finds the failure of an error that an annotated function returned to this one, and returns what
/// `then` makes of it.
///
/// The text of the error is read before the list is locked, its sources only if the newest failure
/// does not look the same: both run code of the program, which must not run under the lock.
pub(super) fn with_received<R>(
    observation: Observation<'_>,
    error: &ErrorRef<'_>,
    then: impl FnOnce(&mut Vec<PendingFailure>, usize) -> R,
) -> Option<R> {
    let comes_from = |pending: &PendingFailure| {
        is_pending_in(pending, observation)
            && pending.handler.is_none()
            && !pending.is_provisional()
    };
    if !any_pending_here() || !with_pending(|list| list.iter().any(comes_from))? {
        return None;
    }
    let observed = ObservedError::new(error);
    let mut then = Some(then);
    let looks_so = with_pending(|list| {
        let last = list.iter().rposition(comes_from)?;
        looks_like(&observed, &list[last]).then(|| then.take().map(|then| then(list, last)))?
    })?;
    if looks_so.is_some() {
        return looks_so;
    }
    observed.sources();
    with_pending(|list| {
        let find = |is_this: &dyn Fn(&PendingFailure) -> bool| {
            list.iter().rposition(|pending| comes_from(pending) && is_this(pending))
        };
        let index = find(&|pending| carries(&observed, pending))
            .or_else(|| find(&|pending| is_named_by_site(pending, observation)))?;
        then.take().map(|then| then(list, index))
    })?
}

/// Takes the pending failure that an error continues, if there is one. An error is either the same
/// as before (type and text), carries the one before (as a source, or in its text), or is made of
/// it at this site.
///
/// State: the failures of this thread that are pending in the function of the observation, newest
/// last. Usually the newest one looks the same and is taken after one comparison. Otherwise the
/// sources are read, outside of the lock, and the failures are tried by four rules, from sure to
/// vague; within each the newest wins.
///
/// A wrong match would merge two failures, a missed one would report one failure twice. So in
/// untracked calls equal errors of one function are told apart by the stack address of the
/// call: a call within another one has a lower address (tracked calls have none: equal errors that
/// one holds at once cannot be told apart), and a handler must be able to
/// lead to the site.
pub(super) fn resume(
    observation: Observation<'_>,
    stack_address: usize,
    observed: &ObservedError<'_, '_>,
) -> Option<PendingFailure> {
    let (function, site) = (observation.frame.meta(), observation.site());
    let comes_from = |pending: &PendingFailure| {
        // An earlier untracked call of this function observed another error, unless it ran below
        // this one.
        let observed_before = || pending.failure.frames.iter().any(|record| record.is_of(function));
        is_pending_in(pending, observation)
            && !(observation.is_temporary()
                && pending.stack_address >= stack_address
                && observed_before())
            && (!observation.is_temporary() || pending.failure.may_be_observed_in(function, site))
    };
    let goes_on = |pending: &PendingFailure, is_same: bool| match &pending.handler {
        Some(handler) if !handler.is_of(function) => false,
        Some(handler) => {
            function.parsed().site(site).map_or(is_same, |at| handler.may_leave_at(at, is_same))
        }
        None => is_same || pending.through == Some(site),
    };
    if !any_pending_here() {
        return None;
    }
    let found = with_pending(|list| {
        let Some(last) = list.iter().rposition(comes_from) else {
            return ResumeCandidate::Nothing;
        };
        let pending = &list[last];
        if !pending.is_provisional() && goes_on(pending, looks_like(observed, pending)) {
            ResumeCandidate::This(list.remove(last))
        } else {
            ResumeCandidate::Undecided
        }
    })?;
    let mut pending = match found {
        ResumeCandidate::Nothing => return None,
        ResumeCandidate::This(pending) => pending,
        ResumeCandidate::Undecided => {
            observed.sources();
            let is_carried = |pending: &PendingFailure| carries(observed, pending);
            let by_name = |pending: &PendingFailure| {
                pending.handler.is_none() && is_named_by_site(pending, observation)
            };
            // Errors that closures made come late: they may themselves be made of another pending
            // one.
            let rules: [&dyn Fn(&PendingFailure) -> bool; 4] = [
                &|pending| {
                    is_carried(pending) && goes_on(pending, true) && !pending.is_made_inside()
                },
                &|pending| {
                    !pending.is_provisional() && (goes_on(pending, false) || by_name(pending))
                },
                &|pending| is_carried(pending) && goes_on(pending, true),
                &|pending| goes_on(pending, false),
            ];
            with_pending(|list| {
                let found = |is_this: &dyn Fn(&PendingFailure) -> bool| {
                    list.iter().rposition(|pending| comes_from(pending) && is_this(pending))
                };
                rules.into_iter().find_map(found).map(|index| list.remove(index))
            })??
        }
    };
    if pending.stage == PendingStage::Unseen {
        if !observed.carries(pending.failure.outermost()) {
            // The guess is replaced by the error itself.
            pending.failure.innermost = observed.facts();
            pending.failure.changed = None;
        }
        pending.stage = PendingStage::Observed;
    }
    Some(pending)
}

/// What the first look at the list found.
enum ResumeCandidate {
    Nothing,
    /// Failures that may match once the error's sources are known.
    Undecided,
    This(PendingFailure),
}
