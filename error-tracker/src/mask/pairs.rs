//! Masks values that follow their name in text: `token=x`, `"token": "x"`, `x-api-key: x`,
//! `--password x`, `("password", "x")`, `<password>x</password>`, `name="password" value="x"`.

mod adjacent;
mod arguments;
mod bare;
mod command;
mod database;
mod debug_text;
mod directive;
mod extent;
mod insert;
mod lines;
mod login;
mod markup;
mod name;
mod name_after_value;
mod prose;
mod protocol;
mod separated;
mod table;
mod yaml;

use std::ops::Range;

use super::{EventTaint, Masking, NameVerdict};
pub(super) use command::USER_OPTIONS;
use name::{MAX_NAME, SECOND_WORDS, is_one_of};

/// Most bytes between a quoted name and its value in `name="password" value="x"`.
const MAX_GAP: usize = 80;
/// Bytes of a word that are searched for a digit.
const MAX_EXAMINED: usize = 64;

/// Replaces values with masked names in `text`, adds them to `taint`, and returns whether there
/// were any.
pub(super) fn mask(
    masking: &Masking,
    text: &mut String,
    mut taint: Option<&mut EventTaint>,
) -> bool {
    let mut masked: Option<String> = None;
    let (mut copied, mut at) = (0, 0);
    let mut pairs = PairScanner { masking, text, label: None, last: None };
    let mut placed = insert::values(masking, text);
    placed.extend(table::values(masking, text));
    placed.sort_by_key(|(_, value)| value.start);
    let mut placed = placed.into_iter().peekable();
    let mut mark = next_mark(text.as_bytes(), 0);
    loop {
        if mark.is_some_and(|mark| mark < at) {
            mark = next_mark(text.as_bytes(), at);
        }
        let found = match placed.next_if(|(_, value)| mark.is_none_or(|mark| value.start <= mark)) {
            Some(found) => Some(found),
            None => {
                let Some(mark) = mark else { break };
                at = mark + 1;
                pairs.at(mark)
            }
        };
        let Some((verdict, value)) = found else { continue };
        let shown = &text[value.clone()];
        // The names inside are more specific.
        if !verdict.is_certain() && shown.contains('{') {
            continue;
        }
        let Some(hidden) = verdict.replacement_for(shown) else { continue };
        if value.start < copied || shown.starts_with(&*verdict.masked.text) {
            continue;
        }
        if let Some(taint) = &mut taint {
            match shown {
                _ if shown.contains('"') => taint.add_debug(shown),
                _ if shown.starts_with("- ") || shown.contains(": ") => {
                    yaml::items(shown).for_each(|item| taint.add(item));
                }
                _ => taint.add(shown),
            }
        }
        let out = masked.get_or_insert_with(|| String::with_capacity(text.len()));
        out.push_str(&text[copied..value.start]);
        out.push_str(&hidden);
        (copied, at) = (value.end, value.end.max(at));
        pairs.last = Some((verdict, value.end));
    }
    let Some(mut masked) = masked else { return false };
    masked.push_str(&text[copied..]);
    *text = masked;
    true
}

/// Returns whether `text` may contain a pair.
pub(super) fn may_be_in(text: &[u8]) -> bool {
    next_mark(text, 0).is_some() || table::may_be_in(text)
}

/// Returns the next place, from `from` on, where a name may end.
fn next_mark(text: &[u8], from: usize) -> Option<usize> {
    (from..text.len()).find(|at| match text[*at] {
        b'=' | b':' => true,
        // The end of an element's opening tag, also escaped.
        b';' | b'e' => at.checked_sub(2).is_some_and(|from| {
            matches!(&text[from..*at], b"gt" | b"03")
                || text[*at - 1] == b'"' && text[*at..].starts_with(b";s:")
        }),
        b'>' => {
            *at > 0
                && (text[*at - 1].is_ascii_alphanumeric() || matches!(text[*at - 1], b'"' | b'\''))
        }
        // `Token("..")`, `ApiToken { .. }`
        b'(' => *at > 0 && text[*at - 1].is_ascii_alphanumeric(),
        b'{' => {
            *at > 1
                && text[*at - 1] == b' '
                && (text[*at - 2].is_ascii_alphanumeric() || text[*at - 2] == b'"')
        }
        // `token 8d1f7c2a`, `PASSWORD 'x'`: without digits and quotes, a value could not be told
        // from a word.
        b' ' | b'\t' => {
            adjacent::may_precede_value(text, *at)
                || directive::may_end_name(text, *at)
                || arguments::ends_with_command(&text[..*at])
        }
        // An escaped tab.
        b'\\' => {
            let value = text[*at..].iter().skip_while(|byte| **byte == b'\\');
            let mut word =
                value.take(MAX_EXAMINED).take_while(|byte| !matches!(byte, b'\\' | b'"' | ..=b' '));
            *at > 0
                && text[*at - 1].is_ascii_alphabetic()
                && word.next() == Some(&b't')
                && word.any(u8::is_ascii_digit)
        }
        b',' => *at > 0 && matches!(text[*at - 1], b'"' | b'\''),
        b'-' => command::may_begin(text, *at),
        b'|' => text.get(*at + 1) == Some(&b' '),
        b'%' => matches!(text.get(*at + 1..*at + 3), Some(b"3D" | b"3d" | b"3A" | b"3a")),
        _ => false,
    })
}

struct PairScanner<'a> {
    masking: &'a Masking,
    text: &'a str,
    /// The verdict of the last name that was the quoted value of `name` or `key`, and the end of
    /// that value.
    label: Option<(NameVerdict, usize)>,
    /// The verdict and the end of the last value that was masked.
    last: Option<(NameVerdict, usize)>,
}

impl PairScanner<'_> {
    /// Returns the value whose name ends at the mark at `at`, and the verdict of the name.
    fn at(&mut self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        match self.text.as_bytes()[at] {
            b';' if self.text[at..].starts_with(";s:") => self.serialized(at),
            b'>' | b';' | b'e' => self.element(at),
            b',' => self.command(at).or_else(|| self.argument(at)).or_else(|| self.listed(at)),
            b'-' if self.text[at..].starts_with("->") => self.arrow(at),
            b'-' => self.option(at),
            b'(' => self.struct_or_variant(at).or_else(|| self.login_call(at)),
            b'{' => self.struct_or_variant(at).or_else(|| self.block_label(at)),
            b'|' => self.piped(at),
            b' ' | b'\t' => self
                .command(at)
                .or_else(|| self.argument(at))
                .or_else(|| self.directive(at))
                .or_else(|| self.adjacent(at)),
            b'\\' => self.command(at).or_else(|| self.adjacent(at)),
            _ => self.separated(at),
        }
    }

    /// Returns the verdict of the name, or of the two words that end with it, such as `API key` or
    /// `unexpected token`, and where they begin.
    fn verdict(&self, name: &str, begin: usize, quoted: bool) -> Option<(NameVerdict, usize)> {
        let alone = self.masking.verdict(name);
        let certain = alone.as_ref().is_some_and(NameVerdict::is_certain);
        if alone.is_none() && !is_one_of(SECOND_WORDS, name) {
            return None;
        }
        let before = self.text[..begin].strip_suffix(' ').unwrap_or_default();
        let length =
            before.bytes().rev().take(MAX_NAME).take_while(u8::is_ascii_alphabetic).count();
        let first = &before[before.len() - length..];
        if quoted || certain || first.is_empty() {
            return Some((alone?, begin));
        }
        let begin_of_two = before.len() - length;
        let two = self.masking.verdict_in_sentence(&self.text[begin_of_two..begin + name.len()])?;
        match two.is_certain() {
            // `cookie theme: dark`
            true if alone.is_none() && self.masking.verdict(first).is_some() => None,
            true => Some((two, begin_of_two)),
            false => Some((two, begin)),
        }
    }
}
