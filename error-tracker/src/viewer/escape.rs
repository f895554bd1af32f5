//! Escapes HTML, and characters that hide or reorder others.

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::format::is_unsafe;

/// Returns whether `c` is invisible or changes how its neighbours are shown. Line feeds and tabs
/// are allowed.
fn is_hidden(c: char) -> bool {
    c != '\n' && c != '\t' && is_unsafe(c)
}

/// Returns the text with such characters replaced by their code, such as `‹U+202E›`.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) {
            let _ = write!(shown, "‹U+{:04X}›", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Writes HTML text, with the codes of such characters in an element of their own.
pub(super) fn html(out: &mut dyn Write, text: &str) -> fmt::Result {
    escape(out, text, "<span class=esc>", "</span>")
}

/// Writes text without elements, for quoted attributes, `<title>` and `<textarea>`.
pub(super) fn plain(out: &mut dyn Write, text: &str) -> fmt::Result {
    escape(out, text, "", "")
}

fn escape(out: &mut dyn Write, text: &str, open: &str, close: &str) -> fmt::Result {
    let mut written = 0;
    for (at, c) in text.char_indices() {
        let entity = match c {
            '<' => "&lt;",
            '>' => "&gt;",
            '&' => "&amp;",
            '"' => "&#34;",
            '\'' => "&#39;",
            '`' => "&#96;",
            c if is_hidden(c) => "",
            _ => continue,
        };
        out.write_str(&text[written..at])?;
        if entity.is_empty() {
            write!(out, "{open}‹U+{:04X}›{close}", u32::from(c))?;
        } else {
            out.write_str(entity)?;
        }
        written = at + c.len_utf8();
    }
    out.write_str(&text[written..])
}

#[cfg(test)]
mod tests {
    use super::{html, plain, visible};

    fn written(
        write: fn(&mut dyn std::fmt::Write, &str) -> std::fmt::Result,
        text: &str,
    ) -> String {
        let mut out = String::new();
        write(&mut out, text).unwrap();
        out
    }

    #[test]
    fn hidden_characters_are_made_visible() {
        assert_eq!(visible("a\u{202e}b\u{0}"), "a‹U+202E›b‹U+0000›");
        assert_eq!(visible("Zeile\n\tنص 👩‍🔧"), "Zeile\n\tنص 👩‍🔧");
        assert_eq!(written(html, "\u{1b}[2J"), "<span class=esc>‹U+001B›</span>[2J");
        assert_eq!(written(plain, "\u{2066}x"), "‹U+2066›x");
    }

    proptest::proptest! {
        #[test]
        fn no_text_can_open_an_element_or_leave_an_attribute(text in "\\PC*|[<>&\"'`a\u{202e}\u{0}]{0,20}") {
            let out = written(plain, &text);
            proptest::prop_assert!(!out.contains(['<', '>', '"', '\'', '`']));
            let out = written(html, &text).replace("<span class=esc>", "").replace("</span>", "");
            proptest::prop_assert!(!out.contains(['<', '>', '"', '\'', '`']));
        }
    }
}
