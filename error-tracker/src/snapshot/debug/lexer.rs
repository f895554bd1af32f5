//! Where strings and chars begin and end in `Debug` text.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
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

/// What a char is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Text in which brackets, commas and colons mean something.
    Plain,
    /// The quote that opens a string.
    Open,
    /// A string's content; `true` where an escape or a single char starts, so that it may be cut before.
    Inside(bool),
    /// The quote that closes a string.
    Close,
    /// A char literal.
    Char,
}

#[derive(Clone, Debug)]
pub(super) struct Lexer {
    state: State,
    before: char,
    /// Quotes stood where `derive(Debug)` puts none: this text was written by hand, and what looks like
    /// the inside of a string may be outside of it.
    pub(super) odd: bool,
}

impl Default for Lexer {
    fn default() -> Self {
        Self { state: State::Plain, before: ' ', odd: false }
    }
}

impl Lexer {
    pub(super) fn step(&mut self, c: char) -> Part {
        let part = self.part(c);
        self.before = c;
        part
    }

    /// What comes next is outside of strings.
    pub(super) fn restart(&mut self) {
        *self = Self { odd: self.odd, ..Self::default() };
    }

    /// Whether the text so far ends inside a string or char.
    pub(super) fn open(&self) -> bool {
        !matches!(self.state, State::Plain | State::StrClosed(_) | State::CharStart | State::CharEnd(_))
    }

    fn part(&mut self, c: char) -> Part {
        match self.state {
            State::Str => {
                self.state = match c {
                    '\\' => State::StrEscape,
                    '"' => State::StrClosed(false),
                    _ => return Part::Inside(true),
                };
                if c == '"' { Part::Close } else { Part::Inside(true) }
            }
            State::StrEscape => {
                self.state = State::Str;
                Part::Inside(false)
            }
            State::CharStart => {
                self.state = if c == '\\' { State::CharEscape } else { State::CharEnd(c) };
                Part::Char
            }
            State::CharEscape => {
                self.state = State::CharTail(0);
                Part::Char
            }
            State::CharTail(count) => {
                const LONGEST: u8 = 9;
                self.odd |= count > LONGEST;
                self.state =
                    if c == '\'' || count > LONGEST { State::Plain } else { State::CharTail(count + 1) };
                Part::Char
            }
            State::CharEnd(_) if c == '\'' => {
                self.state = State::Plain;
                Part::Char
            }
            State::CharEnd(first) => {
                // An apostrophe after all.
                self.odd |= !first.is_alphanumeric();
                self.state = if first == '"' { State::Str } else { State::Plain };
                self.part(c)
            }
            State::StrClosed(spaced) => {
                let expected = match c {
                    '}' | '=' => true,
                    ',' | ')' | ']' | ':' | '\n' => !spaced,
                    ' ' => {
                        self.state = State::StrClosed(true);
                        return Part::Plain;
                    }
                    _ => false,
                };
                self.odd |= !expected;
                self.state = State::Plain;
                self.plain(c)
            }
            State::Plain => self.plain(c),
        }
    }

    fn plain(&mut self, c: char) -> Part {
        let in_word = self.before.is_alphanumeric() || self.before == '_';
        match c {
            '"' => {
                self.odd |= in_word && !matches!(self.before, 'b' | 'c' | 'r');
                self.state = State::Str;
                Part::Open
            }
            '\'' if !in_word && !matches!(self.before, '&' | '<') => {
                self.state = State::CharStart;
                Part::Char
            }
            _ => Part::Plain,
        }
    }
}
