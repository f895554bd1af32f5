//! Finds the strings and char literals in `Debug` text.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LexerState {
    Plain,
    Str,
    StrEscape,
    CharStart,
    CharEscape,
    /// After an escape's first char, with the count of chars that followed.
    CharTail(u8),
    CharEnd(char),
    /// Just after a string; `true` when a space followed.
    StrClosed(bool),
}

/// The role of a char in `Debug` text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CharRole {
    /// Text outside of strings, where brackets, commas and colons have a meaning.
    Plain,
    /// The quote that opens a string.
    Open,
    /// A string's content; `true` where an escape or a single char starts, so that the string can
    /// be cut before it.
    Inside(bool),
    /// The quote that closes a string.
    Close,
    /// A char literal.
    Char,
}

/// The lexer, fed char by char.
#[derive(Clone, Debug)]
pub(super) struct DebugLexer {
    state: LexerState,
    before: char,
    /// Whether quotes are at places where `derive(Debug)` writes none: then a `Debug` written by
    /// hand made this text, and text that seems to be inside a string may be outside of it.
    pub(super) odd: bool,
}

impl Default for DebugLexer {
    fn default() -> Self {
        Self { state: LexerState::Plain, before: ' ', odd: false }
    }
}

impl DebugLexer {
    /// Returns the role of the next char.
    pub(super) fn step(&mut self, c: char) -> CharRole {
        let part = self.part(c);
        self.before = c;
        part
    }

    /// Continues outside of strings.
    pub(super) fn restart(&mut self) {
        *self = Self { odd: self.odd, ..Self::default() };
    }

    /// Returns whether the text so far ends inside a string or char.
    pub(super) fn is_in_literal(&self) -> bool {
        !matches!(
            self.state,
            LexerState::Plain
                | LexerState::StrClosed(_)
                | LexerState::CharStart
                | LexerState::CharEnd(_)
        )
    }

    fn part(&mut self, c: char) -> CharRole {
        match self.state {
            LexerState::Str => {
                self.state = match c {
                    '\\' => LexerState::StrEscape,
                    '"' => LexerState::StrClosed(false),
                    _ => return CharRole::Inside(true),
                };
                if c == '"' { CharRole::Close } else { CharRole::Inside(true) }
            }
            LexerState::StrEscape => {
                self.state = LexerState::Str;
                CharRole::Inside(false)
            }
            LexerState::CharStart => {
                self.state =
                    if c == '\\' { LexerState::CharEscape } else { LexerState::CharEnd(c) };
                CharRole::Char
            }
            LexerState::CharEscape => {
                self.state = LexerState::CharTail(0);
                CharRole::Char
            }
            LexerState::CharTail(count) => {
                const MAX_ESCAPE: u8 = 9;
                self.odd |= count > MAX_ESCAPE;
                self.state = if c == '\'' || count > MAX_ESCAPE {
                    LexerState::Plain
                } else {
                    LexerState::CharTail(count + 1)
                };
                CharRole::Char
            }
            LexerState::CharEnd(_) if c == '\'' => {
                self.state = LexerState::Plain;
                CharRole::Char
            }
            LexerState::CharEnd(first) => {
                // It was an apostrophe.
                self.odd |= !first.is_alphanumeric();
                self.state = if first == '"' { LexerState::Str } else { LexerState::Plain };
                self.part(c)
            }
            LexerState::StrClosed(spaced) => {
                let expected = match c {
                    '}' | '=' => true,
                    ',' | ')' | ']' | ':' | '\n' => !spaced,
                    ' ' => {
                        self.state = LexerState::StrClosed(true);
                        return CharRole::Plain;
                    }
                    _ => false,
                };
                self.odd |= !expected;
                self.state = LexerState::Plain;
                self.plain(c)
            }
            LexerState::Plain => self.plain(c),
        }
    }

    fn plain(&mut self, c: char) -> CharRole {
        let in_word = self.before.is_alphanumeric() || self.before == '_';
        match c {
            '"' => {
                self.odd |= in_word && !matches!(self.before, 'b' | 'c' | 'r');
                self.state = LexerState::Str;
                CharRole::Open
            }
            '\'' if !in_word && !matches!(self.before, '&' | '<') => {
                self.state = LexerState::CharStart;
                CharRole::Char
            }
            _ => CharRole::Plain,
        }
    }
}
