//! Observers, which are notified of events after these were stored.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::observer_context::ChannelHealth;
use crate::event::{Event, Issue};
use crate::store::{Recorded, Store, StoreError};

/// Is notified of each event after the store has committed it, for example to send a notification,
/// create a ticket, or export the event.
///
/// Closures implement it. Each observer runs on its own thread, which starts with the first stored
/// event: it may block without delaying the program or the store. At most 1,000 events and 8 MB
/// wait for it; further ones are not observed, but counted in [`ObserverHealth::dropped`].
/// [`Tracker::flush`](crate::Tracker::flush) waits for observers. A forked child has its own queue
/// and thread.
///
/// The thread blocks signals, which are for the program's threads. A program that is started there
/// inherits that, and does not end at SIGTERM or SIGINT unless it handles its signal mask: start
/// one that runs long from a thread of the program.
///
/// Events of a storm that were only counted are observed as well, see [`StoredEvent::again`].
/// Events that [`Tracker::record_event`](crate::Tracker::record_event) imports are not observed: it
/// returns the store's answer.
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
    /// Handles one stored event. Its thread records nothing meanwhile, so that a failure in it does
    /// not cause another event.
    ///
    /// # Errors
    /// If the event could not be handled. Errors and panics are counted in
    /// [`ObserverHealth::failed`]; the event is not observed again.
    fn observe(&self, stored: &StoredEvent) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// Waits, at most `timeout`, until work is done that observed events have caused and that other
    /// threads do. Returns how much is not done. Called by a flush, on its thread, after the queued
    /// events were handled.
    fn flush(&self, timeout: Duration) -> u64 {
        let _ = timeout;
        0
    }

    /// Returns the state of each channel by which it sends messages, for
    /// [`ObserverHealth::channels`].
    fn channels(&self) -> Vec<ChannelHealth> {
        Vec::new()
    }
}

impl<F> EventObserver for F
where
    F: Fn(&StoredEvent) -> Result<(), Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
{
    fn observe(&self, stored: &StoredEvent) -> Result<(), Box<dyn Error + Send + Sync>> {
        self(stored)
    }
}

/// An event that the store has committed, with the store's answer; the argument of an
/// [`EventObserver`].
#[non_exhaustive]
pub struct StoredEvent {
    /// The event. Its issue's hash is `event.grouping.hash`.
    pub event: Event,
    /// The store's answer: whether the issue is new or was resolved before, and how often it was
    /// seen.
    pub recorded: Recorded,
    /// The number of occurrences that were recorded at once, 1 or more.
    pub occurrences: u64,
    /// Whether only further occurrences were counted and `event` was stored before. `event` has no
    /// variables then.
    pub again: bool,
    pub(super) store: Arc<dyn Store>,
}

impl StoredEvent {
    /// Reads the current state of the issue, such as its status and when it was first seen. Returns
    /// `None` if it was deleted meanwhile.
    ///
    /// # Errors
    /// If the store cannot be read.
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

/// The state of one [`EventObserver`], in [`Health::observers`](super::Health::observers). Each
/// stored event is counted in one of the four counters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ObserverHealth {
    /// The path of the observer's type.
    pub name: String,
    /// Events that the observer has handled.
    pub observed: u64,
    /// Events that wait for the observer, or that it is handling.
    pub queued: u64,
    /// Events that the observer did not get, because it was too slow or had no thread.
    pub dropped: u64,
    /// Events for which the observer failed or panicked.
    pub failed: u64,
    /// The text of the latest failure.
    pub last_error: Option<String>,
    /// The state of each channel by which it sends messages.
    pub channels: Vec<ChannelHealth>,
}
