use serde::{Deserialize, Serialize};

use super::{Timestamp, new_id};

/// A note that a person added to an issue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Note {
    /// UUID version 7.
    pub id: String,
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it; empty if that is not known.
    pub author: String,
    /// The text.
    pub text: String,
}

impl Note {
    /// Creates a note with a new id and the current time, of an unknown author.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { id: new_id(), at: Timestamp::now(), author: String::new(), text: text.into() }
    }

    /// Sets who wrote it.
    #[must_use]
    pub fn author(mut self, author: impl Into<String>) -> Self {
        self.author = author.into();
        self
    }
}
