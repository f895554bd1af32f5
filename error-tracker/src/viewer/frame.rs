//! Shows a frame: its source lines with the failing expression marked.

use std::borrow::Cow;
use std::path::Path;

use serde::Serialize;

use super::highlight::{HighlightedPiece, between, pieces};
use crate::event::{BacktraceFrame, Cause, Event, Exit, Frame, Variable};

#[derive(Debug, Serialize)]
pub(super) struct FrameView<'a> {
    pub(super) number: usize,
    function: &'a str,
    module: &'a str,
    place: String,
    exit: Exit,
    expression: &'a str,
    error: Option<&'a Cause>,
    code: Vec<CodeLine<'a>>,
    arguments: &'a [Variable],
    locals: &'a [Variable],
    pub(super) open: bool,
}

/// A source line, split at the start and end of the failing expression.
#[derive(Debug, Serialize, PartialEq)]
pub(super) struct CodeLine<'a> {
    number: u32,
    failing: bool,
    before: Vec<HighlightedPiece<'a>>,
    marked: Vec<HighlightedPiece<'a>>,
    after: Vec<HighlightedPiece<'a>>,
}

impl<'a> CodeLine<'a> {
    /// Splits `line` so that `marked` bytes from `start` on are marked.
    fn new(number: u32, failing: bool, line: &'a str, start: usize, marked: usize) -> Self {
        let pieces = pieces(line);
        let end = start + marked;
        Self {
            number,
            failing,
            before: between(&pieces, 0, start),
            marked: between(&pieces, start, end),
            after: between(&pieces, end, line.len()),
        }
    }
}

/// Neighbouring calls of a backtrace that all belong to the program, or all to dependencies.
#[derive(Debug, Serialize)]
pub(super) struct CallGroup<'a> {
    own: bool,
    calls: Vec<CallView<'a>>,
}

#[derive(Debug, Serialize)]
struct CallView<'a> {
    function: Cow<'a, str>,
    place: String,
}

/// Lines shown before and after the failing one.
const CONTEXT_LINES: u32 = 5;

impl<'a> FrameView<'a> {
    pub(super) fn new(number: usize, frame: &'a Frame) -> Self {
        Self {
            number,
            function: &frame.function,
            module: &frame.module,
            place: place(&frame.file, frame.line, frame.column),
            exit: frame.exit,
            expression: &frame.expression,
            error: frame.error.as_ref(),
            code: code(frame),
            arguments: &frame.arguments,
            locals: &frame.locals,
            open: number == 1,
        }
    }
}

/// Returns `src/order.rs:42:17`, as far as it is known.
pub(super) fn place(file: &str, line: u32, column: u32) -> String {
    match (line, column) {
        (0, _) => file.to_owned(),
        (_, 0) => format!("{file}:{line}"),
        _ => format!("{file}:{line}:{column}"),
    }
}

fn code(frame: &Frame) -> Vec<CodeLine<'_>> {
    let lines = match &frame.snippet {
        Some(snippet) => snippet.lines.iter().zip(snippet.first_line..).collect(),
        None => Vec::new(),
    };
    let near = frame.line.saturating_sub(CONTEXT_LINES)..=frame.line.saturating_add(CONTEXT_LINES);
    let shown: Vec<_> = lines.into_iter().filter(|(_, number)| near.contains(number)).collect();
    if !shown.iter().any(|(_, number)| *number == frame.line) {
        return frame
            .expression
            .lines()
            .zip(frame.line..)
            .map(|(line, number)| CodeLine::new(number, true, line, 0, line.len()))
            .collect();
    }
    // Common indentation is removed, because it only takes space.
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let common = shown
        .iter()
        .filter(|(line, _)| !line.trim().is_empty())
        .map(|(line, _)| indent(line))
        .min();
    let common = common.unwrap_or(0);
    let mut rest: Vec<&str> = frame.expression.lines().collect();
    rest.reverse();
    let mut code = Vec::with_capacity(shown.len());
    for (line, number) in shown {
        let (line, cut) = line.get(common..).map_or((line.as_str(), 0), |line| (line, common));
        let runs = frame.exit != Exit::Running;
        let mark = if runs && number >= frame.line { rest.pop() } else { None };
        let column = if number == frame.line { frame.column } else { 0 };
        let (before, marked, _) = match mark {
            Some(mark) => split(line, mark, column, cut),
            None => (line, "", ""),
        };
        let failing = runs && (number == frame.line || !marked.is_empty());
        code.push(CodeLine::new(number, failing, line, before.len(), marked.len()));
        // Marking ends at a line that does not contain its part of the expression.
        if number >= frame.line && marked.is_empty() {
            rest.clear();
        }
    }
    code
}

/// Splits `line` at the start and end of `mark`, which starts at `column` (in characters from 1,
/// before `cut` bytes of indentation were removed) or is searched for.
fn split<'a>(line: &'a str, mark: &str, column: u32, cut: usize) -> (&'a str, &'a str, &'a str) {
    let mark = mark.trim();
    let at_column = usize::try_from(column).unwrap_or(0).checked_sub(cut + 1);
    let start = at_column.and_then(|column| line.char_indices().nth(column)).map(|(at, _)| at);
    let start = start.filter(|at| line[*at..].starts_with(mark)).or_else(|| line.find(mark));
    let Some(start) = start.filter(|_| !mark.is_empty()) else { return (line, "", "") };
    let mut end = start + mark.len();
    if line[end..].starts_with('?') {
        end += 1;
    }
    (&line[..start], &line[start..end], &line[end..])
}

/// Groups the calls of a backtrace into those of the program and those of dependencies. Calls
/// without names count as calls of the program.
pub(super) fn group_calls(event: &Event) -> Vec<CallGroup<'_>> {
    let is_own = |call: &BacktraceFrame| call.in_app || call.is_unnamed();
    let groups = event.backtrace.chunk_by(|a, b| is_own(a) == is_own(b));
    let place = |call: &BacktraceFrame| {
        place(call.file.as_deref().unwrap_or_default(), call.line.unwrap_or(0), 0)
    };
    groups
        .map(|group| CallGroup {
            own: group.first().is_some_and(is_own),
            calls: group
                .iter()
                .map(|call| CallView { function: function(call, event), place: place(call) })
                .collect(),
        })
        .collect()
}

/// Returns `shop::main`, or `shop + 0x1a2b` if the name is not known.
fn function<'a>(call: &'a BacktraceFrame, event: &Event) -> Cow<'a, str> {
    let Some(offset) = call.offset.filter(|_| call.is_unnamed()) else {
        return Cow::Borrowed(&call.function);
    };
    let object =
        event.objects.get(call.object).and_then(|object| Path::new(&object.path).file_name());
    Cow::Owned(format!("{} + {offset:#x}", object.unwrap_or_default().to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::{code, split};
    use crate::event::{Frame, Snippet};

    #[test]
    fn the_failing_expression_is_marked_in_its_line() {
        assert_eq!(
            split("let n = raw.parse()?;", "raw.parse()", 9, 0),
            ("let n = ", "raw.parse()?", ";")
        );
        assert_eq!(split("é(x); x", "x", 7, 0), ("é(x); ", "x", ""));
        assert_eq!(split("f(g())?", "gone()", 3, 0), ("f(g())?", "", ""));
        assert_eq!(split("a", "a", u32::MAX, 0), ("", "a", ""));
        assert_eq!(split("let x = y;", "", 0, 0), ("let x = y;", "", ""));
    }

    #[test]
    fn an_expression_over_several_lines_is_marked_on_each() {
        let frame = Frame {
            line: 2,
            column: 13,
            expression: "raw\n        .trim()\n        .parse()".into(),
            snippet: Some(Snippet {
                first_line: 1,
                lines: [
                    "    fn f() {",
                    "        let n = raw",
                    "            .trim()",
                    "            .parse()?;",
                    "    }",
                ]
                .map(String::from)
                .to_vec(),
            }),
            ..Frame::default()
        };
        let text = |pieces: &[super::HighlightedPiece<'_>]| {
            pieces.iter().map(|piece| piece.text).collect::<String>()
        };
        let shown: Vec<_> = code(&frame)
            .iter()
            .map(|line| {
                format!("{}[{}]{}", text(&line.before), text(&line.marked), text(&line.after))
            })
            .collect();
        assert_eq!(
            shown,
            ["fn f() {[]", "    let n = [raw]", "        [.trim()]", "        [.parse()?];", "}[]"]
        );
    }
}
