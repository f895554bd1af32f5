//! What hears of events after they were stored.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::event::{Event, Issue};
use crate::store::{Recorded, Store, StoreError};

/// Hears of each event after the store has committed it: to send a notification, raise a ticket, or export it.
///
/// A closure implements it. Each observer runs on a thread of its own, which starts with the first stored event: it may
/// block, and it delays neither the program nor the store. At most 1,000 events and 8 MB wait for it; those beyond are
/// not observed, and counted in [`ObserverHealth::dropped`]. [`Tracker::flush`](crate::Tracker::flush) waits for it. In
/// a forked child the queue and the thread are made anew.
///
/// Events in which a storm is counted are observed as well, see [`StoredEvent::again`]; those that
/// [`Tracker::record_event`](crate::Tracker::record_event) imports are not, since it returns the store's answer.
///
/// ```
/// use error_tracker::StoredEvent;
/// use error_tracker::event::Status;
///
/// let builder = error_tracker::builder().observer(|stored: &StoredEvent| {
///     let is_muted = stored.issue()?.is_some_and(|issue| issue.status == Status::Muted);
///     if !is_muted && (stored.recorded.new || stored.recorded.regression) {
///         println!("{}: {}", stored.event.short_type(), stored.event.headline());
///     }
///     Ok(())
/// });
/// ```
pub trait EventObserver: Send + Sync + 'static {
    /// Handles one stored event. While it runs its thread records nothing, so that a failure in it causes no further
    /// one.
    ///
    /// # Errors
    /// What it could not do. An error and a panic are counted in [`ObserverHealth::failed`]; the event is not observed
    /// again.
    fn observe(&self, stored: &StoredEvent) -> Result<(), Box<dyn Error + Send + Sync>>;
}

impl<F> EventObserver for F
where
    F: Fn(&StoredEvent) -> Result<(), Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
{
    fn observe(&self, stored: &StoredEvent) -> Result<(), Box<dyn Error + Send + Sync>> {
        self(stored)
    }
}

/// An event that the store has committed, with the store's answer. Given to an [`EventObserver`].
#[non_exhaustive]
pub struct StoredEvent {
    /// The event. Its issue's hash is `event.grouping.hash`.
    pub event: Event,
    /// The store's answer: whether the issue is new or was resolved before, and how often it was seen.
    pub recorded: Recorded,
    /// The number of occurrences that were recorded at once, from 1: further ones of a storm are only counted.
    pub occurrences: u64,
    /// Whether `event` was stored before, and only occurrences like it were counted. It has no variables then.
    pub again: bool,
    pub(super) store: Arc<dyn Store>,
}

impl StoredEvent {
    /// Reads the issue as it is now: its status, and when it was seen first. `None` where it was deleted since.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn issue(&self) -> Result<Option<Issue>, StoreError> {
        self.store.issue(&self.event.grouping.hash)
    }
}

impl fmt::Debug for StoredEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredEvent")
            .field("event", &self.event)
            .field("recorded", &self.recorded)
            .field("occurrences", &self.occurrences)
            .field("again", &self.again)
            .finish_non_exhaustive()
    }
}

/// The state of one [`EventObserver`], in [`Health::observers`](super::Health::observers). Each stored event is counted
/// in one of the four figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ObserverHealth {
    /// The path of the observer's type.
    pub name: String,
    /// Events that it has handled.
    pub observed: u64,
    /// Events that wait for it, or that it handles now.
    pub queued: u64,
    /// Events that it did not hear of: it was too slow, or had no thread.
    pub dropped: u64,
    /// Events with which it failed or panicked.
    pub failed: u64,
    /// The text of its latest failure.
    pub last_error: Option<String>,
}
