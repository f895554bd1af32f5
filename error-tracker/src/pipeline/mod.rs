//! Carries events from the threads that capture them to the store, by a bounded queue and one
//! writer thread.
//!
//! Submitting an event never blocks: the event is queued, or only added to its issue's count if
//! many equal ones come at once (a storm), or dropped and counted as dropped. Every event is in
//! exactly one of the counters of [`Health`].

mod apply_corrections;
mod correction;
mod counted_facets;
mod event_observer;
mod guarded_store;
mod losses;
mod observer_context;
mod observer_queue;
mod queue_state;
mod queued_event;
mod reduced_event;
mod shared_queue;
mod writer;
mod writer_task;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::event::Event;
use crate::fork::{self, SetOnce};
use crate::store::{Retention, Store};
pub(crate) use counted_facets::Occurrence;
pub use event_observer::{EventObserver, ObserverHealth, StoredEvent};
use guarded_store::GuardedStore;
pub use observer_context::{ChannelHealth, ObserverContext, ObserverFactory};
use observer_queue::ObserverQueues;
pub(crate) use observer_queue::{NamedObserver, ObserverSource};
use shared_queue::SharedQueue;

/// The settings of a pipeline.
pub(crate) struct Options {
    /// The maximum number of queued events.
    pub(crate) capacity: usize,
    /// The maximum number of events in one transaction.
    pub(crate) batch: usize,
    /// What is pruned after the first event and about hourly.
    pub(crate) retention: Retention,
    /// Whether there is a writer thread; without one every event is dropped.
    pub(crate) writes: bool,
    /// Completes each event on the writer thread before it is grouped. If it panics the event is
    /// dropped.
    pub(crate) prepare: Box<dyn Fn(&mut Event) + Send + Sync>,
    pub(crate) hooks: Box<dyn WriterHooks>,
    /// Are notified of stored events, each on its own thread.
    pub(crate) observers: Vec<Arc<NamedObserver>>,
}

/// Callbacks that run on the writer thread and must not block.
pub(crate) trait WriterHooks: Send + Sync {
    /// Called when an event was stored.
    fn stored(&self, event: &Event);
    /// Called after each batch.
    fn wrote(&self, store: &Arc<dyn Store>);
    /// Called when nothing was stored for a while.
    fn idle(&self, store: &Arc<dyn Store>);
    /// Called before the store is closed; it must not be used until another event is stored.
    fn end(&self);
}

/// Callbacks that do nothing.
impl WriterHooks for () {
    fn stored(&self, _: &Event) {}
    fn wrote(&self, _: &Arc<dyn Store>) {}
    fn idle(&self, _: &Arc<dyn Store>) {}
    fn end(&self) {}
}

impl Default for Options {
    /// Returns options for 4,096 queued events and batches of 500.
    fn default() -> Self {
        Self {
            capacity: 4096,
            batch: 500,
            retention: Retention::default(),
            writes: true,
            prepare: Box::new(|_| ()),
            hooks: Box::new(()),
            observers: Vec::new(),
        }
    }
}

/// Hashes by which equal events are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Likeness {
    /// Equal for events of the same issue.
    pub(crate) issue: u64,
    /// Equal for events with the same text.
    pub(crate) text: u64,
}

/// The state of a tracker, and counters of its events: `raised` is the sum of `stored`,
/// `coalesced`, `pending` and all `dropped`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// Events that were captured.
    pub raised: u64,
    /// Events that were stored.
    pub stored: u64,
    /// Events of a storm that were only added to their issue's count.
    pub coalesced: u64,
    /// Events that are not stored yet.
    pub pending: u64,
    /// Events that were lost, by reason.
    pub dropped: BTreeMap<&'static str, u64>,
    /// Errors of web requests that were dropped because the status of the response is not tracked.
    /// They are not included in `raised`.
    pub untracked: u64,
    /// Whether another panic hook has replaced that of error-tracker without calling it: a panic
    /// unwound an annotated function, and the hook was not called. Such panics are recorded without
    /// message and location, and those that unwind no annotated function are not recorded. Becomes
    /// `false` again when the hook is called.
    pub panic_hook_replaced: bool,
    /// The state of each [`EventObserver`], in the order in which they were added to the builder.
    pub observers: Vec<ObserverHealth>,
    /// The latest failure of the store or of a hook.
    pub last_error: Option<String>,
    /// The `Debug` text of the store.
    pub store: String,
}

/// Not all events could be stored and observed in time. All counters are 0 if events were stored
/// and their file was lost afterwards, or if there was no time to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlushError {
    /// Events that are not stored yet.
    pub pending: u64,
    /// Events of the flushing thread that were accepted and then dropped, and those of storms,
    /// which belong to no thread. Each is reported by one flush only. [`Health::dropped`] has those
    /// of all threads.
    pub dropped: u64,
    /// Stored events that an [`EventObserver`] has not handled yet, and work that these have caused
    /// and that is not done, such as messages that were not sent; added up for all observers.
    pub unobserved: u64,
}

impl fmt::Display for FlushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pending, dropped, unobserved } = self;
        if pending + dropped > 0 {
            write!(f, "not all events are stored: {pending} are pending, {dropped} were dropped")?;
        }
        match (pending + dropped, unobserved) {
            (0, 0) => {
                f.write_str("stored events are lost, or the store could not be checked in time")
            }
            (_, 0) => Ok(()),
            (0, _) => write!(f, "{unobserved} stored events wait for an observer"),
            _ => write!(f, "; {unobserved} stored events wait for an observer"),
        }
    }
}

impl FlushError {
    const NONE: Self = Self { pending: 0, dropped: 0, unobserved: 0 };
}

impl std::error::Error for FlushError {}

/// The most time that dropping a pipeline takes.
const DROP_TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) struct Pipeline {
    setup: Arc<Setup>,
    process: Process,
}

/// The part that is the same in every process.
struct Setup {
    store: Arc<GuardedStore>,
    options: Options,
}

/// The queue and threads of one process. A forked child has no writer thread and may have inherited
/// a held lock, so it creates its own; events that are queued in the parent belong to the parent.
struct Process {
    /// The number of forks between the program's start and this process.
    generation: u32,
    shared: Arc<SharedQueue>,
    observers: Arc<ObserverQueues>,
    child: SetOnce<Process>,
}

impl Process {
    /// Creates the queue of this process; its writer does not run yet.
    fn new(setup: &Setup) -> Self {
        fork::count();
        let shared = Arc::new(SharedQueue::new(setup.options.capacity));
        let store: Arc<dyn Store> = Arc::clone(&setup.store) as _;
        let observers = Arc::new(ObserverQueues::new(&setup.options.observers, &store));
        Self { generation: fork::generation(), shared, observers, child: SetOnce::new() }
    }

    fn start(&self, setup: &Arc<Setup>) {
        if setup.options.writes {
            writer::spawn(&self.shared, &self.observers, setup);
        } else {
            self.shared.end(writer::NO_THREAD);
        }
    }

    /// Returns the queue of a forked child, and starts it the first time.
    fn of_child(&self, setup: &Arc<Setup>) -> &Self {
        self.child.get().unwrap_or_else(|| {
            let (child, is_new) = self.child.get_or_set(Self::new(setup));
            if is_new {
                child.start(setup);
            }
            child
        })
    }
}

impl Pipeline {
    /// Starts the writer thread. If that fails every event is dropped and counted.
    pub(crate) fn start(store: Arc<dyn Store>, options: Options) -> Self {
        let setup = Arc::new(Setup { store: Arc::new(GuardedStore::new(store)), options });
        let process = Process::new(&setup);
        process.start(&setup);
        if setup.options.writes {
            process.observers.start();
        }
        Self { setup, process }
    }

    fn shared(&self) -> &Arc<SharedQueue> {
        &self.process().shared
    }

    /// Returns the queue and threads of this process.
    fn process(&self) -> &Process {
        let generation = fork::generation();
        let mut process = &self.process;
        while process.generation != generation {
            process = process.of_child(&self.setup);
        }
        process
    }

    /// Counts an occurrence if its issue storms, and returns whether it did: then no event is
    /// needed.
    pub(crate) fn coalesce(&self, like: Likeness, occurrence: &Occurrence<'_>) -> bool {
        self.shared().coalesce(like, occurrence)
    }

    /// Counts an occurrence if its issue has an event already, and returns whether it did.
    pub(crate) fn count(&self, like: Likeness, occurrence: &Occurrence<'_>) -> bool {
        self.shared().count(like, occurrence)
    }

    /// Queues an event; never waits for the store.
    pub(crate) fn submit(&self, event: Event, like: Likeness) {
        self.shared().submit(Box::new(event), like, false);
    }

    /// Queues an event that is stored only if it is the first of its issue, and counted otherwise.
    pub(crate) fn submit_to_count(&self, event: Event, like: Likeness) {
        self.shared().submit(Box::new(event), like, true);
    }

    /// Waits, at most `timeout`, until everything that any thread submitted or counted before this
    /// call is stored and observed. Events that were lost before are reported once.
    pub(crate) fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        self.flush_within(timeout, timeout)
    }

    /// Flushes, and waits for observers at most until `observed` after the start.
    fn flush_within(&self, timeout: Duration, observed: Duration) -> Result<(), FlushError> {
        let start = Instant::now();
        let process = self.process();
        let flushed = process.shared.flush(timeout);
        match process.observers.wait(observed.saturating_sub(start.elapsed())) {
            0 => flushed,
            unobserved => {
                let not_stored = flushed.err().unwrap_or(FlushError::NONE);
                Err(FlushError { unobserved, ..not_stored })
            }
        }
    }

    /// Returns the store. Failures within its methods are not recorded.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.setup.store) as _
    }

    /// Flushes, and closes the store, which a later event opens again. Returns at once if nothing
    /// was captured or read, as in a forked child.
    pub(crate) fn finish(&self, timeout: Duration) -> Result<(), FlushError> {
        if self.process.generation != fork::generation() && self.process.child.get().is_none() {
            return Ok(());
        }
        let start = Instant::now();
        // The store is closed last, because observers may read it; a slow one leaves time for that.
        let flushed = self.flush_within(timeout, timeout / 4 * 3);
        if self.setup.store.is_used() {
            self.shared().close_store(timeout.saturating_sub(start.elapsed()));
        }
        flushed
    }

    /// Remembers an error that lost no event, for [`Health::last_error`].
    pub(crate) fn note_error(&self, error: String) {
        self.shared().note_error(error);
    }

    /// Changes the queued event with this id, and returns whether there was one.
    pub(crate) fn amend_queued(&self, id: &str, change: impl FnOnce(&mut Event)) -> bool {
        self.shared().amend_queued(id, change)
    }

    /// Changes the queued or stored event with this id.
    pub(crate) fn amend(&self, id: &str, change: impl FnOnce(&mut Event) + Send + 'static) {
        self.shared().amend(id, change);
    }

    /// Replaces the queued or stored event that has the same id.
    pub(crate) fn replace(&self, event: Event) {
        self.shared().replace(event);
    }

    /// Counts an event that was lost before it could be queued.
    pub(crate) fn count_dropped_one(&self, reason: &'static str) {
        self.shared().count_dropped_one(reason);
    }

    pub(crate) fn health(&self) -> Health {
        let process = self.process();
        Health {
            store: format!("{:?}", self.setup.store),
            observers: process.observers.health(),
            ..process.shared.health()
        }
    }

    /// Flushes and ends the writer, in `timeout` at most. Later events, and those that could not be
    /// stored in time, are dropped.
    pub(crate) fn stop(&self, timeout: Duration) -> Result<(), FlushError> {
        let start = Instant::now();
        let process = self.process();
        let flushed = self.flush(timeout);
        process.shared.stop(timeout.saturating_sub(start.elapsed()));
        process.observers.stop();
        flushed
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        // A forked child that captured nothing has nothing to end.
        let is_idle_child =
            self.process.generation != fork::generation() && self.process.child.get().is_none();
        if !is_idle_child {
            let _ = self.stop(DROP_TIMEOUT);
        }
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("store", &self.setup.store).finish_non_exhaustive()
    }
}
