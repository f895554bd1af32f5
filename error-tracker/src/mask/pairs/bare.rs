//! Finds unquoted values, and tells them from sentences by the place of their name.

use std::ops::Range;

use super::super::appearance::{SecretSuspicion, looks_secret};
use super::extent;
use super::lines;
use super::prose::{ACCOUNT_LABELS, AUTH_SCHEMES, OWNERS, is_in, is_placeholder, is_word};

/// Returns `line` without the tags at its end: `<li><b>`.
fn without_tags(line: &str) -> &str {
    const MAX_TAG: usize = 8;
    let mut rest = line;
    while let Some((before, tag)) = rest.strip_suffix('>').and_then(|tag| tag.rsplit_once('<')) {
        if tag.len() > MAX_TAG || !tag.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            break;
        }
        rest = before;
    }
    rest
}

/// Words of a line that tell whether it is a sentence.
const MAX_WORDS: usize = 32;
/// Bytes of a line before a name that tell the place of the name.
const MAX_BEFORE: usize = 512;
/// Bytes of the owners before a name.
const MAX_OWNERS: usize = 48;

/// Returns `line` without the owner of the value, as in `Client secret: x` or `user: bo password:
/// x`, if it contains nothing else.
fn without_owner(line: &str) -> &str {
    let part = line.rsplit('"').next().unwrap_or_default();
    let words = part.trim_end_matches(' ');
    let before = words.rsplit(' ').nth(1).unwrap_or_default();
    let is_alone = words.len() <= MAX_OWNERS && words.split(' ').all(|word| is_in(OWNERS, word));
    let is_pair = before.strip_suffix([':', '=']).is_some_and(|label| is_in(ACCOUNT_LABELS, label));
    &line[..line.len() - if is_alone || is_pair { part.len() } else { 0 }]
}

/// The place of a name in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NamePlace {
    /// First in its line, except for indentation and list marks.
    first: bool,
    /// First, or after a comma, a bracket and similar marks: not within a sentence.
    outside_sentence: bool,
    /// In quotes, after a word of a sentence.
    quoted_in_sentence: bool,
    /// A blank precedes the value.
    after_blank: bool,
    /// Set for a name that is first in a string in `Debug` form, `Error("password: ..")`: the
    /// number of backslashes before the surrounding quotes.
    quoted: Option<usize>,
}

impl NamePlace {
    pub(super) fn of(text: &str, name: usize, value: usize) -> Self {
        let line = &text[text.ceil_char_boundary(name.saturating_sub(MAX_BEFORE))..name];
        let line = &line[line.rfind('\n').map_or(0, |at| at + 1)..];
        let line = line.rfind("\\n").map_or(line, |at| &line[at + 2..]);
        let line = without_owner(line);
        let quoted = line
            .trim_end_matches([' ', '-', '*', '#', '<', '>'])
            .strip_suffix('"')
            .and_then(|before| {
                let open = before.trim_end_matches('\\');
                (open.ends_with('(') || open.ends_with(": ")).then_some(before.len() - open.len())
            });
        let line = if quoted.is_some() { "" } else { without_tags(line) };
        let line = line.trim_end_matches("export ").trim_end_matches("set ").trim_end();
        // Line numbers in compiler-like messages: `3 | password = ..`.
        let first = line
            .trim_matches(|c: char| {
                matches!(c, '-' | '|' | '>' | '<' | '#' | ' ' | '"' | '*' | '\\' | '+' | '~' | '`')
                    || c.is_ascii_digit()
            })
            .is_empty();
        let outside_sentence = first
            || line.ends_with([
                ',', ';', '{', '(', '[', '|', '&', '?', '"', '\'', '`', '/', '@', '.', ':', '-',
            ]) && !line.ends_with("--");
        let sentence_before = line.ends_with(['.', ':']);
        let outside = line.trim_end_matches(['"', '\'', '`', '\\']);
        let quoted_in_sentence =
            outside.strip_suffix(' ').is_some_and(|line| line.ends_with(char::is_alphanumeric));
        Self {
            first,
            quoted_in_sentence,
            outside_sentence: outside_sentence && !sentence_before,
            after_blank: text[..value].ends_with([' ', '\t']),
            quoted,
        }
    }
}

/// An unquoted value.
pub(super) struct BareValue {
    pub(super) range: Range<usize>,
    /// It is a value whatever it looks like.
    pub(super) is_certain: bool,
}

/// Returns the unquoted value that begins at `start`; `None` if the text there is part of a
/// sentence. `certain` says that the name masks every value.
pub(super) fn bare(
    text: &str,
    start: usize,
    equals: bool,
    quoted_name: bool,
    place: &NamePlace,
    certain: bool,
    name: &str,
) -> Option<BareValue> {
    let rest = &text[start..];
    let end = place.quoted.map(|slashes| extent::string_length(rest.as_bytes(), b'"', slashes));
    let rest = &rest[..end.unwrap_or(rest.len())];
    let mut length = extent::word_length(rest);
    if place.first && place.after_blank {
        let line = &rest[..lines::line_length(rest)];
        length = length.max(line.find(char::is_whitespace).unwrap_or(line.len()));
    }
    let word = &rest[..length];
    if word.is_empty() || is_placeholder(word) {
        return None;
    }
    let bare =
        |length: usize, is_certain| Some(BareValue { range: start..start + length, is_certain });
    let next = rest[word.len()..].strip_prefix(' ').map(|next| &next[..extent::word_length(next)]);
    if let Some(next) =
        next.filter(|next| !next.is_empty() && is_in(AUTH_SCHEMES, word) && !is_word(next))
    {
        let header = certain && place.first;
        let alone = !rest[word.len() + 1 + next.len()..].starts_with(' ');
        let length =
            if header { lines::whole_line_length(rest) } else { word.len() + 1 + next.len() };
        return bare(length, certain && (header || alone || place.outside_sentence));
    }
    if !certain {
        return bare(word.len(), false);
    }
    let is_cookie = name.to_ascii_lowercase().ends_with("cookie");
    if is_cookie && word.contains('=') && !place.first {
        return bare(cookies(rest), true);
    }
    let is_header = is_cookie || name.eq_ignore_ascii_case("authorization");
    if equals {
        let begin = name.as_ptr() as usize - text.as_ptr() as usize;
        if let Some(length) = closed_length(&text[..begin], rest) {
            return bare(length.max(word.len()), true);
        }
        let line = place.first && place.after_blank;
        return bare(
            if line { lines::line_length(rest).max(word.len()) } else { word.len() },
            true,
        );
    }
    if quoted_name {
        return if is_word(word) { None } else { bare(word.len(), !place.quoted_in_sentence) };
    }
    if is_header && place.first && !is_word(word) {
        let line = &rest[..lines::whole_line_length(rest)];
        if line.contains('=') {
            return bare(line.len(), true);
        }
    }
    let line = &rest[..lines::line_length(rest).max(word.len())];
    if line.split_whitespace().take(MAX_WORDS).any(is_word) {
        return looks_secret(word, SecretSuspicion::Strong)
            .then(|| bare(word.len(), true))
            .flatten();
    }
    match (line.len() > word.len(), place) {
        (true, NamePlace { first: true, .. }) => bare(line.len(), true),
        (_, NamePlace { outside_sentence: true, .. } | NamePlace { after_blank: false, .. }) => {
            bare(word.len(), true)
        }
        _ => bare(word.len(), false),
    }
}

/// Returns the length of the value at the start of `rest` if what is `before` its name says where
/// it ends: `Server=db;Pwd=a b;`, `'password=a b'`. `None` if another pair may be in between.
fn closed_length(before: &str, rest: &str) -> Option<usize> {
    const MAX_LENGTH: usize = 128;
    let end = before.trim_end_matches(' ').chars().next_back()?;
    if !matches!(end, ';' | '\'' | '`') {
        return None;
    }
    let length = rest.bytes().take(MAX_LENGTH).position(|byte| byte == end as u8)?;
    (!rest[..length].contains(['=', '\n', '"', '\\', ';', ','])).then_some(length)
}

/// Returns the length of the cookies, `name=value; name=value`, at the start of `text`.
fn cookies(text: &str) -> usize {
    let mut length = extent::word_length(text);
    while let Some(next) = text[length..].strip_prefix("; ") {
        let word = extent::word_length(next);
        if !next[..word].contains('=') {
            break;
        }
        length += "; ".len() + word;
    }
    length
}
