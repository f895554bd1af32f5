//! Bounded, masked rendering of `Debug` values while they stream.
//!
//! The time that a `Debug` takes between two writes cannot be bounded from outside: that of `str`
//! scans a whole string for chars to escape before it writes the first piece. A 1 GiB string that
//! is a variable goes through [`str`], which cuts first; one inside a struct is scanned.

mod lexer;
mod report;
mod stream;

use std::fmt::{self, Write as _};

use crate::mask::{EventTaint, Masking};
use crate::user_code::{self, WriteOutcome};
use report::ReportFilter;
use stream::DebugStream;

/// How many bytes of a text are searched for the name at its start.
const MAX_NAME: usize = 256;

/// The limits of a rendered value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RenderLimits {
    /// Bytes of the whole text.
    pub(crate) bytes: usize,
    /// Elements of each list, set or map.
    pub(crate) elements: usize,
    /// Levels of nesting.
    pub(crate) depth: usize,
    /// Characters of each string.
    pub(crate) string: usize,
}

impl Default for RenderLimits {
    fn default() -> Self {
        Self { bytes: 1024, elements: 20, depth: 6, string: 256 }
    }
}

/// The result of a rendering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RenderOutcome {
    /// Something was left out because of the limits.
    pub(crate) cut: bool,
    /// Its `Debug` panicked.
    pub(crate) panicked: bool,
    /// A part of it was masked by name.
    pub(crate) masked: bool,
    /// How many bytes its `Debug` has written, shown or not.
    pub(crate) written: usize,
}

/// Appends the `Debug` text of `value` to `out`: at most `limits.bytes`, one mask's text and a few
/// marks.
///
/// Strings, numbers and structs under a masked name are replaced while they stream, and added to
/// `taint`. The text is expected to look like that of `derive(Debug)`, compact or pretty; where
/// hand-written text does not show where a masked value ends, more is masked rather than less.
pub(crate) fn render(
    value: &dyn fmt::Debug,
    limits: &RenderLimits,
    masking: &Masking,
    taint: &mut EventTaint,
    out: &mut String,
) -> RenderOutcome {
    render_with(value, limits, masking, taint, out, false)
}

/// Appends the `Debug` text of a variable as `render` does, and shortens reports of errors in it,
/// such as anyhow's or eyre's, to the message and the causes.
pub(crate) fn render_variable(
    value: &dyn fmt::Debug,
    limits: &RenderLimits,
    masking: &Masking,
    taint: &mut EventTaint,
    out: &mut String,
) -> RenderOutcome {
    render_with(value, limits, masking, taint, out, true)
}

fn render_with(
    value: &dyn fmt::Debug,
    limits: &RenderLimits,
    masking: &Masking,
    taint: &mut EventTaint,
    out: &mut String,
    report: bool,
) -> RenderOutcome {
    let begin =
        |stream| RenderWriter { stream, report: report.then(ReportFilter::default), left_out: 0 };
    let stream = DebugStream::new(out, limits, masking, taint);
    let (mut writer, written) =
        user_code::write(begin(stream), format_args!("{value:?}"), |writer| {
            begin(writer.stream.restart())
        });
    let lines = writer.report.take().and_then(ReportFilter::shortened);
    let (mut stream, mut left_out) = (writer.stream, writer.left_out);
    lines.iter().flat_map(|lines| lines.chars()).for_each(|c| stream.push(c));
    stream.finish(written == WriteOutcome::Whole);
    stream.outcome.panicked = written == WriteOutcome::Panicked;
    if let WriteOutcome::Stopped(bytes) = written {
        left_out += bytes;
    }
    let mut outcome = stream.outcome;
    outcome.written = stream.written() + left_out;
    if outcome.panicked {
        out.push_str("<Debug panicked>");
    }
    outcome
}

/// Appends `text` as `Debug` shows it, cut before it is formatted: `"aaaa"… (1073741824 bytes)`.
/// Returns whether it was cut.
pub(crate) fn str(text: &str, limits: &RenderLimits, out: &mut String) -> bool {
    let end = text.char_indices().nth(limits.string).map_or(text.len(), |(at, _)| at);
    let mut writer = BoundedWriter { left: limits.bytes, out };
    let fits = write!(writer, "{:?}", &text[..end]).is_ok();
    if !fits {
        out.push('"');
    }
    let cut = !fits || end < text.len();
    if cut {
        let _ = write!(out, "… ({} bytes)", text.len());
    }
    cut
}

/// Appends the start of a value's `Debug` text: its first name, and what follows up to the name of
/// its first field, which shows what the name stands for. The rest is not rendered.
pub(crate) fn start(value: &dyn fmt::Debug, text: String) -> String {
    begin(value, text, &|text| {
        let name = text.find(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && c != '_')?;
        let find_after = |from: usize, is_wanted: fn(char) -> bool| {
            text[from..]
                .char_indices()
                .find(|(_, c)| is_wanted(*c))
                .map(|(at, c)| (from + at + c.len_utf8(), c))
        };
        // A space does not show what the name stands for.
        match find_after(name, |c| c != ' ')? {
            (fields, '{') => find_after(fields, |c| !(c.is_alphanumeric() || c == '_' || c == ' '))
                .map(|(end, _)| end),
            (end, _) => Some(end),
        }
    })
}

/// Returns the start of a value's `Debug` text, up to the end that `enough` returns, and at most
/// about `MAX_NAME` bytes.
pub(crate) fn head(value: &dyn fmt::Debug, enough: &dyn Fn(&str) -> Option<usize>) -> String {
    begin(value, String::new(), enough)
}

fn begin(value: &dyn fmt::Debug, text: String, enough: &dyn Fn(&str) -> Option<usize>) -> String {
    let before = text.len();
    let start = StartWriter { text, enough };
    let (start, _) = user_code::write(start, format_args!("{value:?}"), |mut start| {
        start.text.truncate(before);
        start
    });
    start.text
}

struct StartWriter<'a> {
    text: String,
    /// Returns where the text ends, once it is long enough.
    enough: &'a dyn Fn(&str) -> Option<usize>,
}

impl fmt::Write for StartWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        let end = (self.enough)(&self.text);
        let ended = end.is_some() || self.text.len() > MAX_NAME;
        self.text.truncate(end.unwrap_or(self.text.len()));
        if ended { Err(fmt::Error) } else { Ok(()) }
    }
}

struct BoundedWriter<'a> {
    left: usize,
    out: &'a mut String,
}

impl fmt::Write for BoundedWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.write_char(c))
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        self.left = self.left.checked_sub(c.len_utf8()).ok_or(fmt::Error)?;
        self.out.push(c);
        Ok(())
    }
}

struct RenderWriter<'a> {
    stream: DebugStream<'a>,
    /// Collects what looks like the report of an error.
    report: Option<ReportFilter>,
    /// Bytes of the last write that were not rendered.
    left_out: usize,
}

impl fmt::Write for RenderWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let text = match &mut self.report {
            Some(report) => report.take(text)?,
            None => text,
        };
        let mut chars = text.chars();
        for c in chars.by_ref() {
            self.stream.push(c);
            if self.stream.done {
                self.left_out = chars.as_str().len();
                return Err(fmt::Error);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
