//! A name in lower case without separators, and where its words start.

/// No word starts here.
pub(super) const NONE: u8 = 0;
/// A word starts here because the case changed or digits began.
const CASE: u8 = 1;
/// A word starts here because a separator was before it, or the name starts.
pub(super) const SEPARATOR: u8 = 2;

/// A name in lower case without separators, and where its words start.
#[derive(Clone, Copy)]
pub(super) struct FoldedName<'a> {
    pub(super) text: &'a [u8],
    pub(super) starts: &'a [u8],
}

impl<'a> FoldedName<'a> {
    pub(super) fn starts_word(self, at: usize) -> bool {
        self.starts.get(at).is_none_or(|kind| *kind != NONE)
    }

    /// Returns the part from `at` to the end of its word.
    pub(super) fn rest_of_word(self, at: usize) -> &'a [u8] {
        let end = (at..=self.text.len()).find(|end| self.starts_word(*end)).unwrap_or(at);
        &self.text[at..end]
    }

    /// Returns the words from `from` on, without numbers. The first is partial if `from` is within
    /// a word.
    pub(super) fn words_from(self, from: usize) -> impl Iterator<Item = &'a [u8]> {
        let mut at = from;
        let words = std::iter::from_fn(move || {
            let start = at;
            at = (start + 1..=self.text.len()).find(|at| self.starts_word(*at))?;
            Some(&self.text[start..at])
        });
        words.filter(|word| !word.iter().all(u8::is_ascii_digit))
    }

    /// Returns the word before the one that starts at `end`, skipping numbers.
    pub(super) fn word_before(self, end: usize) -> &'a [u8] {
        let start = (0..end).rev().find(|at| self.starts_word(*at)).unwrap_or(end);
        let word = &self.text[start..end];
        if !word.is_empty() && word.iter().all(u8::is_ascii_digit) {
            self.word_before(start)
        } else {
            word
        }
    }
}

/// Writes `name` in lower case without separators to `text`, and the starts of its words to
/// `starts`. Returns the length. Both slices must have three bytes for each byte of `name`, or one
/// if it is ASCII.
pub(super) fn fold(name: &str, text: &mut [u8], starts: &mut [u8]) -> usize {
    let mut length = 0;
    let mut before: Option<char> = None;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_alphanumeric() {
            before = None;
            continue;
        }
        let start = match before {
            None => SEPARATOR,
            Some(last) if char::is_uppercase(c) => {
                let acronym_ends = chars.peek().is_some_and(|next| next.is_lowercase());
                if last.is_uppercase() && !acronym_ends { NONE } else { CASE }
            }
            Some(last) if last.is_numeric() != c.is_numeric() => CASE,
            Some(_) => NONE,
        };
        before = Some(c);
        starts[length] = start;
        if c.is_ascii() {
            text[length] = c.to_ascii_lowercase() as u8;
            length += 1;
        } else {
            for lower in c.to_lowercase() {
                let size = lower.len_utf8();
                // Lower case needs at most three times the bytes of a char.
                if let Some(room) = text.get_mut(length..length + size) {
                    lower.encode_utf8(room);
                    length += size;
                }
            }
        }
    }
    length
}
