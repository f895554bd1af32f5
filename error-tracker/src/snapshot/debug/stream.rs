//! Processes `Debug` text as it is written: masks by name, and cuts lists, levels and strings.

mod groups;
mod names;
mod skip;

use groups::OpenGroup;

use super::lexer::{CharRole, DebugLexer};
use super::{RenderLimits, RenderOutcome};
use crate::mask::{AppliedMask, EventTaint, Masking};

/// The place where skipped text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SkipEnd {
    /// The end of the value; of the container if the end of the value cannot be recognized.
    ValueEnd,
    /// The end of the container, for limits.
    ContainerEnd,
    /// The end of the text.
    End,
}

#[derive(Debug)]
enum StreamMode {
    Show,
    Skip(SkipEnd),
    /// After a comma in a masked value: either a key follows, or the value continues.
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
    /// Start and end in `out` of the last complete string, with its quotes.
    string: (usize, usize),
    string_chars: usize,
    string_cut: bool,
    has_cut_string: bool,
    /// The place in `out` where text inside a string looked like the value of a masked name.
    suspect: Option<(usize, AppliedMask)>,
    nesting: usize,
    gap: String,
    held: String,
    skipped: String,
    skipped_bytes: usize,
    remember: bool,
    /// Whether all further text is ignored.
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
            has_cut_string: false,
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

    /// Removes all text.
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
            StreamMode::Held => self.read_held(c),
        }
        self.before = c;
    }

    /// Returns how many bytes were pushed before the stream was done.
    pub(super) fn written(&self) -> usize {
        self.out.len() - self.start + self.skipped_bytes
    }

    /// Ends the text; called once, after the last char. `whole` means that the value was written
    /// to its end.
    pub(super) fn finish(&mut self, whole: bool) {
        if whole && !self.done && self.lexer.is_in_literal() {
            self.handle_odd_quotes();
        }
        self.remember_skipped();
        (0..self.stack.len()).rev().for_each(|level| self.mask_suspect_value(level));
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
        if self.lexer.odd && (self.has_cut_string || self.suspect.is_some()) {
            self.handle_odd_quotes();
            return;
        }
        match part {
            CharRole::Plain => self.show_plain(c),
            CharRole::Char => {
                if !self.mask_after_key(c) && !self.skip_beyond_limit() {
                    self.emit(c);
                }
            }
            CharRole::Open => {
                if self.mask_after_key(c) || self.skip_beyond_limit() {
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
                    self.has_cut_string = true;
                    self.count_skipped(c);
                    return;
                }
                self.emit(c);
                if matches!(c, ':' | '=') && self.by_name && !self.done {
                    self.mark_suspect_key();
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
        if self.mask_after_key(c) {
            return;
        }
        if !c.is_whitespace() && !matches!(c, ')' | ']' | '}') && self.skip_beyond_limit() {
            self.skip(c, SkipEnd::ContainerEnd);
            return;
        }
        match c {
            ':' if self.before != ':' => self.separator = Some(c),
            '=' if !matches!(self.before, '=' | '!' | '<' | '>') => self.separator = Some(c),
            '(' | '[' | '{' => {
                self.open_group(c);
                return;
            }
            ')' | ']' | '}' => self.close_group(c),
            ',' => {
                self.mask_suspect_value(self.stack.len().wrapping_sub(1));
                self.emit(c);
                self.end_element();
                return;
            }
            _ => {}
        }
        self.emit(c);
    }
}
