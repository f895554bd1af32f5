//! Finds the current lines of functions that a panic unwound or that were still running. They have
//! no failing expression; the backtrace has the lines of their calls.

use super::source::SourceFiles;
use crate::event::{BacktraceFrame, Event, Exit, Frame};

/// Moves each such frame from the function's first line to the line of its call.
pub(super) fn move_to_calls(event: &mut Event, sources: &mut SourceFiles) {
    let mut calls = event.backtrace.iter();
    for frame in event.frames.iter_mut().chain(&mut event.callers) {
        let mut ahead = calls.clone();
        let Some(call) = ahead.find(|call| is_call_of(call, frame)) else { continue };
        calls = ahead;
        if matches!(frame.exit, Exit::Panic | Exit::Running)
            && frame.column == 0
            && let (Some(line), Some(file)) = (call.line, &call.file)
        {
            frame.line = line;
            frame.snippet = sources.snippet(frame, file).or(frame.snippet.take());
        }
    }
}

/// Moves the innermost frame to the line of the panic, if that is in its function. Needs no names.
pub(super) fn move_to_panic(event: &mut Event) {
    let Some(place) = &event.location else { return };
    let Some(frame) = event.frames.iter_mut().chain(&mut event.callers).next() else { return };
    let (first, last) = frame.extent;
    if matches!(frame.exit, Exit::Panic | Exit::Running)
        && frame.column == 0
        && frame.file == place.file
        && (first..=last).contains(&place.line)
    {
        frame.line = place.line;
    }
}

/// Returns whether `call` is the call of the function of `frame`, by file and lines. Names cannot
/// decide it: without full debug information an async body is called `{async_block#0}`.
fn is_call_of(call: &BacktraceFrame, frame: &Frame) -> bool {
    let (first, last) = frame.extent;
    let in_file = call.file.as_deref().is_some_and(|file| file.ends_with(&frame.file));
    in_file && call.line.is_some_and(|line| (first..=last).contains(&line))
}
