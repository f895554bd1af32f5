//! Stores for events. Implement [`Store`] to keep them elsewhere.

mod change;
mod clock;
mod cursor;
mod facets;
mod issue_sum;
mod memory;
mod memory_outbox;
mod outbox;
mod query;
mod release;
mod reopening;
mod retention;
pub mod rules;
#[cfg(feature = "sqlite")]
mod sqlite;
mod text;
mod user_sketch;

#[cfg(feature = "test-util")]
#[allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]
pub mod conformance;

pub use change::IssueChange;
pub use facets::{FacetCount, IssueFacets};
pub(crate) use facets::{MAX_FACETS, route_of, route_text};
pub use memory::MemoryStore;
pub use memory_outbox::MemoryOutbox;
pub use outbox::{
    ClaimedMessage, DeliveryState, Enqueued, Outbox, OutboxClaim, OutboxCounts, OutboxLimits,
    OutboxMessage, OutboxRecord, SendOutcome, StatusChange,
};
pub use query::{EventSelector, IssueQuery, Page, Sort};
pub use retention::{Pruned, Retention};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use user_sketch::UserSketch;

use std::fmt;

use crate::event::{Event, Issue, Note, Timestamp, UserKey};

/// An event for a store, with the number of occurrences that it represents.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sighting {
    /// The event, with its `grouping` filled.
    pub event: Event,
    /// The number of occurrences, 1 or more: equal events of a storm are only counted.
    pub count: u64,
    /// When the last occurrence was captured.
    pub last_seen: Timestamp,
    /// Whether `event` was recorded before, and this only counts further occurrences: the issue's
    /// counters change, but no occurrence is stored. `event` then has its id and the parts that an
    /// issue shows, but no variables. If the issue was deleted meanwhile, it is recorded like any
    /// other event.
    pub again: bool,
    /// The users of the occurrences, each once. Occurrences without a user are not included.
    pub users: Vec<UserKey>,
    /// The occurrences on other routes than the event's, as `METHOD ROUTE`; those of an empty text
    /// have no known route.
    pub other_routes: Vec<(String, u64)>,
}

/// The answer of a store to a [`Sighting`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// Whether the issue did not exist before.
    pub new: bool,
    /// Whether the issue had been resolved and is open again.
    pub regression: bool,
    /// Whether the issue had been muted until a time or a count, and is open again.
    pub unmuted: bool,
    /// The number of occurrences of the issue, including this sighting.
    pub count: u64,
}

impl Sighting {
    /// Creates a sighting of one occurrence of `event`, with its user.
    #[must_use]
    pub fn new(event: Event) -> Self {
        Self {
            count: 1,
            last_seen: event.at,
            users: event.user_key().into_iter().collect(),
            event,
            again: false,
            other_routes: Vec::new(),
        }
    }

    /// Sets the number of occurrences, and when the last of them was captured.
    #[must_use]
    pub fn repeated(mut self, count: u64, last_seen: Timestamp) -> Self {
        (self.count, self.last_seen) = (count, last_seen);
        self
    }

    /// Sets whether the event was recorded before.
    #[must_use]
    pub fn again(mut self, again: bool) -> Self {
        self.again = again;
        self
    }

    /// Sets the users of the occurrences, each once.
    #[must_use]
    pub fn users(mut self, users: Vec<UserKey>) -> Self {
        self.users = users;
        self
    }

    /// Sets how many of the occurrences were on other routes than the event's.
    #[must_use]
    pub fn other_routes(mut self, other_routes: Vec<(String, u64)>) -> Self {
        self.other_routes = other_routes;
        self
    }

    /// Returns the routes of the occurrences, such as `GET /orders/{id}`, with their numbers, each
    /// once. Occurrences without a known route are not included.
    #[must_use]
    pub fn routes(&self) -> Vec<(String, u64)> {
        let elsewhere = self.other_routes.iter().map(|(_, count)| count).sum();
        let own = (route_of(&self.event), self.count.saturating_sub(elsewhere));
        let all = self.other_routes.iter().cloned().chain([own]);
        all.filter(|(route, count)| !route.is_empty() && *count > 0).collect()
    }
}

impl Recorded {
    /// Creates the answer for an issue that was seen `count` times, and is neither new nor open
    /// again.
    #[must_use]
    pub fn seen(count: u64) -> Self {
        Self { count, ..Self::default() }
    }

    /// Sets whether the issue did not exist before.
    #[must_use]
    pub fn with_new(mut self, new: bool) -> Self {
        self.new = new;
        self
    }

    /// Sets whether the issue had been resolved.
    #[must_use]
    pub fn regression(mut self, regression: bool) -> Self {
        self.regression = regression;
        self
    }

    /// Sets whether the issue had been muted until a time or a count that was reached.
    #[must_use]
    pub fn unmuted(mut self, unmuted: bool) -> Self {
        self.unmuted = unmuted;
        self
    }
}

/// A place where events are stored. All methods may block: the tracker calls them on its own
/// threads, unless the program itself reads or changes issues (by `Tracker::issues`, for example).
///
/// Six methods are required, without which nothing can be shown; the others have a default.
pub trait Store: Send + Sync + fmt::Debug + 'static {
    /// Stores a batch, all or nothing. Returns an answer for each sighting, in their order.
    ///
    /// # Errors
    /// If nothing of the batch was stored. It is retried if the error [is
    /// transient](StoreError::is_transient).
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError>;

    /// Lists issues.
    ///
    /// # Errors
    /// If the store cannot be read, or a cursor is not one of this store.
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

    /// Replaces the events with the same ids, all or nothing, for example because the names of
    /// their backtraces were found, or because one was not handled after all. Returns the number of
    /// those that exist. Of their issues only [`Issue::handled`] may change.
    ///
    /// # Errors
    /// If no event was replaced.
    fn rewrite(&self, events: &[Event]) -> Result<u64, StoreError> {
        let _ = events;
        Ok(0)
    }

    /// Changes issues. Returns the number of those that exist. A change of the status replaces the
    /// previous one with its condition. An event that was captured before an issue was resolved
    /// does not reopen it, even if it is recorded later.
    ///
    /// A store may refuse changes that it does not support.
    ///
    /// # Errors
    /// If nothing was changed: [`StoreError::Refused`] if the change is not possible for one of the
    /// issues.
    fn change(&self, hashes: &[&str], change: &IssueChange) -> Result<u64, StoreError>;

    /// Returns the notes of an issue, the oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn notes(&self, hash: &str) -> Result<Vec<Note>, StoreError> {
        let _ = hash;
        Ok(Vec::new())
    }

    /// Returns the hash of the issue that has the event with this id. By default events are not
    /// found by their id alone.
    ///
    /// # Errors
    /// The store cannot be read.
    fn issue_of_event(&self, id: &str) -> Result<Option<String>, StoreError> {
        let _ = id;
        Ok(None)
    }

    /// Deletes issues with their occurrences. Returns the number of those that existed.
    ///
    /// # Errors
    /// If nothing was deleted.
    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError>;

    /// Merges issues, with the parts that they have, into another one. Returns the number of merged
    /// issues: those that exist, and are not parts of it already. By default none is merged.
    ///
    /// Each becomes a part of the other issue, whose status counts: what comes of it later counts
    /// for that issue, which has the occurrences, hours, users and facets of all. In all methods the
    /// hash of a part stands for the issue that it is a part of. A part is not listed, and is
    /// deleted with that issue.
    ///
    /// # Errors
    /// If nothing was changed.
    fn merge(&self, hashes: &[&str], into: &str) -> Result<u64, StoreError> {
        let _ = (hashes, into);
        Ok(0)
    }

    /// Makes parts issues of their own again, with their own occurrences, and the status that they
    /// would have without the merge. Returns their number; hashes of other issues have no effect.
    ///
    /// # Errors
    /// If nothing was changed.
    fn unmerge(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        let _ = hashes;
        Ok(0)
    }

    /// Returns the issues that were merged into an issue, each with its own numbers, in the order in
    /// which they were first seen.
    ///
    /// # Errors
    /// The store cannot be read.
    fn parts(&self, hash: &str) -> Result<Vec<Issue>, StoreError> {
        let _ = hash;
        Ok(Vec::new())
    }

    /// Returns the hours from `since` on (counted from 1970-01-01 UTC) in which an issue was seen,
    /// with the number of occurrences in each.
    ///
    /// # Errors
    /// The store cannot be read.
    fn hourly_counts(&self, hash: &str, since: Timestamp) -> Result<Vec<(u64, u64)>, StoreError> {
        let _ = (hash, since);
        Ok(Vec::new())
    }

    /// Returns the releases and routes of an issue with their numbers of occurrences. By default
    /// none are known.
    ///
    /// # Errors
    /// The store cannot be read.
    fn facets(&self, hash: &str) -> Result<IssueFacets, StoreError> {
        let _ = hash;
        Ok(IssueFacets::default())
    }

    /// Deletes what exceeds `retention`. Returns the number of deleted issues and occurrences.
    ///
    /// # Errors
    /// If not everything could be deleted.
    fn prune(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let _ = retention;
        Ok(Pruned::default())
    }

    /// Checks whether the recorded events are still in their place, and restores those that are
    /// not. Returns a description of what happened, once. Called by the writer thread about once a
    /// second while it has nothing to write, and at the end of a flush, so it should not take
    /// longer than reading a file's size and time if nothing has changed.
    ///
    /// # Errors
    /// If recorded events are lost, which is reported once, or if the check fails.
    fn restore_missing(&self) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// Does maintenance. Called by the writer thread about once a second while it has nothing to
    /// write.
    ///
    /// # Errors
    /// If something could not be done; it is logged and retried.
    fn idle(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Returns random bytes that are the same for every process that opens the stored data, and
    /// unknown to others. The viewer signs its forms with them, so that the forms of one process
    /// are valid in another. Without them, forms are valid in the same process only.
    ///
    /// # Errors
    /// The store cannot be read.
    fn secret(&self) -> Result<Option<[u8; 32]>, StoreError> {
        Ok(None)
    }

    /// Returns the messages to people that wait beside the events. By default there are none, and
    /// `error-tracker-notify` keeps them in memory.
    fn outbox(&self) -> Option<&dyn Outbox> {
        None
    }

    /// Completes and closes the stored data. Called by the writer thread when the program ends or
    /// drops its tracker. The store may be used again afterwards.
    ///
    /// # Errors
    /// If something could not be done.
    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Checks the integrity of the stored data. Returns a description of each problem.
    ///
    /// # Errors
    /// The store cannot be read.
    fn check(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
}

/// The reason why a store could not do something.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// The store could not be opened: where, why, and what to do.
    Open(String),
    /// The file was written by a newer version of this crate.
    Newer {
        /// The version of the file's schema.
        found: u32,
        /// The newest version that this crate supports.
        known: u32,
    },
    /// The store is busy or not reachable; a retry may succeed.
    Unavailable(String),
    /// There is not enough space, for example on a full disk; a smaller batch may fit, and a retry
    /// may succeed.
    Full(String),
    /// The cursor is not one of this store.
    Cursor(String),
    /// A change is not possible: why, and what to do.
    Refused(String),
    /// The stored data is damaged.
    Damaged(String),
    /// Anything else.
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Returns whether a retry may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Full(_))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(what) | Self::Refused(what) => f.write_str(what),
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
