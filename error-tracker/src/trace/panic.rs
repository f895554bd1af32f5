//! Panics: the hook records what can be read without user code; the guards that unwind add the rest.

use super::facts::Facts;
use super::failure::Failure;
use super::frames::Passed;
use super::guard::FrameRef;
use super::record::{MOST_FRAMES, Record};
use super::waiting::{put, take, waiting};
use super::{thread, told};
use crate::event::{Exit, Kind, Level, Location};

/// What a panic's record knows beside its failure.
pub(super) struct Unwinding {
    /// Keys of the failure's frames.
    keys: Vec<usize>,
    /// How many of them have unwound.
    unwound: usize,
    /// Another panic began meanwhile: so this one was caught, unless the program aborts.
    superseded: bool,
}

impl Unwinding {
    /// The index of a frame that has not unwound; where one has, another may lie now.
    fn index_of(&self, key: usize) -> Option<usize> {
        (self.unwound..self.keys.len()).find(|index| self.keys[*index] == key)
    }
}

/// Called by the panic hook. Answers the failure when nobody will finish it: no annotated function runs on this
/// thread, or the program is about to abort.
#[cfg_attr(not(feature = "panic"), expect(dead_code, reason = "the hook calls it"))]
pub(crate) fn begin(message: String, location: Option<Location>, aborts: bool) -> Vec<Box<Failure>> {
    let facts = Facts { type_name: "panic", message, ..Facts::default() };
    let mut failure = Box::new(Failure {
        location,
        level: Some(Level::Fatal),
        ..Failure::with_backtrace(Kind::Panic, facts)
    });
    let mut keys = Vec::new();
    thread::read(|frames| {
        for frame in frames.take(MOST_FRAMES) {
            let mut passed = Passed::new(frame, None, Some(Exit::Panic), &mut failure, false);
            // The innermost function is where it rose, unless that was in code that it called.
            if keys.is_empty()
                && let Some(at) = &failure.location
                && frame.meta().known().head.holds(&at.file, at.line)
            {
                passed.set_place(&at.file, at.line, at.column);
            }
            failure.frames.push(passed);
            keys.push(frame.key());
        }
    });
    if aborts {
        // A panic that was unwinding will not get any further either.
        let mut all: Vec<_> =
            take(|record| record.unwinding.is_some()).into_iter().map(|r| r.failure).collect();
        all.push(failure);
        return all;
    }
    waiting(|waiting| {
        waiting.iter_mut().filter_map(|record| record.unwinding.as_mut()).for_each(|it| it.superseded = true);
    });
    let Some(&innermost) = keys.first() else { return vec![failure] };
    let unwinding = Some(Unwinding { keys, unwound: 0, superseded: false });
    let mut record = Record::at(innermost, failure);
    record.unwinding = unwinding;
    put(record);
    // Each of them adds what it knows as it unwinds, or tells that it does not.
    thread::with(|thread| thread.frames.mark_all());
    Vec::new()
}

/// A guard is dropped by a panic.
pub(super) fn unwind(frame: FrameRef<'_>) {
    tell_caught(|unwinding| unwinding.superseded);
    let key = frame.key();
    let unwinds = |record: &Record| record.unwinding.as_ref().is_some_and(|it| it.index_of(key).is_some());
    for mut record in take(unwinds) {
        let Some(unwinding) = &mut record.unwinding else { continue };
        if let Some(index) = unwinding.index_of(key) {
            unwinding.unwound = index + 1;
            let failure = &mut record.failure;
            // Values of the option `context` it has already.
            let context = failure.context.len();
            let mut passed = Passed::new(frame, None, Some(Exit::Panic), failure, true);
            failure.context.truncate(context);
            if let Some(known) = failure.frames.get_mut(index) {
                passed.place = known.place;
                *known = passed;
            }
        }
        if frame.caller() == 0 {
            if !record.told {
                told::tell(record.failure, |_| ());
            }
        } else {
            put(record);
        }
    }
}

/// No panic is under way: what unwound before was caught.
pub(super) fn caught() {
    tell_caught(|_| true);
}

fn tell_caught(wanted: impl Fn(&Unwinding) -> bool) {
    for record in take(|record| record.unwinding.as_ref().is_some_and(&wanted)) {
        if !record.told {
            told::tell(as_handled(record.failure, record.unwinding.as_ref()), |_| ());
        }
    }
}

/// A failure as it is told when it was handled; of a panic, the frames that it did not unwind are still running.
pub(super) fn as_handled(mut failure: Box<Failure>, unwinding: Option<&Unwinding>) -> Box<Failure> {
    if let Some(Unwinding { unwound, .. }) = unwinding {
        failure.still_running_from(*unwound);
    }
    failure.handled = true;
    failure
}
