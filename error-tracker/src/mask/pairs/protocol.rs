//! Masks passwords in lines of text protocols: `AUTH bo hunter2`, `PASS hunter2`, `a1 LOGIN bo
//! hunter2`.

use std::ops::{Range, RangeInclusive};

use super::super::NameVerdict;
use super::super::appearance::{SecretSuspicion, looks_secret};
use super::{PairScanner, prose};

/// Bytes of a line that are examined.
const MAX_LINE: usize = 4096;
/// Characters between the words of a line or a list.
const MARKS: [char; 6] = ['"', '\'', '`', ',', ' ', '\\'];

/// Commands whose last argument is a password, plain or in base64, and how many arguments they
/// have.
const COMMANDS: [(&str, RangeInclusive<usize>); 3] =
    [("AUTH", 1..=2), ("PASS", 1..=1), ("LOGIN", 2..=2)];

/// Returns whether `text` ends with a command.
pub(super) fn ends_with_command(text: &[u8]) -> bool {
    COMMANDS.iter().any(|(command, _)| text.ends_with(command.as_bytes()))
}

impl PairScanner<'_> {
    /// Returns the last argument of the command before the blank or comma at `at`, if it looks like
    /// a secret.
    pub(super) fn command(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let before = self.text[..at].trim_end_matches(['"', '\'', '`', '\\']);
        let (start, count) = COMMANDS
            .iter()
            .find_map(|(command, count)| Some((before.strip_suffix(command)?, count)))?;
        let is_escape = start.ends_with("\\n") || start.ends_with("\\r");
        if !is_escape && start.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-')) {
            return None;
        }
        let line = &self.text[at..self.text.floor_char_boundary(at + MAX_LINE)];
        let line = &line[..line.find(['\n', '\r', ']', ')']).unwrap_or(line.len())];
        let line = line.split("\\n").next()?.split("\\r").next()?;
        let words = || line.split(MARKS).filter(|word| !word.is_empty());
        if !count.contains(&words().take(count.end() + 1).count()) {
            return None;
        }
        let last = words().next_back()?;
        let is_secret = looks_secret(last, SecretSuspicion::Strong) && !last.contains('/')
            || last.len() > 8 && last.ends_with('=');
        let start = last.as_ptr() as usize - self.text.as_ptr() as usize;
        let value = start..start + last.len();
        if !is_secret || prose::is_placeholder(last) {
            return None;
        }
        Some((self.masking.verdict("password")?, value))
    }
}
