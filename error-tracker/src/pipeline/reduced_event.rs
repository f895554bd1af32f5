//! The part of an event that is kept to count further occurrences of its issue.

use crate::event::{Event, Frame, Origin, Request};

/// Returns the part of `event` that is needed for the same issue, without variables and source.
pub(super) fn reduced(event: &Event) -> Event {
    let frame = |frame: &Frame| Frame {
        function: frame.function.clone(),
        module: frame.module.clone(),
        file: frame.file.clone(),
        line: frame.line,
        column: frame.column,
        expression: frame.expression.clone(),
        ordinal: frame.ordinal,
        exit: frame.exit,
        ..Frame::default()
    };
    let mut reduced = Event {
        id: event.id.clone(),
        at: event.at,
        kind: event.kind,
        level: event.level,
        handled: event.handled,
        type_name: event.type_name.clone(),
        variant: event.variant.clone(),
        message: event.message.clone(),
        chain: event.chain.clone(),
        frames: event.frames.first().map(frame).into_iter().collect(),
        location: event.location.clone(),
        origin: Origin { arguments: Vec::new(), ..event.origin.clone() },
        grouping: event.grouping.clone(),
        ..Event::default()
    };
    reduced.context.request = event.context.request.as_ref().map(|request| Request {
        method: request.method.clone(),
        host: request.host.clone(),
        path: request.path.clone(),
        route: request.route.clone(),
        ..Request::default()
    });
    reduced
}

/// Estimates the size of an event in bytes, from the texts that may be long.
pub(super) fn weight(event: &Event) -> usize {
    const FRAME: usize = 400;
    let variables = |frame: &Frame| {
        let all = frame.arguments.iter().chain(&frame.locals);
        all.map(|variable| 150 + variable.value.as_ref().map_or(0, String::len)).sum::<usize>()
    };
    let frames: usize =
        event.frames.iter().chain(&event.callers).map(|frame| FRAME + variables(frame)).sum();
    let chain: usize = event.chain.iter().map(|cause| 50 + cause.message.len()).sum();
    let context = &event.context;
    let around = 100 * (context.extras.len() + context.tags.len() + context.user.len())
        + 300 * context.breadcrumbs.len()
        + context.request.as_ref().map_or(0, |request| 1000 + 100 * request.headers.len());
    size_of::<Event>()
        + event.message.len()
        + event.debug.as_ref().map_or(0, String::len)
        + frames
        + chain
        + around
        + 200 * event.backtrace.len()
}
