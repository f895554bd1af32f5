//! Masks passwords in SQL statements and in addresses of databases.

use std::ops::Range;

use super::super::NameVerdict;
use super::PairScanner;
use super::extent::{self, ValueExtent};
use super::lines::is_name_byte;
use super::name::{MAX_NAME, is_file};

impl PairScanner<'_> {
    /// Returns the password in `jdbc:oracle:thin:scott/tiger@host`, where `at` is the colon before
    /// the user.
    pub(super) fn oracle_password(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
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
        let verdict = self.masking.verdict("password")?;
        (!user.contains('@') && length > 0).then_some((verdict, start..start + length))
    }

    /// Returns the password in `bo:hunter2@tcp(host:3306)/shop`, where `at` is the colon after the
    /// user.
    pub(super) fn go_dsn_password(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        const MAX_LENGTH: usize = 256;
        let rest = &self.text[at + 1..self.text.floor_char_boundary(at + MAX_LENGTH)];
        if self.text.as_bytes()[at] != b':' || !rest.contains('@') {
            return None;
        }
        let word = rest.split(|c: char| c.is_whitespace() || c == '"').next()?;
        let length = ["@tcp(", "@unix(", "@tcp6("].iter().find_map(|net| word.rfind(net))?;
        Some((self.masking.verdict("password")?, at + 1..at + 1 + length)).filter(|_| length > 0)
    }

    /// Returns the password in `host:5432:shop:bo:hunter2`, a line of `.pgpass`, or in
    /// `bo:hunter2@host:5432`, where `at` is the colon before the password.
    pub(super) fn address_password(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        const MAX_LENGTH: usize = 128;
        if self.text[at + 1..].starts_with([' ', ':', '/', '"', '\n']) {
            return None;
        }
        let is_end =
            |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '\\' | ',' | '=' | '(');
        let before = &self.text[self.text.ceil_char_boundary(at.saturating_sub(MAX_LENGTH))..at];
        let before = before.rsplit(is_end).next()?;
        let before = if self.text[..at - before.len()].ends_with('\\') {
            before.strip_prefix('n')?
        } else {
            before
        };
        let rest = &self.text[at + 1..];
        let rest = &rest[..rest.floor_char_boundary(MAX_LENGTH)];
        let word = rest
            .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '\\'))
            .next()?;
        let length = match before.split(':').count() {
            4 if is_pgpass(before) && !word.contains(':') => word.len(),
            1 if is_user(before) => {
                let host_at = word.rfind('@').filter(|at| !word[..*at].contains(':'))?;
                let (host, rest) = word[host_at + 1..].split_once(':')?;
                let port = rest.bytes().take_while(u8::is_ascii_digit).count();
                let is_address = host.contains(|c: char| c.is_alphabetic() || c == '.')
                    && host
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
                    && (2..=5).contains(&port)
                    && !rest[port..].starts_with(|c: char| c.is_alphanumeric() || c == '.');
                is_address.then_some(host_at)?
            }
            _ => return None,
        };
        (length > 0).then(|| Some((self.masking.verdict("password")?, at + 1..at + 1 + length)))?
    }

    /// Returns whether the braces around the value are quotes of ODBC: `UID=bo;PWD={hunter2};`.
    pub(super) fn is_odbc(&self, value: &Range<usize>, name: usize) -> bool {
        let inner = self.text[value.clone()].trim_matches(['{', '}']);
        self.text[value.clone()].starts_with('{')
            && (self.text[..name].ends_with(';') || self.text[value.end..].starts_with(';'))
            && self.masking.verdict(inner).is_none()
    }

    /// Returns the verdict of `IDENTIFIED WITH plugin BY`, where `name` is the last word and begins
    /// at `begin`.
    pub(super) fn identified_by(&self, name: &str, begin: usize) -> Option<NameVerdict> {
        let is_by = name.eq_ignore_ascii_case("by");
        let before = self.text[..begin].strip_suffix(' ').filter(|_| is_by)?;
        let (before, _plugin) = before.rsplit_once(' ')?;
        let with =
            before.len().checked_sub("IDENTIFIED WITH".len()).and_then(|at| before.get(at..))?;
        with.eq_ignore_ascii_case("IDENTIFIED WITH").then(|| self.masking.verdict("password"))?
    }
}

/// Returns whether `fields` are host, port, database and user: `db.example:5432:shop:bo`.
fn is_pgpass(fields: &str) -> bool {
    let mut fields = fields.split(':');
    let is_name = |field: &str| {
        field == "*" || field.starts_with(char::is_alphabetic) && !field.contains(['/', '(', '['])
    };
    let (Some(host), Some(port)) = (fields.next(), fields.next()) else { return false };
    let is_usual = matches!(port, "*" | "5432" | "5433" | "6432");
    let is_port = is_usual || port.len() == 4 && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_host = match host {
        "localhost" | "*" => true,
        _ if host.contains('.') => !is_file(host),
        _ => is_usual && is_name(host),
    };
    is_host && is_port && fields.all(is_name)
}

/// Returns whether `name` may be a user before a password: not a scheme or a label.
fn is_user(name: &str) -> bool {
    const SCHEMES: [&str; 15] = [
        "mailto", "sip", "sips", "xmpp", "acct", "from", "to", "cc", "by", "git", "user", "email",
        "mail", "sender", "author",
    ];
    !name.is_empty()
        && name.bytes().all(is_name_byte)
        && !SCHEMES.iter().any(|scheme| name.eq_ignore_ascii_case(scheme))
}

/// Returns whether `before` ends with a statement like `SET PASSWORD FOR 'bo'@'`.
pub(super) fn is_set_password(before: &str) -> bool {
    let statement = &before[before.ceil_char_boundary(before.len().saturating_sub(MAX_NAME))..];
    statement
        .rsplit_once("PASSWORD FOR ")
        .is_some_and(|(_, user)| !user.contains([' ', '=', ';']) && user.contains(['\'', '"', '`']))
}

/// Returns whether the value is the shell's current folder, `PWD=/home/ann`, and not part of a
/// database's address, `UID=bo;PWD=/x;`.
pub(super) fn is_folder(text: &str, begin: usize, name: &str, value: &ValueExtent) -> bool {
    let (ValueExtent::Exact(Range { start, .. }) | ValueExtent::Bare(start)) = *value;
    let folder = &text[start..start + extent::word_length(&text[start..])];
    matches!(name, "PWD" | "OLDPWD")
        && folder.starts_with('/')
        && !folder.contains(';')
        && !text[..begin].trim_end().ends_with(';')
}
