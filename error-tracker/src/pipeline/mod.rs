//! From the thread that captured an event to the store: a bounded queue and one writer thread.
//!
//! A thread that submits never waits: an event is queued, counted onto its issue when equal ones storm, or dropped
//! and counted as such. Every event is in exactly one of the figures of [`Health`].

mod event_observer;
mod light;
mod losses;
mod observer_queue;
mod queue_state;
mod queued_event;
mod quiet_store;
mod shared_queue;
mod writer;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::event::{Event, Timestamp};
use crate::fork::{self, SetOnce};
use crate::store::{Retention, Store};
pub use event_observer::{EventObserver, ObserverHealth, StoredEvent};
pub(crate) use observer_queue::NamedObserver;
use observer_queue::ObserverQueues;
use quiet_store::QuietStore;
use shared_queue::SharedQueue;

/// The settings of a pipeline.
pub(crate) struct Options {
    /// The largest number of events that wait.
    pub(crate) capacity: usize,
    /// The largest number of events of one transaction.
    pub(crate) batch: usize,
    /// What is pruned behind the first event and about hourly.
    pub(crate) retention: Retention,
    /// Whether there is a writer thread; without one nothing is taken.
    pub(crate) writes: bool,
    /// Completes each event on the writer thread, before it is grouped. A panic in it drops the event.
    pub(crate) prepare: Box<dyn Fn(&mut Event) + Send + Sync>,
    pub(crate) hooks: Box<dyn WriterHooks>,
    /// Hear of what is stored, each on a thread of its own.
    pub(crate) observers: Vec<Arc<NamedObserver>>,
}

/// Runs on the writer thread; must not block.
pub(crate) trait WriterHooks: Send + Sync {
    /// An event was stored.
    fn stored(&self, event: &Event, store: &Arc<dyn Store>);
    /// Nothing was stored for a while.
    fn idle(&self, store: &Arc<dyn Store>);
    /// The store is closed now, and not to be used until a further event is stored.
    fn end(&self);
}

/// Does nothing.
impl WriterHooks for () {
    fn stored(&self, _: &Event, _: &Arc<dyn Store>) {}
    fn idle(&self, _: &Arc<dyn Store>) {}
    fn end(&self) {}
}

impl Default for Options {
    /// 4,096 events, batches of 500.
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

/// What an event has in common with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Likeness {
    /// Events that have this in common belong to the same issue.
    pub(crate) issue: u64,
    /// Stands for the text.
    pub(crate) text: u64,
}

/// The state of a tracker, and what became of all its events: `raised` is the sum of `stored`, `coalesced`, `pending`
/// and all `dropped`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// Events that were captured.
    pub raised: u64,
    /// Events that the store has kept.
    pub stored: u64,
    /// Events of a storm that were counted onto their issue instead of being kept.
    pub coalesced: u64,
    /// Events that wait for the store.
    pub pending: u64,
    /// Events that were lost, by reason.
    pub dropped: BTreeMap<&'static str, u64>,
    /// Whether the panic hook of error-tracker is gone: a panic unwound an annotated function, and the hook was not
    /// called. Another one took its place without calling it. Of such panics neither message nor place are known, and
    /// those that unwind no annotated function are not seen at all. Set again to `false` when the hook is called.
    pub panic_hook_replaced: bool,
    /// The state of each [`EventObserver`], in the order in which the builder was given them.
    pub observers: Vec<ObserverHealth>,
    /// The latest failure of the store or of a hook.
    pub last_error: Option<String>,
    /// The `Debug` text of the store.
    pub store: String,
}

/// Not everything could be stored and observed in time. All figures are 0 where all was stored and is lost again with
/// its file, or where there was no time to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlushError {
    /// Events that still wait for the store.
    pub pending: u64,
    /// Events of the flushing thread that were accepted and then dropped, and that no flush has reported before; and
    /// what was counted in storms, which belongs to no thread. [`Health::dropped`] has those of all threads.
    pub dropped: u64,
    /// Events that were stored and still wait for an [`EventObserver`], which may be slow: the sum of all observers.
    pub unobserved: u64,
}

impl fmt::Display for FlushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pending, dropped, unobserved } = self;
        if pending + dropped > 0 {
            write!(f, "not all events are stored: {pending} wait, {dropped} were dropped")?;
        }
        match (pending + dropped, unobserved) {
            (0, 0) => {
                f.write_str("events that were stored are lost, or it could not be looked in time")
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

/// How long dropping a pipeline may take.
const AT_END: Duration = Duration::from_secs(2);

pub(crate) struct Pipeline {
    setup: Arc<Setup>,
    process: Process,
}

/// What is the same in every process.
struct Setup {
    store: Arc<QuietStore>,
    options: Options,
}

/// The queue and thread of one process. A forked child has no writer thread and may have inherited a held lock, so
/// it starts with both anew; what waits in the parent is the parent's.
struct Process {
    /// How many forks lie between it and the program's start.
    generation: u32,
    shared: Arc<SharedQueue>,
    observers: Arc<ObserverQueues>,
    child: SetOnce<Process>,
}

impl Process {
    /// Makes the queue of this process; its writer does not run yet.
    fn new(setup: &Setup) -> Self {
        fork::count();
        let shared = Arc::new(SharedQueue::new(setup.options.capacity));
        let observers = Arc::new(ObserverQueues::new(&setup.options.observers));
        Self { generation: fork::generation(), shared, observers, child: SetOnce::new() }
    }

    fn start(&self, setup: &Arc<Setup>) {
        if setup.options.writes {
            writer::spawn(&self.shared, &self.observers, setup);
        } else {
            self.shared.end(writer::NO_THREAD);
        }
    }

    /// Returns the queue of a forked child, in which it is started once.
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
    /// Starts the writer thread. Where the system refuses one every event is dropped and counted.
    pub(crate) fn start(store: Arc<dyn Store>, options: Options) -> Self {
        let setup = Arc::new(Setup { store: Arc::new(QuietStore::new(store)), options });
        let process = Process::new(&setup);
        process.start(&setup);
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

    /// Counts an occurrence of a storming event. Returns whether it did, so that no event is needed.
    pub(crate) fn coalesce(&self, like: Likeness, at: Timestamp) -> bool {
        self.shared().coalesce(like, at)
    }

    /// Counts an occurrence when there is an event to count it onto. Returns whether it did.
    pub(crate) fn count(&self, like: Likeness, at: Timestamp) -> bool {
        self.shared().count(like, at)
    }

    /// Takes an event. Never waits for the store.
    pub(crate) fn submit(&self, event: Event, like: Likeness) {
        self.shared().submit(Box::new(event), like, false);
    }

    /// The same of an event that is kept only when it is the first of its issue, else counted.
    pub(crate) fn submit_to_count(&self, event: Event, like: Likeness) {
        self.shared().submit(Box::new(event), like, true);
    }

    /// Waits until everything that any thread submitted or counted before this call is stored and observed, at most
    /// `timeout`. What was lost before is reported once.
    pub(crate) fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        self.flush_within(timeout, timeout)
    }

    /// Flushes, and gives up waiting for observers `observed` after the start.
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

    /// Returns the store, in which nothing is recorded.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.setup.store) as _
    }

    /// Flushes, and has the store closed, which a later event opens again. Where nothing was captured or read, as in a
    /// forked child, there is nothing to wait for.
    pub(crate) fn finish(&self, timeout: Duration) -> Result<(), FlushError> {
        if self.process.generation != fork::generation() && self.process.child.get().is_none() {
            return Ok(());
        }
        let start = Instant::now();
        // A slow observer leaves time to close the store, which is last, since observers may read it.
        let flushed = self.flush_within(timeout, timeout / 4 * 3);
        if self.setup.store.is_used() {
            self.shared().close_store(timeout.saturating_sub(start.elapsed()));
        }
        flushed
    }

    /// Notes what went wrong without any event being lost.
    pub(crate) fn note_error(&self, error: String) {
        self.shared().note_error(error);
    }

    /// Changes a queued event. Returns whether there was one with this id.
    pub(crate) fn amend(&self, id: &str, change: impl FnOnce(&mut Event)) -> bool {
        self.shared().amend(id, change)
    }

    /// Puts an event in place of the one with its id, which waits or is stored.
    pub(crate) fn replace(&self, event: Event) {
        self.shared().replace(event);
    }

    /// Counts an event that was lost before it could be queued.
    pub(crate) fn drop_one(&self, reason: &'static str) {
        self.shared().drop_one(reason);
    }

    pub(crate) fn health(&self) -> Health {
        let process = self.process();
        Health {
            store: format!("{:?}", self.setup.store),
            observers: process.observers.health(),
            ..process.shared.health()
        }
    }

    /// Flushes and ends the thread, in `timeout` at most; what comes later, and what could not be stored in time, is
    /// dropped.
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
        // A forked child that never captured anything has nothing to end.
        let is_idle_child =
            self.process.generation != fork::generation() && self.process.child.get().is_none();
        if !is_idle_child {
            let _ = self.stop(AT_END);
        }
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("store", &self.setup.store).finish_non_exhaustive()
    }
}
