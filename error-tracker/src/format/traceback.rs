use super::limits::ValueLimits;
use super::out::{TextStyle, TracebackWriter};
use super::{source, variables};
use crate::event::{Cause, Event, Exit, Frame, Kind, Level, Location};

/// How many equal frames in a row are shown before the rest is only counted.
const MAX_EQUAL: usize = 3;
/// How many lines of one message are shown.
const MAX_MESSAGE_LINES: usize = 40;

pub(super) fn write(out: &mut TracebackWriter, event: &Event, limits: ValueLimits, columns: usize) {
    let outside: Vec<_> = outermost_calls(event);
    let raised = apart(event);
    if !(event.callers.is_empty()
        && event.frames.is_empty()
        && outside.is_empty()
        && raised.is_none())
    {
        out.put(TextStyle::Heading, "Traceback (most recent call last):");
        out.end_line();
    }
    let here = if event.kind == Kind::Panic { "(panicked here)" } else { "(captured here)" };
    let innermost = outside.last().map(|(file, line, _)| (*file, *line));
    let at_innermost = raised.is_some_and(|place| innermost == Some((&place.file, place.line)));
    for (at, (file, line, function)) in outside.iter().enumerate() {
        let remark = if at_innermost && at + 1 == outside.len() { here } else { "" };
        header(out, file, *line, 0, Some(function), remark);
    }
    let frames: Vec<&Frame> = event.callers.iter().rev().chain(event.frames.iter().rev()).collect();
    let mut at = 0;
    while let Some(current) = frames.get(at) {
        let equal = frames[at..].iter().take_while(|next| is_same_place(next, current)).count();
        for next in &frames[at..at + equal.min(MAX_EQUAL)] {
            frame(out, next, limits, columns);
        }
        if equal > MAX_EQUAL {
            out.space(2);
            out.put(TextStyle::Dim, &format!("[the frame above {} more times]", equal - MAX_EQUAL));
            out.end_line();
        }
        at += equal;
    }
    if let Some(place) = raised.filter(|_| !at_innermost) {
        header(out, &place.file, place.line, place.column, None, here);
    }
    if !event.globals.is_empty() {
        variables::write(out, &[("globals", &event.globals)], 2, limits, columns);
    }
    error(out, event);
    notes(out, event);
}

/// Returns the type's path with the variant: `shop::OrderError::Negative`.
pub(super) fn title(type_name: &str, variant: Option<&str>) -> String {
    match variant {
        Some(variant) => format!("{type_name}::{variant}"),
        None => type_name.to_owned(),
    }
}

/// Returns the function with its module: `shop::orders::Cart::total`.
pub(super) fn function(frame: &Frame) -> String {
    if frame.module.is_empty() {
        frame.function.clone()
    } else {
        format!("{}::{}", frame.module, frame.function)
    }
}

/// Returns the program's own part of the call stack, outermost first, to show if the event has no
/// annotated function; else an empty list.
fn outermost_calls(event: &Event) -> Vec<(&str, u32, &str)> {
    if !(event.frames.is_empty() && event.callers.is_empty()) {
        return Vec::new();
    }
    let own = event.backtrace.iter().rev().filter(|call| call.in_app);
    own.map(|call| {
        (call.file.as_deref().unwrap_or("?"), call.line.unwrap_or(0), call.function.as_str())
    })
    .collect()
}

/// Returns the place where the failure began, unless a frame shows it.
fn apart(event: &Event) -> Option<&Location> {
    let shown = |place: &&Location| {
        let mut frames = event.frames.iter().chain(&event.callers);
        frames.any(|frame| (&frame.file, frame.line) == (&place.file, place.line))
    };
    event.location.as_ref().filter(|place| !shown(place))
}

fn is_same_place(a: &Frame, b: &Frame) -> bool {
    (&a.function, &a.file, a.line, a.column, a.exit)
        == (&b.function, &b.file, b.line, b.column, b.exit)
        && a.error == b.error
}

fn header(
    out: &mut TracebackWriter,
    file: &str,
    line: u32,
    column: u32,
    function: Option<&str>,
    remark: &str,
) {
    out.space(2);
    out.put(TextStyle::Plain, "File ");
    let numbers = [line, column].into_iter().take_while(|number| *number > 0);
    out.put(
        TextStyle::Path,
        &numbers.fold(file.to_owned(), |place, number| format!("{place}:{number}")),
    );
    if let Some(function) = function.filter(|function| !function.is_empty()) {
        out.put(TextStyle::Plain, ", in ");
        out.put(TextStyle::Function, function);
    }
    if !remark.is_empty() {
        out.space(1);
        out.put(TextStyle::Dim, remark);
    }
    out.end_line();
}

fn frame(out: &mut TracebackWriter, frame: &Frame, limits: ValueLimits, columns: usize) {
    let remark = match frame.exit {
        Exit::Running => "(still running)",
        Exit::Captured => "(captured here)",
        Exit::Panic => "(panicked)",
        Exit::Hidden => "(left where the attribute cannot see)",
        Exit::Question | Exit::Return | Exit::Tail | Exit::Macro => "",
    };
    out.set_dimmed(frame.exit == Exit::Running);
    header(out, &frame.file, frame.line, frame.column, Some(&function(frame)), remark);
    if frame.exit != Exit::Running {
        source::write(out, frame, 4, columns);
    }
    let groups = [("arguments", frame.arguments.as_slice()), ("locals", frame.locals.as_slice())];
    let filled: Vec<_> =
        groups.into_iter().filter(|(_, variables)| !variables.is_empty()).collect();
    variables::write(out, &filled, 4, limits, columns);
    out.set_dimmed(false);
    if let Some(converted) = &frame.error {
        out.space(4);
        out.put(TextStyle::Cause, "became ");
        cause(out, converted, 8);
    }
}

fn error(out: &mut TracebackWriter, event: &Event) {
    out.put(TextStyle::Error, &title(&event.type_name, event.variant.as_deref()));
    message(out, &event.message, 4);
    let Some((outermost, causes)) = event.chain.split_first() else { return };
    if outermost.message != event.message {
        out.put(TextStyle::Cause, "Reported as:");
        out.end_line();
        out.space(4);
        cause(out, outermost, 8);
    }
    if causes.is_empty() {
        return;
    }
    out.put(TextStyle::Cause, "Caused by:");
    out.end_line();
    for (at, next) in causes.iter().enumerate() {
        out.space(4);
        if causes.len() > 1 {
            out.put(TextStyle::Dim, &format!("{at}: "));
        }
        cause(out, next, 8);
    }
}

fn cause(out: &mut TracebackWriter, cause: &Cause, indent: usize) {
    match &cause.type_name {
        Some(type_name) => {
            out.put(TextStyle::Error, type_name);
            message(out, &cause.message, indent);
        }
        None => lines(out, &cause.message, indent),
    }
}

fn message(out: &mut TracebackWriter, message: &str, indent: usize) {
    if message.is_empty() {
        out.end_line();
    } else {
        out.put(TextStyle::Plain, ": ");
        lines(out, message, indent);
    }
}

/// Writes a text, with all lines but the first indented, so that none looks like a part of the
/// traceback.
fn lines(out: &mut TracebackWriter, text: &str, indent: usize) {
    let mut count = 0;
    for (at, line) in text.trim_end().lines().enumerate() {
        count = at + 1;
        if at == MAX_MESSAGE_LINES {
            out.space(indent);
            out.put(TextStyle::Dim, "…");
            out.end_line();
            return;
        }
        out.space(if at == 0 { 0 } else { indent });
        out.put(TextStyle::Plain, line);
        out.end_line();
    }
    if count == 0 {
        out.end_line();
    }
}

fn notes(out: &mut TracebackWriter, event: &Event) {
    let mut notes = Vec::new();
    if event.handled && event.kind != Kind::Message {
        notes.push("handled, the program went on".to_owned());
    }
    if event.level != Level::Error {
        notes.push(format!("level {}", event.level));
    }
    if !matches!(event.thread.as_str(), "" | "main") {
        notes.push(format!("thread {}", event.thread));
    }
    if let Some(hash) = event.grouping.hash.get(..12) {
        notes.push(format!("issue {hash}"));
    }
    notes.extend(event.cut.iter().map(|cut| format!("left out: {cut}")));
    if !notes.is_empty() {
        out.put(TextStyle::Dim, &format!("({})", notes.join("; ")));
        out.end_line();
    }
}
