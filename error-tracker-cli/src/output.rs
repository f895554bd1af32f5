//! Standard output, with colours and the width of the terminal.

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

/// The width that is assumed of a terminal whose width is unknown, in columns.
const DEFAULT_COLUMNS: usize = 100;

/// Standard output: buffered, with or without colours, and as wide as the terminal.
pub(crate) struct TerminalOutput {
    to: BufWriter<StdoutLock<'static>>,
    color: bool,
    /// `None` if the output goes to a file or another program, which get uncut lines.
    columns: Option<usize>,
}

/// Returns the width of the terminal, also if the number of its rows is unknown.
#[cfg(unix)]
fn terminal_columns(stdout: &io::Stdout) -> Option<usize> {
    Some(usize::from(rustix::termios::tcgetwinsize(stdout).ok()?.ws_col))
}

#[cfg(not(unix))]
fn terminal_columns(stdout: &io::Stdout) -> Option<usize> {
    Some(usize::from(terminal_size::terminal_size_of(stdout)?.0.0))
}

impl TerminalOutput {
    /// Locks standard output.
    pub(crate) fn new(color: Color) -> Self {
        let stdout = io::stdout();
        let color = color.applies_to(&stdout);
        let columns = stdout.is_terminal().then(|| {
            let wanted = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
            wanted
                .or_else(|| terminal_columns(&stdout))
                .filter(|columns| *columns > 0)
                .unwrap_or(DEFAULT_COLUMNS)
        });
        Self { to: BufWriter::new(stdout.lock()), color, columns }
    }

    /// Returns the width of the terminal in columns, or `None` if the output is no terminal.
    pub(crate) fn columns(&self) -> Option<usize> {
        self.columns
    }

    /// Returns whether the output has colours, for what the library prints.
    pub(crate) fn color(&self) -> Color {
        if self.color { Color::Always } else { Color::Never }
    }

    /// Prints text that is escaped already, such as a traceback.
    pub(crate) fn raw(&mut self, text: &str) -> io::Result<()> {
        self.to.write_all(text.as_bytes())
    }

    /// Prints text of any origin, escaped and on one line. `color` is one of the constants above,
    /// or empty.
    pub(crate) fn text(&mut self, color: &str, text: &str) -> io::Result<()> {
        let text = escape(text);
        if self.color && !color.is_empty() && !text.is_empty() {
            write!(self.to, "\x1b[{color}m{text}\x1b[0m")
        } else {
            self.to.write_all(text.as_bytes())
        }
    }

    /// Prints text of any origin as a line.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.text("", text)?;
        self.end_line()
    }

    /// Ends the line.
    pub(crate) fn end_line(&mut self) -> io::Result<()> {
        self.to.write_all(b"\n")
    }

    /// Prints a value as JSON; with `pretty` indented, else on one line.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize, pretty: bool) -> io::Result<()> {
        let text = if pretty { to_string_pretty(value) } else { to_string(value) };
        self.to.write_all(text.map_err(io::Error::other)?.as_bytes())
    }

    /// Writes what is in the buffer.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Returns how many columns the escaped text takes at most. Terminals differ in whether several
/// characters are one symbol.
pub(crate) fn width(text: &str) -> usize {
    width_of(&escape(text))
}

fn width_of(text: &str) -> usize {
    text.width().max(text.chars().filter_map(UnicodeWidthChar::width).sum())
}

/// Returns the escaped text, cut to at most `columns` columns, with a `…` where it is cut.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    let text = escape(text);
    if width_of(&text) <= columns {
        return text.into_owned();
    }
    let mut used = 0;
    let kept = text.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used + 1 > columns
    });
    format!("{}…", &text[..kept.map_or(text.len(), |(at, _)| at)])
}

/// Does the same as [`fit`], but keeps the end of the text.
pub(crate) fn fit_end(text: &str, columns: usize) -> String {
    let text = escape(text);
    if width_of(&text) <= columns {
        return text.into_owned();
    }
    let mut used = 0;
    let cut = text.char_indices().rev().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used + 1 > columns
    });
    format!("…{}", &text[cut.map_or(0, |(at, c)| at + c.len_utf8())..])
}
