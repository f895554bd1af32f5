//! A failure that was observed and is not settled.

use super::failure::Failure;
use super::function_meta::{ErrorHandler, FunctionMeta};
use super::unwinding::UnwindingPanic;

pub(super) struct PendingFailure {
    pub(super) failure: Box<Failure>,
    pub(super) stage: PendingStage,
    pub(super) report: ReportState,
    /// Key of the frame that it is about to leave or has left last.
    pub(super) frame: usize,
    /// The function that it left last.
    pub(super) left: Option<&'static FunctionMeta>,
    /// Key of the frame whose sites would observe it next; 0 when it leaves the outermost frame.
    pub(super) caller: usize,
    /// Stack address of the untracked call that observed it last; else 0.
    pub(super) stack_address: usize,
    /// The site whose converted operand it will leave through.
    pub(super) through: Option<u32>,
    /// Whether it became another error in the function that it is about to leave.
    pub(super) changed: bool,
    /// The handler that observed it last, in the frame `caller`.
    pub(super) handler: Option<ErrorHandler>,
    /// How many of its last frames it may have left at hidden exits. If no site observes it again,
    /// it was handled there.
    pub(super) hidden: usize,
    /// The progress of a panic; `None` for errors.
    pub(super) unwinding: Option<UnwindingPanic>,
}

/// What is known of the error of a pending failure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PendingStage {
    /// It was observed, and is to be reported.
    Observed,
    /// Only its type and a guess of its text are known, since it leaves in a macro. The next
    /// observation in the caller is taken for it, whatever the error looks like.
    Unseen,
    /// It appeared where code without attributes returned it, and the function handles or converts
    /// it. It becomes a failure when an error made of it is propagated, and is dropped silently
    /// otherwise.
    Provisional,
    /// It was handled by an operation that discards errors, such as `.ok()`. No site observes it
    /// again.
    Discarded,
}

/// What was reported of a pending failure.
pub(super) enum ReportState {
    Unreported,
    /// It was pending on another thread or task, as this failure, and is unreported.
    FromElsewhere(Box<Failure>),
    /// Reported by an explicit capture or, of a panic, before it had unwound. Nothing more is
    /// reported.
    Reported,
    /// Reported when it left another thread or task. The functions that it passes here are added to
    /// its event.
    ReportedElsewhere,
    /// Reported before it was settled: overdue, by a flush, or when it left the outermost tracked
    /// call and an untracked one observed it. The functions that it passes later extend its event.
    ReportedEarly,
}

impl ReportState {
    /// Returns whether it needs no report of its own any more, whatever becomes of it.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Reported | Self::ReportedElsewhere)
    }
}

impl PendingFailure {
    /// A failure that is pending in the frame with this key.
    pub(super) fn at(key: usize, failure: Box<Failure>) -> Self {
        Self {
            failure,
            stage: PendingStage::Observed,
            report: ReportState::Unreported,
            frame: key,
            left: None,
            caller: key,
            stack_address: 0,
            through: None,
            changed: false,
            handler: None,
            hidden: 0,
            unwinding: None,
        }
    }

    pub(super) fn is_provisional(&self) -> bool {
        self.stage == PendingStage::Provisional
    }

    pub(super) fn is_discarded(&self) -> bool {
        self.stage == PendingStage::Discarded
    }

    /// Returns whether it is an error that is to be reported and was not.
    pub(super) fn is_unreported(&self) -> bool {
        let unreported =
            matches!(self.report, ReportState::Unreported | ReportState::FromElsewhere(_));
        unreported && !self.is_provisional() && self.unwinding.is_none()
    }

    /// Returns whether a report of it was recorded. An early report may have been refused.
    pub(super) fn has_report(&self) -> bool {
        match self.report {
            ReportState::Unreported | ReportState::FromElsewhere(_) => false,
            ReportState::Reported | ReportState::ReportedElsewhere => true,
            ReportState::ReportedEarly => self.failure.report.is_recorded(),
        }
    }

    /// Returns whether a closure or an async block made it, and no site has observed it since.
    pub(super) fn is_made_inside(&self) -> bool {
        self.is_provisional() && self.through.is_none() && self.handler.is_none()
    }

    /// Joins a failure from elsewhere with what it has become here, as one unreported failure.
    pub(super) fn join_origin(&mut self) {
        match std::mem::replace(&mut self.report, ReportState::Unreported) {
            ReportState::FromElsewhere(origin) => {
                let later = std::mem::replace(&mut self.failure, origin);
                self.failure.go_on_as(*later);
            }
            other => self.report = other,
        }
    }
}
