//! Where events are kept. [`Store`] is the trait to implement for a place of your own.

mod clock;
mod cursor;
mod memory;
mod query;
mod retention;
#[cfg(feature = "sqlite")]
mod sqlite;
mod text;

#[cfg(feature = "test-util")]
#[allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]
pub mod conformance;

pub use memory::MemoryStore;
pub use query::{EventSelector, IssueQuery, Page, Sort};
pub use retention::{Pruned, Retention};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

use std::fmt;

use crate::event::{Event, Issue, Status, Timestamp};

/// One event on its way into a store, with the number of equal ones that it stands for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sighting {
    /// The event, with its `grouping` filled.
    pub event: Event,
    /// The number of occurrences that this stands for, from 1: equal events that came in a storm are counted, not kept.
    pub count: u64,
    /// When the last of them was captured.
    pub last_seen: Timestamp,
    /// Whether `event` was recorded before, and this counts further ones like it: the issue's figures change, no
    /// occurrence is to be kept. `event` then holds its id and what an issue shows, not its variables. Where the
    /// issue is gone meanwhile it is an event like any other.
    pub again: bool,
}

/// The answer of a store to a [`Sighting`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// The issue did not exist before.
    pub new: bool,
    /// The issue had been resolved and is now open again.
    pub regression: bool,
    /// The number of occurrences of the issue, this sighting included.
    pub count: u64,
}

impl Sighting {
    /// Counts one occurrence of `event`.
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

    /// Returns whether it opens an issue again that was resolved at this moment. A resolution that is still to come
    /// is the work of a clock that was wrong.
    fn ends_resolution(&self, resolved: Timestamp, now: Timestamp) -> bool {
        self.last_seen > resolved || resolved > now
    }
}

impl Recorded {
    /// Returns the answer for an issue that was now seen `count` times, and is neither new nor a regression.
    #[must_use]
    pub fn seen(count: u64) -> Self {
        Self { count, ..Self::default() }
    }

    /// Says whether the issue did not exist before.
    #[must_use]
    pub fn with_new(mut self, new: bool) -> Self {
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

/// A place where events are kept. All methods may block: the tracker calls them on its own threads, except where the
/// program reads or changes issues (`Tracker::issues` and the like).
///
/// Required are the six methods without which nothing can be shown; the others have a default.
pub trait Store: Send + Sync + fmt::Debug + 'static {
    /// Keeps a batch, all or nothing. Returns an answer for each sighting, in their order.
    ///
    /// # Errors
    /// Nothing of the batch was kept; it will be tried again when [`StoreError::is_transient`].
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError>;

    /// Lists issues.
    ///
    /// # Errors
    /// The store cannot be read, or a cursor is not one of its own.
    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError>;

    /// Returns an issue by its whole hash.
    ///
    /// # Errors
    /// The store cannot be read.
    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError>;

    /// Returns an occurrence of an issue.
    ///
    /// # Errors
    /// The store cannot be read.
    fn event(&self, hash: &str, which: &EventSelector) -> Result<Option<Event>, StoreError>;

    /// Keeps this event in place of the one with its id, as it is when the names of its backtrace were found, or it
    /// was not handled after all. Returns whether there is one. Its issue stays as it is, except for
    /// [`Issue::handled`].
    ///
    /// # Errors
    /// The old one is kept.
    fn rewrite(&self, event: &Event) -> Result<bool, StoreError> {
        let _ = event;
        Ok(false)
    }

    /// Changes the status of issues. Returns the number of those that exist. What was captured before an issue was
    /// resolved does not open it again, though it is recorded later.
    ///
    /// # Errors
    /// Nothing was changed.
    fn set_status(&self, hashes: &[&str], status: Status) -> Result<u64, StoreError>;

    /// Deletes issues with their occurrences. Returns the number of those that existed.
    ///
    /// # Errors
    /// Nothing was deleted.
    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError>;

    /// Returns how often an issue was seen in each hour (hours since 1970-01-01 UTC) from `since` on; hours without
    /// any are left out.
    ///
    /// # Errors
    /// The store cannot be read.
    fn hourly_counts(&self, hash: &str, since: Timestamp) -> Result<Vec<(u64, u64)>, StoreError> {
        let _ = (hash, since);
        Ok(Vec::new())
    }

    /// Deletes what exceeds `retention`. Returns the numbers of what was deleted.
    ///
    /// # Errors
    /// Some of it may have been deleted.
    fn prune(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let _ = retention;
        Ok(Pruned::default())
    }

    /// Looks whether what was recorded is still in its place, and writes again what is not. Returns a finding once.
    /// Called by the writer thread about once a second while it has nothing to write, and at the end of a flush, so
    /// it should take no longer than a look at a file's size and time where nothing has changed.
    ///
    /// # Errors
    /// Some of what was recorded is lost, which is said once, or it cannot be looked at.
    fn look(&self) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// Called by the writer thread about once a second while it has nothing to write.
    ///
    /// # Errors
    /// What could not be done; it is logged once and tried again.
    fn idle(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Returns random bytes that are the same for all who open what is kept, and that nobody else can know: the
    /// viewer signs its forms with them, so that those of one process are good in another. Without, they are good in
    /// the same process.
    ///
    /// # Errors
    /// The store cannot be read.
    fn secret(&self) -> Result<Option<[u8; 32]>, StoreError> {
        Ok(None)
    }

    /// Called by the writer thread when the program ends, or drops its tracker: what is kept outside its final place is
    /// taken there, and closed. The store may be used again afterwards.
    ///
    /// # Errors
    /// What could not be done.
    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Checks whether what is kept is whole. Returns the findings in words, none where it is.
    ///
    /// # Errors
    /// The store cannot be read.
    fn check(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
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
    /// It is busy or out of reach for now; trying again later may help.
    Unavailable(String),
    /// It has no room for all of this, as a full disk; a smaller batch may fit, and trying again later may help.
    Full(String),
    /// A cursor that this store has not given out.
    Cursor(String),
    /// It is damaged.
    Damaged(String),
    /// Anything else.
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Returns whether the same may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Full(_))
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
            Self::Full(what) => write!(f, "no room: {what}"),
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
