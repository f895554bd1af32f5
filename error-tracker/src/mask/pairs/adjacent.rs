//! Masks values that follow their name after a blank: `token 8d1f7c2a`, `invalid password
//! "hunter2"`, `IDENTIFIED BY 'x'`.

use std::ops::Range;

use super::super::NameVerdict;
use super::extent::ValueExtent;
use super::name::{VERBS, declared, is_one_of, is_password, name_before};
use super::{MAX_EXAMINED, PairScanner, prose, protocol};

/// Returns whether a value may follow the blank at `at`: without digits and quotes, it could not be
/// told from a word.
pub(super) fn may_precede_value(text: &[u8], at: usize) -> bool {
    let ends_name = at > 0 && (text[at - 1].is_ascii_alphabetic() || text[at - 1] == b'"');
    let value = &text[at + 1..];
    let mut word = value.iter().take(MAX_EXAMINED).take_while(|byte| **byte > b' ');
    ends_name
        && (matches!(value.first(), Some(b'"' | b'\'' | b'`' | b'\\'))
            || text[..at].ends_with(b" BY")
            || protocol::ends_with_command(&text[..at])
            || word.any(u8::is_ascii_digit))
}

impl PairScanner<'_> {
    /// Returns the value in `token 8d1f7c2a`, `invalid password "hunter2"`, `"--name" "value"`,
    /// `IDENTIFIED BY 'x'`, where `at` is the blank.
    pub(super) fn adjacent(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        if matches!(self.text.as_bytes()[at], b' ' | b'\t')
            && !may_precede_value(self.text.as_bytes(), at)
        {
            return None;
        }
        let (mut name, quoted) = name_before(&self.text[..at]);
        if let Some(found) = self.value_before_name(at, name) {
            return Some(found);
        }
        if quoted && !name.starts_with("--") {
            return None;
        }
        let mut begin = name.as_ptr() as usize - self.text.as_ptr() as usize;
        if is_one_of(VERBS, name) {
            let (subject, quoted) = name_before(&self.text[..begin]);
            name = declared(self.text, subject, quoted).map_or(subject, |(name, _)| name);
            begin = name.as_ptr() as usize - self.text.as_ptr() as usize;
        }
        let (verdict, begin) = match self.identified_by(name, begin) {
            Some(verdict) => (verdict, begin),
            None => self.verdict(name, begin, quoted)?,
        };
        let value = ValueExtent::at(self.text, at, true, true)?;
        let is_quoted = matches!(value, ValueExtent::Exact(_));
        let value = value.range(self.text)?;
        let shown = &self.text[value.clone()];
        let words = &self.text[begin..at];
        let is_upper =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b' ');
        let is_statement = match words.ends_with("BY") {
            true => is_quoted || is_upper(words) && !is_upper(shown) && !prose::is_word(shown),
            false => is_quoted && is_upper(words),
        };
        let is_clear = is_quoted
            && (quoted
                || is_password(&self.text[begin..])
                    && !prose::is_name_or_sentence(&self.text[..begin], shown));
        let verdict = if is_clear || is_statement { verdict } else { verdict.weakened() };
        (!shown.starts_with('-') && !prose::is_placeholder(shown)).then_some((verdict, value))
    }
}
