//! Resumes failures whose errors come from another thread or task: through a `join`, a channel, a
//! slot or an awaited handle.

use super::error_facts::{ErrorFacts, ObservedError};
use super::failure::Failure;
use super::function_meta::FunctionMeta;
use super::pending_failure::{PendingFailure, ReportState};
use super::thread::TrackedFrame;
use super::{pending_list, shared_reports};
use crate::event::Kind;
use crate::scope::{CurrentWork, Scope, WorkOwner, current_work};

/// Errors of the channels themselves: each is made where it is observed.
const CHANNEL_ERRORS: &[&str] =
    &["RecvError", "TryRecvError", "RecvTimeoutError", "SendError", "Elapsed", "Canceled"];

/// Takes the pending failure of an error that is captured here and that a function of another
/// thread or task returned.
pub(super) fn find_pending(facts: &ErrorFacts, work: CurrentWork) -> Option<Box<Failure>> {
    let owner = WorkOwner::current();
    let is_this = |pending: &PendingFailure| {
        pending.is_unreported()
            && !work.excludes(pending.failure.work(), pending.failure.since)
            && !pending.is_discarded()
            && pending.failure.owner != owner
            && pending.failure.outermost().may_be_held_in(facts)
    };
    let mut failure = pending_list::take_anywhere(is_this)?.failure;
    failure.scope.add(&Scope::current());
    failure.owner = owner;
    Some(failure)
}

/// Makes an error pending in `frame` that comes from another thread or task. Each failure is
/// resumed once.
///
/// Whether errors arrive at a site is known from its expression (`crosses_thread`); that a task
/// panicked is known from the error's type.
pub(super) fn resume_from_elsewhere(
    frame: TrackedFrame<'_>,
    site: u32,
    observed: &ObservedError<'_, '_>,
) -> Option<PendingFailure> {
    let name = observed.error.type_name.rsplit("::").next().unwrap_or_default();
    let crosses_thread =
        || frame.meta().parsed().site(site).is_some_and(|site| site.crosses_thread);
    let arrives = !CHANNEL_ERRORS.iter().any(|known| name.starts_with(known)) && crosses_thread();
    if !arrives && name != "JoinError" {
        return None;
    }
    observed.sources();
    let entry =
        ErrorEntry { frame, site, is_distinct: name == "JoinError" || !is_common(observed) };
    resume_pending(&entry, observed).or_else(|| resume_reported(&entry, name, observed))
}

/// Returns whether equal errors of this type are often different ones.
fn is_common(observed: &ObservedError<'_, '_>) -> bool {
    ["std::", "core::"].iter().any(|root| observed.error.type_name.starts_with(root))
}

/// A site at which an error arrives.
struct ErrorEntry<'a> {
    frame: TrackedFrame<'a>,
    site: u32,
    /// Whether type and text identify the error.
    is_distinct: bool,
}

impl ErrorEntry<'_> {
    /// Returns whether the error may be one that left this function last. A site with `is_inline`
    /// waits only for functions that its expression names.
    fn may_come_from(&self, left: Option<&'static FunctionMeta>) -> bool {
        let known = self.frame.meta().parsed();
        self.is_distinct
            || !known.site(self.site).is_some_and(|site| site.is_inline)
            || left.is_some_and(|left| known.may_come_from(self.site, left.name()))
    }
}

/// Resumes a failure that is pending elsewhere. It is reported as one failure, when the functions
/// here are done with it.
fn resume_pending(
    entry: &ErrorEntry<'_>,
    observed: &ObservedError<'_, '_>,
) -> Option<PendingFailure> {
    let (function, work) = (entry.frame.meta(), current_work());
    let may_come = |pending: &PendingFailure| {
        let frames = &pending.failure.frames;
        pending.is_unreported()
            && !work.excludes(pending.failure.work(), pending.failure.since)
            && !pending.is_discarded()
            && !frames.iter().any(|record| record.is_of(function))
            && entry.may_come_from(frames.last().map(|record| record.meta))
    };
    let looks_so = |pending: &PendingFailure| {
        may_come(pending) && observed.looks_like(pending.failure.outermost())
    };
    let carries = |pending: &PendingFailure| {
        may_come(pending) && observed.carries(pending.failure.outermost())
    };
    let origin =
        pending_list::take_anywhere(looks_so).or_else(|| pending_list::take_anywhere(carries))?;
    let failure = Box::new(Failure::new(Kind::Error, observed.facts()));
    Some(PendingFailure {
        report: ReportState::FromElsewhere(origin.failure),
        ..PendingFailure::at(entry.frame.key(), failure)
    })
}

/// Resumes a failure that was reported when it left its thread or task.
fn resume_reported(
    entry: &ErrorEntry<'_>,
    name: &str,
    observed: &ObservedError<'_, '_>,
) -> Option<PendingFailure> {
    let reported = shared_reports::take_arrived(observed, name, entry.frame.meta(), |left| {
        entry.may_come_from(left)
    })?;
    let failure = Failure {
        serial: reported.serial,
        report: reported.report,
        captured: reported.captured,
        ..Failure::new(Kind::Error, observed.facts())
    };
    Some(PendingFailure {
        report: ReportState::ReportedElsewhere,
        ..PendingFailure::at(entry.frame.key(), Box::new(failure))
    })
}
