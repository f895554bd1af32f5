//! Finds where separators, quotes and values begin and end.

use std::ops::Range;

use super::lines::{end_of_line, is_name_byte, trim_start_blanks};

/// Quotes in the escapes of other formats.
const ESCAPED_QUOTES: [&str; 9] =
    ["&quot;", "&#34;", "&#x22;", "&#39;", "&#x27;", "&apos;", "%22", "%27", "\\u0022"];

/// The place of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ValueExtent {
    Exact(Range<usize>),
    Bare(usize),
}

/// Returns start and end of the separator at `at`, and whether it is an equals sign; `None` if it
/// is part of something else.
pub(super) fn separator(text: &str, at: usize) -> Option<(usize, usize, bool)> {
    let (before, after) = (text[..at].chars().next_back(), &text[at + 1..]);
    match text.as_bytes()[at] {
        b'%' => Some((at, at + 3, matches!(text.as_bytes()[at + 2], b'D' | b'd'))),
        b':' if before == Some(':') || after.starts_with([':', '=']) || after.starts_with("//") => {
            None
        }
        b':' => Some((at, at + 1, false)),
        _ if after.starts_with(['=', '~']) => None,
        _ => {
            let from = if before == Some(':') { at - 1 } else { at };
            let compares =
                matches!(before, Some('=' | '!' | '<' | '>' | '+' | '*' | '%' | '^' | '|' | '~'));
            let to = if after.starts_with('>') { at + 2 } else { at + 1 };
            (!compares).then_some((from, to, true))
        }
    }
}

/// Returns `text` without the quote at its end and its backslashes.
pub(super) fn strip_closing_quote(text: &str) -> &str {
    let may_be_escaped = matches!(text.as_bytes().last(), Some(b';' | b'2' | b'7'));
    if may_be_escaped
        && let Some(unquoted) = ESCAPED_QUOTES.iter().find_map(|quote| text.strip_suffix(quote))
    {
        return unquoted.trim_end_matches('\\');
    }
    match text.strip_suffix(['"', '\'', '`']) {
        Some(unquoted) => unquoted.trim_end_matches('\\'),
        None => text,
    }
}

impl ValueExtent {
    /// Returns the value after a separator that ends at `at`; `None` if there is none.
    pub(super) fn at(text: &str, at: usize, equals: bool, quoted_name: bool) -> Option<Self> {
        let rest = &text[at..];
        let mut value = trim_start_blanks(rest, false);
        if end_of_line(value).is_some() && quoted_name {
            // The separator ends its line.
            value = trim_start_blanks(rest, true);
        } else if let Some(mark) = end_of_line(value).filter(|_| !equals) {
            // YAML: a value may begin in the next line, if that is indented and not a pair itself.
            let mut next = value;
            while let Some(mark) = end_of_line(next) {
                next = &next[mark.len()..];
            }
            let line = &next[..next.find(mark).unwrap_or(next.len())];
            if line.starts_with(' ')
                && !line.contains([':', '='])
                && !line.trim_start().starts_with('-')
            {
                value = next.trim_start();
            }
        }
        let from = text.len() - value.len();
        if let Some(block) = block_scalar(text, from).filter(|_| !equals) {
            return Some(Self::Exact(block));
        }
        if let Some(range) = quoted(text, from) {
            return Some(Self::Exact(range));
        }
        if value.starts_with("Some(") {
            return Self::at(text, from + "Some(".len(), equals, true);
        }
        let name = value
            .find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | ':' | '!' | '&'))
            .unwrap_or(value.len());
        // `Secret<String>("x")`
        let generics = value[name..].find('(').filter(|at| {
            let generics = &value[name..name + at];
            generics.starts_with('<') && generics.ends_with('>') && !generics.contains(['"', '\n'])
        });
        let name = name + generics.unwrap_or_default();
        let bracket = &value[name..];
        let is_constructor = name > 0 && bracket.starts_with(['(', '[', '{']);
        // `Array ["x"]`
        let is_struct = value.starts_with(char::is_uppercase)
            && (bracket.starts_with(" {") || bracket.starts_with(" ["));
        if is_constructor || is_struct || value.starts_with(['{', '[']) || is_tuple(value) {
            let open = from + name + usize::from(is_struct);
            return Some(Self::Exact(from..open + bracketed_length(&text.as_bytes()[open..])));
        }
        (!value.is_empty() && end_of_line(value).is_none()).then_some(Self::Bare(from))
    }

    /// Returns the whole value, or its first word if the end is not known.
    pub(super) fn range(&self, text: &str) -> Option<Range<usize>> {
        match self {
            Self::Exact(range) => Some(range.clone()),
            Self::Bare(start) => Some(*start..*start + word_length(&text[*start..])),
        }
        .filter(|range| !range.is_empty())
    }
}

/// Returns whether `text` begins with a tuple of values, not with a remark in brackets.
fn is_tuple(text: &str) -> bool {
    text.strip_prefix('(').is_some_and(|inner| {
        let first = inner.trim_start_matches('\\');
        first.starts_with('"')
            || first.starts_with(|c: char| c.is_ascii_digit()) && inner.contains(", ")
    })
}

/// Returns whether `text` is what follows a closing quote, as in `", other: ..`: then the quote
/// before it does not open a value.
fn ends_text(text: &str) -> bool {
    let text = text.trim_start_matches([' ', '\n']);
    match text.as_bytes() {
        [] => true,
        [b',', rest @ ..] => {
            rest.starts_with(b" ") && rest.get(1).is_some_and(|byte| !byte.is_ascii_digit())
        }
        [b')' | b']' | b'}', rest @ ..] => {
            rest.first().is_none_or(|byte| b" ,)]}\n".contains(byte))
        }
        _ => false,
    }
}

/// Returns the content of the quoted string at `at`, which may have a prefix such as `b` or `r#`.
fn quoted(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = &text[at..];
    let run = rest.len() - rest.trim_start_matches('\\').len();
    let last = &rest[run.saturating_sub(1)..];
    if last.starts_with(['&', '%', '\\'])
        && let Some(quote) = ESCAPED_QUOTES.iter().find(|quote| last.starts_with(**quote))
    {
        let from = text.len() - last.len() + quote.len();
        return Some(from..text[from..].find(quote).map_or(text.len(), |length| from + length));
    }
    let prefix = rest
        .bytes()
        .take(2)
        .take_while(|byte| matches!(byte, b'b' | b'r' | b'c' | b'u' | b'f' | b'L'))
        .count();
    let hashes = rest[prefix..].bytes().take_while(|byte| *byte == b'#').count();
    let prefix = if hashes > 0 && prefix == 0 { 0 } else { prefix + hashes };
    let slashes = rest[prefix..].len() - rest[prefix..].trim_start_matches('\\').len();
    let quote = *rest.as_bytes().get(prefix + slashes)?;
    if !matches!(quote, b'"' | b'\'' | b'`') {
        return None;
    }
    let mark = &rest[prefix..=prefix + slashes];
    let triple = mark.repeat(3);
    if rest[prefix..].starts_with(&triple) {
        let from = at + prefix + triple.len();
        return Some(from..text[from..].find(&triple).map_or(text.len(), |length| from + length));
    }
    let from = at + prefix + slashes + 1;
    let content = &text.as_bytes()[from..];
    if quote == b'"' && hashes == 0 && ends_text(&text[from..]) {
        return Some(from..from);
    }
    if hashes > 0 {
        let end = format!("\"{}", "#".repeat(hashes));
        return Some(from..text[from..].find(&end).map_or(text.len(), |length| from + length));
    }
    Some(from..from + string_length(content, quote, slashes))
}

/// Returns the length up to the closing quote, which has at most as many backslashes before it as
/// the opening one; the length of `text` if there is none.
pub(super) fn string_length(text: &[u8], quote: u8, slashes: usize) -> usize {
    let mut run = 0;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => run += 1,
            // A doubled quote is an escaped one.
            b'\'' if quote == b'\'' && at > 0 && text.get(at + 1) == Some(&b'\'') => {
                (at, run) = (at + 1, 0);
            }
            // `\\"` inside plain quotes: an escaped backslash, then the end.
            _ if *byte == quote && slashes == 0 && run % 2 == 0 => return at,
            _ if *byte == quote && run <= slashes => return at - run,
            _ => run = 0,
        }
        at += 1;
    }
    text.len()
}

/// Returns the length of a bracketed value; the length of `text` if it is not closed.
pub(super) fn bracketed_length(text: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'"' => at += 1 + string_length(&text[at + 1..], b'"', 0),
            b'\\' => at += 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at.min(text.len());
        }
    }
    text.len()
}

/// Returns the place of the bracket that closes `Some(` before the value at `start`; the end of
/// `text` if there is none.
pub(super) fn end_inside_some(text: &str, start: usize) -> usize {
    let bracket = start - usize::from(start > 0);
    let is_option = text[..start].ends_with("Some(");
    let end = if is_option {
        bracket + bracketed_length(&text.as_bytes()[bracket..])
    } else {
        text.len()
    };
    if is_option && text[..end].ends_with(')') { end - 1 } else { text.len() }
}

/// Returns the indented lines of the YAML block scalar (`|` or `>`) at `at`.
fn block_scalar(text: &str, at: usize) -> Option<Range<usize>> {
    let header = text[at..].strip_prefix(['|', '>'])?;
    let header = header.trim_start_matches(['-', '+', ' ', '1', '2', '3', '4']);
    let mark = end_of_line(header)?;
    let lines = &header[mark.len()..];
    let from = text.len() - lines.len();
    // The surrounding quote has one backslash fewer than the ends of lines.
    let slashes = mark.bytes().take_while(|byte| *byte == b'\\').count();
    let lines = &lines[..slashes
        .checked_sub(1)
        .map_or(lines.len(), |less| string_length(lines.as_bytes(), b'"', less))];
    let is_indented = |line: &&str| {
        let line = line.strip_suffix(mark).unwrap_or(line);
        line.starts_with([' ', '\t']) || line.trim().is_empty()
    };
    let length: usize = lines.split_inclusive(mark).take_while(is_indented).map(str::len).sum();
    Some(from..from + lines[..length].trim_end_matches(mark).trim_end().len())
}

/// Returns the length of an unquoted word, including every character that may belong to it.
pub(super) fn word_length(text: &str) -> usize {
    // A placeholder is one word.
    for (open, close) in [("${", "}"), ("$(", ")"), ("{{", "}}"), ("<", ">")] {
        if let Some(at) = text.strip_prefix(open).and_then(|rest| rest.find(close)) {
            return open.len() + at + close.len();
        }
    }
    let bytes = text.as_bytes();
    let next = |at: usize| bytes.get(at + 1).copied().unwrap_or(b' ');
    let ends_unless = |at: usize, goes_on: fn(u8) -> bool| !goes_on(next(at));
    let name_follows = |at: usize| {
        let rest = text[at + 1..].trim_start_matches("amp;");
        let name = rest
            .bytes()
            .take_while(|byte| is_name_byte(*byte) || matches!(byte, b'[' | b']'))
            .count();
        rest.is_empty()
            || name > 0 && rest.as_bytes().get(name).is_some_and(|byte| matches!(byte, b'=' | b':'))
    };
    let end = (0..bytes.len()).find(|at| match bytes[*at] {
        b'&' | b';' => name_follows(*at) || ends_unless(*at, |byte| byte > b' '),
        b',' => name_follows(*at) || ends_unless(*at, |byte| byte.is_ascii_alphanumeric()),
        b')' | b']' | b'}' | b'#' | b'"' | b'\'' | b'`' => {
            ends_unless(*at, |byte| byte.is_ascii_alphanumeric())
        }
        b'<' => next(*at) == b'/',
        b'>' => ends_unless(*at, |byte| byte.is_ascii_alphanumeric()),
        b'\\' => {
            matches!(next(*at), b'n' | b'r' | b't' | b'"' | b'\'')
                && (*at == 0 || bytes[*at - 1] != b'\\')
        }
        byte => byte.is_ascii_whitespace(),
    });
    end.unwrap_or(bytes.len())
}

/// Returns the length of the end of an emphasis at the start of `text`, as in `**name:** value` and
/// `<b>name:</b> value`.
pub(super) fn end_of_emphasis(text: &str) -> usize {
    const MAX_TAG: usize = 8;
    let tag = text.strip_prefix("</").and_then(|tag| tag.find('>')).filter(|end| *end <= MAX_TAG);
    match tag {
        Some(end) => "</".len() + end + 1,
        None if text.starts_with("** ") => "**".len(),
        None => 0,
    }
}

/// Returns the word, or the content of the quotes, after the blanks at `at`; `None` if there is none.
pub(super) fn word(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text[at..].trim_start_matches([' ', '\t']);
    let unescaped = rest.trim_start_matches('\\');
    let quote = unescaped.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
    let start = text.len() - quote.map_or(rest.len(), |_| unescaped.len() - 1);
    let slashes = rest.len() - unescaped.len();
    let length = match quote {
        Some(quote) => string_length(&text.as_bytes()[start..], quote as u8, slashes),
        None => word_length(rest),
    };
    (length > 0).then_some(start..start + length)
}
