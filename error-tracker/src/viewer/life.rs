//! How an issue is shown beyond its events: who takes care of it, until when it rests, and notes.

use serde::Serialize;

use super::Visit;
use super::moment::{DisplayTime, full};
use crate::event::{Issue, Note};

/// A note as it is shown.
#[derive(Serialize)]
pub(super) struct NoteView<'a> {
    id: &'a str,
    author: &'a str,
    at: DisplayTime,
    text: &'a str,
}

impl<'a> NoteView<'a> {
    pub(super) fn new(visit: &Visit<'_>, note: &'a Note) -> Self {
        let at = DisplayTime::new(note.at, visit.now, visit.words);
        Self { id: &note.id, author: &note.author, at, text: &note.text }
    }
}

/// Returns a text for what ends the status of an issue; `None` if nothing does, or any occurrence.
pub(super) fn status_term(visit: &Visit<'_>, issue: &Issue) -> Option<String> {
    let words = visit.words;
    if let Some(release) = &issue.resolved_in {
        return Some(words.get("resolved_in").replace("{release}", release));
    }
    if let Some(until) = issue.muted_until {
        return Some(words.get("muted_until").replace("{time}", &full(until)));
    }
    issue.muted_until_count.map(|until| match until.saturating_sub(issue.count) {
        0 => words.get("muted_until_next").to_owned(),
        left => words.counted("muted_for", left),
    })
}
