//! Masks values that precede their name: `invalid value 'x' for '--password <PASSWORD>'`, `string
//! "x", expected an integer for key "password"`.

use std::ops::Range;

use super::super::NameVerdict;
use super::extent::ValueExtent;
use super::name::{MAX_NAME, is_one_of};
use super::{PairScanner, prose};

/// Words before the name.
const BEFORE_NAME: &[&str] =
    &["for", "key", "field", "option", "argument", "parameter", "setting", "variable"];
/// Words before the value.
const BEFORE_VALUE: [&str; 6] = ["value ", "string ", "integer ", "number ", "parse ", "entry "];

impl PairScanner<'_> {
    /// Returns the value whose quoted name follows the blank at `at`, where `word` ends.
    pub(super) fn value_before_name(
        &self,
        at: usize,
        word: &str,
    ) -> Option<(NameVerdict, Range<usize>)> {
        if !is_one_of(BEFORE_NAME, word) {
            return None;
        }
        let ValueExtent::Exact(name) = ValueExtent::at(self.text, at, true, true)? else {
            return None;
        };
        let name = self.text[name].split([' ', '=']).next()?;
        let verdict = self.masking.verdict(name.trim_matches(['-', '<', '>', '[', ']']))?;
        let before = &self.text[self.text.ceil_char_boundary(at.saturating_sub(2 * MAX_NAME))..at];
        let line = before.rsplit('\n').next()?;
        let ends = BEFORE_VALUE
            .iter()
            .flat_map(|word| line.match_indices(word).map(|(at, word)| at + word.len()));
        let is_quoted =
            |end: &usize| line[*end..].trim_start_matches('\\').starts_with(['"', '\'', '`']);
        let start = at - line.len() + ends.filter(is_quoted).max()?;
        let ValueExtent::Exact(value) = ValueExtent::at(self.text, start, true, true)? else {
            return None;
        };
        (value.end < at && !prose::is_placeholder(&self.text[value.clone()]))
            .then_some((verdict, value))
    }
}
