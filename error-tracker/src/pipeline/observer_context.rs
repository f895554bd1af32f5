//! Observers that have threads of their own.

use std::fmt;
use std::io;
use std::sync::Arc;

use serde::Serialize;

use super::event_observer::EventObserver;
use super::observer_queue;
use crate::background;
use crate::event::Timestamp;
use crate::store::Store;
use crate::user_code::UserCodeGuard;

/// Creates an observer for each process, for one that reads the store or has threads of its own.
/// Closures implement it.
///
/// `create` is called on the observer's thread: when the tracker is set up, and in a forked child
/// when it stores its first event. What it returns is dropped when the tracker is.
///
/// ```
/// use error_tracker::{EventObserver, ObserverContext, StoredEvent};
///
/// let builder = error_tracker::builder().observer_factory(|context: ObserverContext| {
///     let store = context.store();
///     let observer = move |stored: &StoredEvent| {
///         let counts = store.hourly_counts(&stored.event.grouping.hash, stored.event.at)?;
///         println!("{counts:?}");
///         Ok(())
///     };
///     Box::new(observer) as Box<dyn EventObserver>
/// });
/// ```
pub trait ObserverFactory: Send + Sync + 'static {
    /// Creates the observer of this process.
    fn create(&self, context: ObserverContext) -> Box<dyn EventObserver>;
}

impl<F> ObserverFactory for F
where
    F: Fn(ObserverContext) -> Box<dyn EventObserver> + Send + Sync + 'static,
{
    fn create(&self, context: ObserverContext) -> Box<dyn EventObserver> {
        self(context)
    }
}

/// What an [`ObserverFactory`] may use.
pub struct ObserverContext {
    pub(super) store: Arc<dyn Store>,
}

impl ObserverContext {
    /// Returns the tracker's store. Failures within its methods are not recorded.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// Starts a thread that nobody waits for. Like the thread of the observer it records nothing
    /// and blocks signals, which are for the program's threads. It has to end when the observer is
    /// dropped.
    ///
    /// # Errors
    /// If the system starts no thread.
    pub fn spawn(
        &self,
        name: &'static str,
        run: impl FnOnce() + Send + 'static,
    ) -> Result<(), io::Error> {
        background::start(name, move || {
            observer_queue::mark_thread();
            let _quiet = UserCodeGuard::with_panics_shown();
            run();
        })
    }
}

impl fmt::Debug for ObserverContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObserverContext").field("store", &self.store).finish()
    }
}

/// The state of a channel by which an observer sends messages, in
/// [`ObserverHealth::channels`](super::ObserverHealth::channels). The numbers are those of this
/// process, apart from `waiting` and `held_back`, which are those of the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ChannelHealth {
    /// Its name.
    pub name: String,
    /// Messages that were sent.
    pub sent: u64,
    /// Attempts to send a message that failed.
    pub failed: u64,
    /// Messages that wait to be sent.
    pub waiting: u64,
    /// Messages that a limit has held back, and of which no message has told yet.
    pub held_back: u64,
    /// When a message was last sent.
    pub last_sent: Option<Timestamp>,
    /// The text of the latest failure.
    pub last_error: Option<String>,
}
