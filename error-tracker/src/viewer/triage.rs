//! What people have said about an issue: who takes care of it, until when it is resolved or muted,
//! and notes.

use std::time::Duration;

use serde::Serialize;

use super::Visit;
use super::moment::{DisplayTime, full};
use crate::event::{Issue, Note};

/// What the page of an issue shows of it.
#[derive(Serialize)]
pub(super) struct TriageView<'a> {
    term: Option<String>,
    assignee: &'a str,
    /// The link to all issues of the assignee.
    assigned: String,
    notes: Vec<NoteView<'a>>,
    /// The user who looks at the page, if the program knows them.
    user: Option<&'a str>,
    /// Whether there may be a newer release than that of the latest event.
    has_release: bool,
    /// The first day until which the issue can be muted.
    tomorrow: String,
}

#[derive(Serialize)]
struct NoteView<'a> {
    id: &'a str,
    author: &'a str,
    at: DisplayTime,
    text: &'a str,
}

impl<'a> TriageView<'a> {
    pub(super) fn new(visit: &Visit<'a>, issue: &'a Issue, notes: &'a [Note]) -> Self {
        let note = |note: &'a Note| NoteView {
            id: &note.id,
            author: &note.author,
            at: DisplayTime::new(note.at, visit.now, visit.words),
            text: &note.text,
        };
        let tomorrow = visit.now.plus(Duration::from_secs(86_400)).to_string();
        Self {
            term: status_term(visit, issue),
            assignee: &issue.assignee,
            assigned: assigned_link(&issue.assignee),
            notes: notes.iter().map(note).collect(),
            user: visit.request.user(),
            has_release: !issue.release.is_empty(),
            tomorrow: tomorrow.get(..10).unwrap_or_default().to_owned(),
        }
    }
}

/// Returns a link to the issues of an assignee.
pub(super) fn assigned_link(assignee: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    format!("./?{}", query.append_pair("assignee", assignee).finish())
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
