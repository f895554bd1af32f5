//! What people change of issues.

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::event::{Note, Status, Timestamp};
use crate::mask::Masking;

/// The maximum number of notes of an issue.
pub const MAX_NOTES: usize = 100;
/// The maximum length of a note.
const MAX_NOTE_CHARS: usize = 4_000;
/// The maximum length of the name of an assignee or author.
const MAX_NAME_CHARS: usize = 100;

/// A change of issues, for [`Store::change`](super::Store::change).
///
/// ```
/// use error_tracker::event::{Event, Note, Status};
/// use error_tracker::store::{IssueChange, MemoryStore, Sighting, Store};
///
/// let store = MemoryStore::new();
/// store.record(&[Sighting::new(Event::default())])?;
/// let hash = "";
/// store.change(&[hash], &IssueChange::Assign("Ada".into()))?;
/// store.change(&[hash], &IssueChange::AddNote(Note::new("since the new router").author("Ada")))?;
/// store.change(&[hash], &IssueChange::MuteFor(100))?;
/// let issue = store.issue(hash)?.expect("recorded above");
/// assert_eq!((issue.status, issue.muted_until_count), (Status::Muted, Some(101)));
/// assert_eq!((&*issue.assignee, store.notes(hash)?.len()), ("Ada", 1));
/// # Ok::<(), error_tracker::store::StoreError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IssueChange {
    /// Opens an issue; resolves it until an event is captured later; or mutes it for good.
    SetStatus(Status),
    /// Resolves an issue until an event of a newer release is captured later. Events of other
    /// releases are counted, and do not reopen it.
    ///
    /// A release is newer than the one of the latest event so far if both have a version (two or
    /// three numbers, such as `1.4.2`, `v1.4`, `shop@1.4.2-rc.1`), after the same name if there is
    /// one, and its version is greater by the precedence of Semantic Versioning. Otherwise, as for
    /// hashes of commits, it is newer if the store had not seen it before the issue was resolved.
    ///
    /// Refused if the latest event has no release.
    ResolveInNextRelease,
    /// Mutes an issue until this time: the first event that is captured then or later reopens it.
    MuteUntil(Timestamp),
    /// Mutes an issue for so many further occurrences: the one after them reopens it.
    MuteFor(u64),
    /// Sets who takes care of an issue: up to 100 characters on one line. Nobody does if empty.
    Assign(String),
    /// Adds a note: up to 4,000 characters. An issue has up to 100 notes; further ones are refused.
    AddNote(Note),
    /// Deletes the note with this id. Issues without it do not count as changed.
    DeleteNote(String),
}

impl IssueChange {
    /// Masks what looks like a secret in the text of a note.
    #[must_use]
    pub fn masked(mut self, masking: &Masking) -> Self {
        if let Self::AddNote(note) = &mut self {
            masking.values_in(&mut note.text);
        }
        self
    }

    /// Checks the lengths of texts, for stores.
    ///
    /// # Errors
    /// If a text is too long, a note is empty, or a name has several lines.
    pub fn check(&self) -> Result<(), StoreError> {
        match self {
            Self::Assign(name) => check_name("the name of the assignee", name),
            Self::AddNote(note) if note.text.trim().is_empty() => {
                Err(StoreError::Refused("a note needs a text".to_owned()))
            }
            Self::AddNote(note) if note.text.chars().count() > MAX_NOTE_CHARS => {
                Err(StoreError::Refused(format!("a note has at most {MAX_NOTE_CHARS} characters")))
            }
            Self::AddNote(note) => check_name("the name of the author", &note.author),
            _ => Ok(()),
        }
    }
}

fn check_name(what: &str, name: &str) -> Result<(), StoreError> {
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(StoreError::Refused(format!("{what} has at most {MAX_NAME_CHARS} characters")));
    }
    if name.contains(char::is_control) {
        return Err(StoreError::Refused(format!("{what} has one line")));
    }
    Ok(())
}

/// Returns the error for a note beyond [`MAX_NOTES`].
#[must_use]
pub fn too_many_notes() -> StoreError {
    StoreError::Refused(format!("an issue has at most {MAX_NOTES} notes: delete one first"))
}

/// Returns the error for an issue whose latest event has no release.
#[must_use]
pub fn no_release(hash: &str) -> StoreError {
    let start = hash.get(..8).unwrap_or(hash);
    StoreError::Refused(format!(
        "the latest event of issue {start} has no release, so no release is newer: set it in the program by \
         builder().release(..) or ERROR_TRACKER_RELEASE, or resolve the issue without this condition"
    ))
}

#[cfg(test)]
mod tests {
    use super::{IssueChange, MAX_NOTE_CHARS};
    use crate::event::Note;
    use crate::mask::Masking;

    #[test]
    fn texts_beyond_the_limits_are_refused() {
        let note = |text: String| IssueChange::AddNote(Note::new(text));
        let good = [
            IssueChange::Assign("ü".repeat(100)),
            IssueChange::Assign(String::new()),
            note("ü".repeat(MAX_NOTE_CHARS)),
            note("two\nlines".into()),
        ];
        for change in good {
            assert!(change.check().is_ok(), "{change:?}");
        }
        for change in [
            IssueChange::Assign("x".repeat(101)),
            IssueChange::Assign("a\nb".into()),
            note("x".repeat(MAX_NOTE_CHARS + 1)),
            note(" \n".into()),
            IssueChange::AddNote(Note::new("x").author("a\u{0}")),
        ] {
            assert!(change.check().is_err(), "{change:?}");
        }
    }

    #[test]
    fn secrets_in_notes_are_masked() {
        let change = IssueChange::AddNote(Note::new("log in with postgres://bo:hunter22@db/shop"));
        let IssueChange::AddNote(note) = change.masked(&Masking::default()) else { panic!() };
        assert!(
            !note.text.contains("hunter22") && note.text.starts_with("log in"),
            "{}",
            note.text
        );
    }
}
