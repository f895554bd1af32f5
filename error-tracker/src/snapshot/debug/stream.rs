//! Follows `Debug` text as it is written: masks by name, cuts lists, levels and strings.

mod skip;

use super::lexer::{Lexer, Part};
use super::{Limits, Outcome};
use crate::mask::{Masked, Masking, Taint};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bracket {
    /// `Name { .. }`
    Struct,
    /// `{ .. }` without a name: a map or set.
    Map,
    List,
    Tuple,
}

#[derive(Debug)]
struct Open {
    bracket: Bracket,
    /// Commas so far.
    elements: usize,
    /// Where the last string closed directly inside, when it is the first element.
    first: Option<(usize, usize)>,
    unnamed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// The end of the value, or of the container where values cannot be told apart.
    ValueEnd,
    /// The end of the container, for limits.
    ContainerEnd,
    /// The end of all text.
    End,
}

#[derive(Debug)]
enum Mode {
    Show,
    Skip(Until),
    /// After a comma behind a masked value: is this the next key, or still the value?
    Held,
}

pub(super) struct Stream<'a> {
    out: &'a mut String,
    start: usize,
    limits: Limits,
    masking: &'a Masking,
    taint: &'a mut Taint,
    by_name: bool,
    lexer: Lexer,
    mode: Mode,
    stack: Vec<Open>,
    /// A `:` or `=` was the last char: a key may have ended.
    separator: Option<char>,
    before: char,
    /// Begin and end in `out` of the string that closed last, quotes included.
    string: (usize, usize),
    string_chars: usize,
    string_cut: bool,
    any_string_cut: bool,
    /// Where in `out` something inside a string looked like a value under a masked name.
    suspect: Option<(usize, Masked)>,
    nesting: usize,
    gap: String,
    held: String,
    skipped: String,
    skipped_bytes: usize,
    remember: bool,
    /// Nothing more is taken.
    pub(super) done: bool,
    pub(super) outcome: Outcome,
}

impl<'a> Stream<'a> {
    pub(super) fn new(
        out: &'a mut String,
        limits: &Limits,
        masking: &'a Masking,
        taint: &'a mut Taint,
    ) -> Self {
        Self {
            start: out.len(),
            out,
            limits: *limits,
            masking,
            taint,
            by_name: masking.masks_names(),
            lexer: Lexer::default(),
            mode: Mode::Show,
            stack: Vec::new(),
            separator: None,
            before: ' ',
            string: (0, 0),
            string_chars: 0,
            string_cut: false,
            any_string_cut: false,
            suspect: None,
            nesting: 0,
            gap: String::new(),
            held: String::new(),
            skipped: String::new(),
            skipped_bytes: 0,
            remember: false,
            done: false,
            outcome: Outcome::default(),
        }
    }

    pub(super) fn push(&mut self, c: char) {
        if self.done {
            return;
        }
        match self.mode {
            Mode::Show => self.show(c),
            Mode::Skip(until) => self.skip(c, until),
            Mode::Held => self.hold(c),
        }
        self.before = c;
    }

    /// To be called once, after the last char. `whole`: the value was written to its end.
    pub(super) fn finish(&mut self, whole: bool) {
        if whole && !self.done && self.lexer.open() {
            self.distrust();
        }
        self.remember_skipped();
        if self.done {
            self.out.push('…');
        }
    }

    fn emit(&mut self, c: char) {
        if self.done {
            return;
        }
        if self.out.len() - self.start + c.len_utf8() > self.limits.bytes {
            self.done = true;
            self.outcome.cut = true;
            return;
        }
        self.out.push(c);
    }

    fn show(&mut self, c: char) {
        let part = self.lexer.step(c);
        if self.lexer.odd && (self.any_string_cut || self.suspect.is_some()) {
            self.distrust();
            return;
        }
        match part {
            Part::Plain => self.show_plain(c),
            Part::Char => {
                if !self.key_ended(c) && !self.left_out() {
                    self.emit(c);
                }
            }
            Part::Open => {
                if self.key_ended(c) || self.left_out() {
                    return;
                }
                self.string = (self.out.len(), 0);
                (self.string_chars, self.string_cut) = (0, false);
                self.emit(c);
            }
            Part::Inside(starts) => {
                self.string_chars += usize::from(starts);
                self.string_cut |= starts && self.string_chars > self.limits.string;
                if self.string_cut {
                    self.any_string_cut = true;
                    self.pass(c);
                    return;
                }
                self.emit(c);
                if matches!(c, ':' | '=') && self.by_name && !self.done {
                    self.suspect_key();
                }
            }
            Part::Close => {
                self.emit(c);
                if self.string_cut {
                    self.outcome.cut = true;
                    self.emit('…');
                }
                self.string.1 = self.out.len();
                if let Some(open) = self.stack.last_mut().filter(|open| open.elements == 0) {
                    open.first = Some(self.string);
                }
            }
        }
    }

    fn show_plain(&mut self, c: char) {
        if self.key_ended(c) {
            return;
        }
        if !c.is_whitespace() && !matches!(c, ')' | ']' | '}') && self.left_out() {
            self.skip(c, Until::ContainerEnd);
            return;
        }
        match c {
            ':' if self.before != ':' => self.separator = Some(c),
            '=' if !matches!(self.before, '=' | '!' | '<' | '>') => self.separator = Some(c),
            '(' | '[' | '{' => {
                self.open(c);
                return;
            }
            ')' | ']' | '}' => self.close(c),
            ',' => {
                self.emit(c);
                self.comma();
                return;
            }
            _ => {}
        }
        self.emit(c);
    }

    /// Starts leaving out the rest of the container, if it is beyond a limit. `c` is still to be handled
    /// where the caller knows that it belongs to the left out text.
    fn left_out(&mut self) -> bool {
        let Some(open) = self.stack.last() else { return false };
        let list = matches!(open.bracket, Bracket::List | Bracket::Map);
        if self.stack.len() <= self.limits.depth && !(list && open.elements >= self.limits.elements) {
            return false;
        }
        self.outcome.cut = true;
        self.emit('…');
        self.begin_skip(Until::ContainerEnd);
        true
    }

    fn open(&mut self, c: char) {
        let named = {
            let shown = self.out[self.start..].trim_end_matches(' ');
            shown.ends_with(|last: char| last.is_alphanumeric() || matches!(last, '_' | '>'))
        };
        let bracket = match c {
            '(' => Bracket::Tuple,
            '[' => Bracket::List,
            _ if named => Bracket::Struct,
            _ => Bracket::Map,
        };
        let masked = if c == '(' && named && self.by_name {
            let name = trailing_word(&self.out[self.start..]);
            self.masking.type_name(name)
        } else {
            None
        };
        self.emit(c);
        self.stack.push(Open { bracket, elements: 0, first: None, unnamed: !named });
        if let Some(masked) = masked {
            self.mask(&masked, Until::ContainerEnd, false);
        }
    }

    fn close(&mut self, c: char) {
        let matches = |open: &Open| closes(open.bracket, c);
        if let Some(at) = self.stack.iter().rposition(matches) {
            self.stack.truncate(at);
        }
    }

    fn comma(&mut self) {
        let Some(open) = self.stack.last_mut() else { return };
        open.elements += 1;
        // A pair of a list of pairs: `("password", "..")`.
        if open.bracket != Bracket::Tuple || !open.unnamed || open.elements != 1 || !self.by_name {
            return;
        }
        let Some((from, to)) = open.first else { return };
        let Some(masked) = self.masked_string(from, to) else { return };
        self.emit(' ');
        self.mask(&masked, Until::ContainerEnd, true);
    }

    /// Begins to mask when `c` follows the separator of a masked key. Then `c` has been handled.
    fn key_ended(&mut self, c: char) -> bool {
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
        let Some(masked) = self.masked_key() else { return false };
        if c == ' ' {
            self.emit(c);
        }
        self.mask(&masked, Until::ValueEnd, true);
        if c != ' ' {
            self.relex(c);
        }
        true
    }

    /// Feeds a char to the left out text which the lexer has seen already.
    fn relex(&mut self, c: char) {
        self.lexer.restart();
        self.skip(c, Until::ValueEnd);
    }

    /// How the key is masked that ends before the separator at the end of `out`.
    fn masked_key(&self) -> Option<Masked> {
        let shown = &self.out[self.start..];
        let shown = shown.trim_end_matches(['=', ':', '>', ' ']).trim_end_matches([')', '}', ' ', '\n', ',']);
        let end = self.start + shown.len();
        if end == self.string.1 {
            return self.masked_string(self.string.0, self.string.1);
        }
        let name = trailing_word(shown);
        if name.is_empty() { None } else { self.masking.name(name) }
    }

    fn masked_string(&self, from: usize, to: usize) -> Option<Masked> {
        let key = self.out.get(from..to)?;
        if key.ends_with('…') {
            return Some(self.masking.because("its name was cut"));
        }
        self.masking.name(key.trim_matches('"'))
    }

    fn suspect_key(&mut self) {
        let shown = &self.out[self.start..self.out.len() - 1];
        let name = trailing_word(shown.trim_end_matches(['\\', '"', ' ']));
        if name.is_empty() || self.suspect.is_some() && !self.lexer.odd {
            return;
        }
        if let Some(masked) = self.masking.name(name) {
            self.suspect = Some((self.out.len(), masked));
            if self.lexer.odd {
                self.distrust();
            }
        }
    }

    /// Quotes do not add up: what seemed to be inside a string may have been a field. All from the first
    /// such place on is masked; where a string was cut, which may have hidden one, the text ends.
    fn distrust(&mut self) {
        if let Some((at, masked)) = self.suspect.take() {
            self.out.truncate(at);
            self.mask(&masked, Until::End, false);
        } else if self.any_string_cut {
            self.done = true;
            self.outcome.cut = true;
        }
    }
}

fn closes(bracket: Bracket, c: char) -> bool {
    match bracket {
        Bracket::Struct | Bracket::Map => c == '}',
        Bracket::List => c == ']',
        Bracket::Tuple => c == ')',
    }
}

/// The name at the end of `text`; at most its last 256 bytes or so.
fn trailing_word(text: &str) -> &str {
    let in_word = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '@' | '#');
    let length: usize = text.chars().rev().take(256).take_while(in_word).map(char::len_utf8).sum();
    &text[text.len() - length..]
}
