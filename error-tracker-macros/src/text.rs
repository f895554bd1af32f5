//! The text of tokens as they are in the source, on one line.

use proc_macro::Span;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The longest text of an expression, in bytes. A longer one is cut and ends with `…`.
const MAX_LENGTH: usize = 240;

/// Returns the text of an expression. Spaces are where the source has them; a line break becomes
/// one space, or none before a `.` or `?`.
pub(crate) fn of(tokens: TokenStream) -> String {
    let mut text = SpacedText { text: String::new(), line: 0, column: 0 };
    text.tokens(tokens);
    let mut text = text.text;
    if text.len() > MAX_LENGTH {
        text.truncate((0..=MAX_LENGTH).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0));
        text.push('…');
    }
    text
}

/// A text while tokens are added to it.
struct SpacedText {
    text: String,
    /// The line where the last token ended; 0 before the first.
    line: usize,
    column: usize,
}

impl SpacedText {
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            if self.text.len() > MAX_LENGTH {
                return;
            }
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::None => ("", ""),
                    };
                    if !open.is_empty() {
                        self.token(open, group.span_open().unwrap());
                    }
                    self.tokens(group.stream());
                    if !close.is_empty() {
                        self.token(close, group.span_close().unwrap());
                    }
                }
                TokenTree::Ident(ident) => self.token(&ident.to_string(), ident.span().unwrap()),
                TokenTree::Punct(punct) => {
                    self.token(punct.as_char().encode_utf8(&mut [0; 4]), punct.span().unwrap());
                }
                TokenTree::Literal(literal) => {
                    self.token(&literal.to_string(), literal.span().unwrap());
                }
            }
        }
    }

    fn token(&mut self, token: &str, span: Span) {
        let (line, column) = (span.line(), span.column());
        let apart = if line == self.line && column >= self.column {
            column > self.column
        } else {
            self.line != 0
                && !token.starts_with(['.', '?', ',', ';', ')', ']'])
                && !self.text.ends_with(['(', '[', '.'])
        };
        if apart {
            self.text.push(' ');
        }
        self.text.push_str(token);
        let end = span.end();
        (self.line, self.column) = (end.line(), end.column());
    }
}
