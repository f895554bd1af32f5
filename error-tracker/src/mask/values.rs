//! Secrets that are known by their shape.
//!
//! One pass over the bytes tells which shapes can be there at all; only for those a regular expression
//! runs. Ordinary text costs the pass.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{Masking, numbers, pairs};

/// Longer text is cut off here: what is not looked through must not leave.
const LONGEST: usize = 64 * 1024;

const CREDENTIALS: u8 = 1;
const JWT: u8 = 2;
const PEM: u8 = 4;
const USERINFO: u8 = 8;
const TOKEN: u8 = 16;
const NUMBER: u8 = 32;
const PAIR: u8 = 64;

pub(super) fn mask(masking: &Masking, text: &mut String) -> bool {
    let cut = cut(text);
    let found = scan(text.as_bytes());
    if found == 0 {
        return cut;
    }
    let paired = found & PAIR != 0 && pairs::mask(masking, text, None);
    mask_shapes(masking, text, found) | paired | cut
}

/// Masks shapes only, not `key=value`: for source text, where that is an assignment.
pub(super) fn shapes(masking: &Masking, text: &mut String) -> bool {
    let cut = cut(text);
    let found = scan(text.as_bytes()) & !PAIR;
    found != 0 && mask_shapes(masking, text, found) | cut
}

fn cut(text: &mut String) -> bool {
    if text.len() <= LONGEST {
        return false;
    }
    let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.truncate(end);
    text.push('…');
    true
}

fn mask_shapes(masking: &Masking, text: &mut String, found: u8) -> bool {
    let mut changed = false;
    for shape in SHAPES.iter().filter(|shape| shape.bit & found != 0) {
        let replaced = shape.regex.replace_all(text, |found: &Captures<'_>| {
            let (whole, secret) = (found.get(0), found.get(1));
            let (Some(whole), Some(secret)) = (whole, secret) else { return String::new() };
            if !(shape.real)(secret.as_str()) {
                return whole.as_str().to_owned();
            }
            let before = &text[whole.start()..secret.start()];
            let after = &text[secret.end()..whole.end()];
            format!("{before}{}{after}", masking.inner.text)
        });
        if let Cow::Owned(replaced) = replaced {
            changed |= replaced != *text;
            *text = replaced;
        }
    }
    if found & NUMBER != 0 {
        changed |= numbers::mask(&masking.inner.text, text);
    }
    changed
}

struct Shape {
    bit: u8,
    /// The secret is group 1.
    regex: Regex,
    real: fn(&str) -> bool,
}

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let shape = |bit, pattern: &str, real| Regex::new(pattern).ok().map(|regex| Shape { bit, regex, real });
    let any: fn(&str) -> bool = |_| true;
    let key = "[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----";
    let pem = format!(r"(?s)(-----BEGIN {key}.*?(?:-----END {key}|\z))");
    [
        shape(PEM, &pem, any),
        shape(JWT, r"(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?)", any),
        shape(CREDENTIALS, r"(?i)bearer[ \t]+([a-z0-9._~+/=-]{8,})", any),
        shape(CREDENTIALS, r"(?i)basic[ \t]+([a-z0-9+/=_-]{8,})", encoded),
        // The last `@` before the path ends the password, which may hold others.
        shape(USERINFO, r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#"'<>:@]*:([^\s/?#"'<>]+)@"#, any),
        shape(TOKEN, r"((?:AKIA|ASIA)[A-Z0-9]{16})", any),
        shape(TOKEN, r"(gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,})", any),
        shape(TOKEN, r"(xox[abeprs]-[A-Za-z0-9-]{8,}|glpat-[A-Za-z0-9_-]{10,})", any),
        shape(TOKEN, r"([rs]k_(?:live|test)_[A-Za-z0-9]{8,})", any),
    ]
    .into_iter()
    .flatten()
    .collect()
});

/// Base64 rather than a word, as in "basic authentication".
fn encoded(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit() || matches!(c, '=' | '+' | '/'))
        || text.chars().skip(1).any(|c| c.is_ascii_uppercase())
}

const ANCHORS: [bool; 256] = {
    let mut anchors = [false; 256];
    let bytes = b"=:JGKS_-bB0123456789";
    let mut at = 0;
    while at < bytes.len() {
        anchors[bytes[at] as usize] = true;
        at += 1;
    }
    anchors
};

/// Which shapes can be in `text`.
fn scan(text: &[u8]) -> u8 {
    let mut found = 0;
    for (at, byte) in text.iter().enumerate() {
        if ANCHORS[usize::from(*byte)] {
            found |= look(text, at, *byte);
        }
    }
    found
}

#[inline(never)]
fn look(text: &[u8], at: usize, byte: u8) -> u8 {
    let before = &text[at.saturating_sub(5)..at];
    let after = &text[at + 1..];
    let is = |yes: bool, bit: u8| if yes { bit } else { 0 };
    match byte {
        b'=' => is(!matches!(before.last(), None | Some(b' ' | b'=' | b'!' | b'<' | b'>')), PAIR),
        b':' if after.starts_with(b"//") => {
            let mut authority =
                after.iter().skip(2).take_while(|byte| !matches!(byte, b'/' | b' ' | b'"' | b'\n'));
            is(authority.any(|byte| *byte == b'@'), USERINFO)
        }
        b':' => is(pairs::may_separate(text, at), PAIR),
        b'J' => is(before.ends_with(b"ey"), JWT),
        b'G' => is(before.ends_with(b"BE") && after.starts_with(b"IN "), PEM),
        b'K' | b'S' => is(before.ends_with(b"A") && after.starts_with(b"IA"), TOKEN),
        b'_' => {
            let tail = before.get(before.len().saturating_sub(3)..).unwrap_or_default();
            is(
                tail.starts_with(b"gh") || tail == b"pat" || tail.ends_with(b"sk") || tail.ends_with(b"rk"),
                TOKEN,
            )
        }
        b'-' => {
            let tail = before.get(before.len().saturating_sub(4)..).unwrap_or_default();
            is(tail.starts_with(b"xox") || tail == b"lpat", TOKEN)
        }
        b'b' | b'B' => {
            let word = after.get(..5).unwrap_or(after);
            let starts =
                |rest: &[u8]| word.len() >= rest.len() && word[..rest.len()].eq_ignore_ascii_case(rest);
            is(starts(b"earer") || starts(b"asic "), CREDENTIALS)
        }
        _ => is(numbers::may_start(text, at), NUMBER),
    }
}
