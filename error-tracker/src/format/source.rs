use std::ops::Range;

use super::out::{TextStyle, TracebackWriter, fitting, fitting_end, width};
use crate::event::{Frame, Snippet};

/// How many lines of one expression are shown whole.
const MAX_LINES: usize = 4;
const TAB: &str = "    ";

/// Writes the failing source line with the expression marked underneath, or the expression's own
/// text if the source is missing.
pub(super) fn write(out: &mut TracebackWriter, frame: &Frame, indent: usize, columns: usize) {
    let available = columns.saturating_sub(indent).max(20);
    let marked = frame.snippet.as_ref().and_then(|snippet| locate(snippet, frame));
    let Some(lines) = marked else {
        let expression = frame.expression.split_whitespace().collect::<Vec<_>>().join(" ");
        if !expression.is_empty() {
            let shown = fitting(&expression, available * 2);
            out.space(indent);
            out.put(TextStyle::Plain, &expression[..shown]);
            out.put(TextStyle::Dim, if shown < expression.len() { "…" } else { "" });
            out.end_line();
        }
        return;
    };
    let margin = lines.iter().map(|line| leading(&line.before, &line.marked)).min().unwrap_or(0);
    let count = lines.len();
    for (at, line) in lines.iter().enumerate() {
        if count > MAX_LINES && (2..count - 1).contains(&at) {
            if at == 2 {
                out.space(indent);
                out.put(TextStyle::Dim, &format!("...<{} lines>...", count - 3));
                out.end_line();
            }
            continue;
        }
        write_line(out, line, margin, indent, available);
    }
}

struct SourceLine {
    before: String,
    marked: String,
    after: String,
}

fn leading(before: &str, marked: &str) -> usize {
    let blank = |text: &str| text.len() - text.trim_start_matches(' ').len();
    if before.trim_start().is_empty() { before.len() + blank(marked) } else { blank(before) }
}

fn write_line(
    out: &mut TracebackWriter,
    line: &SourceLine,
    margin: usize,
    indent: usize,
    available: usize,
) {
    let before = line.before.get(margin..).unwrap_or_default();
    let mut before = before.to_owned();
    if width(&before) + width(&line.marked) > available && width(&before) > available / 2 {
        let from = fitting_end(&before, available / 3);
        before = format!("…{}", &before[from..]);
    }
    let room = available.saturating_sub(width(&before) + 1).max(8);
    let marked = &line.marked[..fitting(&line.marked, room)];
    let cut = marked.len() < line.marked.len();
    let room = room.saturating_sub(width(marked));
    let after = if cut || room == 0 { "" } else { &line.after[..fitting(&line.after, room)] };
    let cut = cut || after.len() < line.after.len();

    out.space(indent);
    out.put(TextStyle::Plain, &before);
    out.put(TextStyle::Marked, marked);
    out.put(TextStyle::Plain, after.trim_end());
    out.put(TextStyle::Dim, if cut { "…" } else { "" });
    out.end_line();
    if !marked.is_empty() {
        out.space(indent + width(&before));
        out.put(TextStyle::Caret, &"^".repeat(width(marked)));
        out.end_line();
    }
}

/// Returns the source lines that the expression covers, each split around the covered part.
fn locate(snippet: &Snippet, frame: &Frame) -> Option<Vec<SourceLine>> {
    let first = usize::try_from(frame.line.checked_sub(snippet.first_line)?).ok()?;
    let lines = snippet.lines.get(first..)?;
    let source = lines.first()?;
    if source.trim().is_empty() {
        return None;
    }
    let column = usize::try_from(frame.column).ok()?.checked_sub(1);
    let start = column.and_then(|column| source.char_indices().nth(column)).map(|(at, _)| at);
    let spans =
        start.and_then(|start| covered(lines, start, &frame.expression)).unwrap_or_else(|| {
            let start = start.unwrap_or(source.len() - source.trim_start().len());
            std::iter::once(start..source.trim_end().len().max(start)).collect()
        });
    let split = |(line, span): (&String, Range<usize>)| SourceLine {
        before: line[..span.start].replace('\t', TAB),
        marked: line[span.clone()].replace('\t', TAB),
        after: line[span.end..].replace('\t', TAB),
    };
    Some(lines.iter().zip(spans).map(split).collect())
}

/// Returns the bytes of each line that `expression` covers when it starts at `start` of the first;
/// white space counts nowhere, since the expression's text may have been put together from tokens.
fn covered(lines: &[String], start: usize, expression: &str) -> Option<Vec<Range<usize>>> {
    let mut wanted = expression.chars().filter(|c| !c.is_whitespace()).peekable();
    wanted.peek()?;
    let mut spans = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let from = if number == 0 { start } else { line.len() - line.trim_start().len() };
        let mut end = from;
        for (at, c) in line[from..].char_indices() {
            if c.is_whitespace() {
                continue;
            }
            if wanted.next()? != c {
                return None;
            }
            end = from + at + c.len_utf8();
            if wanted.peek().is_none() {
                break;
            }
        }
        spans.push(from..end);
        if wanted.peek().is_none() {
            return Some(spans);
        }
    }
    None
}
