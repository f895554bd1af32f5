//! Failures on their way out: recorded at the site where they rose, adopted by the sites that they pass, and
//! finished when they have left the outermost annotated function or were handled.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use super::facts::Met;
use super::failure::Failure;
use super::frames::Passed;
use super::guard::FrameRef;
use super::meta::{Handler, Hidden};
use super::outcome::{ErrorRef, Meeting, Way};
use super::panic::{self, Unwinding};
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
}

pub(crate) static SINK: OnceLock<Sink> = OnceLock::new();

/// An error is met at a site of a running function.
pub(crate) fn meet(meeting: Meeting<'_>, error: &ErrorRef<'_>) {
    let frame = meeting.frame;
    if rendering() || !share::lets_in() {
        return;
    }
    let site = meeting.site();
    match meeting.way() {
        Way::Out => put(leaving(frame, site, Kind::Error, error)),
        Way::Changed => put(changing(frame, site, error)),
        Way::Handled => handling(frame, site, error),
        Way::Lost => {
            if let Some(record) = handed(frame, error, |waiting, index| waiting.remove(index)) {
                finish(record, true);
            }
        }
    }
}

/// A `None` is about to leave the function.
pub(crate) fn meet_none(meeting: Meeting<'_>, error: &ErrorRef<'_>) {
    if !rendering() && share::lets_in() {
        put(leaving(meeting.frame, meeting.site(), Kind::None, error));
    }
}

/// What comes of this error will leave the function.
fn changing(frame: FrameRef<'_>, site: u32, error: &ErrorRef<'_>) -> Record {
    let met = Met::new(error);
    let mut record = adopt(frame, site, &met).unwrap_or_else(|| rise(frame, Kind::Error, &met));
    record.failure.looks_now(&met);
    record.through = Some(site);
    record
}

/// An error is about to leave `frame` through a macro that does not show it.
pub(crate) fn fail_unseen(frame: FrameRef<'_>, site: u32, error: &ErrorRef<'_>) {
    if rendering() {
        return;
    }
    let mut record = leaving(frame, site, Kind::Error, error);
    record.unseen = true;
    put(record);
}

/// A `match` or the like is about to handle this error.
fn handling(frame: FrameRef<'_>, site: u32, error: &ErrorRef<'_>) {
    handed(frame, error, |waiting, index| {
        waiting[index].handler = frame.meta().known().handler(site);
        // The one that was met last is looked at first.
        waiting[index..].rotate_left(1);
    });
}

/// Looks for the record of an error that an annotated function handed to this one, and does something with it.
fn handed<R>(
    frame: FrameRef<'_>,
    error: &ErrorRef<'_>,
    then: impl FnOnce(&mut Vec<Record>, usize) -> R,
) -> Option<R> {
    let comes_from = |record: &Record| record.caller == frame.key() && record.handler.is_none();
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

fn leaving(frame: FrameRef<'_>, site: u32, kind: Kind, error: &ErrorRef<'_>) -> Record {
    let met = Met::new(error);
    let mut record = adopt(frame, site, &met)
        .or_else(|| crossing::met_again(frame, site, &met))
        .unwrap_or_else(|| rise(frame, kind, &met));
    if record.told && !record.crossed {
        record.failure.looks_now(&met);
        record.failure.captured.clear();
    } else {
        pass(&mut record.failure, frame, Some(site), None, Some(&met));
    }
    record.frame = frame.key();
    record.caller = frame.caller();
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
        failure.debug = met.debug(policy::get(), &mut failure.taint);
    }
    Record::at(frame.key(), failure)
}

/// The waiting record that goes on with this error, when there is one.
fn adopt(frame: FrameRef<'_>, site: u32, met: &Met<'_, '_>) -> Option<Record> {
    enum Found {
        Nothing,
        Perhaps,
        This(Record),
    }
    let goes_on = |record: &Record, same: bool| match &record.handler {
        Some(handler) => frame.meta().known().site(site).map_or(same, |at| handler.may_lead_to(at, same)),
        None => same || record.through == Some(site),
    };
    if !any_waits() {
        return None;
    }
    // Mostly it is the one that was met last, and looks as it did.
    let found = waiting(|waiting| {
        let Some(last) = waiting.iter().rposition(|record| record.caller == frame.key()) else {
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
                let comes_from = |record: &Record| {
                    let same = record.unseen || met.carries(record.failure.outermost());
                    record.caller == frame.key() && goes_on(record, same)
                };
                waiting.iter().rposition(comes_from).map(|index| waiting.remove(index))
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

/// A guard is being dropped whose frame is marked, or that of a future which is not linked. By its ABI it does not unwind,
/// so an annotated function needs no code for the case that it does.
#[cold]
#[inline(never)]
pub(crate) extern "C" fn leave(frame: FrameRef<'_>, task: bool) {
    if task && thread::innermost() != frame.key() {
        return;
    }
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| settle(frame))) {
        drop_quietly(payload);
    }
    thread::with(|thread| frame.leave(&thread.frames));
}

/// Finishes what ends with this frame.
fn settle(frame: FrameRef<'_>) {
    if rendering() {
        return;
    }
    let key = frame.key();
    let concerns = |record: &Record| {
        record.unwinding.is_some() || record.caller == key || record.frame == key && record.caller == 0
    };
    let silent = any_waits() && frame.meta().known().head.silent;
    if !silent && !waiting(|waiting| waiting.iter().any(concerns)).unwrap_or_default() {
        return;
    }
    if std::thread::panicking() {
        panic::unwind(frame);
    } else {
        panic::caught();
    }
    for record in take(|record| record.caller == key && record.unwinding.is_none()) {
        leave_unseen(frame, record);
    }
    let leaves = |record: &Record| record.frame == key && (record.caller == 0 || silent);
    for record in take(|record| leaves(record) && record.unwinding.is_none()) {
        finish(record, silent);
    }
}

/// An error was last met by a function that `frame` called, and `frame` leaves: it was handled there, or goes on where
/// nobody sees it.
fn leave_unseen(frame: FrameRef<'_>, mut record: Record) {
    let prev = frame.caller();
    let goes_on = match frame.meta().known().head.hidden {
        Hidden::Never => false,
        Hidden::Perhaps => prev != 0,
        Hidden::Likely => prev != 0 || record.handler.is_none(),
    };
    if !goes_on {
        return finish(record, true);
    }
    pass(&mut record.failure, frame, None, Some(Exit::Hidden), None);
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
        failure.still_running_from(failure.frames.len().saturating_sub(record.hidden));
    }
    told::tell(failure, |failure| {
        if record.caller != 0 {
            add_callers(failure, record.caller);
        }
    });
}

/// Adds the frames that are still running, from the one with this key on.
pub(super) fn add_callers(failure: &mut Failure, key: usize) {
    thread::read(|frames| {
        for frame in frames.skip_while(|frame| frame.key() != key).take(MOST_FRAMES) {
            let caller = Passed::new(frame, None, Some(Exit::Running), failure, true);
            failure.callers.push(caller);
        }
    });
}

impl Record {
    /// A record that waits in the frame with this key.
    pub(super) fn at(key: usize, failure: Box<Failure>) -> Self {
        Self {
            failure,
            frame: key,
            caller: key,
            through: None,
            handler: None,
            unseen: false,
            hidden: 0,
            told: false,
            crossed: false,
            unwinding: None,
        }
    }
}
