//! Masks passwords that a user's name precedes: `user=bo,pass=x`, `login bo password x`,
//! `login("bo", "x")`.

use std::ops::Range;

use super::super::NameVerdict;
use super::extent::{self, ValueExtent};
use super::name::{is_one_of, is_pass_variable, name_before};
use super::{PairScanner, lines, prose};

/// Bytes before a name in which the user is searched for.
const MAX_BEFORE: usize = 96;
/// Functions that take a user and a password.
const CALLS: &[&str] =
    &["auth", "login", "authenticate", "basic_auth", "basicAuth", "sign_in", "signIn"];

impl PairScanner<'_> {
    /// Returns the value in `pass: "x"`. `pass` may also be a count or a stage of work. Masked are
    /// every value after a user and of an environment variable, every quoted text that is not an
    /// outcome, and of other values those that look like a secret.
    pub(super) fn pass(
        &self,
        name: &str,
        begin: usize,
        to: usize,
        equals: bool,
        quoted: bool,
    ) -> Option<(NameVerdict, Range<usize>)> {
        let verdict = self.masking.verdict("password")?;
        let value = ValueExtent::at(self.text, to, equals, quoted)?;
        let is_text = matches!(&value, ValueExtent::Exact(value) if self.text[..value.start].ends_with(['"', '\'', '`']));
        let value = value.range(self.text)?;
        let shown = &self.text[value.clone()];
        // `openssl rsa -passin pass:x`
        let option = self.text[..begin].trim_end_matches([' ', '"', ',', '\\']);
        let is_option = ["-passin", "-passout", "-pass"].iter().any(|name| option.ends_with(name));
        let is_variable = is_pass_variable(name)
            && !prose::is_pass_outcome(shown)
            && shown.contains(char::is_alphabetic);
        let is_password = is_option
            || is_variable
            || (is_text || follows_user(self.text, begin)) && !prose::is_pass_outcome(shown);
        let verdict = if is_password { verdict } else { verdict.weakened_without_codes() };
        (!prose::is_placeholder(shown)).then_some((verdict, value))
    }

    /// Returns the last argument in `login("bo", "x")`, where `at` is the bracket.
    pub(super) fn login_call(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let (name, _) = name_before(&self.text[..at]);
        if !is_one_of(CALLS, name.rsplit('.').next()?) {
            return None;
        }
        let quotes: &[char] = &['"', '\'', '\\'];
        let user =
            extent::word(self.text, at + 1).filter(|_| self.text[at + 1..].starts_with(quotes))?;
        let after = self.text[user.end..].trim_start_matches(quotes).strip_prefix(", ")?;
        let next = self.text.len() - after.len();
        let value = extent::word(self.text, next).filter(|_| after.starts_with(quotes))?;
        let is_last = self.text[value.end..].trim_start_matches(quotes).starts_with(')');
        let is_value = is_last && !prose::is_placeholder(&self.text[value.clone()]);
        is_value.then(|| Some((self.masking.verdict("password")?, value)))?
    }
}

/// Returns whether a user and the name of one precede `begin`: `login bo password`, `user=bo,pass`,
/// `"user", "bo", "password"`.
pub(super) fn follows_user(text: &str, begin: usize) -> bool {
    let before = &text[text.ceil_char_boundary(begin.saturating_sub(MAX_BEFORE))..begin];
    let before = lines::trim_end_blanks(before, true)
        .trim_end_matches([',', ';', '&', ' ', '"', '\'', '\\']);
    let is_mark = |c: char| {
        c.is_whitespace()
            || matches!(c, ',' | '=' | ':' | '"' | '\'' | '\\' | '(' | '[' | '{' | '/')
    };
    if before.ends_with(':') {
        return false;
    }
    let mut words = before.rsplit(is_mark).filter(|word| !word.is_empty());
    let (user, label) = (words.next(), words.next());
    let is_label = label.is_some_and(|label| {
        // The letter of an escape such as `\n`.
        let unescaped = label.strip_prefix(['n', 'r', 't']).unwrap_or(label);
        [label, unescaped].iter().any(|label| prose::is_in(prose::ACCOUNT_LABELS, label))
    });
    is_label
        && user.is_some_and(|user| {
            !user.starts_with('-')
                && !prose::is_word(user)
                && !prose::is_in(prose::ACCOUNT_LABELS, user)
        })
}
