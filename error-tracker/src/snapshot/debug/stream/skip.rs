//! What happens to text that is left out: a masked value, the rest of a list, a level too deep.

use super::super::lexer::Part;
use super::{Bracket, Mode, Stream, Until, closes};
use crate::mask::Masked;

/// Left out text that may pass before the rest is given up.
const SKIPPED: usize = 64 * 1024;
/// Masked text that is looked through for values to remember.
const REMEMBERED: usize = 4 * 1024;
/// The longest key that can end a masked value.
const HELD: usize = 300;

impl Stream<'_> {
    pub(super) fn mask(&mut self, masked: &Masked, until: Until, remember: bool) {
        if self.done {
            return;
        }
        self.out.push_str(&masked.text);
        self.outcome.masked = true;
        self.begin_skip(until);
        self.remember = remember;
    }

    pub(super) fn begin_skip(&mut self, until: Until) {
        self.mode = Mode::Skip(until);
        self.nesting = 0;
        self.remember = false;
        self.gap.clear();
        self.skipped.clear();
    }

    /// Counts text that is left out, and gives up when there is no end of it.
    pub(super) fn pass(&mut self, c: char) {
        self.skipped_bytes += c.len_utf8();
        if self.skipped_bytes > SKIPPED {
            self.done = true;
            self.outcome.cut = true;
        }
    }

    pub(super) fn skip(&mut self, c: char, until: Until) {
        self.pass(c);
        let part = self.lexer.step(c);
        if part == Part::Plain && until != Until::End && self.skip_plain(c, until) {
            return;
        }
        if c.is_whitespace() {
            self.gap.push(c);
        } else {
            self.gap.clear();
        }
        if self.remember && self.skipped.len() < REMEMBERED {
            self.skipped.push(c);
        }
    }

    /// Whether the left out text ended with `c`, or may end there.
    fn skip_plain(&mut self, c: char, until: Until) -> bool {
        let container = self.stack.last().map(|open| open.bracket);
        match c {
            '(' | '[' | '{' => self.nesting += 1,
            ')' | ']' | '}' if self.nesting > 0 => self.nesting -= 1,
            ')' | ']' | '}' => {
                // `derive(Debug)` puts white space before a struct's brace.
                let unlikely = container == Some(Bracket::Struct) && self.gap.is_empty();
                if !unlikely && container.is_some_and(|bracket| closes(bracket, c)) {
                    self.end_skip();
                    self.replay(c);
                    return true;
                }
            }
            ',' if until == Until::ValueEnd && self.nesting == 0 => {
                if matches!(container, Some(Bracket::Struct | Bracket::Map)) {
                    self.mode = Mode::Held;
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
        self.mode = Mode::Show;
        self.lexer.restart();
        let gap = std::mem::take(&mut self.gap);
        gap.chars().for_each(|c| self.push(c));
    }

    fn replay(&mut self, c: char) {
        if matches!(self.mode, Mode::Show) {
            self.lexer.step(c);
            self.show_plain(c);
        } else {
            self.push(c);
        }
    }

    pub(super) fn hold(&mut self, c: char) {
        self.pass(c);
        match next_key(&self.held, c) {
            Key::Unfinished if self.held.len() < HELD => self.held.push(c),
            Key::Found => {
                self.gap.clear();
                self.end_skip();
                self.replay(',');
                let held = std::mem::take(&mut self.held);
                held.chars().chain([c]).for_each(|c| self.push(c));
            }
            Key::Unfinished | Key::Not => {
                self.mode = Mode::Skip(Until::ValueEnd);
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

enum Key {
    Unfinished,
    Found,
    Not,
}

/// Whether `held` and `c` after a comma are a key with its colon, `..`, or the container's end.
fn next_key(held: &str, c: char) -> Key {
    let key = held.trim_start();
    let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '#');
    if key.is_empty() {
        return match c {
            // A value such as `a,b` has no space after its comma.
            _ if c.is_whitespace() => Key::Unfinished,
            '}' if !held.is_empty() => Key::Found,
            '"' | '.' if !held.is_empty() => Key::Unfinished,
            _ if in_word(c) && !held.is_empty() => Key::Unfinished,
            _ => Key::Not,
        };
    }
    if key == ".." {
        return if c.is_whitespace() || c == '}' { Key::Found } else { Key::Not };
    }
    let rest = match key.strip_prefix('"') {
        Some(content) => match end_of_string(content) {
            Some(rest) => rest,
            None => return Key::Unfinished,
        },
        None => key.trim_start_matches(in_word),
    };
    match rest {
        "" if c == ':' || (in_word(c) && !key.starts_with('"')) => Key::Unfinished,
        ":" if c.is_whitespace() => Key::Found,
        _ => Key::Not,
    }
}

/// What follows the closing quote of a string whose opening one was taken off.
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
