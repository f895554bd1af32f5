//! Failures that became events, and errors that are captured by hand: one error is told once.

use std::cell::RefCell;

use super::facts::Facts;
use super::guard::FrameRef;
use super::outcome::{ErrorRef, Meeting};
use super::record::{Failure, Place, Record, SINK, add_callers, met, pass};
use super::waiting::{put, waiting};
use super::{backtrace, crossing, thread};
use crate::event::{Exit, Kind};
use crate::mask::rendering;
use crate::snapshot::policy;

/// So many failures that were told last are remembered on each thread, to be printed or captured again by hand.
const MOST_TOLD: usize = 4;

thread_local! {
    /// Newest last.
    static TOLD: RefCell<Vec<Box<Failure>>> = const { RefCell::new(Vec::new()) };
}

/// Hands a failure to the sink, and remembers it.
pub(crate) fn tell(mut failure: Box<Failure>) -> Option<String> {
    let id = SINK.get().and_then(|sink| (sink.accept)(&failure));
    failure.id = id.clone().unwrap_or_default();
    crossing::leaves(&failure);
    let oldest = TOLD.try_with(|told| {
        let told = &mut *told.try_borrow_mut().ok()?;
        let oldest = (told.len() >= MOST_TOLD).then(|| told.remove(0));
        told.push(failure);
        oldest
    });
    drop(oldest);
    id
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
    let facts = Facts::of(error);
    let mark = || {
        let failure = Failure::new(Kind::Error, facts.clone());
        Box::new(Failure {
            backtrace: backtrace::Raw::default(),
            captured: place.into_iter().collect(),
            ..failure
        })
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
                None => Box::new(Failure::new(Kind::Error, facts.clone())),
            }
        }
    };
    if failure.frames.is_empty() {
        failure.innermost = facts.clone().with_debug(error, policy::get(), &mut failure.taint);
    }
    failure.captured.extend(place);
    capture_in(around, &mut failure, facts);
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
        failure.outermost = mark.outermost;
        Some(())
    });
}

/// An annotated handler is given an error: it is recorded as one that is handled there.
pub(crate) fn given(meeting: Meeting<'_>, error: &ErrorRef<'_>) {
    if !rendering() {
        given_to(meeting.frame, error);
    }
    met(meeting);
}

fn given_to(frame: FrameRef<'_>, error: &ErrorRef<'_>) {
    let place = (frame.meta().file, frame.meta().head().first_line, 0);
    if let Given::New(failure) = by_hand(Some(frame), Some(place), error, false) {
        tell(failure);
    }
}

/// The failure that a message stands for.
pub(crate) fn message(around: Option<FrameRef<'_>>, text: String) -> Box<Failure> {
    let facts = Facts { type_name: "message", message: text, ..Facts::default() };
    let mut failure = Box::new(Failure::new(Kind::Message, facts.clone()));
    capture_in(around, &mut failure, facts);
    failure
}

fn capture_in(around: Option<FrameRef<'_>>, failure: &mut Failure, facts: Facts) {
    failure.handled = true;
    let caller = match around {
        Some(frame) => {
            pass(failure, frame, None, Exit::Captured, facts);
            frame.caller()
        }
        None => thread::innermost(),
    };
    add_callers(failure, caller);
}

impl Failure {
    /// Whether it looks like this error, which is captured by hand. What was captured at the very same place before is
    /// another one: the place is passed again.
    fn may_be(&self, facts: &Facts, place: Option<Place>) -> bool {
        self.outermost.is_in(facts) && place.is_none_or(|place| !self.captured.contains(&place))
    }
}
