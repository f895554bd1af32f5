//! What a form, or a request of the API, asks for.

use serde::{Deserialize, Deserializer};

use super::answer::PageError;
use super::route::is_hash;
use super::summary::one_line;
use crate::event::Timestamp;

/// The maximum number of occurrences for which an issue is muted.
const MAX_OCCURRENCES: u64 = 1_000_000_000;

/// An action with its arguments.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionRequest {
    pub(super) action: String,
    /// The hashes of the issues.
    pub(super) issues: Vec<String>,
    #[serde(default, deserialize_with = "not_null")]
    until: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    occurrences: Option<u64>,
    #[serde(default, deserialize_with = "not_null")]
    assignee: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    text: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    author: Option<String>,
    /// The id of a note.
    #[serde(default, deserialize_with = "not_null")]
    note: Option<String>,
    /// The hash of the issue into which the others are merged.
    #[serde(default, deserialize_with = "not_null")]
    into: Option<String>,
}

/// Reads an optional field that is there, and must not be `null`.
fn not_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl ActionRequest {
    /// Adds a field of a form. Unknown fields are ignored.
    pub(super) fn add(&mut self, key: &str, value: &str) -> Result<(), PageError> {
        let field = match key {
            "do" => {
                value.clone_into(&mut self.action);
                return Ok(());
            }
            "hash" => {
                self.issues.push(value.to_owned());
                return Ok(());
            }
            "until" => &mut self.until,
            "occurrences" => {
                self.occurrences = Some(value.trim().parse().map_err(|_| no_count())?);
                return Ok(());
            }
            "assignee" => &mut self.assignee,
            "text" => &mut self.text,
            "author" => &mut self.author,
            "note" => &mut self.note,
            "into" => &mut self.into,
            _ => return Ok(()),
        };
        *field = Some(value.to_owned());
        Ok(())
    }

    /// Sets the action of a form whose button says when muting ends, and has no room for a name.
    pub(super) fn name_muting(&mut self) {
        if self.action.is_empty() && (self.until.is_some() || self.occurrences.is_some()) {
            "mute".clone_into(&mut self.action);
        }
    }

    /// Takes the time until which issues are muted.
    pub(super) fn until(&mut self, now: Timestamp) -> Result<Option<Timestamp>, PageError> {
        let read = |text: String| {
            let wrong = |_| PageError::bad("until: 1h, 7d, 2026-12-24, 2026-12-24T08:00:00Z");
            Timestamp::parse_until(&text, now).map_err(wrong)
        };
        self.until.take().map(read).transpose()
    }

    /// Takes the number of occurrences for which issues are muted.
    pub(super) fn occurrences(&mut self) -> Result<Option<u64>, PageError> {
        match self.occurrences.take() {
            Some(times) if !(1..=MAX_OCCURRENCES).contains(&times) => Err(no_count()),
            times => Ok(times),
        }
    }

    pub(super) fn assignee(&mut self) -> Result<String, PageError> {
        let assignee = self.assignee.take().ok_or_else(|| PageError::bad("assignee: a name"))?;
        Ok(one_line(&assignee))
    }

    pub(super) fn author(&mut self) -> String {
        one_line(&self.author.take().unwrap_or_default())
    }

    pub(super) fn text(&mut self) -> Result<String, PageError> {
        let text = self.text.take().ok_or_else(|| PageError::bad("text: that of the note"))?;
        // A form has CR LF at the end of its lines.
        Ok(text.replace("\r\n", "\n").trim().to_owned())
    }

    pub(super) fn note(&mut self) -> Result<String, PageError> {
        self.note.take().ok_or_else(|| PageError::bad("note: the id of a note"))
    }

    /// Takes the hash of the issue into which the others are merged.
    pub(super) fn merge_target(&mut self) -> Result<Option<String>, PageError> {
        match self.into.take() {
            Some(into) if !is_hash(&into) => Err(PageError::bad("into: 64 hexadecimal digits")),
            into => Ok(into),
        }
    }

    /// Fails if something is left that does not belong to the action.
    pub(super) fn all_taken(&self) -> Result<(), PageError> {
        let texts = [&self.until, &self.assignee, &self.text, &self.author, &self.note, &self.into];
        if self.occurrences.is_none() && texts.into_iter().all(Option::is_none) {
            return Ok(());
        }
        Err(PageError::bad(
            "until and occurrences belong to mute, assignee to assign, text and author to add_note, note to delete_note, into to merge",
        ))
    }
}

fn no_count() -> PageError {
    PageError::bad(format!("occurrences: 1 to {MAX_OCCURRENCES}"))
}
