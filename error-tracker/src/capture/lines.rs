//! Lines of the functions that a panic unwound or that were still running: they have no failing expression, but the
//! backtrace knows where they were.

use crate::event::{BacktraceFrame, Event, Exit, Frame};

/// Moves each such frame from the function's first line to the line of its call.
pub(crate) fn add_to(event: &mut Event) {
    let mut calls = event.backtrace.iter();
    for frame in event.frames.iter_mut().chain(&mut event.callers) {
        let mut ahead = calls.clone();
        let Some(call) = ahead.find(|call| is_of(call, frame)) else { continue };
        calls = ahead;
        if matches!(frame.exit, Exit::Panic | Exit::Running)
            && frame.column == 0
            && let Some(line) = call.line
        {
            frame.line = line;
        }
    }
}

/// Names do not tell: without full debug information an async body is `{async_block#0}`.
fn is_of(call: &BacktraceFrame, frame: &Frame) -> bool {
    let (first, last) = frame.extent;
    let in_file = call.file.as_deref().is_some_and(|file| file.ends_with(&frame.file));
    in_file && call.line.is_some_and(|line| (first..=last).contains(&line))
}
