//! Masks values that a mark separates from their name: `name = value`, `name: value`, `name => value`.

use std::ops::Range;

use super::super::{NameVerdict, url};
use super::bare::{self, NamePlace};
use super::extent::{self, ValueExtent};
use super::name::{
    LABELS, VALUES, declared, is_file, is_one_of, is_pass, name_before, without_constructor,
};
use super::{MAX_GAP, PairScanner, database, prose, yaml};

impl PairScanner<'_> {
    /// Returns the value in `name = value`, `name: value`, `name => value`, where the name may be
    /// quoted.
    pub(super) fn separated(&mut self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let (from, to, equals) = extent::separator(self.text, at)?;
        let to = to + extent::end_of_emphasis(&self.text[to..]);
        let (name, quoted) = name_before(without_constructor(&self.text[..from]));
        let (name, quoted) = declared(self.text, name, quoted).unwrap_or((name, quoted));
        let begin = name.as_ptr() as usize - self.text.as_ptr() as usize;
        // A mark within the label does not end it.
        let is_near = |end: usize| {
            let between = self.text.get(end..at);
            between.is_none_or(|between| between.len() < MAX_GAP && !between.contains('}'))
        };
        let label = self.label.take().filter(|(_, end)| is_near(*end));
        let is_after_label = label.as_ref().is_some_and(|(_, end)| *end <= at);
        let label = match is_one_of(VALUES, name) && is_after_label {
            true => label,
            false => {
                self.label = label;
                None
            }
        };
        let verdict = self
            .verdict(name, begin, quoted)
            .or_else(|| Some((self.verdict_by_context(name, begin)?, begin)));
        if verdict.is_none() && self.text[at..].starts_with("=>") {
            return self.arrow(at);
        }
        let login = self.oracle_password(at).or_else(|| self.go_dsn_password(at));
        let address = || self.address_password(at).filter(|_| verdict.is_none());
        if let Some(login) = login.or_else(address) {
            return Some(login);
        }
        // `password.rs:42`
        if self.text[to..].starts_with(|c: char| c.is_ascii_digit()) && is_file(name) {
            return None;
        }
        if verdict.is_none() && is_pass(name) {
            return self.pass(name, begin, to, equals, quoted);
        }
        if verdict.is_none() && quoted && equals && database::is_set_password(&self.text[..begin]) {
            let value = ValueExtent::at(self.text, to, equals, quoted)?.range(self.text)?;
            return Some((self.masking.verdict("password")?, value));
        }
        if label.is_none() && verdict.is_none() && !is_one_of(LABELS, name)
            || self.text[..begin].ends_with("://")
        {
            return None;
        }
        if let Some((verdict, _)) = verdict.as_ref().filter(|_| !equals && !quoted)
            && let Some(block) = yaml::block(self.text, begin, to)
        {
            let about_failure = prose::is_about_failure(&self.text[..begin]);
            let verdict = if about_failure { verdict.clone().weakened() } else { verdict.clone() };
            return (verdict.is_certain() || block.is_list).then_some((verdict, block.range));
        }
        let mut value = ValueExtent::at(self.text, to, equals, quoted)?;
        if let ValueExtent::Bare(start) = value
            && self.text.as_bytes()[at] == b'%'
        {
            let end = start + extent::word_length(&self.text[start..]);
            value = ValueExtent::Exact(
                start..self.text[start..end].find("%26").map_or(end, |length| start + length),
            );
        }
        if let Some((verdict, _)) = label {
            let value = value.range(self.text)?;
            return (!prose::is_placeholder(&self.text[value.clone()])).then_some((verdict, value));
        }
        if is_one_of(LABELS, name) {
            let range = value.range(self.text)?;
            self.label =
                self.masking.verdict(&self.text[range.clone()]).map(|verdict| (verdict, range.end));
        }
        if let Some(body) = self.multipart_value(name, &value) {
            return Some(body);
        }
        let (verdict, begin) = verdict?;
        if database::is_folder(self.text, begin, name, &value) {
            return None;
        }
        let certain = verdict.is_certain();
        match value {
            ValueExtent::Exact(value) => {
                let shown = &self.text[value.clone()];
                let about_failure =
                    !equals && !quoted && prose::is_about_failure(&self.text[..begin]);
                let verdict = if about_failure { verdict.weakened() } else { verdict };
                let is_placeholder = prose::is_placeholder(shown) && !self.is_odbc(&value, begin)
                    || prose::is_complaint(shown);
                (!is_placeholder).then_some((verdict, value))
            }
            ValueExtent::Bare(start) => {
                let place = NamePlace::of(self.text, begin, start);
                let text = &self.text[..extent::end_inside_some(self.text, start)];
                // `Some(..)` has no value.
                if text.len() < self.text.len() && text[start..] == *".." {
                    return None;
                }
                let word = extent::word_length(&text[start..]);
                if verdict.counts(&text[start..start + word]) {
                    return None;
                }
                let value = bare::bare(text, start, equals, quoted, &place, certain, name)?;
                let is_certain = certain && value.is_certain;
                let verdict = if is_certain { verdict } else { verdict.weakened() };
                Some((verdict, value.range))
            }
        }
    }

    /// Returns the verdict of a `name` that is not listed, by the text around it: the data of a
    /// Kubernetes secret, the code in the answer of a login server.
    fn verdict_by_context(&self, name: &str, begin: usize) -> Option<NameVerdict> {
        match name {
            "data" | "stringData" | "string_data" if yaml::is_in_secret(self.text, begin) => {
                self.masking.verdict("secret")
            }
            "code" if url::is_answer_of_login(self.text, begin) => {
                Some(self.masking.verdict("password")?.weakened_without_codes())
            }
            _ => None,
        }
    }

    /// Remembers the name of a block, `variable "password" { default = "x" }`, where `at` is the
    /// brace.
    pub(super) fn block_label(&mut self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let (name, quoted) = name_before(&self.text[..at]);
        if quoted && let Some(verdict) = self.masking.verdict(name) {
            self.label = Some((verdict, at));
        }
        None
    }

    /// Returns the value in `password -> "x"`, or the second one in `password = "x" -> "y"`, where
    /// `at` is the arrow.
    pub(super) fn arrow(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let last = self.last.clone().filter(|(_, end)| {
            self.text
                .get(*end..at)
                .is_some_and(|gap| gap.trim_matches(['"', '\'', '\\', ' ']).is_empty())
        });
        let verdict = match last {
            Some((verdict, _)) => verdict,
            None => self.masking.verdict(name_before(&self.text[..at]).0)?,
        };
        let ValueExtent::Exact(value) = ValueExtent::at(self.text, at + 2, true, true)? else {
            return None;
        };
        (!prose::is_placeholder(&self.text[value.clone()])).then_some((verdict, value))
    }
}
