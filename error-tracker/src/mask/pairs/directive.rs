//! Masks values in lines that consist of a name and a value, without a separator: `requirepass x`,
//! `ENV DB_PASSWORD x`, `password x;`.

use std::ops::Range;

use super::super::NameVerdict;
use super::super::appearance::{SecretSuspicion, looks_secret};
use super::extent;
use super::login::follows_user;
use super::name::name_before;
use super::{PairScanner, lines, prose};

/// Words before a name, in lines that set it.
const COMMANDS: &str = "\
    arg client config def default define defparameter defvar env export fastcgi_param header proxy_set_header \
    requestheader scgi_param set setenv setq setx uwsgi_param -g -gx -x -u -ux";
/// Names that are also words of sentences.
const WORDS: &str = "\
    password passwords passwd secret secrets passphrase passphrases passcode passkey credential credentials \
    authorization bearer cookie cookies jwt csrf xsrf psk";
/// Bytes of a line that are examined.
const MAX_LINE: usize = 256;

/// Returns whether a name that is masked may end at `at`, by its last three letters.
pub(super) fn may_end_name(text: &[u8], at: usize) -> bool {
    let Some(end) = at.checked_sub(3).and_then(|from| text.get(from..at)) else { return false };
    let [a, b, c] = [end[0], end[1], end[2]].map(|byte| byte.to_ascii_lowercase());
    matches!(
        &[a, b, c],
        b"ord"
            | b"swd"
            | b"pwd"
            | b"ret"
            | b"key"
            | b"ken"
            | b"ase"
            | b"ass"
            | b"ial"
            | b"als"
            | b"uth"
            | b"psk"
    ) || matches!([b, c], [b'p', b'w'])
}

impl PairScanner<'_> {
    /// Returns the value in a line that has a name and a value only, or in `login bo password x`,
    /// where `at` is the blank before the value.
    pub(super) fn directive(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        if !may_end_name(self.text.as_bytes(), at) {
            return None;
        }
        let (name, quoted) = name_before(&self.text[..at]);
        let verdict = self.masking.verdict(name).filter(NameVerdict::is_certain);
        let verdict = match name {
            "pass" => self.masking.verdict("password"),
            _ => verdict,
        };
        let verdict = verdict.filter(|_| !quoted)?;
        let begin = name.as_ptr() as usize - self.text.as_ptr() as usize;
        let value = self.next_word(at)?;
        if !follows_user(self.text, begin) && !self.is_whole_line(name, begin, value.end) {
            return None;
        }
        let shown = &self.text[value.clone()];
        // `password manager`
        let is_property = self.masking.verdict(&self.text[begin..value.end]).is_none();
        if !shown.contains(char::is_alphanumeric)
            || prose::is_placeholder(shown)
            || shown.starts_with(['-', '<', '=', ':', '(', '['])
            || shown.trim_end_matches('=').contains('=')
            || prose::is_word(shown)
            || is_property && !looks_secret(shown, SecretSuspicion::Strong)
        {
            return None;
        }
        Some((verdict, value))
    }

    /// Returns the word after the blanks at `at`; in `password 7 x`, the one behind the number.
    fn next_word(&self, at: usize) -> Option<Range<usize>> {
        let first = extent::word(self.text, at)?;
        let is_number = matches!(self.text[first.clone()].as_bytes(), [b'0'..=b'9']);
        let word = match is_number && self.text[first.end..].starts_with(' ') {
            true => extent::word(self.text, first.end)?,
            false => first,
        };
        let shown = self.text[word.clone()].trim_end_matches(';');
        (!shown.is_empty()).then_some(word.start..word.start + shown.len())
    }

    /// Returns whether the line has nothing but the name, the value and a command, and is no
    /// sentence: a semicolon ends it, or the name is an identifier after a command or the name of
    /// an option such as `requirepass`.
    fn is_whole_line(&self, name: &str, begin: usize, end: usize) -> bool {
        let before =
            &self.text[self.text.ceil_char_boundary(begin.saturating_sub(MAX_LINE))..begin];
        let before = before.rsplit('\n').next().unwrap_or_default();
        let line = before.rsplit("\\n").next().unwrap_or_default();
        let (is_quoted, before) = match line.rfind(['"', '\'', '`']) {
            Some(at) => (true, &line[at + 1..]),
            None => (line.len() < before.len(), line),
        };
        let before = before.trim_end_matches(['$', '@']);
        let mut words = before.split([' ', '\t', '(']).filter(|word| !word.is_empty()).peekable();
        let has_command = words.peek().is_some();
        let rest = self.text[end..].trim_start_matches(['"', '\'', '\\']);
        let is_escaped_end = lines::end_of_line(&self.text[end..]).is_some();
        let is_string_end = is_quoted && rest.len() < self.text.len() - end;
        let is_closed = rest.starts_with(';');
        let rest = rest.trim_start_matches([';', ' ', ')', '\\']);
        let is_last = is_escaped_end
            || is_string_end
            || rest.is_empty()
            || rest.starts_with(['#', '"'])
            || lines::end_of_line(rest).is_some();
        let is_option = name.bytes().all(|byte| byte.is_ascii_lowercase()) && is_identifier(name);
        is_last
            && (is_closed || has_command && is_identifier(name) || is_option)
            && words.all(|word| prose::is_in(COMMANDS, word))
    }
}

/// Returns whether `name` does not occur in sentences.
fn is_identifier(name: &str) -> bool {
    !prose::is_in(WORDS, name)
}
