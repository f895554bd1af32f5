//! Values whose name stands before them in plain text: `token=x`, `"token": "x"`, `token: "x"`,
//! `x-api-key: x`.

use super::{Masking, Taint};

/// Whether the colon at `at` may stand between a name and its value.
pub(super) fn may_separate(text: &[u8], at: usize) -> bool {
    let before = text[..at].last();
    if matches!(before, Some(b'"' | b'\'')) {
        return true;
    }
    let mut after = text[at + 1..].iter();
    if after.next() != Some(&b' ') || !before.is_some_and(|byte| in_word(*byte)) {
        return false;
    }
    matches!(after.next(), Some(b'"' | b'\'' | b'\\' | b'S'))
        || text[..at].iter().rev().take(40).take_while(|byte| in_word(**byte)).any(|byte| *byte == b'-')
}

/// Replaces values under masked names in `text`; whether there were any. They are added to `taint`.
pub(super) fn mask(masking: &Masking, text: &mut String, mut taint: Option<&mut Taint>) -> bool {
    let mut masked: Option<String> = None;
    let mut copied = 0;
    let mut at = 0;
    let bytes = text.as_bytes();
    while let Some(found) = bytes[at..].iter().position(|byte| matches!(byte, b'=' | b':')) {
        let separator = at + found;
        at = separator + 1;
        let Some(name) = name_before(text, separator) else { continue };
        let Some((from, to)) = value_after(text, separator) else { continue };
        let value = &text[from..to];
        if value.is_empty() || matches!(value, "true" | "false" | "null" | "None") {
            continue;
        }
        let Some(mask) = masking.name(name) else { continue };
        at = to;
        if value.starts_with(&*mask.text) {
            continue;
        }
        if let Some(taint) = &mut taint {
            taint.add(value);
        }
        let out = masked.get_or_insert_with(|| String::with_capacity(text.len()));
        out.push_str(&text[copied..from]);
        out.push_str(&mask.text);
        copied = to;
    }
    let Some(mut masked) = masked else { return false };
    masked.push_str(&text[copied..]);
    *text = masked;
    true
}

fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || byte >= 0x80
}

/// The name before the `=` or `:` at `separator`; `None` where that cannot be one.
fn name_before(text: &str, separator: usize) -> Option<&str> {
    if text.as_bytes().get(separator) == Some(&b':') && !may_separate(text.as_bytes(), separator) {
        return None;
    }
    let before = text[..separator].trim_end_matches(['"', '\'', '\\', ']']);
    let length = before.bytes().rev().take(256).take_while(|byte| in_word(*byte)).count();
    let from = (before.len() - length..before.len()).find(|at| before.is_char_boundary(*at))?;
    Some(&before[from..])
}

/// Where the value begins and ends, without its quotes.
fn value_after(text: &str, separator: usize) -> Option<(usize, usize)> {
    let after = &text[separator + 1..];
    let equals = text.as_bytes().get(separator) == Some(&b'=');
    let mut value = if equals { after } else { after.trim_start_matches(' ') };
    if equals && value.starts_with(['=', '>']) {
        return None;
    }
    value = value.strip_prefix("Some(").unwrap_or(value);
    let from = text.len() - value.len();
    let slashes = value.len() - value.trim_start_matches('\\').len();
    match value.as_bytes().get(slashes) {
        Some(quote @ (b'"' | b'\'')) => {
            let from = from + slashes + 1;
            Some((from, from + quoted(&text.as_bytes()[from..], *quote, slashes)))
        }
        Some(b'{' | b'[') if !equals && slashes == 0 => Some((from, from + nested(value.as_bytes()))),
        _ => Some((from, from + bare(value.as_bytes()))),
    }
}

/// Length up to the quote that has no more backslashes before it than the opening one, or to the end.
fn quoted(text: &[u8], quote: u8, slashes: usize) -> usize {
    let mut run = 0;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'\\' => run += 1,
            // `\\"` inside plain quotes: an escaped backslash, then the end.
            _ if *byte == quote && slashes == 0 && run % 2 == 0 => return at,
            _ if *byte == quote && run <= slashes => return at - run,
            _ => run = 0,
        }
    }
    text.len()
}

/// Length of a bracketed value; all of the text when it does not close.
fn nested(text: &[u8]) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    text.len()
}

/// Length of a value without quotes.
fn bare(text: &[u8]) -> usize {
    let ends = |at: usize| text.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    text.iter()
        .enumerate()
        .position(|(at, byte)| match byte {
            b'&' | b';' | b'"' | b'\'' | b'<' | b'>' | b'\\' => true,
            b',' | b')' | b']' | b'}' | b'#' => ends(at + 1),
            _ => byte.is_ascii_whitespace(),
        })
        .unwrap_or(text.len())
}
