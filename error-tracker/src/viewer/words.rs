//! The texts of the pages, one file for each language.

use crate::fork::LazyPerProcess;
use std::collections::BTreeMap;

use serde::Serialize;

/// The texts of one language, by key.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct PageWords(BTreeMap<String, String>);

static ENGLISH: LazyPerProcess<PageWords> =
    LazyPerProcess::new(|| PageWords::read(include_str!("words/en.json")));
static FRENCH: LazyPerProcess<PageWords> =
    LazyPerProcess::new(|| PageWords::read(include_str!("words/fr.json")));

impl PageWords {
    fn read(json: &str) -> Self {
        Self(crate::json::from_str(json).unwrap_or_default())
    }

    /// Returns the texts of the language that an `Accept-Language` header prefers; English if it
    /// has none that is available.
    pub(super) fn preferred(header: Option<&str>) -> &'static Self {
        let mut best = (0.0_f32, ENGLISH.get());
        for part in header.unwrap_or_default().split(',').take(32) {
            let (tag, parameter) = part.split_once(';').unwrap_or((part, ""));
            let weight =
                parameter.trim().strip_prefix("q=").map_or(1.0, |q| q.parse().unwrap_or(0.0));
            let words = match tag.trim().split('-').next().map(str::to_ascii_lowercase).as_deref() {
                Some("fr") => FRENCH.get(),
                Some("en") => ENGLISH.get(),
                _ => continue,
            };
            if weight > best.0 {
                best = (weight, words);
            }
        }
        best.1
    }

    /// Returns the text for `key`; the key itself if there is none.
    pub(super) fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.0.get(key).map_or(key, String::as_str)
    }

    /// Returns the text for `n` things: `key_one` or `key_other`, with `{n}` replaced.
    pub(super) fn counted(&self, key: &str, n: u64) -> String {
        let one = n == 1 || (n == 0 && self.get("zero_is_one") == "yes");
        let key = format!("{key}_{}", if one { "one" } else { "other" });
        self.get(&key).replace("{n}", &self.number(n))
    }

    /// Returns `n` with thousands separators.
    pub(super) fn number(&self, n: u64) -> String {
        let digits = n.to_string();
        let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push_str(self.get("thousands"));
            }
            grouped.push(digit);
        }
        grouped
    }

    /// Returns the text for a time that was `seconds` ago, such as `3 min ago`.
    pub(super) fn ago(&self, seconds: u64) -> String {
        match seconds {
            0..60 => self.get("ago_now").to_owned(),
            60..3_600 => self.counted("ago_minutes", seconds / 60),
            3_600..86_400 => self.counted("ago_hours", seconds / 3_600),
            86_400..5_184_000 => self.counted("ago_days", seconds / 86_400),
            _ => self.counted("ago_months", seconds / 2_592_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ENGLISH, FRENCH, PageWords};

    #[test]
    fn every_language_has_every_word() {
        assert!(ENGLISH.get().0.len() > 50);
        assert!(ENGLISH.get().0.keys().eq(FRENCH.get().0.keys()), "{:?}", {
            let missing = ENGLISH.get().0.keys().filter(|key| !FRENCH.get().0.contains_key(*key));
            missing
                .chain(FRENCH.get().0.keys().filter(|key| !ENGLISH.get().0.contains_key(*key)))
                .collect::<Vec<_>>()
        });
    }

    #[test]
    fn the_language_follows_the_header() {
        let lang = |header| PageWords::preferred(header).get("lang");
        assert_eq!(lang(None), "en");
        assert_eq!(lang(Some("de-DE,fr;q=0.8,en;q=0.7")), "fr");
        assert_eq!(lang(Some("en-GB,fr;q=0.8")), "en");
        assert_eq!(lang(Some("fr-CA")), "fr");
        assert_eq!(lang(Some("fr;q=x,;;,q=")), "en");
    }

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(ENGLISH.get().number(1_234_567), "1,234,567");
        assert_eq!(ENGLISH.get().ago(30), "just now");
        assert_eq!(ENGLISH.get().ago(61), "1 min ago");
        assert_eq!(ENGLISH.get().ago(3 * 86_400), "3 days ago");
        assert_eq!(FRENCH.get().counted("occurrences", 0), "0 occurrence");
    }
}
