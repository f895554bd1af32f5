//! Masks values that are named by their position: `INSERT INTO users (name, password) VALUES ('bo',
//! 'x')`, `Key (name, password)=(bo, x)`.

use std::ops::Range;

use super::super::{Masking, NameVerdict};
use super::extent::ValueExtent;
use super::lines;
use super::prose;

/// Rows of one statement that are examined.
const MAX_ROWS: usize = 256;

/// Returns the values of all such texts in `text` whose column has a masked name.
pub(super) fn values(masking: &Masking, text: &str) -> Vec<(NameVerdict, Range<usize>)> {
    let mut found = Vec::new();
    if !text.contains('(') {
        return found;
    }
    let mut at = 0;
    let mut end_of_last = 0;
    for (separator, _) in text.match_indices(")=(") {
        let Some(columns) = key_columns(masking, &text[..separator]) else { continue };
        if separator < end_of_last {
            continue;
        }
        end_of_last = end_of_row(text, separator + 2);
        let fields = fields(text, separator + 3, end_of_last).zip(columns);
        found.extend(fields.filter_map(|(field, verdict)| Some((verdict?, value(text, field)?))));
    }
    for (keyword, _) in text.match_indices(['V', 'v']) {
        let is_keyword =
            matches!(text.get(keyword..keyword + "VALUES".len()), Some("VALUES" | "values"));
        if keyword < at || !is_keyword {
            continue;
        }
        at = keyword + "VALUES".len();
        let Some(columns) = columns(masking, &text[..keyword]) else { continue };
        for _ in 0..MAX_ROWS {
            let row = lines::skip_blanks(text, at);
            let Some(end) = text[row..].starts_with('(').then(|| end_of_row(text, row)) else {
                break;
            };
            let fields = fields(text, row + 1, end).zip(&columns);
            found.extend(
                fields.filter_map(|(field, verdict)| Some((verdict.clone()?, value(text, field)?))),
            );
            at = (end + 1).min(text.len());
            let next = lines::skip_blanks(text, at);
            if !text[next..].starts_with(',') {
                break;
            }
            at = next + 1;
        }
    }
    found
}

/// Returns the verdicts of the names in `Key (tenant, password)=(1, x) already exists`, where
/// `before` ends with the last name; `None` if no name is masked.
fn key_columns(masking: &Masking, before: &str) -> Option<Vec<Option<NameVerdict>>> {
    const MAX_KEY: usize = 512;
    let (_, names) = before[before.ceil_char_boundary(before.len().saturating_sub(MAX_KEY))..]
        .rsplit_once("Key (")?;
    let columns: Vec<_> =
        names.split(", ").map(|name| masking.verdict(name.trim_matches('"'))).collect();
    columns.iter().any(Option::is_some).then_some(columns)
}

/// Returns the verdicts of the column names whose list ends `before`; `None` if there is no list or
/// no name is masked.
fn columns(masking: &Masking, before: &str) -> Option<Vec<Option<NameVerdict>>> {
    const MAX_STATEMENT: usize = 4096;
    const TABLE: usize = 200;
    let list = lines::trim_end_blanks(before, true).strip_suffix(')')?;
    let list = &list[list.ceil_char_boundary(list.len().saturating_sub(MAX_STATEMENT))..];
    let (statement, list) = list.rsplit_once('(')?;
    let statement =
        &statement[statement.ceil_char_boundary(statement.len().saturating_sub(TABLE))..];
    if !["INTO ", "into "].iter().any(|word| statement.contains(word)) {
        return None;
    }
    let is_mark = |c: char| !c.is_alphanumeric() && c != '_';
    let names =
        list.split(',').map(|name| lines::trim_end_blanks(name, true).trim_matches(is_mark));
    let columns: Vec<_> = names.map(|name| masking.verdict(name)).collect();
    columns.iter().any(Option::is_some).then_some(columns)
}

/// Returns the place of the bracket that closes the one at `row`.
fn end_of_row(text: &str, row: usize) -> usize {
    let marks = marks(text, row, text.len());
    let closes = marks.scan(0_usize, |depth, (at, byte)| {
        match byte {
            b'(' => *depth += 1,
            b')' => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some((at, *depth))
    });
    closes.skip_while(|(_, depth)| *depth > 0).map(|(at, _)| at).next().unwrap_or(text.len())
}

/// Returns the comma-separated parts from `from` to `to`.
fn fields(text: &str, from: usize, to: usize) -> impl Iterator<Item = Range<usize>> {
    let mut depth = 0_usize;
    let commas = marks(text, from, to).filter_map(move |(at, byte)| {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (byte == b',' && depth == 0).then_some(at)
    });
    let mut start = from;
    commas.chain([to]).map(move |end| {
        let field = start..end;
        start = (end + 1).min(to);
        field
    })
}

/// Returns places and bytes of the brackets and commas outside of quotes.
fn marks(text: &str, from: usize, to: usize) -> impl Iterator<Item = (usize, u8)> {
    let mut quote = None;
    text.as_bytes()[from..to].iter().enumerate().filter_map(move |(at, byte)| {
        match (byte, quote) {
            (b'\'' | b'"', None) => quote = Some(*byte),
            (_, Some(open)) if open == *byte => quote = None,
            (b'(' | b')' | b',', None) => return Some((from + at, *byte)),
            _ => {}
        }
        None
    })
}

/// Returns the value in a field, without its quotes; `None` if it is a placeholder.
fn value(text: &str, field: Range<usize>) -> Option<Range<usize>> {
    let start = lines::skip_blanks(text, field.start);
    let shown = text.get(start..field.end)?;
    let end = start + lines::trim_end_blanks(shown, true).len();
    let value = match ValueExtent::at(text, start, true, true)? {
        ValueExtent::Exact(value) if shown.starts_with(['\'', '"', '\\']) && value.end <= end => {
            value
        }
        _ => start..end,
    };
    let shown = &text[value.clone()];
    let is_numbered = shown.starts_with(['$', '@', ':', '?']);
    let is_value =
        !prose::is_placeholder(shown) && !is_numbered && !shown.eq_ignore_ascii_case("default");
    is_value.then_some(value)
}
