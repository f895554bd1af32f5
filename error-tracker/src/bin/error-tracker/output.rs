use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use error_tracker::format::{Color, escape};
use error_tracker::json::{to_string, to_string_pretty};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub(crate) const BOLD: &str = "1";
pub(crate) const DIM: &str = "2";
pub(crate) const RED: &str = "31";
pub(crate) const YELLOW: &str = "33";
pub(crate) const GREEN: &str = "32";
pub(crate) const CYAN: &str = "36";

/// Columns of a terminal that does not tell.
const UNKNOWN: usize = 100;

/// Standard output: buffered, with or without colours, and as wide as the terminal.
pub(crate) struct Output {
    to: BufWriter<StdoutLock<'static>>,
    color: bool,
    /// `None` where the output goes to a file or another program, which get everything.
    columns: Option<usize>,
}

impl Output {
    pub(crate) fn new(color: Color) -> Self {
        let stdout = io::stdout();
        let color = color.applies_to(&stdout);
        let size =
            terminal_size::terminal_size_of(&stdout).map_or(UNKNOWN, |(width, _)| usize::from(width.0));
        let columns = stdout.is_terminal().then_some(size.max(40));
        Self { to: BufWriter::new(stdout.lock()), color, columns }
    }

    pub(crate) fn columns(&self) -> Option<usize> {
        self.columns
    }

    pub(crate) fn color(&self) -> Color {
        if self.color { Color::Always } else { Color::Never }
    }

    /// Prints text that is safe already, such as a traceback.
    pub(crate) fn raw(&mut self, text: &str) -> io::Result<()> {
        self.to.write_all(text.as_bytes())
    }

    /// Prints text of any origin, on one line.
    pub(crate) fn text(&mut self, color: &str, text: &str) -> io::Result<()> {
        let text = escape(text);
        if self.color && !color.is_empty() && !text.is_empty() {
            write!(self.to, "\x1b[{color}m{text}\x1b[0m")
        } else {
            self.to.write_all(text.as_bytes())
        }
    }

    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.text("", text)?;
        self.end_line()
    }

    pub(crate) fn end_line(&mut self) -> io::Result<()> {
        self.to.write_all(b"\n")
    }

    pub(crate) fn json(&mut self, value: &impl serde::Serialize, pretty: bool) -> io::Result<()> {
        let text = if pretty { to_string_pretty(value) } else { to_string(value) };
        self.to.write_all(text.map_err(io::Error::other)?.as_bytes())
    }

    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

pub(crate) fn width(text: &str) -> usize {
    escape(text).width()
}

/// At most `columns` columns of the escaped text, with a mark where it was cut.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    let text = escape(text);
    if text.width() <= columns {
        return text.into_owned();
    }
    let mut used = 0;
    let kept = text.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used + 1 > columns
    });
    format!("{}…", &text[..kept.map_or(text.len(), |(at, _)| at)])
}

/// As [`fit`], but what is kept is the end.
pub(crate) fn fit_end(text: &str, columns: usize) -> String {
    let text = escape(text);
    if text.width() <= columns {
        return text.into_owned();
    }
    let mut used = 0;
    let cut = text.char_indices().rev().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used + 1 > columns
    });
    format!("…{}", &text[cut.map_or(0, |(at, c)| at + c.len_utf8())..])
}
