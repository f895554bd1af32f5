//! Failures on their way out: recorded at the site where they rose, adopted by the sites that they pass, and
//! finished when they have left the outermost annotated function or were handled.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::Instant;

use super::facts::Facts;
use super::guard::FrameRef;
use super::meta::{Handler, Hidden, Meta, Site};
use super::outcome::{ErrorRef, Meeting, Way};
use super::panic::{self, Unwinding};
use super::waiting::{put, take, waiting};
use super::{backtrace, crossing, frames, share, thread, told};
use crate::event::{self, Exit, Frame, Kind, Location, Timestamp, Variable};
use crate::json::Map;
use crate::mask::{Taint, drop_quietly, rendering};
use crate::scope::Scope;
use crate::snapshot::policy;

/// One failure as it was met, not yet an event.
#[derive(Clone)]
pub(crate) struct Failure {
    /// The event that it became; empty when it did not become one.
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) level: Option<event::Level>,
    pub(crate) at: Timestamp,
    /// The error where it rose.
    pub(crate) innermost: Facts,
    /// The error as it was last seen.
    pub(crate) outermost: Facts,
    /// What the scope held when it rose.
    pub(crate) scope: Scope,
    pub(crate) thread: String,
    pub(crate) location: Option<Location>,
    /// From where it rose outward.
    pub(crate) frames: Vec<Frame>,
    /// The functions of these frames.
    pub(super) passed: Vec<&'static Meta>,
    pub(crate) callers: Vec<Frame>,
    pub(crate) backtrace: backtrace::Raw,
    pub(crate) globals: Vec<Variable>,
    /// Values of the option `context`.
    pub(crate) context: Vec<Variable>,
    /// What was given with a capture by hand.
    pub(crate) extras: Map,
    /// The literal of a message.
    pub(crate) template: Option<&'static str>,
    pub(crate) taint: Taint,
    pub(crate) handled: bool,
    /// Where it was captured by hand.
    pub(crate) captured: Vec<Place>,
}

/// Where an error is captured by hand: file, line and column.
pub(crate) type Place = (&'static str, u32, u32);

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
    /// It is a panic.
    pub(super) unwinding: Option<Unwinding>,
    pub(super) since: Instant,
}

/// So many frames of one failure are kept: the innermost, and the outermost.
pub(super) const MOST_FRAMES: usize = 50;

/// Where finished failures go; the tracker, which stands above, sets it.
pub(crate) struct Sink {
    /// Answers the event's id, or nothing when the failure was not accepted.
    pub(crate) accept: fn(&Failure) -> Option<String>,
    /// Adds to an event that was accepted just before.
    pub(crate) amend: fn(&Failure),
}

pub(crate) static SINK: OnceLock<Sink> = OnceLock::new();

/// An error is met at a site of a running function.
pub(crate) fn meet(meeting: Meeting<'_>, error: &ErrorRef<'_>) {
    if !rendering() && share::lets_in() {
        match meeting.way() {
            Way::Out => put(leaving(meeting, Kind::Error, error)),
            Way::Changed => put(changing(meeting, error)),
            Way::Handled => handling(meeting, error),
            Way::Lost => {
                if let Some(record) = met_before(meeting, error) {
                    finish(record, true);
                }
            }
        }
    }
    met(meeting);
}

/// A `None` is about to leave the function.
pub(crate) fn meet_none(meeting: Meeting<'_>, error: &ErrorRef<'_>) {
    if !rendering() && share::lets_in() {
        put(leaving(meeting, Kind::None, error));
    }
    met(meeting);
}

/// The frame of a call that is not followed goes. What waits in it waits in the function that called it, and there is one: the
/// outermost call is always followed.
pub(super) fn met(meeting: Meeting<'_>) {
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
        meeting.frame.dismiss(&thread.frames);
        thread.frames.mark(caller);
    });
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
    let facts = Facts::of(error);
    let mut record =
        adopt(meeting, depth, &facts).unwrap_or_else(|| rise(meeting.frame, Kind::Error, facts.clone(), error));
    record.failure.outermost = facts;
    record.depth = depth;
    record.through = Some(meeting.site());
    record
}

/// An error is about to leave `frame` through a macro that does not show it.
pub(crate) fn fail_unseen(meeting: Meeting<'_>, error: &ErrorRef<'_>) {
    if !rendering() {
        put(Record { unseen: true, ..leaving(meeting, Kind::Error, error) });
    }
    met(meeting);
}

/// A `match` or the like is about to handle this error.
fn handling(meeting: Meeting<'_>, error: &ErrorRef<'_>) {
    if let Some(mut record) = met_before(meeting, error) {
        record.handler = meeting.frame.meta().handler(meeting.site());
        put(record);
    }
}

/// Takes the record of an error that an annotated function handed to this one.
fn met_before(meeting: Meeting<'_>, error: &ErrorRef<'_>) -> Option<Record> {
    let comes_from = |record: &Record| waits_in(record, meeting) && record.handler.is_none();
    if !waiting(|waiting| waiting.iter().any(comes_from))? {
        return None;
    }
    let facts = Facts::of(error);
    waiting(|waiting| {
        let same = |record: &Record| record.unseen || record.failure.outermost.is_in(&facts);
        let wanted = |record: &Record| comes_from(record) && same(record);
        waiting.iter().rposition(wanted).map(|index| waiting.remove(index))
    })?
}

fn leaving(meeting: Meeting<'_>, kind: Kind, error: &ErrorRef<'_>) -> Record {
    let (frame, depth) = (meeting.frame, depth(meeting));
    let facts = Facts::of(error);
    let at = frame.meta().site(meeting.site());
    let mut record = adopt(meeting, depth, &facts)
        .or_else(|| crossing::met_again(frame, at.as_ref().is_some_and(|at| at.crosses), &facts))
        .unwrap_or_else(|| rise(frame, kind, facts.clone(), error));
    if record.told && !record.crossed {
        record.failure.outermost = facts;
        record.failure.captured.clear();
    } else {
        let exit = at.as_ref().map_or(Exit::Hidden, |at| at.exit);
        pass(&mut record.failure, frame, at, exit, facts);
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
fn rise(frame: FrameRef<'_>, kind: Kind, facts: Facts, error: &ErrorRef<'_>) -> Record {
    let mut taint = Taint::default();
    let innermost = facts.clone().with_debug(error, policy::get(), &mut taint);
    frame.meta().budget.failed();
    let failure = Failure { innermost, taint, ..Failure::new(kind, facts) };
    Record::at(frame.key(), Box::new(failure))
}

/// The waiting record that goes on with this error, when there is one.
fn adopt(meeting: Meeting<'_>, depth: usize, facts: &Facts) -> Option<Record> {
    let (function, site) = (meeting.frame.meta(), meeting.site());
    let at = function.site(site);
    waiting(|waiting| {
        let comes_from = |record: &Record| {
            // What this very function met before, in a call that is not followed, is another error, unless it rose below.
            if meeting.is_alone()
                && record.depth >= depth
                && record.failure.passed.iter().any(|passed| std::ptr::eq(*passed, function))
            {
                return false;
            }
            let same = record.unseen || record.failure.outermost.is_in(facts);
            match (&record.handler, &at) {
                (Some(handler), Some(at)) => handler.is_of(function) && handler.may_lead_to(at, same),
                _ => same || record.through == Some(site),
            }
        };
        let index = waiting.iter().rposition(|record| waits_in(record, meeting) && comes_from(record))?;
        let mut record = waiting.remove(index);
        if record.unseen && !record.failure.outermost.is_in(facts) {
            // What was guessed of it is put right.
            record.failure.innermost = facts.clone();
            record.failure.outermost = facts.clone();
        }
        record.unseen = false;
        Some(record)
    })
    .flatten()
}

/// Adds `frame` to a failure that leaves it.
pub(super) fn pass(failure: &mut Failure, frame: FrameRef<'_>, site: Option<Site>, exit: Exit, facts: Facts) {
    let mut seen = frames::of(frame, site, exit, &mut failure.taint, true);
    let before = &failure.outermost;
    if before.type_name != facts.type_name || before.message != facts.message {
        seen.frame.error = Some(facts.cause());
    }
    if failure.frames.len() < MOST_FRAMES {
        failure.frames.push(seen.frame);
        failure.passed.push(frame.meta());
    } else if let Some(last) = failure.frames.last_mut() {
        *last = seen.frame;
    }
    failure.globals.extend(seen.globals);
    failure.context.extend(seen.context);
    failure.level = failure.level.or(frame.meta().head().level);
    failure.outermost = facts;
}

/// A guard that was linked is being dropped. By its ABI it does not unwind, so an annotated function needs no code for the
/// case that it does.
#[cold]
#[inline(never)]
pub(crate) extern "C" fn leave(frame: FrameRef<'_>) {
    if !thread::with(|thread| frame.is_innermost(&thread.frames))
        && let Err(payload) = catch_unwind(AssertUnwindSafe(|| settle(frame)))
    {
        drop_quietly(payload);
    }
    thread::with(|thread| frame.leave(&thread.frames));
}

/// The same for a guard in a future, which may not be on the list any more.
#[cold]
#[inline(never)]
pub(crate) extern "C" fn leave_task(frame: FrameRef<'_>) {
    if thread::innermost() == frame.key() {
        leave(frame);
    } else {
        frame.give_back();
    }
}

/// Finishes what ends with this frame.
fn settle(frame: FrameRef<'_>) {
    if rendering() {
        return;
    }
    if std::thread::panicking() {
        panic::unwind(frame);
    } else {
        panic::caught();
    }
    let key = frame.key();
    for record in take(|record| record.caller == key && record.unwinding.is_none()) {
        leave_unseen(frame, record);
    }
    let silent = frame.meta().head().silent;
    let leaves = |record: &Record| record.frame == key && (record.caller == 0 || silent);
    for record in take(|record| leaves(record) && record.unwinding.is_none()) {
        finish(record, silent);
    }
}

/// An error was last met by a function that `frame` called, and `frame` leaves: it was handled there, or goes on where
/// nobody sees it.
fn leave_unseen(frame: FrameRef<'_>, mut record: Record) {
    let prev = frame.caller();
    let goes_on = match frame.meta().head().hidden {
        Hidden::Never => false,
        Hidden::Perhaps => prev != 0,
        Hidden::Likely => prev != 0 || record.handler.is_none(),
    };
    if !goes_on {
        return finish(record, true);
    }
    let facts = record.failure.outermost.clone();
    pass(&mut record.failure, frame, None, Exit::Hidden, facts);
    record.frame = frame.key();
    record.caller = prev;
    (record.handler, record.through) = (None, None);
    if prev == 0 {
        return finish(record, false);
    }
    record.hidden += 1;
    put(record);
}

pub(super) fn finish(record: Record, handled: bool) {
    if record.crossed {
        if let Some(sink) = SINK.get() {
            (sink.amend)(&record.failure);
        }
        if !handled {
            crossing::leaves(&record.failure);
        }
        return;
    }
    if record.told {
        if !handled {
            told::left(*record.failure);
        }
        return;
    }
    let mut failure = record.failure;
    failure.handled = handled;
    if handled {
        let kept = failure.frames.len().saturating_sub(record.hidden);
        let running = failure.frames.drain(kept..).map(|frame| Frame { exit: Exit::Running, ..frame });
        failure.callers.extend(running);
    }
    if record.caller != 0 {
        add_callers(&mut failure, record.caller);
    }
    told::tell(failure);
}

/// Adds the frames that are still running, from the one with this key on.
pub(super) fn add_callers(failure: &mut Failure, key: usize) {
    thread::read(|frames| {
        for frame in frames.skip_while(|frame| frame.key() != key).take(MOST_FRAMES) {
            failure.callers.push(frames::of(frame, None, Exit::Running, &mut failure.taint, true).frame);
        }
    });
}

impl Failure {
    pub(crate) fn new(kind: Kind, facts: Facts) -> Self {
        Self {
            id: String::new(),
            kind,
            level: None,
            at: Timestamp::now(),
            innermost: facts.clone(),
            outermost: facts,
            scope: Scope::current(),
            thread: thread_name(),
            location: None,
            frames: Vec::with_capacity(4),
            passed: Vec::with_capacity(4),
            callers: Vec::new(),
            backtrace: backtrace::capture(),
            globals: Vec::new(),
            context: Vec::new(),
            extras: Map::new(),
            template: None,
            taint: Taint::default(),
            handled: false,
            captured: Vec::new(),
        }
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
            unwinding: None,
            since: Instant::now(),
        }
    }
}

fn thread_name() -> String {
    let thread = std::thread::current();
    thread.name().map_or_else(|| format!("{:?}", thread.id()), Into::into)
}
