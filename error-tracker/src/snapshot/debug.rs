//! Bounded, masked rendering of `Debug` values while they stream.
//!
//! What cannot be bounded from outside is the time that a `Debug` takes between two writes: that of `str`
//! looks through a whole string for chars to escape before it writes the first piece. A 1 GiB string that
//! is a variable goes through [`str`], which cuts first; one inside a struct is looked through.

mod lexer;
mod stream;

use std::fmt::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::mask::{Masking, Rendering, Taint, drop_quietly};
use stream::Stream;

/// What a `Debug` that goes on after it was told to stop may still write before it is unwound.
const SWALLOWED_BYTES: usize = 64 * 1024;
const SWALLOWED_WRITES: usize = 16 * 1024;

/// Bytes of a name that is looked for at the start of a text.
const LONGEST_NAME: usize = 256;

/// How much of a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Bytes in all.
    pub(crate) bytes: usize,
    /// Elements of each list, set or map.
    pub(crate) elements: usize,
    /// Levels of nesting.
    pub(crate) depth: usize,
    /// Characters of each string.
    pub(crate) string: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 1024, elements: 20, depth: 6, string: 256 }
    }
}

/// What became of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Something was left out because of the limits.
    pub(crate) cut: bool,
    /// Its `Debug` panicked.
    pub(crate) panicked: bool,
    /// A part of it was masked by name.
    pub(crate) masked: bool,
}

/// Appends the `Debug` text of `value` to `out`: at most `limits.bytes`, one mask's text and a few marks.
///
/// Strings, numbers and structs under a masked name are replaced while they stream, and remembered in
/// `taint`. The text is that of `derive(Debug)` or like it, compact or pretty; where hand-written text
/// leaves open where a masked value ends, more is masked rather than less.
pub(crate) fn render(
    value: &dyn fmt::Debug,
    limits: &Limits,
    masking: &Masking,
    taint: &mut Taint,
    out: &mut String,
) -> Outcome {
    let mut writer = Writer { stream: Stream::new(out, limits, masking, taint), bytes: 0, writes: 0 };
    let written = {
        let _rendering = Rendering::start();
        catch_unwind(AssertUnwindSafe(|| write!(writer, "{value:?}")))
    };
    let mut stream = writer.stream;
    match written {
        Ok(written) => stream.finish(written.is_ok()),
        Err(payload) => {
            stream.finish(false);
            stream.outcome.panicked = !payload.is::<Stop>();
            drop_quietly(payload);
        }
    }
    let outcome = stream.outcome;
    if outcome.panicked {
        out.push_str("<Debug panicked>");
    }
    outcome
}

/// Appends `text` as `Debug` shows it, cut before it is formatted: `"aaaa"… (1073741824 bytes)`.
/// Returns whether it was cut.
pub(crate) fn str(text: &str, limits: &Limits, out: &mut String) -> bool {
    let end = text.char_indices().nth(limits.string).map_or(text.len(), |(at, _)| at);
    let mut writer = Bounded { left: limits.bytes, out };
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

/// Appends the first name of a value's `Debug` text and what tells behind it of what it is the name. The rest is not rendered.
pub(crate) fn start(value: &dyn fmt::Debug, text: String) -> String {
    let mut start = Start { text, ended: false, writes: 0 };
    let _rendering = Rendering::start();
    // An error is the sign that enough was written.
    let written = catch_unwind(AssertUnwindSafe(|| {
        let _ = write!(start, "{value:?}");
    }));
    if let Err(payload) = written {
        drop_quietly(payload);
    }
    start.text
}

struct Start {
    text: String,
    ended: bool,
    writes: usize,
}

impl fmt::Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !self.ended {
            let ends = |byte: u8| byte.is_ascii() && !byte.is_ascii_alphanumeric() && byte != b'_';
            let name =
                if self.text.ends_with(' ') { 0 } else { text.bytes().position(ends).unwrap_or(text.len()) };
            // Up to the first that is no blank, which tells nothing.
            let last = text[name..].char_indices().find(|(_, c)| *c != ' ');
            let end = last.map_or(text.len(), |(at, c)| name + at + c.len_utf8());
            self.text.push_str(&text[..end]);
            self.ended = last.is_some() || self.text.len() > LONGEST_NAME;
            return if self.ended { Err(fmt::Error) } else { Ok(()) };
        }
        self.writes += 1;
        if self.writes > SWALLOWED_WRITES && cfg!(panic = "unwind") {
            resume_unwind(Box::new(Stop));
        }
        Err(fmt::Error)
    }
}

struct Bounded<'a> {
    left: usize,
    out: &'a mut String,
}

impl fmt::Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.write_char(c))
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        self.left = self.left.checked_sub(c.len_utf8()).ok_or(fmt::Error)?;
        self.out.push(c);
        Ok(())
    }
}

/// Unwinds a `Debug` that does not heed errors.
struct Stop;

struct Writer<'a> {
    stream: Stream<'a>,
    bytes: usize,
    writes: usize,
}

impl fmt::Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !self.stream.done {
            let mut chars = text.chars();
            for c in chars.by_ref() {
                self.stream.push(c);
                if self.stream.done {
                    break;
                }
            }
            if !self.stream.done {
                return Ok(());
            }
            self.bytes = chars.as_str().len();
        } else {
            self.bytes = self.bytes.saturating_add(text.len());
            self.writes += 1;
        }
        let endless = self.bytes > SWALLOWED_BYTES || self.writes > SWALLOWED_WRITES;
        // Without unwinding this would end the process; there the text is swallowed as long as it comes.
        if endless && cfg!(panic = "unwind") && self.writes > 0 {
            resume_unwind(Box::new(Stop));
        }
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests;
