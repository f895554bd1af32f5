//! Remembers the values that were masked by name within one event.

use super::appearance::is_plain_word;
use super::scrub::TextScrubber;

/// Shorter values are not searched for: they would be found in ordinary words.
const MIN_LENGTH: usize = 6;
/// Values remembered in one event.
const MAX_VALUES: usize = 64;
/// Bytes remembered of one value.
const MAX_LENGTH: usize = 4 * 1024;

/// Values that were masked by name within one event, which are removed from all its other text.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventTaint {
    values: Vec<TaintedValue>,
}

#[derive(Clone, PartialEq, Eq)]
struct TaintedValue {
    text: String,
    cut: bool,
}

impl std::fmt::Debug for TaintedValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

impl EventTaint {
    /// Remembers the first 4 KiB of a masked value, if it has six characters or more, is not a
    /// plain word, and fewer than 64 values are remembered.
    pub(crate) fn add(&mut self, value: &str) {
        self.remember(value, false);
    }

    /// Remembers a masked value of which only the start is known, under the same conditions.
    pub(crate) fn add_start(&mut self, start: &str) {
        self.remember(start, true);
    }

    fn remember(&mut self, value: &str, cut: bool) {
        let value = value.trim();
        if is_plain_word(value)
            || value.chars().nth(MIN_LENGTH - 1).is_none()
            || value.bytes().all(|byte| byte == b'*')
        {
            return;
        }
        let end = value.floor_char_boundary(MAX_LENGTH);
        let value = TaintedValue { text: value[..end].to_owned(), cut: cut || end < value.len() };
        if self.values.len() < MAX_VALUES && !self.values.contains(&value) {
            self.values.push(value);
        }
    }

    /// Remembers the strings and long numbers of a value's `Debug` text.
    pub(crate) fn add_debug(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c == '"' || c.is_ascii_digit()) {
            rest = &rest[at..];
            if let Some(content) = rest.strip_prefix('"') {
                let (string, length) = unescaped(content);
                self.add(&string);
                rest = &content[length..];
            } else {
                let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
                self.add(&rest[..length]);
                rest = &rest[length..];
            }
        }
    }

    /// Returns the remembered values.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|value| value.text.as_str())
    }

    /// Returns whether no value is remembered.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Returns a scrubber that removes the values from text, in all their encodings.
    pub(super) fn scrubber(&self) -> TextScrubber {
        let mut scrubber = TextScrubber::new();
        for value in &self.values {
            scrubber.find(&value.text, value.cut);
        }
        scrubber
    }
}

/// Returns the unescaped string whose opening quote is before `content`, and its escaped length
/// with the closing quote.
pub(super) fn unescaped(content: &str) -> (String, usize) {
    let mut string = String::new();
    let mut chars = content.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (string, at + 1),
            '\\' => match chars.next() {
                Some((_, 'n')) => string.push('\n'),
                Some((_, 'r')) => string.push('\r'),
                Some((_, 't')) => string.push('\t'),
                Some((_, '0')) => string.push('\0'),
                Some((_, 'u')) => {
                    let digits: String =
                        chars.by_ref().map(|(_, c)| c).skip(1).take_while(|c| *c != '}').collect();
                    string.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
                }
                Some((_, other)) => string.push(other),
                None => {}
            },
            _ => string.push(c),
        }
    }
    (string, content.len())
}
