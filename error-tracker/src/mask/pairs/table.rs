//! Masks the columns of tables whose header names a secret: CSV, columns apart by tabs, bars or
//! blanks, drawn tables.

use std::ops::Range;

use super::super::appearance::{SecretSuspicion, looks_secret};
use super::super::{Masking, NameVerdict};
use super::{extent, prose};

/// What separates the cells of a line. Two blanks stand for two or more.
const DELIMITERS: [&str; 7] = ["|", "│", "\t", "\\t", ";", ",", BLANKS];
const BLANKS: &str = "  ";
/// Bytes of the longest header.
const MAX_HEADER: usize = 1024;
/// Bytes of the longest name in a header.
const MAX_NAME: usize = 40;
/// Rows of one table that are examined.
const MAX_ROWS: usize = 4096;

/// Returns whether `text` has more than one line, so that it may contain a table.
pub(super) fn may_be_in(text: &[u8]) -> bool {
    text.windows(2).any(|two| two[0] == b'\n' || two == b"\\n")
}

/// Returns the cells of all tables in `text` whose column has a masked name.
pub(super) fn values(masking: &Masking, text: &str) -> Vec<(NameVerdict, Range<usize>)> {
    let mut found = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(length) = text[at..].find(['\n', '\\']) {
        let end = at + length;
        let Some(mark) = extent::end_of_line(&text[end..]) else {
            let escape = text[end..].trim_start_matches('\\');
            at = text.len() - escape.len();
            continue;
        };
        at = end + mark.len();
        if let Some(header) = Header::of(masking, &text[from..end], mark) {
            at = header.rows(text, at, &mut found);
        }
        from = at;
    }
    found
}

/// The first line of a table.
struct Header<'a> {
    delimiter: &'static str,
    /// The end of the line.
    mark: &'a str,
    columns: Vec<Option<NameVerdict>>,
}

impl<'a> Header<'a> {
    /// Returns the header in `line`, which ends with `mark`; `None` if it is not a list of names,
    /// or no name is masked.
    fn of(masking: &Masking, line: &str, mark: &'a str) -> Option<Self> {
        let line = &line[line.ceil_char_boundary(line.len().saturating_sub(MAX_HEADER))..];
        let line = &line[start_of_string(line, mark)..];
        DELIMITERS.into_iter().filter(|delimiter| line.contains(delimiter)).find_map(|delimiter| {
            let cells = cells(line, delimiter);
            let (first, rest) = cells.split_first()?;
            let count = cells.len();
            let names = rest.iter().enumerate().map(|(at, cell)| (at + 2 == count, plain(cell)));
            let are_names = names
                .clone()
                .all(|(is_last, name)| is_name(name) || is_last && is_bar(delimiter, name));
            let first_name = plain(first);
            let is_first = is_name(first_name) || is_bar(delimiter, first_name);
            // `invalid record after: name,password`
            let word = first_name.rsplit([' ', '"', '\'']).next().unwrap_or_default();
            let is_introduced = !is_first
                && delimiter != BLANKS
                && is_name(word)
                && rest.iter().all(|cell| !cell.starts_with(' '));
            if rest.is_empty() || !are_names || !is_first && !is_introduced {
                return None;
            }
            let first_name = if is_first { first_name } else { word };
            let names = [first_name].into_iter().chain(names.map(|(_, name)| name));
            let columns: Vec<_> = names.map(|name| masking.verdict(name)).collect();
            columns.iter().any(Option::is_some).then_some(Self { delimiter, mark, columns })
        })
    }

    /// Adds the values in the lines from `at` on that have as many cells as the header. Returns the
    /// start of the first other line.
    fn rows(
        &self,
        text: &str,
        mut at: usize,
        found: &mut Vec<(NameVerdict, Range<usize>)>,
    ) -> usize {
        for _ in 0..MAX_ROWS {
            let end = self.end_of_row(text, at);
            let line = &text[at..end];
            if !is_rule(line) {
                let cells = cells(line, self.delimiter);
                if cells.len() != self.columns.len() {
                    break;
                }
                let values = cells.iter().map(|cell| plain(cell)).zip(&self.columns);
                for (value, verdict) in values.filter(|(value, _)| may_be_value(value)) {
                    let start = value.as_ptr() as usize - text.as_ptr() as usize;
                    found.extend(
                        verdict.clone().map(|verdict| (verdict, start..start + value.len())),
                    );
                }
            }
            if !text[end..].starts_with(self.mark) {
                return end;
            }
            at = end + self.mark.len();
        }
        at
    }

    /// Returns the end of the line that begins at `at`: the next mark, the closing quote of the
    /// string that contains the table, or the end of `text`.
    fn end_of_row(&self, text: &str, at: usize) -> usize {
        let rest = &text[at..];
        let length = rest.find(self.mark).unwrap_or(rest.len());
        let quote = quote_of_string(self.mark).map_or(length, |slashes| {
            extent::string_length(&rest.as_bytes()[..length], b'"', slashes)
        });
        at + quote
    }
}

/// Returns the number of backslashes before the quotes of the string whose lines end with `mark`;
/// `None` if the text is not escaped.
fn quote_of_string(mark: &str) -> Option<usize> {
    mark.bytes().take_while(|byte| *byte == b'\\').count().checked_sub(1)
}

/// Returns where the string begins that contains the end of `line`, whose lines end with `mark`.
fn start_of_string(line: &str, mark: &str) -> usize {
    let Some(slashes) = quote_of_string(mark) else { return 0 };
    let opens = |at: &usize| {
        let before = &line[..*at];
        before.len() - before.trim_end_matches('\\').len() == slashes
    };
    line.rmatch_indices('"').map(|(at, _)| at).find(opens).map_or(0, |at| at + 1)
}

/// Returns the parts of `line` between delimiters that are outside of quotes.
fn cells<'a>(line: &'a str, delimiter: &str) -> Vec<&'a str> {
    let line = if delimiter == BLANKS { line.trim() } else { line };
    let (mut cells, mut start, mut quoted) = (Vec::new(), 0, false);
    let mut at = 0;
    while let Some(c) = line[at..].chars().next() {
        let rest = &line[at..];
        let is_doubled = quoted && rest.starts_with("\"\"");
        if !quoted && rest.starts_with(delimiter) {
            cells.push(&line[start..at]);
            let after = &rest[delimiter.len()..];
            let after = if delimiter == BLANKS { after.trim_start_matches(' ') } else { after };
            at = line.len() - after.len();
            start = at;
            continue;
        }
        if c == '"' && !is_doubled {
            quoted = !quoted && line[start..at].trim_matches([' ', '\\']).is_empty();
        }
        at += if is_doubled { 2 } else { c.len_utf8() };
    }
    cells.push(&line[start..]);
    cells
}

/// Returns a cell without its quotes and the blanks around it.
fn plain(cell: &str) -> &str {
    cell.trim().trim_matches(['"', '\'', '\\', '`', '*']).trim()
}

fn is_name(cell: &str) -> bool {
    cell.len() <= MAX_NAME
        && cell.contains(char::is_alphabetic)
        && cell.bytes().all(|byte| extent::is_name_byte(byte) || byte == b' ')
        && cell.split(' ').count() <= 3
}

/// Returns whether `cell` is the empty one before the first or behind the last bar.
fn is_bar(delimiter: &str, cell: &str) -> bool {
    cell.is_empty() && matches!(delimiter, "|" | "│")
}

/// Returns whether `line` is drawn between rows: `+----+-----+`.
fn is_rule(line: &str) -> bool {
    !line.trim().is_empty()
        && line
            .chars()
            .all(|c| matches!(c, '-' | '+' | '|' | '=' | ':' | ' ' | '\u{2500}'..='\u{257f}'))
}

fn may_be_value(value: &str) -> bool {
    !prose::is_placeholder(value)
        && (looks_secret(value, SecretSuspicion::Strong)
            || !value.split_whitespace().any(prose::is_word))
}
