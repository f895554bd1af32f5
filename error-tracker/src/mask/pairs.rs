//! Values whose name stands before them in plain text: `token=x`, `"token": "x"`, `x-api-key: x`,
//! `--password x`, `("password", "x")`, `<password>x</password>`, `name="password" value="x"`.

mod command;
mod database;
mod extent;
mod insert;
mod later;
mod listed;
mod markup;
mod prose;
mod protocol;
mod yaml;

use std::ops::Range;

use super::{EventTaint, Masking, NameVerdict};
pub(super) use command::USERS;
use extent::ValueExtent;
use prose::NamePlace;

/// Bytes between a name in quotes and the value that is said to be its.
const MAX_GAP: usize = 80;
const MAX_NAME: usize = 256;
/// Bytes of a word that are looked at for a digit.
const MAX_LOOK: usize = 64;

/// Replaces values under masked names in `text`; whether there were any. They are added to `taint`.
pub(super) fn mask(
    masking: &Masking,
    text: &mut String,
    mut taint: Option<&mut EventTaint>,
) -> bool {
    let mut masked: Option<String> = None;
    let (mut copied, mut at) = (0, 0);
    let mut pairs = PairScanner { masking, text, label: None };
    let mut inserted = insert::values(masking, text).into_iter().peekable();
    loop {
        let mark = next_mark(text.as_bytes(), at);
        let found = match inserted.next_if(|(_, value)| mark.is_none_or(|mark| value.start <= mark))
        {
            Some(found) => Some(found),
            None => {
                let Some(mark) = mark else { break };
                at = mark + 1;
                pairs.at(mark)
            }
        };
        let Some((named, value)) = found else { continue };
        let shown = &text[value.clone()];
        // The names inside tell more.
        if !named.is_certain() && shown.contains('{') {
            continue;
        }
        let Some(hidden) = named.hide(shown) else { continue };
        if value.start < copied || shown.starts_with(&*named.masked.text) {
            continue;
        }
        if let Some(taint) = &mut taint {
            match shown {
                _ if shown.contains('"') => taint.add_debug(shown),
                _ if shown.starts_with("- ") || shown.contains(": ") => {
                    yaml::items(shown).for_each(|item| taint.add(item));
                }
                _ => taint.add(shown),
            }
        }
        let out = masked.get_or_insert_with(|| String::with_capacity(text.len()));
        out.push_str(&text[copied..value.start]);
        out.push_str(&hidden);
        (copied, at) = (value.end, value.end.max(at));
    }
    let Some(mut masked) = masked else { return false };
    masked.push_str(&text[copied..]);
    *text = masked;
    true
}

/// Returns whether a pair can be in `text` at all.
pub(super) fn may_be_in(text: &[u8]) -> bool {
    next_mark(text, 0).is_some()
}

/// Returns the next place at which a name may end.
fn next_mark(text: &[u8], from: usize) -> Option<usize> {
    (from..text.len()).find(|at| match text[*at] {
        b'=' | b':' => true,
        // The end of an element's opening tag, also escaped.
        b';' | b'e' => {
            at.checked_sub(2).is_some_and(|from| matches!(&text[from..*at], b"gt" | b"03"))
        }
        b'>' => {
            *at > 0
                && (text[*at - 1].is_ascii_alphanumeric() || matches!(text[*at - 1], b'"' | b'\''))
        }
        // `Token("..")`, `ApiToken { .. }`
        b'(' => *at > 0 && text[*at - 1].is_ascii_alphanumeric(),
        b'{' => *at > 1 && text[*at - 1] == b' ' && text[*at - 2].is_ascii_alphanumeric(),
        // `token 8d1f7c2a`, `PASSWORD 'x'`: with a digit or in quotes, else there is nothing to
        // tell a secret by.
        b' ' | b'\t' => {
            let ends_name =
                *at > 0 && (text[*at - 1].is_ascii_alphabetic() || text[*at - 1] == b'"');
            let value = &text[*at + 1..];
            let word = || value.iter().take(MAX_LOOK).take_while(|byte| **byte > b' ');
            ends_name
                && (matches!(value.first(), Some(b'"' | b'\'' | b'`' | b'\\'))
                    || text[..*at].ends_with(b" BY")
                    || protocol::ends_with_command(&text[..*at])
                    || word().any(u8::is_ascii_digit))
        }
        // An escaped tab.
        b'\\' => {
            let value = text[*at..].iter().skip_while(|byte| **byte == b'\\');
            let mut word =
                value.take(MAX_LOOK).take_while(|byte| !matches!(byte, b'\\' | b'"' | ..=b' '));
            *at > 0
                && text[*at - 1].is_ascii_alphabetic()
                && word.next() == Some(&b't')
                && word.any(u8::is_ascii_digit)
        }
        b',' => *at > 0 && matches!(text[*at - 1], b'"' | b'\''),
        b'-' => command::may_begin(text, *at),
        b'%' => matches!(text.get(*at + 1..*at + 3), Some(b"3D" | b"3d" | b"3A" | b"3a")),
        _ => false,
    })
}

struct PairScanner<'a> {
    masking: &'a Masking,
    text: &'a str,
    /// A name that stood in quotes as the value of `name` or `key`, and where it ended.
    label: Option<(NameVerdict, usize)>,
}

impl PairScanner<'_> {
    /// Returns the value whose name ends at the mark at `at`, and what the name says of it.
    fn at(&mut self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        match self.text.as_bytes()[at] {
            b'>' | b';' | b'e' => self.element(at),
            b',' => self.command(at).or_else(|| self.listed(at)),
            b'-' => self.option(at),
            b'(' | b'{' => self.typed(at),
            b' ' | b'\t' | b'\\' => self.command(at).or_else(|| self.adjacent(at)),
            _ => self.separated(at),
        }
    }

    /// `name = value`, `name: value`, `name => value`, also with quotes around the name.
    fn separated(&mut self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let (from, to, equals) = extent::separator(self.text, at)?;
        let (name, quoted) = name_before(&self.text[..from]);
        let (name, quoted) = declared(self.text, name, quoted).unwrap_or((name, quoted));
        let begin = name.as_ptr() as usize - self.text.as_ptr() as usize;
        // A mark within the label says nothing.
        let stands = |end: usize| {
            let between = self.text.get(end..at);
            between.is_none_or(|between| between.len() < MAX_GAP && !between.contains('}'))
        };
        let label = self.label.take().filter(|(_, end)| stands(*end));
        let is_behind = label.as_ref().is_some_and(|(_, end)| *end <= at);
        let label = match is_one_of(VALUES, name) && is_behind {
            true => label,
            false => {
                self.label = label;
                None
            }
        };
        let named = self.named(name, begin, quoted);
        if let Some(login) = self.oracle(at).or_else(|| self.go(at)) {
            return Some(login);
        }
        if named.is_none() && is_pass(name) {
            return self.pass(to, equals, quoted);
        }
        if named.is_none() && quoted && equals && database::is_set_password(&self.text[..begin]) {
            let value = ValueExtent::at(self.text, to, equals, quoted)?.range(self.text)?;
            return Some((self.masking.named("password")?, value));
        }
        if label.is_none() && named.is_none() && !is_one_of(LABELS, name)
            || self.text[..begin].ends_with("://")
        {
            return None;
        }
        if let Some((named, _)) = named.as_ref().filter(|_| !equals && !quoted)
            && let Some(block) = yaml::block(self.text, begin, to)
        {
            let doubtful = prose::is_about_failure(&self.text[..begin]);
            let named = if doubtful { named.clone().doubted() } else { named.clone() };
            return (named.is_certain() || block.is_list).then_some((named, block.range));
        }
        let mut value = ValueExtent::at(self.text, to, equals, quoted)?;
        if let ValueExtent::Bare(start) = value
            && self.text.as_bytes()[at] == b'%'
        {
            let end = start + extent::word(&self.text[start..]);
            value = ValueExtent::Exact(
                start..self.text[start..end].find("%26").map_or(end, |length| start + length),
            );
        }
        if let Some((named, _)) = label {
            let value = value.range(self.text)?;
            return (!prose::is_placeholder(&self.text[value.clone()])).then_some((named, value));
        }
        if is_one_of(LABELS, name) {
            let range = value.range(self.text)?;
            self.label =
                self.masking.named(&self.text[range.clone()]).map(|named| (named, range.end));
        }
        if let Some(body) = self.multipart(name, &value) {
            return Some(body);
        }
        let (named, begin) = named?;
        if database::is_folder(self.text, begin, name, &value) {
            return None;
        }
        let certain = named.is_certain();
        match value {
            ValueExtent::Exact(value) => {
                let shown = &self.text[value.clone()];
                let doubtful = !equals && !quoted && prose::is_about_failure(&self.text[..begin]);
                let named = if doubtful { named.doubted() } else { named };
                let is_placeholder = prose::is_placeholder(shown) && !self.is_odbc(&value, begin);
                (!is_placeholder).then_some((named, value))
            }
            ValueExtent::Bare(start) => {
                let place = NamePlace::of(self.text, begin, start);
                let text = &self.text[..extent::end_of_option(self.text, start)];
                // `Some(..)` tells no value.
                if text.len() < self.text.len() && text[start..] == *".." {
                    return None;
                }
                let value = prose::bare(text, start, equals, quoted, &place, certain, name)?;
                let sure = certain && value.sure;
                let named = if sure { named } else { named.doubted() };
                Some((named, value.range))
            }
        }
    }

    /// Returns what the name says, or the two words that end with it: `API key`, `unexpected
    /// token`.
    fn named(&self, name: &str, begin: usize, quoted: bool) -> Option<(NameVerdict, usize)> {
        let alone = self.masking.named(name);
        let certain = alone.as_ref().is_some_and(NameVerdict::is_certain);
        if alone.is_none() && !is_one_of(SECOND_WORDS, name) {
            return None;
        }
        let before = self.text[..begin].strip_suffix(' ').unwrap_or_default();
        let length =
            before.bytes().rev().take(MAX_NAME).take_while(u8::is_ascii_alphabetic).count();
        let first = &before[before.len() - length..];
        if quoted || certain || first.is_empty() {
            return Some((alone?, begin));
        }
        let begin_of_two = before.len() - length;
        let two = self.masking.named_in_words(&self.text[begin_of_two..begin + name.len()])?;
        match two.is_certain() {
            // `cookie theme: dark`
            true if alone.is_none() && self.masking.named(first).is_some() => None,
            true => Some((two, begin_of_two)),
            false => Some((two, begin)),
        }
    }

    /// `pass: "x"`: a text in quotes that is no outcome, or what looks like a secret. `pass` alone
    /// may be a count, or a stage of work.
    fn pass(&self, to: usize, equals: bool, quoted: bool) -> Option<(NameVerdict, Range<usize>)> {
        let named = self.masking.named("password")?;
        let value = ValueExtent::at(self.text, to, equals, quoted)?;
        let is_text = matches!(&value, ValueExtent::Exact(value) if self.text[..value.start].ends_with(['"', '\'', '`']));
        let value = value.range(self.text)?;
        let shown = &self.text[value.clone()];
        let named = if is_text && !prose::is_stage(shown) { named } else { named.suspected() };
        (!prose::is_placeholder(shown)).then_some((named, value))
    }

    /// `token 8d1f7c2a`, `invalid password "hunter2"`, `"--name" "value"`, `IDENTIFIED BY 'x'`,
    /// where `at` is the blank.
    fn adjacent(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let (mut name, quoted) = name_before(&self.text[..at]);
        if let Some(found) = self.named_later(at, name) {
            return Some(found);
        }
        if quoted && !name.starts_with("--") {
            return None;
        }
        let mut begin = name.as_ptr() as usize - self.text.as_ptr() as usize;
        if is_one_of(VERBS, name) {
            let (subject, quoted) = name_before(&self.text[..begin]);
            name = declared(self.text, subject, quoted).map_or(subject, |(name, _)| name);
            begin = name.as_ptr() as usize - self.text.as_ptr() as usize;
        }
        let (named, begin) = match self.identified(name, begin) {
            Some(named) => (named, begin),
            None => self.named(name, begin, quoted)?,
        };
        let value = ValueExtent::at(self.text, at, true, true)?;
        let is_quoted = matches!(value, ValueExtent::Exact(_));
        let value = value.range(self.text)?;
        let shown = &self.text[value.clone()];
        let words = &self.text[begin..at];
        let is_upper =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b' ');
        let is_statement = match words.ends_with("BY") {
            true => is_quoted || is_upper(words) && !is_upper(shown) && !prose::is_word(shown),
            false => is_quoted && is_upper(words),
        };
        let tells = is_quoted
            && (quoted
                || is_password(&self.text[begin..])
                    && !prose::is_called(&self.text[..begin], shown));
        let named = if tells || is_statement { named } else { named.doubted() };
        (!shown.starts_with('-') && !prose::is_placeholder(shown)).then_some((named, value))
    }
}

/// Names of what holds a name, and of what holds its value.
const LABELS: &[&str] = &["name", "key", "header", "field", "param", "parameter", "property"];
const VALUES: &[&str] = &["value", "val", "content"];
/// Words that tell only with the one before them: `card number`.
const SECOND_WORDS: &[&str] = &["number", "card", "phrase", "code", "id", "by", "value", "word"];
/// What may stand between a name and its value in a sentence.
const VERBS: &[&str] = &["is", "was", "provided", "given", "used", "received"];

fn is_pass(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("pass"))
}

/// Returns whether `name`, or the first word of a text, is one for passwords, which is never that
/// of something named.
fn is_password(text: &str) -> bool {
    let name = text.split(' ').next().unwrap_or_default().to_ascii_lowercase();
    ["password", "passwd", "passphrase", "pwd"].iter().any(|end| name.ends_with(end))
}

fn is_one_of(words: &[&str], name: &str) -> bool {
    words.iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// Returns the name of a declaration whose type, or of a sentence whose verb, stands before the
/// separator: `api_key: &str = "x"`, `your password is: x`; or the words in quotes that end with
/// `name`.
fn declared<'a>(text: &'a str, name: &'a str, quoted: bool) -> Option<(&'a str, bool)> {
    const MAX_NAME: usize = 40;
    let begin = name.as_ptr() as usize - text.as_ptr() as usize;
    let before = &text[..begin];
    if is_one_of(VERBS, name) {
        let (name, quoted) = name_before(before);
        return Some(declared(text, name, quoted).unwrap_or((name, quoted)));
    }
    // `'--password <PASSWORD>'`
    if name.is_empty() && quoted {
        let inner = extent::strip_closing_quote(before);
        return inner.strip_suffix('>').map(|inner| (name_before(inner).0, false));
    }
    // `password for bo: x`
    let owner = before.strip_suffix("user ").unwrap_or(before);
    if !quoted
        && let Some(owned) = owner.strip_suffix(" for ").or_else(|| owner.strip_suffix(" of "))
    {
        let (owned, _) = name_before(owned);
        return is_password(owned).then_some((owned, false));
    }
    if quoted {
        let words = before.strip_suffix(' ')?;
        let length = words
            .bytes()
            .rev()
            .take(MAX_NAME)
            .position(|byte| !byte.is_ascii_alphabetic() && byte != b' ')?;
        let open = words.len() - length;
        return words[..open]
            .ends_with(['"', '\''])
            .then(|| (&text[open..begin + name.len()], true));
    }
    if !matches!(name, "str" | "String" | "string") {
        return None;
    }
    let before = before.trim_end_matches(['&', '<', '\'']).trim_end_matches("Option");
    let before = before.trim_end_matches("static ").trim_end_matches(['&', '\'', '<']);
    Some(name_before(before.trim_end().strip_suffix(':')?))
}

pub(super) fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || byte >= 0x80
}

/// Returns the name at the end of `before`, and whether it stands in quotes.
fn name_before(before: &str) -> (&str, bool) {
    let before = extent::before_blanks(before, false).trim_end_matches(']');
    let unquoted = extent::strip_closing_quote(before);
    let quoted = unquoted.len() < before.len();
    let unquoted = unquoted.trim_end_matches(']');
    let unquoted = unquoted.strip_suffix("%5D").unwrap_or(unquoted);
    let length = unquoted.bytes().rev().take(MAX_NAME).take_while(|byte| in_word(*byte)).count();
    let mut from = unquoted.len() - length;
    while !unquoted.is_char_boundary(from) {
        from += 1;
    }
    // The letter of an escape such as `\n`.
    if unquoted[..from].ends_with('\\') && unquoted[from..].starts_with(['n', 'r', 't']) {
        from += 1;
    }
    (&unquoted[from..], quoted)
}
