//! Decides whether a value looks like a secret, a word or a code.
//!
//! Secrets are random: letters and digits alternate, or letters are in an order that is rare in
//! words. Words, numbers, paths, versions, dates, addresses and names of types are not secrets.

/// How suspicious the place of a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecretSuspicion {
    /// Below a name that often names secrets: `hunter2` counts as one.
    Strong,
    /// In ordinary text: a word with a number after it does not count as a secret.
    Weak,
}

/// The shortest text that looks like a secret.
const MIN_SECRET: usize = 6;
/// Letters in one piece; no word is as long.
const MAX_WORD: usize = 20;
/// Digits of the longest ordinary number.
const MAX_NUMBER: usize = 15;
/// Words that make a sentence, within which the suspicion is weak.
const SENTENCE: usize = 4;
/// Bytes of a value that are examined.
const MAX_EXAMINED: usize = 1024;

/// Returns whether `value`, plain or in `Debug` form, contains something that looks like a secret.
pub(super) fn looks_secret(value: &str, suspicion: SecretSuspicion) -> bool {
    let value = &value[..value.floor_char_boundary(MAX_EXAMINED)];
    if value.contains("://") && value.contains('@') {
        return true;
    }
    if suspicion == SecretSuspicion::Weak && is_file(value) {
        return false;
    }
    let words = || {
        value
            .split(|c: char| c.is_whitespace() || is_bracket(c))
            .filter(|word| word.contains(char::is_alphanumeric))
    };
    let is_sentence = value.contains(' ') && words().nth(SENTENCE - 1).is_some();
    let suspicion = if is_sentence { SecretSuspicion::Weak } else { suspicion };
    words().any(|word| is_secret_word(word, suspicion)) || are_bytes(value)
}

/// Returns whether `value` is a number of 4 to 12 digits, like a PIN or a one-time password.
pub(super) fn is_code(value: &str) -> bool {
    let digits = value.trim_matches(|c: char| is_bracket(c) || c == '\\');
    let digits = digits.strip_prefix("Some(\"").or(digits.strip_prefix("Some(")).unwrap_or(digits);
    (4..=12).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether `value` is a word or a name such as `database.url`, shorter than 16 characters,
/// which may occur in other text by chance.
pub(super) fn is_plain_word(value: &str) -> bool {
    const MAX_WORD: usize = 15;
    value.chars().nth(MAX_WORD).is_none()
        && value.chars().all(|c| c.is_alphabetic() || matches!(c, '_' | '.'))
}

fn is_bracket(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | ',' | ';')
}

fn is_secret_word(word: &str, suspicion: SecretSuspicion) -> bool {
    if word.len() < MIN_SECRET || is_address(word) {
        return false;
    }
    let has = |is: fn(char) -> bool| word.contains(is);
    let is_mark = |c: char| {
        matches!(c, '!' | '#' | '$' | '%' | '^' | '*' | '~' | '+' | '=' | '?' | '@' | '&')
    };
    let mixed =
        has(char::is_lowercase) && has(char::is_uppercase) && has(char::is_numeric) && has(is_mark);
    if mixed && word.chars().nth(7).is_some() {
        return true;
    }
    word.split(|c: char| !c.is_alphanumeric()).any(|part| is_random(part, suspicion))
}

/// Returns whether `value` is the path of a file, as keys of object stores are:
/// `images/2024/a1b2c3.png`.
fn is_file(value: &str) -> bool {
    let value = value.trim_matches(['"', '\\']);
    let end = value
        .rsplit_once('.')
        .filter(|(path, _)| path.contains('/') && !path.contains(char::is_whitespace));
    end.is_some_and(|(_, end)| {
        (2..=4).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_lowercase())
    })
}

/// Returns whether `word` is a memory address in the form of `{:p}`.
fn is_address(word: &str) -> bool {
    const MAX_LENGTH: usize = 16;
    word.strip_prefix("0x").is_some_and(|digits| {
        digits.len() <= MAX_LENGTH && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// Returns whether `part`, which has letters and digits only, is neither a word, nor a number, nor
/// a word with a number.
pub(super) fn is_random(part: &str, suspicion: SecretSuspicion) -> bool {
    if part.len() < MIN_SECRET {
        return false;
    }
    let runs = CharacterRuns::of(part);
    match (runs.letters, runs.digits) {
        (0, digits) => digits > MAX_NUMBER,
        (letters, 0) => {
            let humps = part.bytes().zip(part.bytes().skip(1));
            let humps =
                humps.filter(|(a, b)| a.is_ascii_lowercase() && b.is_ascii_uppercase()).count();
            letters >= MAX_WORD * (humps + 1) || is_gibberish(part, if humps > 0 { 8 } else { 10 })
        }
        _ if runs.is_measure => false,
        // A word and a number.
        (letters, _) if runs.changes == 1 => {
            let word_first = part.starts_with(char::is_alphabetic);
            let is_guessable = word_first && letters >= 5 && part.len() >= 7;
            (suspicion == SecretSuspicion::Strong && is_guessable) || is_gibberish(part, 10)
        }
        _ if suspicion == SecretSuspicion::Weak => runs.changes > 2 || part.len() >= 16,
        _ => true,
    }
}

/// Counts of the letters and digits of a text.
struct CharacterRuns {
    letters: usize,
    digits: usize,
    /// Places where a letter follows a digit or a digit a letter.
    changes: usize,
    /// All letters belong to units, versions or dates: `12h30m`, `1920x1080`, `v2beta1`,
    /// `20240101T000000Z`.
    is_measure: bool,
}

impl CharacterRuns {
    fn of(part: &str) -> Self {
        const UNITS: [&str; 17] = [
            "h", "m", "s", "d", "w", "ms", "us", "ns", "t", "z", "v", "x", "alpha", "beta", "rc",
            "min", "sec",
        ];
        let mut runs = Self { letters: 0, digits: 0, changes: 0, is_measure: true };
        let mut rest = part;
        while let Some(first) = rest.chars().next() {
            let is_number = first.is_numeric();
            let end = rest.find(|c: char| c.is_numeric() != is_number).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            let length = run.chars().count();
            *(if is_number { &mut runs.digits } else { &mut runs.letters }) += length;
            runs.is_measure &= is_number || UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(run));
            runs.changes += usize::from(!after.is_empty());
            rest = after;
        }
        runs
    }
}

/// Returns whether the letters of `text`, if it has at least `shortest`, are in an order that is
/// rare in words.
fn is_gibberish(text: &str, shortest: usize) -> bool {
    let letters = || {
        text.bytes()
            .filter(u8::is_ascii_alphabetic)
            .map(|byte| usize::from(byte.to_ascii_lowercase() - b'a'))
    };
    let pairs = letters().count().saturating_sub(1);
    let rare = letters()
        .zip(letters().skip(1))
        .filter(|(first, second)| PAIRS[*first] >> second & 1 == 0)
        .count();
    pairs + 1 >= shortest && rare >= 2 && rare * 5 >= pairs
}

/// For each letter, a bit for each letter that often follows it in words. Together these pairs are
/// 98.5 % of those in the identifiers of some 2,500 files of published crates, each identifier
/// weighted by the square root of its count.
const PAIRS: [u32; 26] = [
    33471855, 18762519, 20905405, 25090431, 33553919, 18798973, 1997265, 18764057, 45022335,
    1064976, 794897, 20905343, 2029855, 25099775, 16711551, 20897213, 1048576, 25099647, 25165309,
    33487295, 9369983, 284981, 418193, 559413, 850196, 17,
];

/// Returns whether `value` is a list of bytes like those of a key: at least eight, most of them 32
/// or more.
fn are_bytes(value: &str) -> bool {
    let Some(list) = value.trim().strip_prefix('[').and_then(|list| list.split(']').next()) else {
        return false;
    };
    let (mut count, mut large) = (0, 0);
    for item in
        list.split(',').map(str::trim).filter(|item| !item.is_empty() && !item.starts_with('…'))
    {
        let Ok(byte) = item.parse::<u8>() else { return false };
        count += 1;
        large += usize::from(byte >= 32);
    }
    count >= 8 && large * 2 > count
}
