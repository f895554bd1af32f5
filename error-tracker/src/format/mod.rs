//! An [`Event`] as text that reads like a Python traceback: the outermost function first, then
//! inwards, each with its source line, arguments and locals, and the error last.
//!
//! ```
//! use error_tracker::event::Event;
//! use error_tracker::format::Format;
//!
//! let mut event = Event::default();
//! event.type_name = "shop::OrderError".into();
//! event.variant = Some("Negative".into());
//! event.message = "quantity is -3".into();
//! assert_eq!(Format::new().event(&event), "shop::OrderError::Negative: quantity is -3\n");
//! ```

mod escape;
mod limits;
mod out;
mod source;
#[cfg(test)]
mod tests;
mod traceback;
mod variables;

pub use escape::escape;
#[cfg(feature = "viewer")]
pub(crate) use escape::is_unsafe;

use std::io::{self, IsTerminal, Write};

use crate::event::Event;
use limits::ValueLimits;
use out::TracebackWriter;

/// The condition under which text is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Color {
    /// On a terminal. `NO_COLOR` set to anything turns colours off, `CLICOLOR_FORCE` set to
    /// anything but `0` turns them on, `CLICOLOR=0` and `TERM=dumb` turn them off.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Returns whether text for `stream` is to be coloured.
    #[must_use]
    pub fn applies_to(self, stream: &impl IsTerminal) -> bool {
        self.decide(
            |name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()),
            || stream.is_terminal(),
        )
    }

    fn decide(
        self,
        variable: impl Fn(&str) -> Option<String>,
        terminal: impl Fn() -> bool,
    ) -> bool {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if set("NO_COLOR").is_some() => false,
            Self::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
            Self::Auto => {
                set("CLICOLOR").as_deref() != Some("0")
                    && set("TERM").as_deref() != Some("dumb")
                    && terminal()
            }
        }
    }
}

/// Formats events as text. The limits cut what is shown, not what is stored.
///
/// Whatever an event holds, the text has no control characters but line ends (and, with colours on,
/// its own colour codes): others are shown as escapes, as [`escape`] does.
#[derive(Clone, Debug)]
pub struct Format {
    limits: ValueLimits,
    color: Color,
    width: usize,
}

impl Default for Format {
    fn default() -> Self {
        Self::new()
    }
}

impl Format {
    /// Returns the default: 20 elements, 200 characters, 6 levels, 100 columns, colours on
    /// terminals.
    #[must_use]
    pub const fn new() -> Self {
        let limits = ValueLimits { elements: 20, string: 200, recursion: 6 };
        Self { limits, color: Color::Auto, width: 100 }
    }

    /// Shows at most this many elements of a list, set or map.
    #[must_use]
    pub const fn max_elements(mut self, elements: usize) -> Self {
        self.limits.elements = elements;
        self
    }

    /// Shows at most this many characters of a string in a value, and of the message in
    /// [`Format::line`].
    #[must_use]
    pub const fn max_string(mut self, characters: usize) -> Self {
        self.limits.string = characters;
        self
    }

    /// Shows values nested at most this deep.
    #[must_use]
    pub const fn max_recursion(mut self, depth: usize) -> Self {
        self.limits.recursion = depth;
        self
    }

    /// Sets when to use colours. [`Color::Auto`] depends on the stream, so it colours in
    /// [`Format::print`] only.
    #[must_use]
    pub const fn color(mut self, color: Color) -> Self {
        self.color = color;
        self
    }

    /// Wraps values and cuts source lines at this many columns; less than 40 counts as 40.
    #[must_use]
    pub const fn width(mut self, columns: usize) -> Self {
        self.width = if columns < 40 { 40 } else { columns };
        self
    }

    /// Returns the event's traceback; ends with a line end.
    #[must_use]
    pub fn event(&self, event: &Event) -> String {
        self.text(event, self.color == Color::Always)
    }

    /// Writes the event's traceback to any writer, such as a file.
    ///
    /// # Errors
    /// Returns the error of the writer.
    pub fn write(&self, event: &Event, to: &mut impl Write) -> io::Result<()> {
        to.write_all(self.event(event).as_bytes())
    }

    /// Writes the event's traceback to a stream that may be a terminal, such as standard error.
    ///
    /// # Errors
    /// Returns the error of the stream.
    pub fn print<S: Write + IsTerminal>(&self, event: &Event, stream: &mut S) -> io::Result<()> {
        let text = self.text(event, self.color.applies_to(stream));
        stream.write_all(text.as_bytes())
    }

    /// Returns the event on one line, for logs and lists: `type: headline at file:line in
    /// function`. Never coloured.
    #[must_use]
    pub fn line(&self, event: &Event) -> String {
        let mut line =
            escape(&traceback::title(&event.type_name, event.variant.as_deref())).into_owned();
        let headline = event.headline();
        if !headline.is_empty() {
            let message = escape(&headline);
            let shown =
                message.char_indices().nth(self.limits.string).map_or(message.len(), |(at, _)| at);
            let more = if shown < message.len() { "…" } else { "" };
            line.push_str(&format!(": {}{more}", &message[..shown]));
        }
        if let Some(place) = event.place() {
            line.push_str(&format!(" at {}:{}", escape(&place.file), place.line));
        }
        if let Some(frame) = event.frames.first() {
            line.push_str(&format!(" in {}", escape(&traceback::function(frame))));
        }
        line
    }

    fn text(&self, event: &Event, color: bool) -> String {
        let mut out = TracebackWriter::new(color);
        traceback::write(&mut out, event, self.limits, self.width);
        out.finish()
    }
}
