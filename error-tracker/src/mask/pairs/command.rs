//! Masks passwords in the arguments of commands.

use std::ops::Range;

use super::super::NameVerdict;
use super::extent::{self, ValueExtent};
use super::{PairScanner, prose};

/// Options whose value is a user, or a user and a password: `bo:hunter2`.
pub(in super::super) const USER_OPTIONS: [&str; 3] = ["user", "proxy-user", "u"];

/// Bytes before an option in which its command is searched for.
const MAX_BEFORE: usize = 256;

/// How an option of one letter passes a password to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PasswordOption {
    /// `-phunter2`; in `-p shop` the next word is masked only if it looks like a secret.
    Attached,
    /// `-p hunter2` or `-phunter2`.
    Either,
    /// `-p hunter2`, not `-phunter2`.
    Apart,
    /// `-p hunter2`, after `login`.
    AfterLogin,
    /// `-u bo:hunter2` or `-ubo:hunter2`.
    AfterColon,
    /// `-U bo%hunter2`
    AfterPercent,
    /// `-u bo,hunter2`
    AfterComma,
}

/// Commands, and the options of one letter by which they take a password.
const COMMANDS: &[(&[&str], u8, PasswordOption)] = &[
    (
        &["mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlshow", "mysqlcheck"],
        b'p',
        PasswordOption::Attached,
    ),
    (&["mariadb", "mariadb-dump", "mariadb-admin", "mycli"], b'p', PasswordOption::Attached),
    (&["7z", "7za", "7zr", "7zz", "rar", "unrar"], b'p', PasswordOption::Attached),
    (&["sshpass"], b'p', PasswordOption::Either),
    (
        &["mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport"],
        b'p',
        PasswordOption::Either,
    ),
    (&["cqlsh", "rabbitmqadmin"], b'p', PasswordOption::Either),
    (
        &["docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "oras", "az", "oc", "cf"],
        b'p',
        PasswordOption::AfterLogin,
    ),
    (&["redis-cli"], b'a', PasswordOption::Either),
    (
        &["sqlcmd", "bcp", "zip", "unzip", "mosquitto_pub", "mosquitto_sub"],
        b'P',
        PasswordOption::Either,
    ),
    (
        &["ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldapwhoami", "ldappasswd"],
        b'w',
        PasswordOption::Either,
    ),
    (&["rdesktop", "useradd", "usermod", "psexec", "PsExec"], b'p', PasswordOption::Apart),
    (&["ipmitool", "ssh-keygen"], b'P', PasswordOption::Apart),
    (&["ssh-keygen"], b'N', PasswordOption::Apart),
    (&["snmpwalk", "snmpget", "snmpset", "snmpbulkwalk"], b'A', PasswordOption::Apart),
    (&["snmpwalk", "snmpget", "snmpset", "snmpbulkwalk"], b'X', PasswordOption::Apart),
    (&["openssl"], b'k', PasswordOption::Apart),
    (&["lftp"], b'u', PasswordOption::AfterComma),
    (&["curl", "wget"], b'u', PasswordOption::AfterColon),
    (&["curl"], b'U', PasswordOption::AfterColon),
    (&["http", "https", "xh"], b'a', PasswordOption::AfterColon),
    (&["smbclient", "rpcclient", "net"], b'U', PasswordOption::AfterPercent),
];

/// Commands whose `-u` takes a user with a group or a path, not with a password, after the colon.
const NUMERIC_USER_COMMANDS: [&str; 8] =
    ["docker", "podman", "rsync", "cp", "kubectl", "sudo", "gosu", "install"];

/// Returns whether an option may begin at the dash at `at`.
pub(super) fn may_begin(text: &[u8], at: usize) -> bool {
    let begins =
        at == 0 || matches!(text[at - 1], b' ' | b'\t' | b'\n' | b'"' | b'\'' | b'`' | b'(' | b'[');
    match text.get(at + 1) {
        Some(b'>') => true,
        Some(b'-') => text.get(at + 2).is_some_and(u8::is_ascii_alphabetic),
        Some(letter) => begins && letter.is_ascii_alphabetic(),
        _ => false,
    }
}

impl PairScanner<'_> {
    /// Returns the value in `--name value`, `--user name:value`, `-u name:value`, `mysql -pvalue`,
    /// where `at` is the first dash.
    pub(super) fn option(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let before = self.text[..at].chars().next_back();
        if before.is_some_and(|c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '`' | '(' | '['))
        {
            return None;
        }
        let rest = self.text[at + 1..].trim_start_matches('-');
        let length = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'))
            .unwrap_or(rest.len());
        let name = &rest[..length];
        if !self.text[at + 1..].starts_with('-')
            && let Some(given) = self.letter(at)
        {
            return given;
        }
        let is_user = USER_OPTIONS.contains(&name);
        let is_password = is_user || name == "pass";
        let verdict = self.masking.verdict(if is_password { "password" } else { name })?;
        let value = rest[length..].strip_prefix([' ', '='])?;
        let user =
            if is_user { value.find(':').filter(|at| !value[..*at].contains(' '))? + 1 } else { 0 };
        let start = self.text.len() - value.len() + user;
        let (value, quoted) = match ValueExtent::at(self.text, start, true, true)? {
            ValueExtent::Exact(value) => (value, true),
            ValueExtent::Bare(start) => {
                (start..start + extent::word_length(&self.text[start..]), false)
            }
        };
        let shown = &self.text[value.clone()];
        let is_other = is_user
            && (shown.starts_with('/') || is_id(shown) || self.runs(&NUMERIC_USER_COMMANDS, at));
        let is_value = !shown.starts_with('-')
            && (name != "pass" || !is_id(shown) && !prose::is_pass_outcome(shown))
            && !prose::is_placeholder(shown)
            && !is_other
            && (quoted || !prose::is_word(shown));
        is_value.then_some((verdict, value))
    }

    /// Returns the password in an option of one letter at `at`; `None` if the command before it
    /// does not take one in this way.
    fn letter(&self, at: usize) -> Option<Option<(NameVerdict, Range<usize>)>> {
        let letter = *self.text.as_bytes().get(at + 1)?;
        let mut ways = COMMANDS.iter().filter(|(_, option, _)| *option == letter);
        let (_, _, given) = ways.find(|(commands, _, _)| self.runs(commands, at))?;
        if *given == PasswordOption::AfterLogin && !self.runs(&["login"], at) {
            return None;
        }
        Some(self.given(*given, at + 2))
    }

    fn given(&self, given: PasswordOption, from: usize) -> Option<(NameVerdict, Range<usize>)> {
        let verdict = self.masking.verdict("password")?;
        let (start, is_apart) = self.after_letter(from)?;
        if given == PasswordOption::Apart && !is_apart {
            return None;
        }
        let value = match ValueExtent::at(self.text, start, true, true)? {
            ValueExtent::Exact(value) => value,
            ValueExtent::Bare(start) => start..start + extent::word_length(&self.text[start..]),
        };
        let shown = &self.text[value.clone()];
        let value_start = match given {
            PasswordOption::AfterColon => shown.find(':')? + 1,
            PasswordOption::AfterPercent => shown.find('%')? + 1,
            PasswordOption::AfterComma => shown.find(',')? + 1,
            _ => 0,
        };
        let value = value.start + value_start..value.end;
        let shown = &self.text[value.clone()];
        let verdict = if given == PasswordOption::Attached && is_apart {
            verdict.weakened()
        } else {
            verdict
        };
        let is_option = shown.starts_with('-')
            || given == PasswordOption::Attached && !is_apart && shown.starts_with("ort");
        (!shown.is_empty() && !is_option && !prose::is_placeholder(shown))
            .then_some((verdict, value))
    }

    /// Returns the start of the value of an option of one letter that ends at `from`, and whether
    /// the value is a separate word.
    fn after_letter(&self, from: usize) -> Option<(usize, bool)> {
        let rest = &self.text[from..];
        let place = |value: &str| self.text.len() - value.len();
        if let Some(value) = rest.strip_prefix([' ', '=']) {
            return Some((place(value), true));
        }
        // `"-p", "hunter2"` in a list of arguments, or `-p"hunter2"`.
        let after_quote = rest.trim_start_matches('\\').strip_prefix(['"', '\'', '`']);
        match after_quote {
            Some(next) if next.starts_with([',', ' ']) => {
                let next = next.trim_start_matches([',', ' ']);
                let is_text = next.trim_start_matches('\\').starts_with(['"', '\'', '`']);
                is_text.then(|| (place(next), true))
            }
            Some(next) if next.starts_with([']', ')']) || next.is_empty() => None,
            _ => Some((from, false)),
        }
    }

    /// Returns whether one of `commands` precedes `at` in the same command line.
    fn runs(&self, commands: &[&str], at: usize) -> bool {
        let before = &self.text[self.text.ceil_char_boundary(at.saturating_sub(MAX_BEFORE))..at];
        let command = before.rsplit(['\n', '|', ';', '&']).next().unwrap_or_default();
        let in_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        command.split(|c: char| !in_name(c)).any(|word| commands.contains(&word))
    }
}

/// Returns whether `group` is the number of a group, as in `-u 1000:1000`.
fn is_id(group: &str) -> bool {
    group.bytes().all(|byte| byte.is_ascii_digit())
}
