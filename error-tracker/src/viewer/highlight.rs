//! Highlights lines of Rust source. Each line is highlighted by itself, so strings and comments
//! over several lines may be coloured like code. The text is never changed.

use serde::Serialize;

/// A piece of a line with its CSS class, which is empty for plain text.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct HighlightedPiece<'a> {
    pub(super) class: &'static str,
    pub(super) text: &'a str,
}

const KEYWORDS: [&str; 36] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern",
    "false", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub",
    "ref", "return", "self", "static", "struct", "super", "trait", "true", "type", "unsafe", "use",
    "while",
];

/// Splits a line into pieces.
pub(super) fn pieces(line: &str) -> Vec<HighlightedPiece<'_>> {
    let mut pieces: Vec<HighlightedPiece<'_>> = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let (class, len) = token(rest, first);
        let (text, behind) = rest.split_at(len);
        rest = behind;
        match pieces.last_mut() {
            Some(last) if class.is_empty() && last.class.is_empty() => {
                let start = line.len() - rest.len() - len - last.text.len();
                last.text = &line[start..line.len() - rest.len()];
            }
            _ => pieces.push(HighlightedPiece { class, text }),
        }
    }
    pieces
}

/// Returns the pieces between two byte positions of the line.
pub(super) fn between<'a>(
    pieces: &[HighlightedPiece<'a>],
    start: usize,
    end: usize,
) -> Vec<HighlightedPiece<'a>> {
    let mut at = 0;
    let mut cut = Vec::new();
    for piece in pieces {
        let from = start.saturating_sub(at).min(piece.text.len());
        let to = end.saturating_sub(at).min(piece.text.len());
        at += piece.text.len();
        if let Some(text) = piece.text.get(from..to).filter(|text| !text.is_empty()) {
            cut.push(HighlightedPiece { class: piece.class, text });
        }
    }
    cut
}

/// Returns class and length of the token at the start of `rest`.
fn token(rest: &str, first: char) -> (&'static str, usize) {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    match first {
        '/' if rest.starts_with("//") => ("c", rest.len()),
        '"' => ("s", quoted(rest, '"').unwrap_or(rest.len())),
        // A lifetime has no quote at its end.
        '\'' => match quoted(rest, '\'').filter(|len| *len == 3 || rest[1..].starts_with('\\')) {
            Some(len) => ("s", len),
            None => ("", 1),
        },
        '0'..='9' => ("n", rest.find(|c| !word(c)).unwrap_or(rest.len())),
        c if word(c) => {
            let len = rest.find(|c| !word(c)).unwrap_or(rest.len());
            let (name, behind) = rest.split_at(len);
            let class = if KEYWORDS.contains(&name) {
                "k"
            } else if c.is_uppercase() {
                "t"
            } else if behind.starts_with('(')
                || behind.starts_with('!')
                || behind.starts_with("::<")
            {
                "f"
            } else {
                ""
            };
            (class, len)
        }
        c => ("", c.len_utf8()),
    }
}

/// Returns the length of the text between two `quote`s, including both.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{between, pieces};

    #[test]
    fn words_strings_and_comments_have_their_colours() {
        let shown = |line| {
            pieces(line)
                .iter()
                .map(|p| format!("{}:{}", p.class, p.text))
                .collect::<Vec<_>>()
                .join("|")
        };
        assert_eq!(
            shown("let n = f(\"a\\\"b\")?; // x"),
            "k:let|: n = |f:f|:(|s:\"a\\\"b\"|:)?; |c:// x"
        );
        assert_eq!(shown("&'a str, '\\n', Vec<u8>"), ":&'a str, |s:'\\n'|:, |t:Vec|:<u8>");
    }

    proptest::proptest! {
        #[test]
        fn no_character_is_lost(line in "\\PC*|[a-z\"'/\\\\ é0(]{0,30}", a in 0_usize..40, b in 0_usize..40) {
            let pieces = pieces(&line);
            let text = |pieces: &[super::HighlightedPiece<'_>]| pieces.iter().map(|piece| piece.text).collect::<String>();
            proptest::prop_assert_eq!(text(&pieces), line.as_str());
            let (start, end) = (a.min(b).min(line.len()), a.max(b).min(line.len()));
            if line.is_char_boundary(start) && line.is_char_boundary(end) {
                proptest::prop_assert_eq!(text(&between(&pieces, start, end)), &line[start..end]);
            }
        }
    }
}
