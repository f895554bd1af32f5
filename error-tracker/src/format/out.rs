use unicode_width::UnicodeWidthStr;

use super::escape;

/// The parts of a traceback that have different colours.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TextStyle {
    Plain,
    Dim,
    Heading,
    Path,
    Function,
    Marked,
    Caret,
    Name,
    Type,
    Masked,
    Error,
    Cause,
}

impl TextStyle {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Dim => "\x1b[2m",
            Self::Heading => "\x1b[1m",
            Self::Path => "\x1b[36m",
            Self::Function => "\x1b[1;34m",
            Self::Marked => "\x1b[1m",
            Self::Caret | Self::Error => "\x1b[1;31m",
            Self::Name => "\x1b[32m",
            Self::Type => "\x1b[2;36m",
            Self::Masked => "\x1b[35m",
            Self::Cause => "\x1b[33m",
        }
    }
}

/// The text that is being written. Escapes everything that is added, so that the content of an
/// event reaches a terminal as text only; line ends come from [`TracebackWriter::end_line`] only.
pub(super) struct TracebackWriter {
    text: String,
    color: bool,
    column: usize,
    /// Padding that is written only when something follows, so that no line ends in spaces.
    pending: usize,
    dimmed: bool,
}

impl TracebackWriter {
    pub(super) fn new(color: bool) -> Self {
        Self { text: String::with_capacity(2048), color, column: 0, pending: 0, dimmed: false }
    }

    pub(super) fn put(&mut self, style: TextStyle, text: &str) {
        if text.is_empty() {
            return;
        }
        let style = if self.dimmed { TextStyle::Dim } else { style };
        self.text.extend(std::iter::repeat_n(' ', std::mem::take(&mut self.pending)));
        let text = escape(text);
        self.column += text.width();
        if self.color && style != TextStyle::Plain {
            self.text.push_str(style.code());
            self.text.push_str(&text);
            self.text.push_str("\x1b[0m");
        } else {
            self.text.push_str(&text);
        }
    }

    pub(super) fn space(&mut self, columns: usize) {
        self.pending += columns;
        self.column += columns;
    }

    /// Adds spaces up to `column`, counted from 0.
    pub(super) fn pad_to(&mut self, column: usize) {
        self.space(column.saturating_sub(self.column));
    }

    pub(super) fn end_line(&mut self) {
        self.text.push('\n');
        (self.column, self.pending) = (0, 0);
    }

    pub(super) fn column(&self) -> usize {
        self.column
    }

    /// Sets whether all further text is dim.
    pub(super) fn set_dimmed(&mut self, dimmed: bool) {
        self.dimmed = dimmed;
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// Returns how many columns `text` takes once it is escaped.
pub(super) fn width(text: &str) -> usize {
    escape(text).width()
}

/// Returns the byte up to which `text` fits into `columns` once it is escaped; at least one
/// character.
pub(super) fn fitting(text: &str, columns: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        let mut buffer = [0; 4];
        used += width(c.encode_utf8(&mut buffer));
        if used > columns && at > 0 {
            return at;
        }
    }
    text.len()
}

/// Returns the byte from which the end of `text` fits into `columns` once it is escaped.
pub(super) fn fitting_end(text: &str, columns: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices().rev() {
        let mut buffer = [0; 4];
        used += width(c.encode_utf8(&mut buffer));
        if used > columns {
            return at + c.len_utf8();
        }
    }
    0
}
