//! Masks the columns of tables whose header names a secret, and the values in tables of names and
//! values: CSV, columns apart by tabs, bars or blanks, drawn tables.

use std::ops::Range;

use super::super::appearance::{SecretSuspicion, looks_secret};
use super::super::{Masking, NameVerdict};
use super::name::{LABELS, VALUES, is_one_of};
use super::{extent, lines, prose};

/// What separates the cells of a line. Two blanks stand for two or more.
const DELIMITERS: [&str; 8] = ["|", "│", "║", "\t", "\\t", ";", ",", BLANKS];
const BLANKS: &str = "  ";
/// Bytes of the longest name in a header.
const MAX_NAME: usize = 40;

/// Returns whether `text` has more than one line, so that it may contain a table.
pub(super) fn may_be_in(text: &[u8]) -> bool {
    text.windows(2).any(|two| two[0] == b'\n' || two == b"\\n")
}

/// Returns the cells of all tables in `text` whose column has a masked name.
pub(super) fn values(masking: &Masking, text: &str) -> Vec<(NameVerdict, Range<usize>)> {
    let mut found = Vec::new();
    let (mut from, mut at) = (0, 0);
    let is_mark = |byte: &u8| matches!(byte, b'\n' | b'\\');
    while let Some(length) = text.as_bytes()[at..].iter().position(is_mark) {
        let end = at + length;
        let Some(mark) = lines::end_of_line(&text[end..]) else {
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
    masking: &'a Masking,
    delimiter: &'static str,
    /// The end of the line.
    mark: &'a str,
    columns: Vec<Option<NameVerdict>>,
    /// The columns of names and of values.
    pair: Option<(usize, usize)>,
}

impl<'a> Header<'a> {
    /// Returns the header in `line`, which ends with `mark`; `None` if it is not a list of names.
    fn of(masking: &'a Masking, line: &str, mark: &'a str) -> Option<Self> {
        let line = &line[start_of_string(line, mark)..];
        delimiters_in(line).find_map(|delimiter| {
            let line = if delimiter == BLANKS { line.trim() } else { line };
            let (first, rest) = line.split_once(delimiter)?;
            let is_part = |byte: u8| {
                lines::is_name_byte(byte)
                    || b" \"'\\`*\r".contains(&byte)
                    || delimiter.as_bytes().contains(&byte)
            };
            let first = plain(first);
            let is_first = is_name(first) || is_bar(delimiter, first);
            // `invalid record after: name,password`
            let word = first.rsplit([' ', '"', '\'']).next().unwrap_or_default();
            let is_introduced =
                !is_first && delimiter != BLANKS && is_name(word) && !rest.starts_with(' ');
            if !is_first && !is_introduced || !rest.bytes().all(is_part) {
                return None;
            }
            let first = if is_first { first } else { word };
            let rest = cells(rest, delimiter);
            let (last, inner) = rest.split_last()?;
            let is_last = is_name(plain(last)) || is_bar(delimiter, plain(last));
            if !is_last || !inner.iter().all(|cell| is_name(plain(cell))) {
                return None;
            }
            let names = || [first].into_iter().chain(rest.iter().map(|cell| plain(cell)));
            let columns = names().map(|name| masking.verdict(name)).collect();
            let place = |list| names().position(|name| is_one_of(list, name));
            let pair = place(LABELS).zip(place(VALUES));
            Some(Self { masking, delimiter, mark, columns, pair })
        })
    }

    /// Adds the masked values in the lines from `at` on that have as many cells as the header.
    /// Returns the start of the first other line.
    fn rows(
        &self,
        text: &str,
        mut at: usize,
        found: &mut Vec<(NameVerdict, Range<usize>)>,
    ) -> usize {
        loop {
            let end = self.end_of_row(text, at);
            let line = &text[at..end];
            if !is_rule(line) {
                let cells = cells(line, self.delimiter);
                // `FROM users, roles`
                let is_sentence = cells[0].trim().contains(' ')
                    && cells[0].split_whitespace().any(prose::is_word);
                if cells.len() != self.columns.len() || is_sentence {
                    return at;
                }
                found.extend((0..cells.len()).filter_map(|column| {
                    let value = plain(cells[column]);
                    let start = value.as_ptr() as usize - text.as_ptr() as usize;
                    let verdict = self.verdict(column, &cells)?;
                    let is_value = may_be_value(value) && !verdict.counts(value);
                    is_value.then_some((verdict, start..start + value.len()))
                }));
            }
            if !text[end..].starts_with(self.mark) {
                return end;
            }
            at = end + self.mark.len();
        }
    }

    /// Returns the verdict of the name that the value in `column` has in a row.
    fn verdict(&self, column: usize, cells: &[&str]) -> Option<NameVerdict> {
        let named = self.pair.filter(|(_, value)| *value == column);
        let named = named.and_then(|(name, _)| self.masking.verdict(plain(cells[name])));
        named.or_else(|| self.columns[column].clone())
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

/// Returns the delimiters in `line`.
fn delimiters_in(line: &str) -> impl Iterator<Item = &'static str> {
    let (mut found, mut before) = (0_u8, 0);
    for byte in line.bytes() {
        // A bit for each of `DELIMITERS`, in their order.
        found |= match (before, byte) {
            (_, b'|') => 1,
            // The first byte of both drawn bars.
            (_, 0xe2) => 6,
            (_, b'\t') => 8,
            (b'\\', b't') => 16,
            (_, b';') => 32,
            (_, b',') => 64,
            (b' ', b' ') => 128,
            _ => 0,
        };
        before = byte;
    }
    DELIMITERS
        .into_iter()
        .enumerate()
        .filter(move |(at, _)| found >> at & 1 != 0)
        .map(|(_, text)| text)
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
        && cell.bytes().all(|byte| lines::is_name_byte(byte) || byte == b' ')
        && cell.split(' ').count() <= 3
}

/// Returns whether `cell` is the empty one before the first or behind the last bar.
fn is_bar(delimiter: &str, cell: &str) -> bool {
    cell.is_empty() && matches!(delimiter, "|" | "│" | "║")
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
