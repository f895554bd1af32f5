//! Masks the ends of text that was cut: the start of a secret may lack the secret's shape.

use super::appearance::is_plain_word;
use super::service_keys::begins_key;

/// Cuts of a text that are checked.
const MAX_CUTS: usize = 64;

/// Masks what may be the start of a secret before each cut, marked by `…`, and returns whether
/// there was any. Plain words and paths of plain words are not masked.
pub(super) fn mask_last_words(text: &mut String, mask: &str) -> bool {
    let mut masked: Option<String> = None;
    let mut copied = 0;
    for (cut, _) in text.match_indices('…').take(MAX_CUTS) {
        let shown = text[copied..cut]
            .strip_suffix('"')
            .unwrap_or(&text[copied..cut])
            .trim_end_matches('\\');
        let start = possible_secret_start(shown);
        if start == shown.len()
            || mask.starts_with(&shown[start..])
            || shown[start..].ends_with(mask)
        {
            continue;
        }
        let out = masked.get_or_insert_with(|| String::with_capacity(text.len()));
        out.push_str(&shown[..start]);
        out.push_str(mask);
        copied += shown.len();
    }
    let Some(mut masked) = masked else { return false };
    masked.push_str(&text[copied..]);
    *text = masked;
    true
}

/// Returns the place in the last word of `shown` from which on it may be the start of a secret; the
/// end of `shown` if there is none.
fn possible_secret_start(shown: &str) -> usize {
    let blank = shown.char_indices().rev().find(|(_, c)| c.is_whitespace());
    let word = blank.map_or(0, |(at, c)| at + c.len_utf8());
    let start = possible_secret_in_word(&shown[word..]).map_or(shown.len(), |at| word + at);
    start.min(groups(shown, word))
}

/// Returns the place in `word` from which on it may be a secret.
fn possible_secret_in_word(word: &str) -> Option<usize> {
    let mut start = word.find(|c: char| c.is_alphanumeric())?;
    // The authority of a URL that was cut may be a user with a password.
    if let Some(scheme) = word.find("://") {
        start = scheme + 3;
        let end = word[start..].find(['/', '?', '#']).map_or(word.len(), |length| start + length);
        let authority = &word[start..end];
        let colon = authority.find(':');
        let is_port =
            colon.is_some_and(|at| authority[at + 1..].bytes().all(|byte| byte.is_ascii_digit()));
        let is_open = !authority.contains('@') && colon.is_some() && !(is_port && end < word.len());
        if is_open || end == word.len() && (!is_plain(authority) || begins_key(authority)) {
            return Some(start);
        }
        start = end;
    }
    let parts = word[start..]
        .split_inclusive(['/', '?', '&', '=', ',', ';', ':', '(', '[', '{', '"', '\'']);
    for part in parts {
        let is_last = start + part.len() == word.len();
        let plain = part.trim_end_matches(|c: char| !c.is_alphanumeric());
        let is_number = plain.len() < 6 && plain.bytes().all(|byte| byte.is_ascii_digit());
        let is_harmless = !begins_key(plain)
            && (plain.is_empty()
                || is_number
                || is_plain(plain) && !plain.bytes().all(|byte| byte.is_ascii_uppercase())
                || !is_last && plain.len() < 6);
        if !is_harmless {
            return Some(start);
        }
        start += part.len();
    }
    None
}

/// Returns the start of the groups of digits and capitals at the end of `text`, like those of a
/// card number or an IBAN; the end of `text` if there are none. The last word begins at `word`.
fn groups(text: &str, word: usize) -> usize {
    let is_group = |group: &str| {
        group.len() <= 6
            && group.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    let mut start = word;
    if !is_group(&text[word..]) {
        return text.len();
    }
    for group in text[..word].trim_end().rsplit(' ').take(8) {
        if group.len() != 4 && group.len() != 6
            || !is_group(group)
            || !group.bytes().any(|byte| byte.is_ascii_digit())
        {
            break;
        }
        start = group.as_ptr() as usize - text.as_ptr() as usize;
    }
    if start < word { start } else { text.len() }
}

/// Returns whether `text` consists of plain words joined by hyphens.
fn is_plain(text: &str) -> bool {
    text.split('-').all(is_plain_word)
}
