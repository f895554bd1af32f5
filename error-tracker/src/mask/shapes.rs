//! Finds secrets by their shape, in one pass over the bytes that stops only where a secret may
//! begin.

use std::ops::Range;

use super::service_keys::{KEYS, is_key_byte, service_key};
use super::{EventTaint, Masking, numbers, pairs, url};

/// Text is cut after this many bytes, because unchecked text must not be stored.
const MAX_TEXT: usize = 64 * 1024;

/// Masks secrets in `text` by name and by shape, and returns whether there were any.
pub(super) fn mask(masking: &Masking, text: &mut String, taint: Option<&mut EventTaint>) -> bool {
    let cut = cut(text) | super::cut::mask_last_words(text, &masking.inner.text);
    let paired = pairs::may_be_in(text.as_bytes()) && pairs::mask(masking, text, taint);
    mask_shapes(masking, text) | paired | cut
}

/// Masks secrets in source code by shape only, because `key=value` is an assignment there. Returns
/// whether there were any.
pub(super) fn source(masking: &Masking, text: &mut String) -> bool {
    let cut = cut(text);
    mask_shapes(masking, text) | cut
}

fn cut(text: &mut String) -> bool {
    if text.len() <= MAX_TEXT {
        return false;
    }
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text.push('…');
    true
}

fn mask_shapes(masking: &Masking, text: &mut String) -> bool {
    let mask = &*masking.inner.text;
    let bytes = text.as_bytes();
    let mut masked: Option<String> = None;
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = bytes[at..].windows(2).position(may_begin) {
        let start = at + found;
        at = start + 1;
        let inside = |back: usize| start >= back && bytes[start - back].is_ascii_alphanumeric();
        if inside(1) && bytes[start] != b':' && !(start > 1 && bytes[start - 2] == b'\\') {
            continue;
        }
        for secret in at_byte(text, start).into_iter().flatten() {
            if secret.start < copied || text[secret.clone()] == *mask {
                continue;
            }
            let out = masked.get_or_insert_with(|| String::with_capacity(text.len()));
            out.push_str(&text[copied..secret.start]);
            out.push_str(mask);
            (copied, at) = (secret.end, secret.end.max(at));
        }
    }
    let Some(mut masked) = masked else { return false };
    masked.push_str(&text[copied..]);
    *text = masked;
    true
}

/// For each byte that a secret or the `://` of a URL can begin with, a bit for each possible second
/// byte, by its low five bits. Nothing begins at most places of a text.
const SECONDS: [u32; 256] = {
    let mut seconds = [0; 256];
    const fn bit(byte: u8) -> u32 {
        1 << (byte & 31)
    }
    let mut byte = b'0';
    // Digits of a card.
    while byte <= b'9' {
        seconds[byte as usize] = 0x03ff << 16;
        byte += 1;
    }
    byte = b'A';
    // Letters of an IBAN's country.
    while byte <= b'Z' {
        seconds[byte as usize] = 0x07ff_fffe;
        byte += 1;
    }
    seconds[b':' as usize] = bit(b'/');
    seconds[b'-' as usize] = bit(b'-');
    // Digits and letters of a hash's method.
    seconds[b'$' as usize] = u32::MAX;
    seconds[b'e' as usize] = bit(b'y');
    seconds[b'b' as usize] = bit(b'e') | bit(b'a');
    let mut at = 0;
    while at < KEYS.len() {
        let start = KEYS[at].start.as_bytes();
        seconds[start[0] as usize] |= bit(start[1]);
        at += 1;
    }
    seconds
};

fn may_begin(two: &[u8]) -> bool {
    matches!(two, [first, second] if SECONDS[usize::from(*first)] >> (second & 31) & 1 != 0)
}

/// Returns the secret that begins at `at`, or user and password of the URL whose `:` it is.
fn at_byte(text: &str, at: usize) -> [Option<Range<usize>>; 2] {
    let rest = &text[at..];
    if rest.starts_with("://") {
        return url::userinfo(text, at);
    }
    let first = rest.as_bytes()[0];
    if !begins_word(text, at) && !matches!(first, b'-' | b'$') {
        return [None, None];
    }
    let here = |length: Option<usize>| length.map(|length| at..at + length);
    let found = match first {
        b'-' => here(private_key(rest)),
        b'$' => here(password_hash(rest)),
        b'b' => credentials(rest).map(|range| at + range.start..at + range.end),
        b'B' => credentials(rest)
            .map(|range| at + range.start..at + range.end)
            .or_else(|| here(numbers::iban(rest))),
        b'e' => here(web_token(rest)),
        b'0'..=b'9' => here(numbers::card(text, at)),
        b'A'..=b'Z' => here(numbers::iban(rest)),
        _ => None,
    };
    [found.or_else(|| here(service_key(rest))), None]
}

/// Returns whether the letter or digit at `at` is the first of its word, or follows an escape such
/// as `
/// `.
fn begins_word(text: &str, at: usize) -> bool {
    let mut before = text[..at].chars().rev();
    let is_escape = |c: Option<char>, second: Option<char>| {
        matches!(c, Some('n' | 'r' | 't')) && second == Some('\\')
    };
    let last = before.next();
    !last.is_some_and(char::is_alphanumeric) || is_escape(last, before.next())
}

fn run(text: &str, belongs: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|byte| belongs(*byte)).count()
}

/// Returns the length of `-----BEGIN .. PRIVATE KEY-----` up to its end, or that of the text.
fn private_key(text: &str) -> Option<usize> {
    const MAX_LENGTH: usize = 64;
    let title = text.strip_prefix("-----BEGIN ")?;
    let end = title.bytes().take(MAX_LENGTH).position(|byte| byte == b'-')?;
    let is_private =
        title[..end].ends_with("PRIVATE KEY") || title[..end].ends_with("PRIVATE KEY BLOCK");
    let closing = format!("-----END {}-----", &title[..end]);
    is_private.then(|| text.find(&closing).map_or(text.len(), |at| at + closing.len()))
}

/// Returns the length of the hash of a password: `$2b$12$..`, `$argon2id$v=19$..`.
fn password_hash(text: &str) -> Option<usize> {
    const MIN_LENGTH: usize = 20;
    const METHODS: [&str; 17] = [
        "1",
        "2a",
        "2b",
        "2x",
        "2y",
        "5",
        "6",
        "7",
        "y",
        "gy",
        "apr1",
        "argon2i",
        "argon2d",
        "argon2id",
        "scrypt",
        "pbkdf2-sha256",
        "pbkdf2-sha512",
    ];
    let (method, rest) = text.strip_prefix('$')?.split_at_checked(run(&text[1..], is_key_byte))?;
    let length = run(rest, |byte| {
        is_key_byte(byte) || matches!(byte, b'$' | b'.' | b'/' | b'+' | b'=' | b',')
    });
    let is_hash = METHODS.contains(&method) && rest.starts_with('$') && length >= MIN_LENGTH;
    is_hash.then_some(1 + method.len() + length)
}

/// Returns the length of a JSON web token, which starts with `eyJ`, the base64 of `{"`.
fn web_token(text: &str) -> Option<usize> {
    let header = run(text, is_key_byte);
    let rest = text.get(header..)?.strip_prefix('.')?;
    let payload = run(rest, is_key_byte);
    let signature = rest[payload..].strip_prefix('.').map_or(0, |rest| 1 + run(rest, is_key_byte));
    (text.starts_with("eyJ") && header >= 11 && payload >= 4)
        .then_some(header + 1 + payload + signature)
}

/// Returns the credentials that follow `Bearer` or `Basic`.
fn credentials(text: &str) -> Option<Range<usize>> {
    const MIN_LENGTH: usize = 8;
    let word = run(text, |byte| byte.is_ascii_alphabetic());
    let escaped = ["%20", "+"].iter().find(|blank| text[word..].starts_with(**blank));
    let blanks = escaped.map_or_else(
        || run(&text[word..], |byte| matches!(byte, b' ' | b'\t')),
        |blank| blank.len(),
    );
    let from = word + blanks;
    let is_basic = text[..word].eq_ignore_ascii_case("basic");
    if blanks == 0 || !is_basic && !text[..word].eq_ignore_ascii_case("bearer") {
        return None;
    }
    let length = run(&text[from..], |byte| {
        is_key_byte(byte) || matches!(byte, b'+' | b'/' | b'=' | b'.' | b'~')
    });
    let secret = &text[from..from + length];
    // Excludes the dot that ends a sentence, and words, as in "basic authentication".
    let secret = secret.trim_end_matches('.');
    let is_word = secret.bytes().skip(1).all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        && secret.len() < 20;
    (secret.len() >= MIN_LENGTH && !is_word).then(|| from..from + secret.len())
}
