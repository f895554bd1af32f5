//! Failures on their way out: recorded at the site where they rose, adopted by the sites that they pass, and
//! finished when they have left the outermost annotated function or were handled.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::Instant;

use super::facts::Met;
use super::failure::Failure;
use super::frames::Passed;
use super::guard::FrameRef;
use super::meeting::{Meeting, Way};
use super::meta::Handler;
use super::outcome::{ErrorRef, ShowError};
use super::panic::Unwinding;
use super::settle::finish;
use super::waiting::{any_waits, put, take, waiting};
use super::{backtrace, crossing, share, thread, told};
use crate::event::{Exit, Kind};
use crate::mask::{drop_quietly, rendering};
use crate::snapshot::policy;

pub(super) struct Record {
    pub(super) failure: Box<Failure>,
    /// The frame that it is about to leave or has left last.
    pub(super) frame: usize,
    /// The frame that would meet it next.
    pub(super) caller: usize,
    /// Where on the stack it was met last, in a call that is not followed; else 0.
    pub(super) depth: usize,
    /// The site whose operand it will leave through, when `see_source` met it.
    pub(super) through: Option<u32>,
    /// Where it was last handled, in the function that would meet it next.
    pub(super) handler: Option<Handler>,
    /// The error was not looked at, only what will become of it is known: the next site that meets any error in the
    /// caller has met this one.
    pub(super) unseen: bool,
    /// So many of its last frames it may have left where nobody sees it. If nobody meets it again, it was handled there.
    pub(super) hidden: usize,
    /// It was captured by hand already: nothing more is told of it.
    pub(super) told: bool,
    /// It was told where it left another thread or task: the functions that it passes here are added to its event.
    pub(super) crossed: bool,
    /// It was told where it left the outermost function that was followed: those that it passes further out are added to its
    /// event.
    pub(super) further: bool,
    /// It is a panic.
    pub(super) unwinding: Option<Unwinding>,
}

/// So many frames of one failure are kept: the innermost, and the outermost.
pub(super) const MOST_FRAMES: usize = 50;

/// Where finished failures go; the tracker, which stands above, sets it.
pub(crate) struct Sink {
    /// Counts a failure onto the issue of equal ones when these storm; says whether it did.
    pub(crate) count: fn(&Failure) -> bool,
    /// Makes an event of one that was not counted. Answers its id, or nothing when it was not accepted.
    pub(crate) accept: fn(&Failure) -> Option<String>,
    /// Adds to an event that was accepted just before.
    pub(crate) amend: fn(&Failure),
    /// The same of a failure that has passed further functions since.
    pub(crate) extend: fn(&Failure),
}

pub(crate) static SINK: OnceLock<Sink> = OnceLock::new();

/// An error is met at a site of a running function. What its code does, when it is looked at, cannot hurt.
#[expect(improper_ctypes_definitions, reason = "only Rust calls it")]
pub(crate) extern "C" fn meet(meeting: Meeting<'_>, look: ShowError<'_>) {
    if !rendering() && share::lets_in() {
        caught(|| look(&mut |error| met(meeting, error)));
    }
    caught(|| dismiss(meeting));
}

fn met(meeting: Meeting<'_>, error: &ErrorRef<'_>) {
    match meeting.way() {
        Way::Out => put(leaving(meeting, Kind::Error, error)),
        Way::Changed => put(changing(meeting, error)),
        Way::Handled => handling(meeting, error),
        Way::Lost => {
            if let Some(record) = handed(meeting, error, |waiting, index| waiting.remove(index)) {
                finish(record, true);
            }
        }
    }
}

/// A `None` of this type is about to leave the function.
#[expect(improper_ctypes_definitions, reason = "only Rust calls it")]
pub(crate) extern "C" fn meet_none(meeting: Meeting<'_>, type_name: &'static str) {
    if !rendering() && share::lets_in() {
        let error = ErrorRef { type_name, display: None, debug: None, error: &|| None };
        caught(|| put(leaving(meeting, Kind::None, &error)));
    }
    caught(|| dismiss(meeting));
}

pub(super) fn caught(work: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
        drop_quietly(payload);
    }
}

/// The frame of a call that is not followed goes. What waits in it waits in the function that called it, or has left the
/// outermost one.
pub(super) fn dismiss(meeting: Meeting<'_>) {
    if !meeting.is_alone() {
        return;
    }
    let (key, caller) = (meeting.frame.key(), meeting.frame.caller());
    waiting(|waiting| {
        for record in waiting {
            if record.caller == key {
                record.caller = caller;
            }
        }
    });
    thread::with(|thread| {
        meeting.frame.leave(&thread.frames);
        thread.frames.mark(caller);
    });
    if caller == 0 {
        let leaves = |record: &Record| record.frame == key && record.through.is_none();
        for record in take(|record| leaves(record) && record.unwinding.is_none()) {
            finish(record, false);
        }
    }
}

/// Where on the stack a call runs that is not followed, as an address: the stack grows down; else 0.
fn depth(meeting: Meeting<'_>) -> usize {
    if meeting.is_alone() { thread::with(|thread| thread.depth.get()) } else { 0 }
}

/// Whether a record waits in the function of this meeting. One that a call met which is not followed waits further out.
fn waits_in(record: &Record, meeting: Meeting<'_>) -> bool {
    record.caller == meeting.frame.key() || (meeting.is_alone() && record.caller == meeting.frame.caller())
}

/// What comes of this error will leave the function.
fn changing(meeting: Meeting<'_>, error: &ErrorRef<'_>) -> Record {
    let depth = depth(meeting);
    let met = Met::new(error);
    let mut record = adopt(meeting, depth, &met)
        .or_else(|| told::met_further_out(meeting, &met))
        .unwrap_or_else(|| rise(meeting.frame, Kind::Error, &met));
    record.failure.looks_now(&met);
    record.depth = depth;
    record.through = Some(meeting.site());
    record
}

/// An error is about to leave `frame` through a macro that does not show it.
pub(crate) fn fail_unseen(meeting: Meeting<'_>, error: &ErrorRef<'_>) {
    if !rendering() {
        put(Record { unseen: true, ..leaving(meeting, Kind::Error, error) });
    }
    dismiss(meeting);
}

/// A `match` or the like is about to handle this error.
fn handling(meeting: Meeting<'_>, error: &ErrorRef<'_>) {
    let found = handed(meeting, error, |waiting, index| {
        waiting[index].handler = meeting.frame.meta().handler(meeting.site());
        // The one that was met last is looked at first.
        waiting[index..].rotate_left(1);
    });
    if found.is_none()
        && let Some(record) = told::met_further_out(meeting, &Met::new(error))
    {
        finish(record, true);
    }
}

/// Looks for the record of an error that an annotated function handed to this one, and does something with it.
fn handed<R>(
    meeting: Meeting<'_>,
    error: &ErrorRef<'_>,
    then: impl FnOnce(&mut Vec<Record>, usize) -> R,
) -> Option<R> {
    let comes_from = |record: &Record| waits_in(record, meeting) && record.handler.is_none();
    if !any_waits() || !waiting(|waiting| waiting.iter().any(comes_from))? {
        return None;
    }
    let met = Met::new(error);
    let mut then = Some(then);
    let looks_so = waiting(|waiting| {
        let last = waiting.iter().rposition(comes_from)?;
        let same = waiting[last].unseen || met.looks_like(waiting[last].failure.outermost());
        same.then(|| then.take().map(|then| then(waiting, last)))?
    })?;
    if looks_so.is_some() {
        return looks_so;
    }
    met.sources();
    waiting(|waiting| {
        let same = |record: &Record| record.unseen || met.carries(record.failure.outermost());
        let index = waiting.iter().rposition(|record| comes_from(record) && same(record))?;
        then.take().map(|then| then(waiting, index))
    })?
}

fn leaving(meeting: Meeting<'_>, kind: Kind, error: &ErrorRef<'_>) -> Record {
    let (frame, site, depth) = (meeting.frame, meeting.site(), depth(meeting));
    let met = Met::new(error);
    let mut record = adopt(meeting, depth, &met)
        .or_else(|| crossing::met_again(frame, site, &met))
        .or_else(|| told::met_further_out(meeting, &met))
        .unwrap_or_else(|| rise(frame, kind, &met));
    if record.told && !record.crossed {
        record.failure.looks_now(&met);
        record.failure.captured.clear();
    } else {
        pass(&mut record.failure, frame, Some(site), None, Some(&met));
    }
    record.frame = frame.key();
    record.caller = frame.caller();
    record.depth = depth;
    record.through = None;
    record.handler = None;
    record.hidden = 0;
    record
}

/// A record of a failure that rises now.
fn rise(frame: FrameRef<'_>, kind: Kind, met: &Met<'_, '_>) -> Record {
    let mut failure = Failure::rising(told::spare(), kind, met);
    let budget = &frame.meta().budget;
    budget.failed();
    if budget.reads() {
        failure.backtrace = backtrace::capture();
        let begun = Instant::now();
        failure.debug = met.debug(policy::get(), &mut failure.taint);
        budget.spend_reading(begun.elapsed());
    }
    Record::at(frame.key(), failure)
}

/// The waiting record that goes on with this error, when there is one.
fn adopt(meeting: Meeting<'_>, depth: usize, met: &Met<'_, '_>) -> Option<Record> {
    enum Found {
        Nothing,
        Perhaps,
        This(Record),
    }
    let (function, site) = (meeting.frame.meta(), meeting.site());
    let comes_from = |record: &Record| {
        // What this very function met before, in a call that is not followed, is another error, unless it rose below.
        let met_before = || record.failure.frames.iter().any(|passed| passed.is_of(function));
        waits_in(record, meeting)
            && !(meeting.is_alone() && record.depth >= depth && met_before())
            && (!meeting.is_alone() || record.failure.may_lead_to(function, site))
    };
    let goes_on = |record: &Record, same: bool| match &record.handler {
        Some(handler) if !handler.is_of(function) => false,
        Some(handler) => function.known().site(site).map_or(same, |at| handler.may_lead_to(at, same)),
        None => same || record.through == Some(site),
    };
    if !any_waits() {
        return None;
    }
    // Mostly it is the one that was met last, and looks as it did.
    let found = waiting(|waiting| {
        let Some(last) = waiting.iter().rposition(comes_from) else {
            return Found::Nothing;
        };
        let record = &waiting[last];
        let same = record.unseen || met.looks_like(record.failure.outermost());
        if goes_on(record, same) { Found::This(waiting.remove(last)) } else { Found::Perhaps }
    })?;
    let mut record = match found {
        Found::Nothing => return None,
        Found::This(record) => record,
        Found::Perhaps => {
            met.sources();
            waiting(|waiting| {
                let is_this = |record: &Record| {
                    let same = record.unseen || met.carries(record.failure.outermost());
                    comes_from(record) && goes_on(record, same)
                };
                waiting.iter().rposition(is_this).map(|index| waiting.remove(index))
            })??
        }
    };
    if record.unseen && !met.carries(record.failure.outermost()) {
        // What was guessed of it is put right.
        record.failure.innermost = met.facts();
        record.failure.changed = None;
    }
    record.unseen = false;
    Some(record)
}

/// Adds `frame` to a failure that leaves it; as `met`, where somebody looks at the error.
pub(super) fn pass(
    failure: &mut Failure,
    frame: FrameRef<'_>,
    site: Option<u32>,
    exit: Option<Exit>,
    met: Option<&Met<'_, '_>>,
) {
    let mut passed = Passed::new(frame, site, exit, failure, true);
    if met.is_some_and(|met| failure.looks_now(met)) {
        passed.error = Some(failure.outermost().cause().into());
    }
    if failure.frames.len() < MOST_FRAMES {
        failure.frames.push(passed);
    } else if let Some(last) = failure.frames.last_mut() {
        *last = passed;
    }
}

impl Record {
    /// A record that waits in the frame with this key.
    pub(super) fn at(key: usize, failure: Box<Failure>) -> Self {
        Self {
            failure,
            frame: key,
            caller: key,
            depth: 0,
            through: None,
            handler: None,
            unseen: false,
            hidden: 0,
            told: false,
            crossed: false,
            further: false,
            unwinding: None,
        }
    }
}
