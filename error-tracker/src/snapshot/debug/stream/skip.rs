//! Skips text: a masked value, the rest of a long list, a level that is too deep.

use super::super::lexer::CharRole;
use super::groups::{BracketKind, closes};
use super::{DebugStream, SkipEnd, StreamMode};
use crate::mask::AppliedMask;

/// Bytes of skipped text that are read at most; the rest is ignored.
const MAX_SKIPPED: usize = 8 * 1024;
/// Bytes of masked text that are added at most to the values for which other text is searched.
const MAX_REMEMBERED: usize = 4 * 1024;
/// Length of a key after a masked value at most, in bytes.
const MAX_KEY: usize = 300;

impl DebugStream<'_> {
    /// Writes the mask, and starts to skip the value. `remember` adds it to the taint.
    pub(super) fn mask(&mut self, masked: &AppliedMask, until: SkipEnd, remember: bool) {
        if self.done {
            return;
        }
        self.out.push_str(&masked.text);
        self.outcome.masked = true;
        self.begin_skip(until);
        self.remember = remember;
    }

    pub(super) fn begin_skip(&mut self, until: SkipEnd) {
        self.mode = StreamMode::Skip(until);
        self.nesting = 0;
        self.remember = false;
        self.gap.clear();
        self.skipped.clear();
    }

    /// Counts skipped text, and ends the stream when there is too much.
    pub(super) fn count_skipped(&mut self, c: char) {
        self.skipped_bytes += c.len_utf8();
        if self.skipped_bytes > MAX_SKIPPED {
            self.done = true;
            self.outcome.cut = true;
        }
    }

    pub(super) fn skip(&mut self, c: char, until: SkipEnd) {
        self.count_skipped(c);
        let part = self.lexer.step(c);
        if part == CharRole::Plain && until != SkipEnd::End && self.skip_plain(c, until) {
            return;
        }
        if c.is_whitespace() {
            self.gap.push(c);
        } else {
            self.gap.clear();
        }
        if self.remember && self.skipped.len() < MAX_REMEMBERED {
            self.skipped.push(c);
        }
    }

    /// Returns whether the skipped text ends before `c`, or may end there.
    fn skip_plain(&mut self, c: char, until: SkipEnd) -> bool {
        let container = self.stack.last().map(|open| open.bracket);
        match c {
            '(' | '[' | '{' => self.nesting += 1,
            ')' | ']' | '}' if self.nesting > 0 => self.nesting -= 1,
            ')' | ']' | '}' => {
                // `derive(Debug)` puts white space before a struct's brace.
                let unlikely = container == Some(BracketKind::Struct) && self.gap.is_empty();
                if !unlikely && container.is_some_and(|bracket| closes(bracket, c)) {
                    self.end_skip();
                    self.replay(c);
                    return true;
                }
            }
            ',' if until == SkipEnd::ValueEnd && self.nesting == 0 => {
                if matches!(container, Some(BracketKind::Struct | BracketKind::Map)) {
                    self.mode = StreamMode::Held;
                    self.held.clear();
                    return true;
                }
            }
            _ => {}
        }
        false
    }

    fn end_skip(&mut self) {
        self.remember_skipped();
        self.mode = StreamMode::Show;
        self.lexer.restart();
        let gap = std::mem::take(&mut self.gap);
        gap.chars().for_each(|c| self.push(c));
    }

    fn replay(&mut self, c: char) {
        if matches!(self.mode, StreamMode::Show) {
            self.lexer.step(c);
            self.show_plain(c);
        } else {
            self.push(c);
        }
    }

    /// Handles a char after a comma in a masked value, until it is known whether a key follows.
    pub(super) fn read_held(&mut self, c: char) {
        self.count_skipped(c);
        match next_key(&self.held, c) {
            KeyState::Unfinished if self.held.len() < MAX_KEY => self.held.push(c),
            KeyState::Found => {
                self.gap.clear();
                self.end_skip();
                self.replay(',');
                let held = std::mem::take(&mut self.held);
                held.chars().chain([c]).for_each(|c| self.push(c));
            }
            KeyState::Unfinished | KeyState::Not => {
                self.mode = StreamMode::Skip(SkipEnd::ValueEnd);
                self.gap.clear();
                let held = std::mem::take(&mut self.held);
                held.chars().chain([c]).for_each(|c| self.push(c));
            }
        }
    }

    pub(super) fn remember_skipped(&mut self) {
        if self.remember && !self.skipped.is_empty() {
            self.taint.add_debug(&self.skipped);
        }
        self.skipped.clear();
        self.remember = false;
    }
}

/// Whether the text after a comma is a key.
enum KeyState {
    Unfinished,
    Found,
    Not,
}

/// Returns whether `held` and `c` after a comma are a key with its colon, `..`, or the container's
/// end.
fn next_key(held: &str, c: char) -> KeyState {
    let key = held.trim_start();
    let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '#');
    if key.is_empty() {
        return match c {
            // A value such as `a,b` has no space after its comma.
            _ if c.is_whitespace() => KeyState::Unfinished,
            '}' if !held.is_empty() => KeyState::Found,
            '"' | '.' if !held.is_empty() => KeyState::Unfinished,
            _ if in_word(c) && !held.is_empty() => KeyState::Unfinished,
            _ => KeyState::Not,
        };
    }
    if key == ".." {
        return if c.is_whitespace() || c == '}' { KeyState::Found } else { KeyState::Not };
    }
    let rest = match key.strip_prefix('"') {
        Some(content) => match end_of_string(content) {
            Some(rest) => rest,
            None => return KeyState::Unfinished,
        },
        None => key.trim_start_matches(in_word),
    };
    match rest {
        "" if c == ':' || (in_word(c) && !key.starts_with('"')) => KeyState::Unfinished,
        ":" if c.is_whitespace() => KeyState::Found,
        _ => KeyState::Not,
    }
}

/// Returns what follows the closing quote of a string; `content` begins after the opening one.
fn end_of_string(content: &str) -> Option<&str> {
    let mut escaped = false;
    for (at, c) in content.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return content.get(at + 1..),
            _ => {}
        }
    }
    None
}
