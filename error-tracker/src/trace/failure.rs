//! A failure as it was observed, from which an event is built.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::Thread;
use std::time::Instant;

use super::distinction::ErrorDistinction;
use super::error_facts::{ErrorFacts, ErrorSubstance, ObservedError};
use super::frame_record::{FailureValues, FrameRecord};
use super::function_meta::FunctionMeta;
use super::thread::{self, TrackedFrame};
use super::work_failures::HeldFailure;
use crate::event::{self, Exit, Kind, Location, Timestamp};
use crate::json::Map;
use crate::scope::{Scope, ScopeWork, WorkNumber, WorkOwner};
use crate::snapshot::policy;
use crate::snapshot::read_budget::MeasuredRead;
use crate::stack::{self, BacktraceMode, CallAddresses};

/// Limit of the frames of one failure: the innermost ones and the outermost one are kept.
pub(super) const MAX_FRAMES: usize = 50;

/// An error, a `None`, a panic or a message, with the functions that it passed.
#[derive(Clone)]
pub(crate) struct Failure {
    /// Identifies the failure while the program runs; copies have the same.
    pub(super) serial: u64,
    /// The task or thread that it belongs to.
    pub(super) owner: WorkOwner,
    pub(crate) report: ReportOutcome,
    pub(crate) kind: Kind,
    pub(crate) level: Option<event::Level>,
    /// The time of the first observation.
    pub(crate) since: Instant,
    /// The error where it was observed first.
    pub(crate) innermost: ErrorFacts,
    /// The error where it was observed last, if it had become another one.
    pub(super) changed: Option<ErrorFacts>,
    /// The `Debug` text of the innermost error.
    pub(crate) debug: Option<String>,
    /// What distinguishes the innermost error from others of its type.
    pub(crate) distinction: ErrorDistinction,
    /// The scope when the failure began.
    pub(crate) scope: Scope,
    pub(crate) thread: Thread,
    /// The place of a panic, or of a capture outside of annotated functions.
    pub(crate) location: Option<Location>,
    /// The functions that it passed, innermost first.
    pub(crate) frames: Vec<FrameRecord>,
    /// The functions that were still running, innermost first.
    pub(crate) callers: Vec<FrameRecord>,
    pub(crate) backtrace: CallAddresses,
    pub(crate) values: FailureValues,
    /// Values given with an explicit capture.
    pub(crate) extras: Map,
    /// The format string of a message.
    pub(crate) template: Option<&'static str>,
    pub(crate) handled: bool,
    /// Whether the program captured it explicitly.
    pub(crate) explicit: bool,
    /// The places of explicit captures, where known.
    pub(crate) captured: Vec<CapturePlace>,
    /// Reported by an explicit capture; the error has since left the outermost tracked frame.
    pub(super) left: bool,
    /// The outermost tracked frame, if the failure was reported as handled there but may have left
    /// it at a hidden exit.
    pub(super) hidden_exit: Option<Box<FrameRecord>>,
}

/// The result of reporting a failure.
#[derive(Clone, Debug)]
pub(crate) enum ReportOutcome {
    /// It was not reported, or not accepted.
    No,
    /// It was not recorded, since it was handled or says nothing. An explicit capture records it.
    Unwanted,
    /// It was counted onto the issue of equal ones.
    Counted,
    /// An event with this id was made when a panic began; it is replaced once the panic has
    /// unwound.
    Early(String),
    /// An event with this id was made.
    Event(String),
    /// It is reported or dropped when its work is settled.
    Held(Arc<HeldFailure>),
}

impl ReportOutcome {
    /// Returns whether an event contains the failure, finally.
    pub(super) fn is_recorded(&self) -> bool {
        match self {
            Self::Counted | Self::Event(_) => true,
            Self::No | Self::Unwanted | Self::Early(_) => false,
            Self::Held(held) => held.outcome().is_none_or(|outcome| outcome.is_recorded()),
        }
    }

    /// Whether it was not recorded since it is of no interest; an explicit capture records it.
    pub(super) fn is_unwanted(&self) -> bool {
        matches!(self.settled(), Self::Unwanted)
    }

    /// Returns what has become of a held failure, if that is known by now; else this.
    pub(crate) fn settled(&self) -> Self {
        match self {
            Self::Held(held) => held.outcome().unwrap_or_else(|| self.clone()),
            other => other.clone(),
        }
    }

    /// Returns the id that the program gets; that of a counted failure is new, since no event has
    /// it.
    pub(crate) fn id(&self) -> Option<String> {
        match self {
            Self::No | Self::Unwanted => None,
            Self::Counted => Some(event::new_id()),
            Self::Early(id) | Self::Event(id) => Some(id.clone()),
            Self::Held(held) => held.outcome()?.id(),
        }
    }
}

/// The place of an explicit capture: file, line and column.
pub(crate) type CapturePlace = (&'static str, u32, u32);

impl Failure {
    /// A failure that begins now, in the present task and scope, without frames.
    pub(crate) fn new(kind: Kind, facts: ErrorFacts) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            serial: NEXT.fetch_add(1, Ordering::Relaxed),
            owner: WorkOwner::current(),
            report: ReportOutcome::No,
            kind,
            level: None,
            since: Instant::now(),
            innermost: facts,
            changed: None,
            debug: None,
            distinction: ErrorDistinction::default(),
            scope: Scope::current(),
            thread: std::thread::current(),
            location: None,
            frames: Vec::new(),
            callers: Vec::new(),
            backtrace: CallAddresses::new(),
            values: FailureValues::default(),
            extras: Map::new(),
            template: None,
            handled: false,
            explicit: false,
            captured: Vec::new(),
            left: false,
            hidden_exit: None,
        }
    }

    /// Begins the failure of an observed error, in the memory of a failure that is no longer
    /// needed. What distinguishes the error is read by [`read_error`](Self::read_error).
    pub(super) fn begin(
        spare: Option<Box<Self>>,
        kind: Kind,
        observed: &ObservedError<'_, '_>,
    ) -> Box<Self> {
        let Some(mut spare) = spare else {
            return Box::new(Self::new(kind, observed.facts()));
        };
        let new = Self::new(kind, ErrorFacts::default());
        let Self { innermost, distinction, mut frames, mut callers, mut backtrace, .. } =
            std::mem::replace(&mut *spare, new);
        frames.clear();
        callers.clear();
        backtrace.clear();
        spare.innermost = observed.facts_in(innermost.message);
        spare.distinction = distinction;
        (spare.frames, spare.callers, spare.backtrace) = (frames, callers, backtrace);
        spare
    }

    /// Takes the call stack if the backtrace mode asks for it. By default a failure that passes an
    /// annotated function needs none, unless it is a panic.
    pub(super) fn take_stack(&mut self, passes_function: bool) {
        let wanted = match stack::mode() {
            BacktraceMode::Auto => self.kind == Kind::Panic || !passes_function,
            BacktraceMode::All => self.backtrace.is_empty(),
            BacktraceMode::Off => false,
        };
        if wanted {
            self.backtrace = stack::take();
        }
    }

    /// Reads what distinguishes the error, and its `Debug` text, if the function's budget allows it.
    /// The text shows both, so it is read first.
    pub(super) fn read_error(&mut self, frame: TrackedFrame<'_>, observed: &ObservedError<'_, '_>) {
        self.read_debug(frame, observed);
        self.distinction = observed.distinction(std::mem::take(&mut self.distinction));
    }

    /// Reads the `Debug` text of the error, if the function's budget allows it.
    pub(super) fn read_debug(&mut self, frame: TrackedFrame<'_>, observed: &ObservedError<'_, '_>) {
        let budget = &frame.meta().budget;
        if budget.reads_error() {
            let watch = budget.start_reading(MeasuredRead::Error);
            self.debug = observed.debug(policy::get(), &mut self.values.taint);
            let bytes = self.debug.as_ref().map_or(0, String::len);
            budget.spend_reading(MeasuredRead::Error, bytes, watch);
        }
    }

    /// Adds the function of a frame that the failure leaves. `observed` is the error where a site
    /// observes it.
    pub(super) fn add_frame(
        &mut self,
        frame: TrackedFrame<'_>,
        site: Option<u32>,
        exit: Option<Exit>,
        observed: Option<&ObservedError<'_, '_>>,
    ) {
        let mut record = FrameRecord::new(frame, site, exit, &mut self.values, true);
        if observed.is_some_and(|observed| self.looks_now(observed)) {
            record.error = Some(self.outermost().cause().into());
        }
        if self.frames.len() < MAX_FRAMES {
            self.frames.push(record);
        } else if let Some(last) = self.frames.last_mut() {
            *last = record;
        }
    }

    /// Adds the functions that are still running, from the frame with this key outward.
    pub(super) fn add_callers(&mut self, key: usize) {
        thread::read(|frames| {
            for frame in frames.skip_while(|frame| frame.key() != key).take(MAX_FRAMES) {
                let exit = Some(Exit::Running);
                self.callers.push(FrameRecord::new(frame, None, exit, &mut self.values, true));
            }
        });
    }

    /// Returns the piece of work that it belongs to.
    pub(super) fn work(&self) -> Option<WorkNumber> {
        self.scope.work().map(ScopeWork::number)
    }

    /// Returns the time of the first observation.
    pub(crate) fn at(&self) -> Timestamp {
        Timestamp::now().minus(self.since.elapsed())
    }

    /// Returns the error where it was observed last.
    pub(crate) fn outermost(&self) -> &ErrorFacts {
        self.changed.as_ref().unwrap_or(&self.innermost)
    }

    /// Returns how much the error says, innermost or outermost.
    pub(crate) fn substance(&self) -> ErrorSubstance {
        self.changed
            .iter()
            .map(ErrorFacts::substance)
            .fold(self.innermost.substance(), ErrorSubstance::max)
    }

    /// Notes the error as it is observed now. Returns whether it has become another one.
    pub(super) fn looks_now(&mut self, observed: &ObservedError<'_, '_>) -> bool {
        let before = self.outermost();
        if observed.is_known_otherwise(before) || observed.looks_like(before) {
            if observed.text_from() > before.text_from {
                self.is_known_better(observed);
            }
            return false;
        }
        self.changed = Some(observed.facts());
        true
    }

    /// Notes that the error has become another one outside of annotated functions.
    #[cfg(feature = "web")]
    pub(super) fn becomes(&mut self, facts: ErrorFacts) {
        let before = self.outermost();
        if facts.message != before.message || facts.type_name != before.type_name {
            self.changed = Some(facts);
        }
    }

    /// Stores the present error in the last frame, whose function converted it.
    pub(super) fn shows_change(&mut self) {
        let now = self.outermost().cause();
        if let Some(record) = self.frames.last_mut() {
            record.error.get_or_insert_with(|| now.into());
        }
    }

    /// Replaces the present error by the same one, of which more is known: its type was a parameter
    /// before.
    fn is_known_better(&mut self, observed: &ObservedError<'_, '_>) {
        match &mut self.changed {
            Some(changed) => *changed = observed.facts(),
            None => {
                self.innermost = observed.facts();
                self.distinction = observed.distinction(std::mem::take(&mut self.distinction));
            }
        }
    }

    /// Returns whether an untracked call of this function can observe this failure at a site.
    pub(super) fn may_be_observed_in(&self, function: &'static FunctionMeta, site: u32) -> bool {
        let last = self.hidden_exit.as_deref().or(self.frames.last());
        last.is_none_or(|record| record.may_be_observed_in(function, site))
    }

    /// Returns whether the error at a site, whatever it looks like, may be made of this failure:
    /// the site names the function that the failure left last.
    pub(super) fn is_named_by_site(&self, function: &'static FunctionMeta, site: u32) -> bool {
        self.frames
            .last()
            .is_some_and(|record| function.parsed().may_come_from(site, record.meta.name()))
    }

    /// Returns whether it is the failure of an error that is captured at `place`. One that was
    /// captured at the same place before is not: the place was reached again, with another error.
    pub(super) fn is_failure_of(&self, facts: &ErrorFacts, place: Option<CapturePlace>) -> bool {
        self.outermost().is_in(facts) && place.is_none_or(|place| !self.captured.contains(&place))
    }

    /// Returns the name of the thread, or its id if it has none.
    pub(crate) fn thread_name(&self) -> String {
        self.thread.name().map_or_else(|| format!("{:?}", self.thread.id()), Into::into)
    }

    /// Returns the level that was set, else the option `level` of the innermost function that has
    /// one.
    pub(crate) fn level(&self) -> Option<event::Level> {
        self.level.or_else(|| self.frames.iter().find_map(FrameRecord::level))
    }

    /// Joins `later`, as which the error was observed on another thread or task. The functions that
    /// it passed there were waiting for this one, so they become callers.
    pub(super) fn go_on_as(&mut self, later: Self) {
        self.callers.extend(later.frames);
        self.values.context.extend(later.values.context);
        self.captured.extend(later.captured);
        self.scope.add(&later.scope);
        (self.owner, self.explicit) = (later.owner, self.explicit || later.explicit);
        let outermost = later.changed.unwrap_or(later.innermost);
        if outermost.message != self.innermost.message
            || outermost.type_name != self.innermost.type_name
        {
            self.changed = Some(outermost);
        }
    }

    /// Turns the frames from index `from` on into callers, which are still running.
    pub(super) fn still_running_from(&mut self, from: usize) {
        let mut running = self.frames.split_off(from.min(self.frames.len()));
        running.iter_mut().for_each(|record| record.exit = Some(Exit::Running));
        self.callers.append(&mut running);
    }
}
