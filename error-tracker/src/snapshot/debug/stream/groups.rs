//! The groups in brackets of `Debug` text: masks the content of masked types and the values of
//! pairs, and cuts groups at the limits.

use super::names::trailing_word;
use super::{DebugStream, SkipEnd};
use crate::mask::NameVerdict;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BracketKind {
    /// `Name { .. }`
    Struct,
    /// `{ .. }` without a name: a map or set.
    Map,
    List,
    Tuple,
}

/// A bracket that is still open.
#[derive(Debug)]
pub(super) struct OpenGroup {
    pub(super) bracket: BracketKind,
    /// Commas so far.
    pub(super) elements: usize,
    /// Start and end in `out` of the first element, if it is a string.
    pub(super) first: Option<(usize, usize)>,
    pub(super) unnamed: bool,
    /// Start in `out` of a value that is masked if it looks like a secret.
    pub(super) suspect: Option<(usize, NameVerdict)>,
}

impl DebugStream<'_> {
    /// Starts to skip the rest of the container if it is beyond a limit, and returns whether it
    /// does. The caller then handles the current char as skipped text.
    pub(super) fn skip_beyond_limit(&mut self) -> bool {
        let Some(open) = self.stack.last() else { return false };
        let list = matches!(open.bracket, BracketKind::List | BracketKind::Map);
        if self.stack.len() <= self.limits.depth && !(list && open.elements >= self.limits.elements)
        {
            return false;
        }
        self.outcome.cut = true;
        self.emit('…');
        self.begin_skip(SkipEnd::ContainerEnd);
        true
    }

    /// Opens a group. Masks its content if the name before it is a masked type.
    pub(super) fn open_group(&mut self, c: char) {
        let before = self.out[self.start..].trim_end_matches(' ');
        let is_named =
            before.ends_with(|last: char| last.is_alphanumeric() || matches!(last, '_' | '>'));
        let bracket = match c {
            '(' => BracketKind::Tuple,
            '[' => BracketKind::List,
            _ if is_named => BracketKind::Struct,
            _ => BracketKind::Map,
        };
        let is_typed = is_named && matches!(bracket, BracketKind::Tuple | BracketKind::Struct);
        let verdict = if is_typed && self.by_name {
            self.masking.type_verdict(trailing_word(before))
        } else {
            None
        };
        self.emit(c);
        self.stack.push(OpenGroup {
            bracket,
            elements: 0,
            first: None,
            unnamed: !is_named,
            suspect: None,
        });
        match verdict {
            Some(verdict) if verdict.is_certain() => {
                if bracket == BracketKind::Struct {
                    self.emit(' ');
                }
                self.mask(&verdict.masked, SkipEnd::ContainerEnd, true);
            }
            Some(verdict) if bracket == BracketKind::Tuple => self.mark_suspect_value(verdict),
            _ => {}
        }
    }

    /// Closes the innermost group that `c` can close, and those inside it.
    pub(super) fn close_group(&mut self, c: char) {
        let matches = |open: &OpenGroup| closes(open.bracket, c);
        if let Some(at) = self.stack.iter().rposition(matches) {
            (at..self.stack.len()).rev().for_each(|level| self.mask_suspect_value(level));
            self.stack.truncate(at);
        }
    }

    /// Counts an element. Masks the second one of a pair if the first is a masked key.
    pub(super) fn end_element(&mut self) {
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
        match self.string_verdict(from, to) {
            Some(verdict) if verdict.is_certain() => {
                self.emit(' ');
                self.mask(&verdict.masked, SkipEnd::ContainerEnd, true);
            }
            Some(verdict) => self.mark_suspect_value(verdict),
            None => {}
        }
    }
}

/// Returns whether `c` closes a bracket of this kind.
pub(super) fn closes(bracket: BracketKind, c: char) -> bool {
    match bracket {
        BracketKind::Struct | BracketKind::Map => c == '}',
        BracketKind::List => c == ']',
        BracketKind::Tuple => c == ')',
    }
}
