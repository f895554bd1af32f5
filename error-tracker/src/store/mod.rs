//! Where events are kept. [`Store`] is the trait to implement for a place of your own.

mod cursor;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(test)]
mod conformance;

pub use memory::MemoryStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::{Event, Issue, Kind, Status, Timestamp};

/// One event on its way into a store, with the number of equal ones that it stands for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sighting {
    /// The event, with its `grouping` filled.
    pub event: Event,
    /// How many occurrences this stands for, from 1: equal events that came in a storm are counted, not kept.
    pub count: u64,
    /// When the last of them was captured.
    pub last_seen: Timestamp,
    /// Whether `event` was recorded before, and this counts further ones like it: the issue's figures change, no
    /// occurrence is to be kept. `event` then holds its id and what an issue shows, not its variables. Where the
    /// issue is gone meanwhile it is an event like any other.
    pub again: bool,
}

/// What became of a [`Sighting`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// The issue did not exist before.
    pub new: bool,
    /// The issue had been resolved and is now open again.
    pub regression: bool,
    /// How often the issue was seen, this sighting included.
    pub count: u64,
}

impl Sighting {
    /// One occurrence of `event`.
    #[must_use]
    pub fn new(event: Event) -> Self {
        Self { count: 1, last_seen: event.at, event, again: false }
    }

    /// Stands for `count` occurrences, the last of them at `last_seen`.
    #[must_use]
    pub fn repeated(mut self, count: u64, last_seen: Timestamp) -> Self {
        (self.count, self.last_seen) = (count, last_seen);
        self
    }

    /// Says whether the event was recorded before.
    #[must_use]
    pub fn again(mut self, again: bool) -> Self {
        self.again = again;
        self
    }
}

impl Recorded {
    /// The issue was now seen `count` times; it is neither new nor a regression.
    #[must_use]
    pub fn seen(count: u64) -> Self {
        Self { count, ..Self::default() }
    }

    /// Says whether the issue did not exist before.
    #[must_use]
    pub fn new(mut self, new: bool) -> Self {
        self.new = new;
        self
    }

    /// Says whether the issue had been resolved.
    #[must_use]
    pub fn regression(mut self, regression: bool) -> Self {
        self.regression = regression;
        self
    }
}

impl<T> Page<T> {
    /// A page with these entries and the cursors of its neighbours.
    #[must_use]
    pub fn new(items: Vec<T>, next: Option<String>, previous: Option<String>) -> Self {
        Self { items, next, previous }
    }
}

/// By what a list of issues is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Sort {
    /// When it was last seen.
    #[default]
    LastSeen,
    /// When it was first seen.
    FirstSeen,
    /// How often it was seen.
    Count,
    /// The type's path.
    Type,
}

/// Which issues to list, in which order, and from where on. Empty fields do not restrict.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct IssueQuery {
    /// Part of the type, message, function or file; upper and lower case are alike.
    pub text: String,
    /// This kind only.
    pub kind: Option<Kind>,
    /// This status only.
    pub status: Option<Status>,
    /// Part of the type's path.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Part of the host.
    pub host: String,
    /// This HTTP method.
    pub method: String,
    /// Part of the path.
    pub path: String,
    /// Part of the function's name.
    pub function: String,
    /// Last seen at or after this moment.
    pub since: Option<Timestamp>,
    /// By what to order.
    pub sort: Sort,
    /// Smallest first; else newest, most frequent, or last in the alphabet first.
    pub ascending: bool,
    /// Continue behind this cursor, taken from [`Page::next`].
    pub after: Option<String>,
    /// Continue before this cursor, taken from [`Page::previous`].
    pub before: Option<String>,
    /// How many at most, 1 to 1,000; 0 means 20.
    pub limit: usize,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Where the following entries start; `None` at the end.
    pub next: Option<String>,
    /// Where the entries before these end; `None` at the start.
    pub previous: Option<String>,
}

/// Which occurrence of an issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Which {
    /// The newest.
    #[default]
    Latest,
    /// The oldest that is kept.
    Oldest,
    /// The one with this id.
    Id(String),
    /// The one that came next after this id.
    After(String),
    /// The one that came just before this id.
    Before(String),
}

/// How much a store keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Retention {
    /// Issues not seen for longer than this are deleted, unresolved ones too.
    pub max_age: Duration,
    /// At most this many issues are kept; those seen longest ago go first.
    pub max_issues: u64,
    /// At most this many occurrences of an issue are kept: the first 5, or half of this number where that is less,
    /// and the newest. The first ones tell most, since in a storm of failures variables are no longer kept. They are
    /// counted anew when a resolved issue comes back, and when the release changes; those from before then go as
    /// older ones do. The issue's count stays.
    pub max_occurrences: u64,
}

impl Retention {
    /// How many of an issue's first occurrences stay.
    fn first_occurrences(&self) -> u64 {
        const FIRST: u64 = 5;
        FIRST.min(self.max_occurrences / 2)
    }
}

impl Default for Retention {
    /// 90 days, 10,000 issues, 50 occurrences each.
    fn default() -> Self {
        Self { max_age: Duration::from_secs(90 * 86_400), max_issues: 10_000, max_occurrences: 50 }
    }
}

/// What a store deleted to keep within its [`Retention`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Pruned {
    /// Issues.
    pub issues: u64,
    /// Occurrences, those of the deleted issues included.
    pub occurrences: u64,
}

/// A place where events are kept. All methods may block; they are never called on a thread of the program's
/// own, except by the reader's own wish (`get_exceptions` and its like).
///
/// Required are the six methods without which nothing can be shown; the others have a default.
pub trait Store: Send + Sync + fmt::Debug + 'static {
    /// Keeps a batch, all or nothing, and says what became of each.
    ///
    /// # Errors
    /// Nothing of the batch was kept; it will be tried again when [`StoreError::is_transient`].
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError>;

    /// Lists issues.
    ///
    /// # Errors
    /// The store cannot be read, or a cursor is not one of its own.
    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError>;

    /// One issue by its whole hash.
    ///
    /// # Errors
    /// The store cannot be read.
    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError>;

    /// One occurrence of an issue.
    ///
    /// # Errors
    /// The store cannot be read.
    fn event(&self, hash: &str, which: &Which) -> Result<Option<Event>, StoreError>;

    /// Changes the status of issues; says how many there were.
    ///
    /// # Errors
    /// Nothing was changed.
    fn set_status(&self, hashes: &[&str], status: Status) -> Result<u64, StoreError>;

    /// Deletes issues with their occurrences; says how many there were.
    ///
    /// # Errors
    /// Nothing was deleted.
    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError>;

    /// Notes that a notification was sent or a ticket raised.
    ///
    /// # Errors
    /// Nothing was noted.
    fn mark(&self, hash: &str, mark: &Mark) -> Result<(), StoreError> {
        let _ = (hash, mark);
        Ok(())
    }

    /// How often an issue was seen in each hour (hours since 1970-01-01 UTC) from `since` on; hours without
    /// any are left out.
    ///
    /// # Errors
    /// The store cannot be read.
    fn hours(&self, hash: &str, since: Timestamp) -> Result<Vec<(u64, u64)>, StoreError> {
        let _ = (hash, since);
        Ok(Vec::new())
    }

    /// Deletes what is beyond `retention`, which says what stays.
    ///
    /// # Errors
    /// Some of it may have been deleted.
    fn prune(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let _ = retention;
        Ok(Pruned::default())
    }

    /// Called by the writer thread about once a second while it has nothing to write.
    ///
    /// # Errors
    /// What could not be done; it is logged once and tried again.
    fn idle(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Looks whether what is kept is whole; an empty list says so, else each entry is a finding in words.
    ///
    /// # Errors
    /// The store cannot be read.
    fn check(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
}

/// Something that was done about an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mark {
    /// A notification was sent.
    Notified,
    /// A ticket was raised; its address.
    Ticket(String),
}

/// Why a store could not do something.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// It could not be opened: where, why, and what to do.
    Open(String),
    /// It was written by a newer version of this crate.
    Newer {
        /// Version of the file's schema.
        found: u32,
        /// Newest version that this crate knows.
        known: u32,
    },
    /// It is busy, full or out of reach for now; trying again later may help.
    Unavailable(String),
    /// A cursor that this store has not given out.
    Cursor(String),
    /// It is damaged.
    Damaged(String),
    /// Anything else.
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Whether the same may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(what) => f.write_str(what),
            Self::Newer { found, known } => write!(
                f,
                "the file's schema is version {found}, written by a newer error-tracker; this one knows up to \
                 version {known} and leaves the file alone: update error-tracker, or name another file"
            ),
            Self::Unavailable(what) => write!(f, "not available now: {what}"),
            Self::Cursor(cursor) => write!(f, "{cursor:?} is not a cursor of this store"),
            Self::Damaged(what) => write!(f, "damaged: {what}"),
            Self::Other(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Other(error) => error.source(),
            _ => None,
        }
    }
}
