use serde::Serialize;

use super::words::PageWords;
use crate::event::Timestamp;

/// A time in the forms that `<time>` shows.
#[derive(Debug, Serialize)]
pub(super) struct DisplayTime {
    /// In RFC 3339.
    iso: String,
    /// `2026-11-24 08:14:12 UTC`.
    full: String,
    /// `3 min ago`.
    ago: String,
}

impl DisplayTime {
    pub(super) fn new(at: Timestamp, now: Timestamp, words: &PageWords) -> Self {
        let iso = at.to_string();
        let seconds = now.as_micros().saturating_sub(at.as_micros()) / 1_000_000;
        Self { full: full(at), ago: words.ago(seconds), iso }
    }
}

/// Returns `2026-11-24 08:14:12 UTC`.
pub(super) fn full(at: Timestamp) -> String {
    let iso = at.to_string();
    format!("{} {} UTC", iso.get(..10).unwrap_or_default(), iso.get(11..19).unwrap_or_default())
}
