//! Masks values by the names of their fields and keys.

use super::{DebugStream, SkipEnd};
use crate::mask::NameVerdict;

impl DebugStream<'_> {
    /// Starts to mask if `c` follows the separator of a masked key. Returns whether `c` was handled.
    pub(super) fn mask_after_key(&mut self, c: char) -> bool {
        let Some(separator) = self.separator.take() else { return false };
        if c == separator || !self.by_name {
            return false;
        }
        if separator == '=' && c == '>' {
            // `key => value`: the value follows.
            self.emit(c);
            self.separator = Some('=');
            return true;
        }
        let Some(verdict) = self.key_verdict() else { return false };
        if !verdict.is_certain() {
            self.mark_suspect_value(verdict);
            return false;
        }
        if c == ' ' {
            self.emit(c);
        }
        self.mask(&verdict.masked, SkipEnd::ValueEnd, true);
        if c != ' ' {
            self.relex(c);
        }
        true
    }

    /// Adds a char to the skipped text that the lexer has already read.
    fn relex(&mut self, c: char) {
        self.lexer.restart();
        self.skip(c, SkipEnd::ValueEnd);
    }

    /// Returns the verdict for the key before the separator at the end of `out` is masked.
    fn key_verdict(&self) -> Option<NameVerdict> {
        let shown = &self.out[self.start..];
        let shown = shown
            .trim_end_matches(['=', ':', '>', ' '])
            .trim_end_matches([')', '}', ' ', '\n', ',']);
        let end = self.start + shown.len();
        if end == self.string.1 {
            return self.string_verdict(self.string.0, self.string.1);
        }
        let name = trailing_word(shown);
        if name.is_empty() { None } else { self.masking.verdict(name) }
    }

    /// Returns the verdict for the string between these positions of `out`.
    pub(super) fn string_verdict(&self, from: usize, to: usize) -> Option<NameVerdict> {
        let key = self.out.get(from..to)?;
        if key.ends_with('…') {
            return Some(NameVerdict::certain(self.masking.mask_because("its name was cut")));
        }
        self.masking.verdict(key.trim_matches('"'))
    }

    /// Marks the place after a `:` or `=` inside a string if a masked name precedes it.
    pub(super) fn mark_suspect_key(&mut self) {
        let shown = &self.out[self.start..self.out.len() - 1];
        let name = trailing_word(shown.trim_end_matches(['\\', '"', ' ']));
        if name.is_empty() || self.suspect.is_some() && !self.lexer.odd {
            return;
        }
        if let Some(masked) = self.masking.certain_mask(name) {
            self.suspect = Some((self.out.len(), masked));
            if self.lexer.odd {
                self.handle_odd_quotes();
            }
        }
    }

    /// Marks the value that starts here: at its end it is masked if it looks like a secret.
    pub(super) fn mark_suspect_value(&mut self, verdict: NameVerdict) {
        if let Some(open) = self.stack.last_mut() {
            open.suspect = Some((self.out.len(), verdict));
        }
    }

    /// Masks the value that ends here if it was marked and looks like a secret.
    pub(super) fn mask_suspect_value(&mut self, level: usize) {
        let Some((from, verdict)) = self.stack.get_mut(level).and_then(|open| open.suspect.take())
        else {
            return;
        };
        let Some(value) = self.out.get(from..) else { return };
        let Some(hidden) = verdict.replacement_for(value.trim()) else { return };
        self.taint.add_debug(value);
        let (from, to) =
            (from + value.len() - value.trim_start().len(), from + value.trim_end().len());
        self.out.replace_range(from..to, &hidden);
        self.string = (0, 0);
        self.outcome.masked = true;
    }

    /// Handles quotes that do not match: text that seemed to be inside a string may have been a
    /// field. Masks everything from the first suspect place on. If a string was cut, which may have
    /// removed such a place, the text ends.
    pub(super) fn handle_odd_quotes(&mut self) {
        if let Some((at, masked)) = self.suspect.take() {
            self.out.truncate(at);
            self.stack.iter_mut().for_each(|open| open.suspect = None);
            self.mask(&masked, SkipEnd::End, false);
        } else if self.has_cut_string {
            self.done = true;
            self.outcome.cut = true;
        }
    }
}

/// Returns the name at the end of `text`, at most its last 256 chars.
pub(super) fn trailing_word(text: &str) -> &str {
    let in_word = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '@' | '#');
    let length: usize = text.chars().rev().take(256).take_while(in_word).map(char::len_utf8).sum();
    &text[text.len() - length..]
}
