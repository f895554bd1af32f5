use std::borrow::Cow;

/// Makes any text safe to show on a terminal or in a log, on one line: control characters, line
/// ends, and characters that are invisible or change the direction of writing become escapes such
/// as `\n`, `\u{1b}` and `\u{202e}`. Other text stays as it is.
///
/// ```
/// assert_eq!(error_tracker::format::escape("a\nb \x1b[31mred"), r"a\nb \u{1b}[31mred");
/// ```
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(is_unsafe) else { return Cow::Borrowed(text) };
    let mut safe = String::with_capacity(text.len() + 16);
    safe.push_str(&text[..first]);
    for c in text[first..].chars() {
        if is_unsafe(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Zero-width joiners stay: emoji and several scripts cannot be read without them.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn terminal_and_bidi_controls_become_visible() {
        assert_eq!(escape("\x1b]0;title\x07\u{9b}2J"), r"\u{1b}]0;title\u{7}\u{9b}2J");
        assert_eq!(escape("\u{202e}gpj.exe\u{2066}"), r"\u{202e}gpj.exe\u{2066}");
        assert_eq!(escape("a\r\n\tb"), r"a\r\n\tb");
    }

    #[test]
    fn readable_text_stays_as_it_is() {
        for text in ["", "Grüße, 東京", "👩\u{200d}🚀", r"C:\new", "e\u{301}"] {
            assert_eq!(escape(text), text);
        }
    }
}
