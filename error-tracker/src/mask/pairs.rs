//! Masks values that follow their name in text: `token=x`, `"token": "x"`, `x-api-key: x`,
//! `--password x`, `("password", "x")`, `<password>x</password>`, `name="password" value="x"`.

mod adjacent;
mod arguments;
mod bare;
mod command;
mod database;
mod debug_text;
mod directive;
mod extent;
mod insert;
mod login;
mod markup;
mod name;
mod name_after_value;
mod prose;
mod protocol;
mod table;
mod yaml;

use std::ops::Range;

use super::{EventTaint, Masking, NameVerdict, url};
use bare::NamePlace;
pub(super) use command::USER_OPTIONS;
use extent::ValueExtent;
use name::{LABELS, MAX_NAME, SECOND_WORDS, VALUES, declared, is_one_of, is_pass, name_before};

/// Most bytes between a quoted name and its value in `name="password" value="x"`.
const MAX_GAP: usize = 80;
/// Bytes of a word that are searched for a digit.
const MAX_EXAMINED: usize = 64;

/// Replaces values with masked names in `text`, adds them to `taint`, and returns whether there
/// were any.
pub(super) fn mask(
    masking: &Masking,
    text: &mut String,
    mut taint: Option<&mut EventTaint>,
) -> bool {
    let mut masked: Option<String> = None;
    let (mut copied, mut at) = (0, 0);
    let mut pairs = PairScanner { masking, text, label: None, last: None };
    let mut placed = insert::values(masking, text);
    placed.extend(table::values(masking, text));
    placed.sort_by_key(|(_, value)| value.start);
    let mut placed = placed.into_iter().peekable();
    loop {
        let mark = next_mark(text.as_bytes(), at);
        let found = match placed.next_if(|(_, value)| mark.is_none_or(|mark| value.start <= mark)) {
            Some(found) => Some(found),
            None => {
                let Some(mark) = mark else { break };
                at = mark + 1;
                pairs.at(mark)
            }
        };
        let Some((verdict, value)) = found else { continue };
        let shown = &text[value.clone()];
        // The names inside are more specific.
        if !verdict.is_certain() && shown.contains('{') {
            continue;
        }
        let Some(hidden) = verdict.replacement_for(shown) else { continue };
        if value.start < copied || shown.starts_with(&*verdict.masked.text) {
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
        pairs.last = Some((verdict, value.end));
    }
    let Some(mut masked) = masked else { return false };
    masked.push_str(&text[copied..]);
    *text = masked;
    true
}

/// Returns whether `text` may contain a pair.
pub(super) fn may_be_in(text: &[u8]) -> bool {
    next_mark(text, 0).is_some() || table::may_be_in(text)
}

/// Returns the next place, from `from` on, where a name may end.
fn next_mark(text: &[u8], from: usize) -> Option<usize> {
    (from..text.len()).find(|at| match text[*at] {
        b'=' | b':' => true,
        // The end of an element's opening tag, also escaped.
        b';' | b'e' => at.checked_sub(2).is_some_and(|from| {
            matches!(&text[from..*at], b"gt" | b"03")
                || text[*at - 1] == b'"' && text[*at..].starts_with(b";s:")
        }),
        b'>' => {
            *at > 0
                && (text[*at - 1].is_ascii_alphanumeric() || matches!(text[*at - 1], b'"' | b'\''))
        }
        // `Token("..")`, `ApiToken { .. }`
        b'(' => *at > 0 && text[*at - 1].is_ascii_alphanumeric(),
        b'{' => {
            *at > 1
                && text[*at - 1] == b' '
                && (text[*at - 2].is_ascii_alphanumeric() || text[*at - 2] == b'"')
        }
        // `token 8d1f7c2a`, `PASSWORD 'x'`: without digits and quotes, a value could not be told
        // from a word.
        b' ' | b'\t' => {
            let ends_name =
                *at > 0 && (text[*at - 1].is_ascii_alphabetic() || text[*at - 1] == b'"');
            let value = &text[*at + 1..];
            let word = || value.iter().take(MAX_EXAMINED).take_while(|byte| **byte > b' ');
            ends_name
                && (matches!(value.first(), Some(b'"' | b'\'' | b'`' | b'\\'))
                    || text[..*at].ends_with(b" BY")
                    || directive::may_end_name(text, *at)
                    || protocol::ends_with_command(&text[..*at])
                    || arguments::ends_with_command(&text[..*at])
                    || word().any(u8::is_ascii_digit))
        }
        // An escaped tab.
        b'\\' => {
            let value = text[*at..].iter().skip_while(|byte| **byte == b'\\');
            let mut word =
                value.take(MAX_EXAMINED).take_while(|byte| !matches!(byte, b'\\' | b'"' | ..=b' '));
            *at > 0
                && text[*at - 1].is_ascii_alphabetic()
                && word.next() == Some(&b't')
                && word.any(u8::is_ascii_digit)
        }
        b',' => *at > 0 && matches!(text[*at - 1], b'"' | b'\''),
        b'-' => command::may_begin(text, *at),
        b'|' => text.get(*at + 1) == Some(&b' '),
        b'%' => matches!(text.get(*at + 1..*at + 3), Some(b"3D" | b"3d" | b"3A" | b"3a")),
        _ => false,
    })
}

struct PairScanner<'a> {
    masking: &'a Masking,
    text: &'a str,
    /// The verdict of the last name that was the quoted value of `name` or `key`, and the end of
    /// that value.
    label: Option<(NameVerdict, usize)>,
    /// The verdict and the end of the last value that was masked.
    last: Option<(NameVerdict, usize)>,
}

impl PairScanner<'_> {
    /// Returns the value whose name ends at the mark at `at`, and the verdict of the name.
    fn at(&mut self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        match self.text.as_bytes()[at] {
            b';' if self.text[at..].starts_with(";s:") => self.serialized(at),
            b'>' | b';' | b'e' => self.element(at),
            b',' => self.command(at).or_else(|| self.listed(at)),
            b'-' if self.text[at..].starts_with("->") => self.arrow(at),
            b'-' => self.option(at),
            b'(' => self.struct_or_variant(at).or_else(|| self.login_call(at)),
            b'{' => self.struct_or_variant(at).or_else(|| self.block_label(at)),
            b'|' => self.piped(at),
            b' ' | b'\t' | b'\\' => self
                .command(at)
                .or_else(|| self.argument(at))
                .or_else(|| self.directive(at))
                .or_else(|| self.adjacent(at)),
            _ => self.separated(at),
        }
    }

    /// Returns the value in `name = value`, `name: value`, `name => value`, where the name may be
    /// quoted.
    fn separated(&mut self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let (from, to, equals) = extent::separator(self.text, at)?;
        let (name, quoted) = name_before(&self.text[..from]);
        let (name, quoted) = declared(self.text, name, quoted).unwrap_or((name, quoted));
        let begin = name.as_ptr() as usize - self.text.as_ptr() as usize;
        // A mark within the label does not end it.
        let is_near = |end: usize| {
            let between = self.text.get(end..at);
            between.is_none_or(|between| between.len() < MAX_GAP && !between.contains('}'))
        };
        let label = self.label.take().filter(|(_, end)| is_near(*end));
        let is_after_label = label.as_ref().is_some_and(|(_, end)| *end <= at);
        let label = match is_one_of(VALUES, name) && is_after_label {
            true => label,
            false => {
                self.label = label;
                None
            }
        };
        let verdict = self.verdict(name, begin, quoted).or_else(|| {
            let is_data = matches!(name, "data" | "stringData" | "string_data");
            let is_secret = is_data && yaml::is_in_secret(self.text, begin);
            if name == "code" && url::is_answer_of_login(self.text, begin) {
                return Some((self.masking.verdict("password")?.weakened_without_codes(), begin));
            }
            is_secret.then(|| Some((self.masking.verdict("secret")?, begin)))?
        });
        let login = self.oracle_password(at).or_else(|| self.go_dsn_password(at));
        if let Some(login) =
            login.or_else(|| self.address_password(at).filter(|_| verdict.is_none()))
        {
            return Some(login);
        }
        if is_file_position(self.text, name, to) {
            return None;
        }
        if verdict.is_none() && is_pass(name) {
            return self.pass(name, begin, to, equals, quoted);
        }
        if verdict.is_none() && quoted && equals && database::is_set_password(&self.text[..begin]) {
            let value = ValueExtent::at(self.text, to, equals, quoted)?.range(self.text)?;
            return Some((self.masking.verdict("password")?, value));
        }
        if label.is_none() && verdict.is_none() && !is_one_of(LABELS, name)
            || self.text[..begin].ends_with("://")
        {
            return None;
        }
        if let Some((verdict, _)) = verdict.as_ref().filter(|_| !equals && !quoted)
            && let Some(block) = yaml::block(self.text, begin, to)
        {
            let about_failure = prose::is_about_failure(&self.text[..begin]);
            let verdict = if about_failure { verdict.clone().weakened() } else { verdict.clone() };
            return (verdict.is_certain() || block.is_list).then_some((verdict, block.range));
        }
        let mut value = ValueExtent::at(self.text, to, equals, quoted)?;
        if let ValueExtent::Bare(start) = value
            && self.text.as_bytes()[at] == b'%'
        {
            let end = start + extent::word_length(&self.text[start..]);
            value = ValueExtent::Exact(
                start..self.text[start..end].find("%26").map_or(end, |length| start + length),
            );
        }
        if let Some((verdict, _)) = label {
            let value = value.range(self.text)?;
            return (!prose::is_placeholder(&self.text[value.clone()])).then_some((verdict, value));
        }
        if is_one_of(LABELS, name) {
            let range = value.range(self.text)?;
            self.label =
                self.masking.verdict(&self.text[range.clone()]).map(|verdict| (verdict, range.end));
        }
        if let Some(body) = self.multipart_value(name, &value) {
            return Some(body);
        }
        let (verdict, begin) = verdict?;
        if database::is_folder(self.text, begin, name, &value) {
            return None;
        }
        let certain = verdict.is_certain();
        match value {
            ValueExtent::Exact(value) => {
                let shown = &self.text[value.clone()];
                let about_failure =
                    !equals && !quoted && prose::is_about_failure(&self.text[..begin]);
                let verdict = if about_failure { verdict.weakened() } else { verdict };
                let is_placeholder = prose::is_placeholder(shown) && !self.is_odbc(&value, begin)
                    || prose::is_complaint(shown);
                (!is_placeholder).then_some((verdict, value))
            }
            ValueExtent::Bare(start) => {
                let place = NamePlace::of(self.text, begin, start);
                let text = &self.text[..extent::end_inside_some(self.text, start)];
                // `Some(..)` has no value.
                if text.len() < self.text.len() && text[start..] == *".." {
                    return None;
                }
                let value = bare::bare(text, start, equals, quoted, &place, certain, name)?;
                let is_certain = certain && value.is_certain;
                let verdict = if is_certain { verdict } else { verdict.weakened() };
                Some((verdict, value.range))
            }
        }
    }

    /// Returns the verdict of the name, or of the two words that end with it, such as `API key` or
    /// `unexpected token`, and where they begin.
    fn verdict(&self, name: &str, begin: usize, quoted: bool) -> Option<(NameVerdict, usize)> {
        let alone = self.masking.verdict(name);
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
        let two = self.masking.verdict_in_sentence(&self.text[begin_of_two..begin + name.len()])?;
        match two.is_certain() {
            // `cookie theme: dark`
            true if alone.is_none() && self.masking.verdict(first).is_some() => None,
            true => Some((two, begin_of_two)),
            false => Some((two, begin)),
        }
    }

    /// Remembers the name of a block, `variable "password" { default = "x" }`, where `at` is the
    /// brace.
    fn block_label(&mut self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let (name, quoted) = name_before(&self.text[..at]);
        if quoted && let Some(verdict) = self.masking.verdict(name) {
            self.label = Some((verdict, at));
        }
        None
    }

    /// Returns the value in `password -> "x"`, or the second one in `password = "x" -> "y"`, where
    /// `at` is the arrow.
    fn arrow(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let last = self.last.clone().filter(|(_, end)| {
            self.text
                .get(*end..at)
                .is_some_and(|gap| gap.trim_matches(['"', '\'', '\\', ' ']).is_empty())
        });
        let verdict = match last {
            Some((verdict, _)) => verdict,
            None => self.masking.verdict(name_before(&self.text[..at]).0)?,
        };
        let ValueExtent::Exact(value) = ValueExtent::at(self.text, at + 2, true, true)? else {
            return None;
        };
        (!prose::is_placeholder(&self.text[value.clone()])).then_some((verdict, value))
    }
}

/// Returns whether `name`, before a colon that ends at `to`, is a file and a line of it follows:
/// `password.rs:42`.
fn is_file_position(text: &str, name: &str, to: usize) -> bool {
    const EXTENSIONS: &[&str] = &[
        "rs", "py", "js", "ts", "tsx", "jsx", "go", "java", "kt", "rb", "c", "cc", "cpp", "h",
        "cs", "php", "ex",
    ];
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| is_one_of(EXTENSIONS, extension))
        && text[to..].starts_with(|c: char| c.is_ascii_digit())
}
