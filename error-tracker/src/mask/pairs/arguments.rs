//! Masks passwords that commands take without an option: `cargo login x`, `net user bo x`,
//! `sqlplus bo/x@db`, `echo x | sudo -S ls`.

use std::ops::Range;

use super::super::NameVerdict;
use super::super::appearance::{SecretSuspicion, looks_secret};
use super::extent;
use super::{PairScanner, prose};

/// Bytes of a command line that are examined.
const MAX_LINE: usize = 512;

/// Which argument of a command is a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PasswordArgument {
    /// The one after this many others, if it is no word of a sentence.
    After(usize),
    /// The last of several, if it is no word of a sentence.
    Last,
    /// The first, if it looks like a secret.
    Token,
    /// The part of the first behind the slash: `bo/hunter2@db`.
    AfterSlash,
}

/// Commands that take a password as an argument.
const COMMANDS: &[(&str, PasswordArgument)] = &[
    ("cargo login", PasswordArgument::Token),
    ("vault login", PasswordArgument::Token),
    ("net user", PasswordArgument::After(1)),
    ("net use", PasswordArgument::After(0)),
    ("htpasswd -b", PasswordArgument::Last),
    ("htpasswd -bc", PasswordArgument::Last),
    ("htpasswd -cb", PasswordArgument::Last),
    ("htpasswd -nb", PasswordArgument::Last),
    ("wpa_passphrase", PasswordArgument::After(1)),
    ("isql", PasswordArgument::After(2)),
    ("sqlplus", PasswordArgument::AfterSlash),
    ("expdp", PasswordArgument::AfterSlash),
    ("impdp", PasswordArgument::AfterSlash),
    ("sqlldr", PasswordArgument::AfterSlash),
    ("ConvertTo-SecureString", PasswordArgument::After(0)),
];

/// The last bytes of the commands, by which most places are passed over.
const ENDS: [[u8; 4]; COMMANDS.len()] = {
    let mut ends = [[0; 4]; COMMANDS.len()];
    let mut at = 0;
    while at < ends.len() {
        if let Some(end) = COMMANDS[at].0.as_bytes().last_chunk() {
            ends[at] = *end;
        }
        at += 1;
    }
    ends
};

/// Commands that read a password from their input, by a part of their text.
const READERS: [&str; 7] = [
    "--password-stdin",
    "sudo -S",
    "chpasswd",
    "cryptsetup",
    "passwd --stdin",
    "--passphrase-fd 0",
    "--with-token",
];

/// Returns whether `text` ends with a command of the list.
pub(super) fn ends_with_command(text: &[u8]) -> bool {
    let may_end = text.last_chunk().is_some_and(|end| ENDS.contains(end));
    may_end && COMMANDS.iter().any(|(command, _)| text.ends_with(command.as_bytes()))
}

impl PairScanner<'_> {
    /// Returns the password among the arguments of the command that ends at the blank at `at`.
    pub(super) fn argument(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        if !self.text[..at].ends_with(['"', '\'', '\\'])
            && !ends_with_command(&self.text.as_bytes()[..at])
        {
            return None;
        }
        let (_, password) =
            COMMANDS.iter().find(|(command, _)| ends_with(&self.text[..at], command))?;
        let mut arguments = self.arguments(at);
        let value = match password {
            PasswordArgument::After(count) => arguments.nth(*count)?,
            PasswordArgument::Last => {
                arguments.next()?;
                arguments.last()?
            }
            PasswordArgument::Token => {
                arguments.find(|word| !self.text[word.clone()].contains('='))?
            }
            PasswordArgument::AfterSlash => {
                let login = arguments.next()?;
                let shown = &self.text[login.clone()];
                let start = shown.find('/')? + 1;
                let end = shown.rfind('@').filter(|at| *at > start).unwrap_or(shown.len());
                login.start + start..login.start + end
            }
        };
        let shown = &self.text[value.clone()];
        let is_value = match password {
            PasswordArgument::Token => looks_secret(shown, SecretSuspicion::Strong),
            _ => !prose::is_word(shown) && !prose::is_placeholder(shown) && !shown.is_empty(),
        };
        is_value.then(|| Some((self.masking.verdict("password")?, value)))?
    }

    /// Returns the arguments behind `at` in the same command that are neither options nor names of
    /// shared folders and drives.
    fn arguments(&self, at: usize) -> impl Iterator<Item = Range<usize>> {
        let line = &self.text[at..self.text.floor_char_boundary(at + MAX_LINE)];
        let mut from = Some(0);
        let words = std::iter::from_fn(move || {
            let start = line.len() - line[from?..].trim_start_matches([',', ' ', '\t']).len();
            let word = extent::word(line, start)?;
            let is_quote = |c: &char| matches!(c, '"' | '\'' | '`');
            let after = line[word.end..].trim_start_matches('\\');
            let closing = after.chars().next().filter(is_quote);
            let is_quoted = line[..word.start].ends_with(['"', '\'', '`']);
            // The quote after a bare word ends the command.
            from = match closing {
                Some(_) if is_quoted => Some(line.len() - after.len() + 1),
                Some(_) => None,
                None => Some(word.end),
            };
            let shown = &line[word.clone()];
            (!matches!(shown, "|" | ";" | "&&" | ">" | "||")).then_some((shown, word.start))
        });
        words
            .filter(|(word, _)| {
                !word.starts_with(['-', '/', '\\', '@']) && *word != "*" && !word.ends_with(':')
            })
            .map(move |(word, start)| at + start..at + start + word.len())
    }

    /// Returns the text of `echo x` in `echo x | reader`, where `at` is the bar.
    pub(super) fn piped(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let after = &self.text[at..self.text.floor_char_boundary(at + MAX_LINE / 2)];
        let after = after[1..].split(['\n', '|']).next()?;
        if !READERS.iter().any(|reader| after.contains(reader)) {
            return None;
        }
        let before = &self.text[self.text.ceil_char_boundary(at.saturating_sub(MAX_LINE / 2))..at];
        let command = before.rsplit(['\n', ';', '&']).next()?;
        let (_, shown) = ["echo ", "printf "].iter().find_map(|echo| command.rsplit_once(echo))?;
        let shown = shown.strip_prefix("-n ").unwrap_or(shown).trim();
        let shown = shown.trim_matches(['"', '\'', '\\']);
        let start = shown.as_ptr() as usize - self.text.as_ptr() as usize;
        let value = start..start + shown.len();
        let is_value = !prose::is_placeholder(shown) && !shown.starts_with('$');
        is_value.then(|| Some((self.masking.verdict("password")?, value)))?
    }
}

/// Returns whether `text` ends with the words of `command`, each of which may be quoted: `"cargo",
/// "login"`.
fn ends_with(text: &str, command: &str) -> bool {
    let quotes: &[char] = &['"', '\'', '\\'];
    let is_quoted = text.ends_with(quotes);
    let blanks: &[char] = if is_quoted { &[' ', ',', '"', '\'', '\\'] } else { &[' '] };
    let mut rest = text;
    for word in command.rsplit(' ') {
        let before = rest.trim_end_matches(blanks).strip_suffix(word);
        let Some(before) = before.filter(|before| !is_quoted || before.ends_with(quotes)) else {
            return false;
        };
        rest = before;
    }
    !rest.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-')
}
