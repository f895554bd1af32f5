//! Failures that became events, and errors that are captured by hand: one error is told once.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use super::facts::{Facts, Met};
use super::failure::{Failure, Place, Told};
use super::guard::FrameRef;
use super::meeting::Meeting;
use super::outcome::ErrorRef;
use super::record::{Record, SINK, dismiss, pass};
use super::settle::add_callers;
use super::waiting::{put, waiting};
use super::{crossing, thread};
use crate::event::{Exit, Kind};
use crate::mask::rendering;
use crate::snapshot::policy;

/// So many failures that were told last are remembered on each thread, to be printed or captured again by hand.
const MOST_TOLD: usize = 4;

/// An error goes on to the next function so soon after it rose, when that is not followed.
const AT_ONCE: Duration = Duration::from_secs(1);

thread_local! {
    /// Newest last.
    static TOLD: RefCell<Vec<Box<Failure>>> = const { RefCell::new(Vec::new()) };
    /// The memory of the one that was forgotten last.
    static SPARE: Cell<Option<Box<Failure>>> = const { Cell::new(None) };
}

/// Hands a failure to the sink, and remembers it. `complete` adds what only an event shows.
pub(crate) fn tell(mut failure: Box<Failure>, complete: impl FnOnce(&mut Failure)) -> Told {
    let told = match SINK.get() {
        None => Told::No,
        Some(sink) if (sink.count)(&failure) => Told::Counted,
        Some(sink) => {
            complete(&mut failure);
            (sink.accept)(&failure).map_or(Told::No, Told::Event)
        }
    };
    failure.told = told.clone();
    crossing::leaves(&failure);
    remember(failure);
    told
}

/// The failure is the one that was told last.
pub(super) fn remember(failure: Box<Failure>) {
    let oldest = TOLD.try_with(|told| {
        let told = &mut *told.try_borrow_mut().ok()?;
        let oldest = (told.len() >= MOST_TOLD).then(|| told.remove(0));
        told.push(failure);
        oldest
    });
    if let Ok(Some(oldest)) = oldest {
        let _ = SPARE.try_with(|spare| spare.set(Some(oldest)));
    }
}

/// The record of an error that was told when it left the outermost function that was followed, and is met now in one further out
/// that is not.
pub(super) fn met_further_out(meeting: Meeting<'_>, met: &Met<'_, '_>) -> Option<Record> {
    if !meeting.is_alone() || meeting.frame.caller() != 0 {
        return None;
    }
    let function = meeting.frame.meta();
    // What this function passed before is another error.
    let comes_from = |last: &Failure| {
        last.kind == Kind::Error
            && (!last.handled || last.left || last.perhaps_left.is_some())
            && last.since.elapsed() < AT_ONCE
            && !last.frames.iter().any(|passed| passed.is_of(function))
            && last.may_lead_to(function, meeting.site())
            && met.carries(last.outermost())
    };
    met.sources();
    let failure = TOLD.try_with(|told| {
        let told = &mut *told.try_borrow_mut().ok()?;
        match told.last() {
            // Nothing is added to what was captured by hand.
            Some(last) if last.left && comes_from(last) => Some(last.clone()),
            _ => told.pop_if(|last| comes_from(last)),
        }
    });
    let mut failure = failure.ok()??;
    failure.frames.extend(failure.perhaps_left.take().map(|passed| *passed));
    let told = failure.left;
    Some(Record { told, further: !told, ..Record::at(meeting.frame.key(), failure) })
}

/// A failure that is not wanted any more, whose memory is at hand.
pub(super) fn spare() -> Option<Box<Failure>> {
    SPARE.try_with(Cell::take).ok().flatten()
}

/// What is known of an error that is given by hand.
pub(crate) enum Given {
    /// It is on its way through this thread, or nobody has met it.
    New(Box<Failure>),
    /// It became an event already.
    Told(Box<Failure>),
}

/// The failure of an error that is given by hand at this place. The function around it, when it is annotated, is added
/// as a frame. With `keep` it stays on its way.
pub(crate) fn by_hand(
    around: Option<FrameRef<'_>>,
    place: Option<Place>,
    error: &ErrorRef<'_>,
    keep: bool,
) -> Given {
    let met = Met::new(error);
    let facts = met.facts();
    let mark = || {
        let failure = Failure::new(Kind::Error, facts.clone());
        Box::new(Failure { captured: place.into_iter().collect(), ..failure })
    };
    // What is left behind keeps the error from being told again when it is returned.
    let mut left = (!keep).then(mark);
    let running = thread::innermost();
    let waits = waiting(|waiting| {
        // A told one that waits further out may as well be what an earlier attempt came to.
        let is_near = |record: &Record| !record.told || record.caller == running;
        let record =
            waiting.iter_mut().rfind(|record| is_near(record) && record.failure.may_be(&facts, place))?;
        let was_told = record.told;
        if was_told {
            record.failure.captured.extend(place);
        } else if let Some(left) = left.take() {
            record.told = true;
            return Some((std::mem::replace(&mut record.failure, left), was_told));
        }
        Some((record.failure.clone(), was_told))
    });
    let mut failure = match waits.flatten() {
        // It may have become another error since it was told.
        Some((failure, true)) => return Given::Told(told(&failure.innermost, None).unwrap_or(failure)),
        Some((failure, false)) => failure,
        None => {
            if let Some(left) = left
                && running != 0
            {
                put(Record { told: true, ..Record::at(running, left) });
            }
            match told(&facts, place) {
                Some(failure) => return Given::Told(failure),
                None => Box::new(Failure::with_backtrace(Kind::Error, facts)),
            }
        }
    };
    if failure.frames.is_empty() {
        (failure.innermost, failure.changed) = (met.facts(), None);
        failure.debug = met.debug(policy::get(), &mut failure.taint);
        failure.variant = met.variant(String::new());
    }
    failure.captured.extend(place);
    capture_in(around, &mut failure, Some(&met));
    Given::New(failure)
}

/// The failure that was told last of this error, on this thread.
fn told(facts: &Facts, place: Option<Place>) -> Option<Box<Failure>> {
    let found = TOLD.try_with(|told| {
        let mut told = told.try_borrow_mut().ok()?;
        let failure = told.iter_mut().rev().find(|failure| failure.may_be(facts, place))?;
        failure.captured.extend(place);
        Some(failure.clone())
    });
    found.ok().flatten()
}

/// An error that was told has left the outermost function: whoever captures it now knows it as what it has become.
pub(super) fn left(mark: Failure) {
    let _ = TOLD.try_with(|told| {
        let mut told = told.try_borrow_mut().ok()?;
        let failure = told.iter_mut().rev().find(|failure| failure.may_be(&mark.innermost, None))?;
        failure.changed = Some(mark.changed.unwrap_or(mark.innermost));
        failure.left = true;
        Some(())
    });
}

/// An annotated handler is given an error: it is recorded as one that is handled there.
pub(crate) fn given(meeting: Meeting<'_>, error: &ErrorRef<'_>) {
    if !rendering() {
        given_to(meeting.frame, error);
    }
    dismiss(meeting);
}

fn given_to(frame: FrameRef<'_>, error: &ErrorRef<'_>) {
    let known = frame.meta().known();
    let place = (known.head.file, known.head.first_line, 0);
    if let Given::New(failure) = by_hand(Some(frame), Some(place), error, false) {
        tell(failure, |_| ());
    }
}

/// The failure that a message stands for.
pub(crate) fn message(around: Option<FrameRef<'_>>, text: String) -> Box<Failure> {
    let facts = Facts { type_name: "message", message: text, ..Facts::default() };
    let mut failure = Box::new(Failure::with_backtrace(Kind::Message, facts));
    capture_in(around, &mut failure, None);
    failure
}

fn capture_in(around: Option<FrameRef<'_>>, failure: &mut Failure, met: Option<&Met<'_, '_>>) {
    failure.handled = true;
    let caller = match around {
        Some(frame) => {
            pass(failure, frame, None, Some(Exit::Captured), met);
            frame.caller()
        }
        None => thread::innermost(),
    };
    add_callers(failure, caller);
}
