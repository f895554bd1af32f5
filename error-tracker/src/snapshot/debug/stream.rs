//! Follows `Debug` text as it is written: masks by name, cuts lists, levels and strings.

use super::lexer::{Lexer, Part};
use super::{Limits, Outcome};
use crate::mask::{Masked, Masking, Taint};

/// Left out text that may pass before the rest is given up.
const SKIPPED: usize = 64 * 1024;
/// Masked text that is looked through for values to remember.
const REMEMBERED: usize = 4 * 1024;
/// The longest key that can end a masked value.
const HELD: usize = 300;

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

    fn mask(&mut self, masked: &Masked, until: Until, remember: bool) {
        if self.done {
            return;
        }
        self.out.push_str(&masked.text);
        self.outcome.masked = true;
        self.begin_skip(until);
        self.remember = remember;
    }

    fn begin_skip(&mut self, until: Until) {
        self.mode = Mode::Skip(until);
        self.nesting = 0;
        self.remember = false;
        self.gap.clear();
        self.skipped.clear();
    }

    /// Counts text that is left out, and gives up when there is no end of it.
    fn pass(&mut self, c: char) {
        self.skipped_bytes += c.len_utf8();
        if self.skipped_bytes > SKIPPED {
            self.done = true;
            self.outcome.cut = true;
        }
    }

    fn skip(&mut self, c: char, until: Until) {
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

    fn hold(&mut self, c: char) {
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

    fn remember_skipped(&mut self) {
        if self.remember && !self.skipped.is_empty() {
            self.taint.add_debug(&self.skipped);
        }
        self.skipped.clear();
        self.remember = false;
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
