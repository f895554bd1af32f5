//! Makes an event of a failure.

use crate::event::{Cause, Event, Kind, Level};
use crate::json::Value;
use crate::trace::failure::Failure;
use crate::trace::frames::Passed;

/// Most bytes of an event's texts together.
const MOST: usize = 256 * 1024;

const UNREAD: &str = "variables of functions that fail all the time: too costly to read at the time";

pub(crate) fn event(failure: &Failure, id: String) -> Event {
    let innermost = &failure.innermost;
    let level = match failure.kind {
        Kind::Panic => Level::Fatal,
        Kind::Message => Level::Info,
        Kind::None => Level::Warning,
        Kind::Error => Level::Error,
    };
    let mut event = Event {
        id,
        at: failure.at(),
        kind: failure.kind,
        level: failure.level().unwrap_or(level),
        handled: failure.handled,
        type_name: innermost.type_name.trim_start_matches('&').into(),
        variant: Some(&failure.variant).filter(|variant| !variant.is_empty()).cloned(),
        message: innermost.message.clone(),
        template: failure.template.map(Into::into),
        debug: failure.debug.clone(),
        chain: chain(failure),
        frames: failure.frames.iter().map(Passed::frame).collect(),
        callers: failure.callers.iter().map(Passed::frame).collect(),
        location: failure.location.clone(),
        thread: failure.thread_name(),
        globals: failure.globals.clone(),
        addresses: failure.backtrace.clone(),
        ..Event::default()
    };
    for variable in &failure.context {
        let text = variable.value.as_ref().unwrap_or(&variable.type_name);
        // `Debug` of strings, numbers and lists is mostly JSON.
        let value = crate::json::from_str::<Value>(text).unwrap_or_else(|_| text.clone().into());
        event.context.extras.insert(variable.name.clone(), value);
    }
    event.context.extras.extend(failure.extras.clone());
    if failure.frames.iter().any(Passed::is_unread) {
        event.cut.push(UNREAD.into());
    }
    failure.scope.fill(&mut event);
    event
}

/// The chain of the outermost error, without what the event's own message says already.
fn chain(failure: &Failure) -> Vec<Cause> {
    let outermost = failure.outermost();
    let changed =
        outermost.message != failure.innermost.message || outermost.type_name != failure.innermost.type_name;
    if !changed && outermost.sources.is_empty() {
        return Vec::new();
    }
    let own = outermost.cause();
    std::iter::once(own).chain(outermost.sources.iter().cloned()).collect()
}

/// Cuts what is longest until an event is within its bounds.
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
        let crumbs: usize =
            event.context.breadcrumbs.iter().map(|crumb| crumb.message.len() + 64 * crumb.data.len()).sum();
        event.message.len()
            + chain
            + crumbs
            + frames(&event.frames)
            + frames(&event.callers)
            + variables(&event.globals)
    };
    if size(event) <= MOST {
        return;
    }
    event.cut.push("variables of running functions: the event was too large".into());
    for frame in &mut event.callers {
        frame.arguments.clear();
        frame.locals.clear();
    }
    let kept = event.frames.len() / 2;
    while size(event) > MOST && event.frames.len() > 2 {
        let middle = event.frames.len() / 2;
        event.frames.remove(middle);
    }
    if event.frames.len() < kept {
        event.cut.push("frames in the middle: the event was too large".into());
    }
}
