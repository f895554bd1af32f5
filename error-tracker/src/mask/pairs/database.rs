//! Passwords as databases' own languages and addresses write them.

use std::ops::Range;

use super::super::NameVerdict;
use super::extent::{self, ValueExtent};
use super::{MAX_NAME, PairScanner};

impl PairScanner<'_> {
    /// Returns the password of `jdbc:oracle:thin:scott/tiger@host`, where `at` is the colon before
    /// the user.
    pub(super) fn oracle(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        const DRIVERS: [&str; 3] = ["jdbc:oracle:thin", "jdbc:oracle:oci", "jdbc:oracle:oci8"];
        let (address, rest) = (&self.text[..at], &self.text[at + 1..]);
        if self.text.as_bytes()[at] != b':'
            || !DRIVERS.iter().any(|driver| address.ends_with(driver))
        {
            return None;
        }
        let login = rest.split(|c: char| c.is_whitespace() || c == '"').next()?;
        let (user, rest) = login.split_once('/')?;
        let length = rest.find('@')?;
        let start = at + 1 + user.len() + 1;
        let named = self.masking.named("password")?;
        (!user.contains('@') && length > 0).then_some((named, start..start + length))
    }

    /// Returns the password of `bo:hunter2@tcp(host:3306)/shop`, where `at` is the colon behind the
    /// user.
    pub(super) fn go(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        const LONGEST: usize = 256;
        let rest = &self.text[at + 1..self.text.floor_char_boundary(at + LONGEST)];
        if self.text.as_bytes()[at] != b':' || !rest.contains('@') {
            return None;
        }
        let word = rest.split(|c: char| c.is_whitespace() || c == '"').next()?;
        let length = ["@tcp(", "@unix(", "@tcp6("].iter().find_map(|net| word.rfind(net))?;
        Some((self.masking.named("password")?, at + 1..at + 1 + length)).filter(|_| length > 0)
    }

    /// Returns whether the value in braces is quoted so, as ODBC does: `UID=bo;PWD={hunter2};`.
    pub(super) fn is_odbc(&self, value: &Range<usize>, name: usize) -> bool {
        let inner = self.text[value.clone()].trim_matches(['{', '}']);
        self.text[value.clone()].starts_with('{')
            && (self.text[..name].ends_with(';') || self.text[value.end..].starts_with(';'))
            && self.masking.named(inner).is_none()
    }

    /// Returns what `name`, which begins at `begin`, says when it ends `IDENTIFIED WITH plugin BY`.
    pub(super) fn identified(&self, name: &str, begin: usize) -> Option<NameVerdict> {
        let is_by = name.eq_ignore_ascii_case("by");
        let before = self.text[..begin].strip_suffix(' ').filter(|_| is_by)?;
        let (before, _plugin) = before.rsplit_once(' ')?;
        let with =
            before.len().checked_sub("IDENTIFIED WITH".len()).and_then(|at| before.get(at..))?;
        with.eq_ignore_ascii_case("IDENTIFIED WITH").then(|| self.masking.named("password"))?
    }
}

/// Returns whether `SET PASSWORD FOR 'bo'@'` ends `before`.
pub(super) fn is_set_password(before: &str) -> bool {
    let statement = &before[before.ceil_char_boundary(before.len().saturating_sub(MAX_NAME))..];
    statement
        .rsplit_once("PASSWORD FOR ")
        .is_some_and(|(_, user)| !user.contains([' ', '=', ';']) && user.contains(['\'', '"', '`']))
}

/// Returns whether it is the shell's current folder, `PWD=/home/ann`, and not a part of a
/// database's address, `UID=bo;PWD=/x;`.
pub(super) fn is_folder(text: &str, begin: usize, name: &str, value: &ValueExtent) -> bool {
    let (ValueExtent::Exact(Range { start, .. }) | ValueExtent::Bare(start)) = *value;
    let folder = &text[start..start + extent::word(&text[start..])];
    matches!(name, "PWD" | "OLDPWD")
        && folder.starts_with('/')
        && !folder.contains(';')
        && !text[..begin].trim_end().ends_with(';')
}
