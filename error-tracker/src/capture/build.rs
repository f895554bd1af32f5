//! Builds the event of a failure.

use super::frame_lines;
use crate::event::{Cause, Event, Kind, Level};
use crate::json::Value;
use crate::stack;
use crate::trace::failure::Failure;
use crate::trace::frame_record::FrameRecord;

/// The most bytes that the texts of an event have together.
const MAX_EVENT_BYTES: usize = 256 * 1024;

/// The note in an event whose variables were not read.
const UNREAD_VARIABLES_NOTE: &str =
    "variables of functions that fail all the time: too costly to read at the time";

/// Builds the event of a failure, with its scope. The event is neither masked nor bounded yet.
pub(crate) fn event(failure: &Failure, id: String) -> Event {
    let Failure { innermost, distinction, .. } = failure;
    let non_empty = |text: &String| (!text.is_empty()).then(|| text.clone());
    let level = match failure.kind {
        Kind::Panic => Level::Fatal,
        Kind::Message => Level::Info,
        Kind::None => Level::Warning,
        Kind::Error => Level::Error,
    };
    let (backtrace, objects) = stack::unnamed(&failure.backtrace);
    let mut event = Event {
        id,
        at: failure.at(),
        kind: failure.kind,
        level: failure.level().unwrap_or(level),
        handled: failure.handled,
        captured: failure.explicit && failure.kind != Kind::Message,
        type_name: innermost.type_name.trim_start_matches('&').into(),
        variant: non_empty(&distinction.variant),
        io_kind: non_empty(&distinction.io_kind),
        by_text: distinction.by_text,
        message: innermost.text(),
        template: failure.template.map(Into::into),
        debug: failure.debug.clone(),
        chain: chain(failure),
        frames: failure.frames.iter().map(FrameRecord::frame).collect(),
        callers: failure.callers.iter().map(FrameRecord::frame).collect(),
        location: failure.location.clone(),
        thread: failure.thread_name(),
        globals: failure.values.globals.clone(),
        backtrace,
        objects,
        ..Event::default()
    };
    for variable in &failure.values.context {
        let text = variable.value.as_ref().unwrap_or(&variable.type_name);
        // `Debug` of strings, numbers and lists is mostly JSON.
        let value = crate::json::from_str::<Value>(text).unwrap_or_else(|_| text.clone().into());
        event.context.extras.insert(variable.name.clone(), value);
    }
    event.context.extras.extend(failure.extras.clone());
    if failure.frames.iter().any(FrameRecord::is_unread) {
        event.cut.push(UNREAD_VARIABLES_NOTE.into());
    }
    failure.scope.fill(&mut event);
    frame_lines::move_to_panic(&mut event);
    event
}

/// Returns the causes of the outermost error; the error itself comes first, unless the event's own
/// message and type are the same.
pub(crate) fn chain(failure: &Failure) -> Vec<Cause> {
    let outermost = failure.outermost();
    if !has_changed(failure) && outermost.sources.is_empty() {
        return Vec::new();
    }
    let own = outermost.cause();
    std::iter::once(own).chain(outermost.sources.iter().cloned()).collect()
}

/// Returns whether the error was converted between its first and its last observation.
pub(crate) fn has_changed(failure: &Failure) -> bool {
    let (first, last) = (&failure.innermost, failure.outermost());
    last.message != first.message || last.type_name != first.type_name
}

/// Removes the variables of running functions, then frames in the middle, until an event is small
/// enough.
pub(crate) fn bound(event: &mut Event) {
    let size = |event: &Event| {
        let variables = |variables: &[crate::event::Variable]| -> usize {
            variables
                .iter()
                .map(|v| v.name.len() + v.type_name.len() + v.value.as_ref().map_or(0, String::len))
                .sum()
        };
        let frames = |frames: &[crate::event::Frame]| -> usize {
            frames
                .iter()
                .map(|f| 200 + f.expression.len() + variables(&f.arguments) + variables(&f.locals))
                .sum()
        };
        let chain: usize = event.chain.iter().map(|cause| cause.message.len()).sum();
        let crumbs: usize = event
            .context
            .breadcrumbs
            .iter()
            .map(|crumb| crumb.message.len() + 64 * crumb.data.len())
            .sum();
        event.message.len()
            + chain
            + crumbs
            + frames(&event.frames)
            + frames(&event.callers)
            + variables(&event.globals)
    };
    if size(event) <= MAX_EVENT_BYTES {
        return;
    }
    event.cut.push("variables of running functions: the event was too large".into());
    for frame in &mut event.callers {
        frame.arguments.clear();
        frame.locals.clear();
    }
    let half = event.frames.len() / 2;
    while size(event) > MAX_EVENT_BYTES && event.frames.len() > 2 {
        let middle = event.frames.len() / 2;
        event.frames.remove(middle);
    }
    if event.frames.len() < half {
        event.cut.push("frames in the middle: the event was too large".into());
    }
}
