//! What becomes of failures where a function ends: they go on to its caller, or are finished.

use super::failure::Failure;
use super::frames::Passed;
use super::guard::FrameRef;
use super::meta::Hidden;
use super::record::{MOST_FRAMES, Record, SINK, caught, pass};
use super::waiting::{any_waits, put, take, waiting};
use super::{crossing, panic, thread, told};
use crate::event::Exit;
use crate::mask::rendering;

/// A guard that was linked is being dropped. By its ABI it does not unwind, so an annotated function needs no code for the
/// case that it does.
#[cold]
#[inline(never)]
pub(crate) extern "C" fn leave(frame: FrameRef<'_>) {
    thread::with(|thread| {
        if frame.is_innermost(&thread.frames) {
            frame.leave(&thread.frames);
        } else {
            leave_awaited(frame);
        }
    });
}

#[cold]
#[inline(never)]
fn leave_awaited(frame: FrameRef<'_>) {
    caught(|| settle(frame));
    thread::with(|thread| frame.leave(&thread.frames));
}

/// The same for a guard in a future, which may not be on the list any more.
#[cold]
#[inline(never)]
pub(crate) extern "C" fn leave_task(frame: FrameRef<'_>) {
    if thread::innermost() == frame.key() {
        leave(frame);
    } else {
        frame.free();
    }
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
    let hidden = frame.meta().known().head.hidden;
    let goes_on = match hidden {
        Hidden::Never => false,
        Hidden::Perhaps => prev != 0,
        Hidden::Likely => prev != 0 || record.handler.is_none(),
    };
    if !goes_on {
        if prev == 0 && hidden != Hidden::Never {
            record.failure.perhaps_left =
                Some(Box::new(Passed::new(frame, None, Some(Exit::Hidden), &mut record.failure, true)));
        }
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

pub(super) fn finish(mut record: Record, handled: bool) {
    if record.further {
        record.failure.handled = handled;
        if let Some(sink) = SINK.get() {
            (sink.extend)(&record.failure);
        }
        return told::remember(record.failure);
    }
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
