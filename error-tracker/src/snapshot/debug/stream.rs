//! Processes `Debug` text as it is written: masks by name, and cuts lists, levels and strings.

mod skip;

use super::lexer::{CharRole, DebugLexer};
use super::{RenderLimits, RenderOutcome};
use crate::mask::{AppliedMask, EventTaint, Masking, NameVerdict};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BracketKind {
    /// `Name { .. }`
    Struct,
    /// `{ .. }` without a name: a map or set.
    Map,
    List,
    Tuple,
}

/// A bracket that is still open.
#[derive(Debug)]
struct OpenGroup {
    bracket: BracketKind,
    /// Commas so far.
    elements: usize,
    /// Begin and end in `out` of the first element, if it is a string.
    first: Option<(usize, usize)>,
    unnamed: bool,
    /// Begin in `out` of a value that is masked if it looks like a secret.
    suspect: Option<(usize, NameVerdict)>,
}

/// Where left out text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MaskEnd {
    /// The end of the value, or of the container where values cannot be told apart.
    ValueEnd,
    /// The end of the container, for limits.
    ContainerEnd,
    /// The end of all text.
    End,
}

#[derive(Debug)]
enum StreamMode {
    Show,
    Skip(MaskEnd),
    /// After a comma in a masked value: the next key may follow, or the value may go on.
    Held,
}

/// The state of the text so far.
pub(super) struct DebugStream<'a> {
    out: &'a mut String,
    start: usize,
    limits: RenderLimits,
    masking: &'a Masking,
    taint: &'a mut EventTaint,
    by_name: bool,
    lexer: DebugLexer,
    mode: StreamMode,
    stack: Vec<OpenGroup>,
    /// The last char, if it was a `:` or `=` that may have ended a key.
    separator: Option<char>,
    before: char,
    /// Begin and end in `out` of the last complete string, with its quotes.
    string: (usize, usize),
    string_chars: usize,
    string_cut: bool,
    any_string_cut: bool,
    /// The place in `out` where text inside a string looked like a value under a masked name.
    suspect: Option<(usize, AppliedMask)>,
    nesting: usize,
    gap: String,
    held: String,
    skipped: String,
    skipped_bytes: usize,
    remember: bool,
    /// All further text is ignored.
    pub(super) done: bool,
    pub(super) outcome: RenderOutcome,
}

impl<'a> DebugStream<'a> {
    pub(super) fn new(
        out: &'a mut String,
        limits: &RenderLimits,
        masking: &'a Masking,
        taint: &'a mut EventTaint,
    ) -> Self {
        Self {
            start: out.len(),
            out,
            limits: *limits,
            masking,
            taint,
            by_name: masking.masks_names(),
            lexer: DebugLexer::default(),
            mode: StreamMode::Show,
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
            outcome: RenderOutcome::default(),
        }
    }

    /// Takes back all text.
    pub(super) fn restart(self) -> Self {
        self.out.truncate(self.start);
        Self::new(self.out, &self.limits, self.masking, self.taint)
    }

    pub(super) fn push(&mut self, c: char) {
        if self.done {
            return;
        }
        match self.mode {
            StreamMode::Show => self.show(c),
            StreamMode::Skip(until) => self.skip(c, until),
            StreamMode::Held => self.hold(c),
        }
        self.before = c;
    }

    /// Returns how many bytes were pushed before the stream was done.
    pub(super) fn written(&self) -> usize {
        self.out.len() - self.start + self.skipped_bytes
    }

    /// Ends the text; called once, after the last char. `whole`: the value was written to its end.
    pub(super) fn finish(&mut self, whole: bool) {
        if whole && !self.done && self.lexer.open() {
            self.distrust();
        }
        self.remember_skipped();
        (0..self.stack.len()).rev().for_each(|level| self.judge(level));
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
            CharRole::Plain => self.show_plain(c),
            CharRole::Char => {
                if !self.key_ended(c) && !self.left_out() {
                    self.emit(c);
                }
            }
            CharRole::Open => {
                if self.key_ended(c) || self.left_out() {
                    return;
                }
                self.string = (self.out.len(), 0);
                (self.string_chars, self.string_cut) = (0, false);
                self.emit(c);
            }
            CharRole::Inside(starts) => {
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
            CharRole::Close => {
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
            self.skip(c, MaskEnd::ContainerEnd);
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
                self.judge(self.stack.len().wrapping_sub(1));
                self.emit(c);
                self.comma();
                return;
            }
            _ => {}
        }
        self.emit(c);
    }

    /// Starts to leave out the rest of the container if it is beyond a limit, and returns whether
    /// it does. The caller then handles the current char as left out text.
    fn left_out(&mut self) -> bool {
        let Some(open) = self.stack.last() else { return false };
        let list = matches!(open.bracket, BracketKind::List | BracketKind::Map);
        if self.stack.len() <= self.limits.depth && !(list && open.elements >= self.limits.elements)
        {
            return false;
        }
        self.outcome.cut = true;
        self.emit('…');
        self.begin_skip(MaskEnd::ContainerEnd);
        true
    }

    fn open(&mut self, c: char) {
        let verdict = {
            let shown = self.out[self.start..].trim_end_matches(' ');
            shown.ends_with(|last: char| last.is_alphanumeric() || matches!(last, '_' | '>'))
        };
        let bracket = match c {
            '(' => BracketKind::Tuple,
            '[' => BracketKind::List,
            _ if verdict => BracketKind::Struct,
            _ => BracketKind::Map,
        };
        let masked = if matches!(bracket, BracketKind::Tuple | BracketKind::Struct)
            && verdict
            && self.by_name
        {
            let name = trailing_word(self.out[self.start..].trim_end_matches(' '));
            self.masking.type_verdict(name)
        } else {
            None
        };
        self.emit(c);
        self.stack.push(OpenGroup {
            bracket,
            elements: 0,
            first: None,
            unnamed: !verdict,
            suspect: None,
        });
        match masked {
            Some(verdict) if verdict.is_certain() => {
                if bracket == BracketKind::Struct {
                    self.emit(' ');
                }
                self.mask(&verdict.masked, MaskEnd::ContainerEnd, true);
            }
            Some(verdict) if bracket == BracketKind::Tuple => self.suspect_value(verdict),
            _ => {}
        }
    }

    /// Marks the value that begins here: at its end it is masked if it looks like a secret.
    fn suspect_value(&mut self, verdict: NameVerdict) {
        if let Some(open) = self.stack.last_mut() {
            open.suspect = Some((self.out.len(), verdict));
        }
    }

    /// Masks the value that ends here if it was marked and looks like a secret.
    fn judge(&mut self, level: usize) {
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

    fn close(&mut self, c: char) {
        let matches = |open: &OpenGroup| closes(open.bracket, c);
        if let Some(at) = self.stack.iter().rposition(matches) {
            (at..self.stack.len()).rev().for_each(|level| self.judge(level));
            self.stack.truncate(at);
        }
    }

    fn comma(&mut self) {
        let Some(open) = self.stack.last_mut() else { return };
        open.elements += 1;
        // A pair of a list of pairs: `("password", "..")`.
        if open.bracket != BracketKind::Tuple
            || !open.unnamed
            || open.elements != 1
            || !self.by_name
        {
            return;
        }
        let Some((from, to)) = open.first else { return };
        match self.masked_string(from, to) {
            Some(verdict) if verdict.is_certain() => {
                self.emit(' ');
                self.mask(&verdict.masked, MaskEnd::ContainerEnd, true);
            }
            Some(verdict) => self.suspect_value(verdict),
            None => {}
        }
    }

    /// Starts to mask if `c` follows the separator of a masked key, and returns whether it did:
    /// then `c` is handled.
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
        let Some(verdict) = self.masked_key() else { return false };
        if !verdict.is_certain() {
            self.suspect_value(verdict);
            return false;
        }
        if c == ' ' {
            self.emit(c);
        }
        self.mask(&verdict.masked, MaskEnd::ValueEnd, true);
        if c != ' ' {
            self.relex(c);
        }
        true
    }

    /// Adds a char to the left out text that the lexer has read already.
    fn relex(&mut self, c: char) {
        self.lexer.restart();
        self.skip(c, MaskEnd::ValueEnd);
    }

    /// Returns how the key before the separator at the end of `out` is masked.
    fn masked_key(&self) -> Option<NameVerdict> {
        let shown = &self.out[self.start..];
        let shown = shown
            .trim_end_matches(['=', ':', '>', ' '])
            .trim_end_matches([')', '}', ' ', '\n', ',']);
        let end = self.start + shown.len();
        if end == self.string.1 {
            return self.masked_string(self.string.0, self.string.1);
        }
        let name = trailing_word(shown);
        if name.is_empty() { None } else { self.masking.verdict(name) }
    }

    fn masked_string(&self, from: usize, to: usize) -> Option<NameVerdict> {
        let key = self.out.get(from..to)?;
        if key.ends_with('…') {
            return Some(NameVerdict::certain(self.masking.mask_because("its name was cut")));
        }
        self.masking.verdict(key.trim_matches('"'))
    }

    fn suspect_key(&mut self) {
        let shown = &self.out[self.start..self.out.len() - 1];
        let name = trailing_word(shown.trim_end_matches(['\\', '"', ' ']));
        if name.is_empty() || self.suspect.is_some() && !self.lexer.odd {
            return;
        }
        if let Some(masked) = self.masking.certain_mask(name) {
            self.suspect = Some((self.out.len(), masked));
            if self.lexer.odd {
                self.distrust();
            }
        }
    }

    /// Handles quotes that do not match: what seemed to be inside a string may have been a field.
    /// Masks everything from the first suspect place on. If a string was cut, which may have hidden
    /// such a place, the text ends.
    fn distrust(&mut self) {
        if let Some((at, masked)) = self.suspect.take() {
            self.out.truncate(at);
            self.stack.iter_mut().for_each(|open| open.suspect = None);
            self.mask(&masked, MaskEnd::End, false);
        } else if self.any_string_cut {
            self.done = true;
            self.outcome.cut = true;
        }
    }
}

fn closes(bracket: BracketKind, c: char) -> bool {
    match bracket {
        BracketKind::Struct | BracketKind::Map => c == '}',
        BracketKind::List => c == ']',
        BracketKind::Tuple => c == ')',
    }
}

/// Returns the name at the end of `text`, at most its last 256 chars.
fn trailing_word(text: &str) -> &str {
    let in_word = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '@' | '#');
    let length: usize = text.chars().rev().take(256).take_while(in_word).map(char::len_utf8).sum();
    &text[text.len() - length..]
}
