//! Finds blanks, ends of lines and the bytes of names, plain and as `Debug` escapes them.

/// Returns the end of a line at the start of `text`, which `Debug` may have escaped any number of
/// times.
pub(super) fn end_of_line(text: &str) -> Option<&str> {
    let slashes = text.len() - text.trim_start_matches('\\').len();
    let escaped = |at: usize, letter: u8| {
        let ends = text.as_bytes().get(at + slashes) == Some(&letter);
        ends && text[at..].bytes().take(slashes).all(|byte| byte == b'\\')
    };
    let length = match slashes {
        0 if text.starts_with("\r\n") => 2,
        0 => usize::from(text.starts_with(['\n', '\r'])),
        _ if escaped(0, b'r') && escaped(slashes + 1, b'n') => 2 * (slashes + 1),
        _ if escaped(0, b'n') || escaped(0, b'r') => slashes + 1,
        _ => 0,
    };
    (length > 0).then(|| &text[..length])
}

/// Returns `text` without the plain and escaped blanks at its start, and with `lines` without ends
/// of lines.
pub(super) fn trim_start_blanks(text: &str, lines: bool) -> &str {
    let mut rest = text.trim_start_matches([' ', '\t']);
    loop {
        let unescaped = rest.trim_start_matches('\\');
        let tab = unescaped.strip_prefix('t').filter(|_| unescaped.len() < rest.len());
        let line = end_of_line(rest).filter(|_| lines).map(|mark| &rest[mark.len()..]);
        let Some(next) = tab.or(line) else { return rest };
        rest = next.trim_start_matches([' ', '\t']);
    }
}

/// Returns the end of the plain and escaped blanks and ends of lines that begin at `at`.
pub(super) fn skip_blanks(text: &str, at: usize) -> usize {
    text.len() - trim_start_blanks(&text[at..], true).len()
}

/// Returns `text` without the plain and escaped blanks at its end, and with `lines` without ends of
/// lines.
pub(super) fn trim_end_blanks(text: &str, lines: bool) -> &str {
    let letters: &[char] = if lines { &['t', 'n', 'r'] } else { &['t'] };
    let blanks: &[char] = if lines { &[' ', '\t', '\n', '\r'] } else { &[' ', '\t'] };
    let mut rest = text.trim_end_matches(blanks);
    while let Some(escaped) = rest.strip_suffix(letters).filter(|before| before.ends_with('\\')) {
        rest = escaped.trim_end_matches('\\').trim_end_matches(blanks);
    }
    rest
}

/// Returns the length up to the end of the line, the next pair in it or the surrounding quote.
pub(super) fn line_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let name_follows = |rest: &str| {
        let rest = rest.trim_start_matches(' ');
        let name = rest.bytes().take_while(|byte| is_name_byte(*byte)).count();
        let after = rest[name..].trim_start_matches(' ');
        name > 0 && after.starts_with(['=', ':'])
    };
    let end = (0..bytes.len()).find(|at| match bytes[*at] {
        b'\n' | b'\r' => true,
        b'\\' => matches!(bytes.get(*at + 1), Some(b'n' | b'r' | b'"')),
        b',' | b';' | b'|' => bytes.get(*at + 1) == Some(&b' ') && name_follows(&text[*at + 1..]),
        b' ' => name_follows(&text[*at..]),
        b'"' => bytes.get(*at + 1).is_none_or(|byte| !byte.is_ascii_alphanumeric()),
        _ => false,
    });
    text[..end.unwrap_or(bytes.len())].trim_end().len()
}

/// Returns the length up to the end of the line, including other pairs.
pub(super) fn whole_line_length(text: &str) -> usize {
    let end = text.find(['\n', '\r']).unwrap_or(text.len());
    let end = text[..end].find("\\n").or_else(|| text[..end].find("\\r")).unwrap_or(end);
    let text = text[..end].trim_end();
    // Excludes the surrounding quote.
    text.len() - usize::from(text.ends_with('"') && text.matches('"').count() % 2 == 1)
}

/// Returns whether `byte` may be part of a name.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || byte >= 0x80
}
