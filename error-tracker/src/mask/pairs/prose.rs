//! Tells values from sentences: `password: hunter2` from `password: too short`.

use std::ops::Range;

use super::super::appearance::{SecretSuspicion, looks_secret};
use super::super::words::FAILURE_PREFIXES;
use super::extent;

/// Values of `pass` that are not passwords: outcomes and stages of work.
const PASS_OUTCOMES: &str = "\
    ok pass passed fail failed skip skipped ignored yes no on off all partial first second third last main early late \
    opaque transparent shadow depth forward deferred geometry lighting prepass post postprocess vertex fragment render \
    season day boarding bus ski monthly annual inline inlining dce cse licm gvn parse lower lint typecheck codegen";

/// Words of sentences, which are not secrets.
const SENTENCE_WORDS: &str = "\
    a able about access after all already an and another any are argument as at authenticate authentication bad be been \
    before but by can cannot code connection could decode decoding denied did digits does doesn empty error exist exists \
    expected expiration expired fail failed failure failures field file flag for forbidden format found from given got \
    had has have hidden if ignored illegal in incorrect insufficient instead invalid is isn issuer it its key least \
    length letters likely long malformed masked match may mismatch missing mistake more must neither no non none not \
    null of off on one only or option out parse parsing permission please possible problem provided read redacted \
    refused rejected removed required requires rule see set should signature since some such take than that the then \
    there this time timed timeout to token too twice unable unauthorized unavailable undefined unexpected unknown \
    unreadable unset unsupported until unusable usage used uses value verification verify was wasn weak were when which \
    while will with without wrong yet you your nil nan empty absent characters character \
    ok okay done accepted changed updated reset";

/// Words before a name that is mentioned without its value: `column password 'x'`.
const NAME_INTRODUCERS: &str = "\
    field fields column key option argument flag variable property parameter setting attribute named called no missing \
    unknown unexpected type method function file table role secret";

/// Words for owners of a password.
const OWNERS: &str = "\
    client app application db database admin user root new old current temporary initial default generated shared \
    webhook signing service bot your my the api master login wifi account server";
const ACCOUNT_LABELS: &str = "user username login email account name host";

/// Names of types in schemas and signatures.
const TYPES: &str = "\
    string str text varchar char bool boolean int integer int32 int64 u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 \
    isize f32 f64 float double number object array bytes date datetime uuid any unknown never self";

/// Words before the credentials in the header `Authorization`.
const AUTH_SCHEMES: &str = "\
    basic bearer token digest apikey api-key negotiate ntlm bot key oauth jwt hawk mac aws4-hmac-sha256 googlelogin ssws";

fn is_in(list: &str, word: &str) -> bool {
    list.split(' ').any(|listed| listed.eq_ignore_ascii_case(word))
}

/// Returns whether `value` is a placeholder, or says that there is no value.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    let name = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b' ' | b'-')
            })
    };
    let in_brackets = |open: &str, close: &str| {
        value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close))
    };
    matches!(value, "" | "?" | "%s" | "{}" | "()" | "[]" | "…" | "Some(…)")
        || [
            "true",
            "false",
            "null",
            "none",
            "nil",
            "undefined",
            "unset",
            "missing",
            "invalid",
            "required",
            "redacted",
            "hidden",
            "masked",
        ]
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word))
        || value.bytes().all(|byte| byte == b'*')
        || ["${", "{{", "{"]
            .iter()
            .zip(["}", "}}", "}"])
            .any(|(open, close)| in_brackets(open, close).is_some_and(name))
        || [("<", ">"), ("[", "]"), ("%", "%"), ("$(", ")")].iter().any(|(open, close)| {
            in_brackets(open, close)
                .is_some_and(|text| name(text) && !text.bytes().any(|byte| byte.is_ascii_digit()))
        })
        || value.strip_prefix(['$', ':']).is_some_and(|rest| {
            let upper = rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
            let lower = rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            !rest.is_empty()
                && (rest.bytes().all(|byte| byte.is_ascii_digit())
                    || upper
                    || lower && value.starts_with(':'))
        })
}

/// Returns whether `value`, that of a `pass`, contains a word of `PASS_OUTCOMES`.
pub(super) fn is_pass_outcome(value: &str) -> bool {
    value.split(|c: char| !c.is_alphanumeric()).any(|word| is_in(PASS_OUTCOMES, word))
}

/// Returns whether `word` belongs to a sentence.
pub(super) fn is_word(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    // `isn't`
    let plain = word.split(['\'', '’']).next().unwrap_or_default();
    let verdict = word.find(['(', '<', ':']).map_or(word, |end| &word[..end]);
    is_in(TYPES, verdict)
        || (word.starts_with("Option<") || word.starts_with("Vec<"))
        || is_in(SENTENCE_WORDS, plain)
        || humps(word).any(|hump| hump.len() > 2 && is_in(SENTENCE_WORDS, hump))
        || ["failed", "failure", "error"].iter().any(|end| word.to_ascii_lowercase().ends_with(end))
}

/// Returns the words of `word` if it is a name in camel case.
fn humps(word: &str) -> impl Iterator<Item = &str> {
    let is_camel = word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let mut rest = if is_camel { word } else { "" };
    std::iter::from_fn(move || {
        let end = rest
            .bytes()
            .skip(1)
            .position(|byte| byte.is_ascii_uppercase())
            .map_or(rest.len(), |at| at + 1);
        let (hump, after) = rest.split_at(end);
        rest = after;
        (!hump.is_empty()).then_some(hump)
    })
}

/// Returns whether `before` ends with a word such as `missing` or `unexpected`: a name follows, or
/// a value that is not valid any more.
pub(super) fn is_about_failure(before: &str) -> bool {
    let before = before.trim_end_matches(' ');
    let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    is_in(FAILURE_PREFIXES, &word.to_ascii_lowercase()) || word.eq_ignore_ascii_case("such")
}

/// Returns whether `shown`, which is quoted and follows `password`, is a name or a sentence instead
/// of a value. `before` is the text before `password`.
pub(super) fn is_name_or_sentence(before: &str, shown: &str) -> bool {
    let word = before
        .trim_end_matches(' ')
        .rsplit(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    is_in(NAME_INTRODUCERS, word)
        || shown.contains(['.', '_', '<'])
        || shown.split_whitespace().any(is_word)
}

/// Returns `line` without the owner of the value, as in `Client secret: x` or `user: bo password:
/// x`, if it contains nothing else.
fn without_owner(line: &str) -> &str {
    let part = line.rsplit('"').next().unwrap_or_default();
    let mut words = part.trim_end_matches(' ').rsplit(' ');
    let (last, before) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_alone = before.is_empty() && words.next().is_none() && is_in(OWNERS, last);
    let is_pair = before.strip_suffix([':', '=']).is_some_and(|label| is_in(ACCOUNT_LABELS, label));
    &line[..line.len() - if is_alone || is_pair { part.len() } else { 0 }]
}

/// The place of a name in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NamePlace {
    /// First in its line, except for indentation and list marks.
    first: bool,
    /// First, or after a comma, a bracket and similar marks: not within a sentence.
    outside_sentence: bool,
    /// In quotes, after a word of a sentence.
    quoted_in_sentence: bool,
    /// A blank precedes the value.
    after_blank: bool,
    /// Set for a name that is first in a string in `Debug` form, `Error("password: ..")`: the
    /// number of backslashes before the surrounding quotes.
    quoted: Option<usize>,
}

impl NamePlace {
    pub(super) fn of(text: &str, name: usize, value: usize) -> Self {
        let line = &text[..name];
        let line = &line[line.rfind('\n').map_or(0, |at| at + 1)..];
        let line = line.rfind("\\n").map_or(line, |at| &line[at + 2..]);
        let line = without_owner(line);
        let quoted =
            line.trim_end_matches([' ', '-', '*', '#']).strip_suffix('"').and_then(|before| {
                let open = before.trim_end_matches('\\');
                (open.ends_with('(') || open.ends_with(": ")).then_some(before.len() - open.len())
            });
        let line = if quoted.is_some() { "" } else { line };
        let line = line.trim_end_matches("export ").trim_end_matches("set ").trim_end();
        // Line numbers in compiler-like messages: `3 | password = ..`.
        let first = line
            .trim_matches(|c: char| {
                matches!(c, '-' | '|' | '>' | '<' | '#' | ' ' | '"' | '*' | '\\')
                    || c.is_ascii_digit()
            })
            .is_empty();
        let outside_sentence = first
            || line.ends_with([
                ',', ';', '{', '(', '[', '|', '&', '?', '"', '\'', '`', '/', '@', '.', ':', '-',
            ]) && !line.ends_with("--");
        let sentence_before = line.ends_with(['.', ':']);
        let outside = line.trim_end_matches(['"', '\'', '`', '\\']);
        let quoted_in_sentence =
            outside.strip_suffix(' ').is_some_and(|line| line.ends_with(char::is_alphanumeric));
        Self {
            first,
            quoted_in_sentence,
            outside_sentence: outside_sentence && !sentence_before,
            after_blank: text[..value].ends_with([' ', '\t']),
            quoted,
        }
    }
}

/// An unquoted value.
pub(super) struct BareValue {
    pub(super) range: Range<usize>,
    /// It is a value whatever it looks like.
    pub(super) is_certain: bool,
}

/// Returns the unquoted value that begins at `start`; `None` if the text there is part of a
/// sentence. `certain` says that the name masks every value.
pub(super) fn bare(
    text: &str,
    start: usize,
    equals: bool,
    quoted_name: bool,
    place: &NamePlace,
    certain: bool,
    name: &str,
) -> Option<BareValue> {
    let rest = &text[start..];
    let end = place.quoted.map(|slashes| extent::string_length(rest.as_bytes(), b'"', slashes));
    let rest = &rest[..end.unwrap_or(rest.len())];
    let mut length = extent::word_length(rest);
    if place.first && place.after_blank {
        let line = &rest[..extent::line_length(rest)];
        length = length.max(line.find(char::is_whitespace).unwrap_or(line.len()));
    }
    let word = &rest[..length];
    if word.is_empty() || is_placeholder(word) {
        return None;
    }
    let bare =
        |length: usize, is_certain| Some(BareValue { range: start..start + length, is_certain });
    let next = rest[word.len()..].strip_prefix(' ').map(|next| &next[..extent::word_length(next)]);
    if let Some(next) =
        next.filter(|next| !next.is_empty() && is_in(AUTH_SCHEMES, word) && !is_word(next))
    {
        let header = certain && place.first;
        let alone = !rest[word.len() + 1 + next.len()..].starts_with(' ');
        let length =
            if header { extent::whole_line_length(rest) } else { word.len() + 1 + next.len() };
        return bare(length, certain && (header || alone || place.outside_sentence));
    }
    if !certain {
        return bare(word.len(), false);
    }
    let is_cookie = name.to_ascii_lowercase().ends_with("cookie");
    if is_cookie && word.contains('=') && !place.first {
        return bare(cookies(rest), true);
    }
    let is_header = is_cookie || name.eq_ignore_ascii_case("authorization");
    if equals {
        let line = place.first && place.after_blank;
        return bare(
            if line { extent::line_length(rest).max(word.len()) } else { word.len() },
            true,
        );
    }
    if quoted_name {
        return if is_word(word) { None } else { bare(word.len(), !place.quoted_in_sentence) };
    }
    if is_header && place.first && !is_word(word) {
        let line = &rest[..extent::whole_line_length(rest)];
        if line.contains('=') {
            return bare(line.len(), true);
        }
    }
    let line = &rest[..extent::line_length(rest).max(word.len())];
    if line.split_whitespace().any(is_word) {
        return looks_secret(word, SecretSuspicion::Strong)
            .then(|| bare(word.len(), true))
            .flatten();
    }
    match (line.len() > word.len(), place) {
        (true, NamePlace { first: true, .. }) => bare(line.len(), true),
        (_, NamePlace { outside_sentence: true, .. } | NamePlace { after_blank: false, .. }) => {
            bare(word.len(), true)
        }
        _ => bare(word.len(), false),
    }
}

/// Returns the length of the cookies, `name=value; name=value`, at the start of `text`.
fn cookies(text: &str) -> usize {
    let mut length = extent::word_length(text);
    while let Some(next) = text[length..].strip_prefix("; ") {
        let word = extent::word_length(next);
        if !next[..word].contains('=') {
            break;
        }
        length += "; ".len() + word;
    }
    length
}
