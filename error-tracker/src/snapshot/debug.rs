//! Bounded, masked rendering of `Debug` values while they stream.
//!
//! The time that a `Debug` takes between two writes cannot be bounded from outside: that of `str`
//! scans a whole string for chars to escape before it writes the first piece. A 1 GiB string that
//! is a variable goes through [`str`], which cuts first; one inside a struct is scanned.

mod head;
mod lexer;
mod report;
mod stream;

use std::fmt::{self, Write as _};

use crate::mask::{EventTaint, Masking};
use crate::user_code::{self, WriteOutcome};
pub(crate) use head::{DebugHead, DebugText};
use report::ReportFilter;
use stream::DebugStream;

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
    render_with(value, limits, masking, taint, out, RenderExtras::default())
}

/// Appends the `Debug` text of an error as `render` does, and keeps its start, unmasked, in `head`.
pub(crate) fn render_error(
    value: &dyn fmt::Debug,
    limits: &RenderLimits,
    masking: &Masking,
    taint: &mut EventTaint,
    out: &mut String,
    head: &mut DebugHead,
) -> RenderOutcome {
    let extras = RenderExtras { head: Some(head), ..RenderExtras::default() };
    render_with(value, limits, masking, taint, out, extras)
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
    let extras = RenderExtras { report: Some(ReportFilter::default()), ..RenderExtras::default() };
    render_with(value, limits, masking, taint, out, extras)
}

/// What is made of a `Debug` text beside its rendering.
#[derive(Default)]
struct RenderExtras<'a> {
    /// Collects what looks like the report of an error.
    report: Option<ReportFilter>,
    /// Keeps the start of the text.
    head: Option<&'a mut DebugHead>,
}

impl RenderExtras<'_> {
    /// Forgets what was written so far.
    fn restart(&mut self) {
        if let Some(report) = &mut self.report {
            *report = ReportFilter::default();
        }
        if let Some(head) = &mut self.head {
            head.clear();
        }
    }
}

fn render_with(
    value: &dyn fmt::Debug,
    limits: &RenderLimits,
    masking: &Masking,
    taint: &mut EventTaint,
    out: &mut String,
    extras: RenderExtras<'_>,
) -> RenderOutcome {
    let stream = DebugStream::new(out, limits, masking, taint);
    let writer = RenderWriter { stream, extras, left_out: 0 };
    let (mut writer, written) =
        user_code::write(writer, format_args!("{value:?}"), |mut writer| {
            writer.extras.restart();
            RenderWriter { stream: writer.stream.restart(), extras: writer.extras, left_out: 0 }
        });
    let lines = writer.extras.report.take().and_then(ReportFilter::shortened);
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
    extras: RenderExtras<'a>,
    /// Bytes of the last write that were not rendered.
    left_out: usize,
}

impl fmt::Write for RenderWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if let Some(head) = &mut self.extras.head {
            head.push(text);
        }
        let text = match &mut self.extras.report {
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
