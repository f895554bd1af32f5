//! From the thread that captured an event to the store: a bounded queue and one writer thread.
//!
//! Whoever submits never waits: an event is queued, counted onto its issue when equal ones storm, or dropped
//! and counted as such. Every event is in exactly one of the figures of [`Health`].

#[allow(unsafe_code, reason = "`pthread_atfork`")]
mod fork;
mod ledger;
mod light;
mod state;
mod writer;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::event::{Event, Timestamp};
use crate::store::{Retention, Store};
use ledger::Shared;
#[cfg(feature = "sqlite")]
pub(crate) use writer::warn_once;

/// How the writer works.
pub(crate) struct Options {
    /// How many events wait at most.
    pub(crate) capacity: usize,
    /// How many events one transaction takes at most.
    pub(crate) batch: usize,
    /// What is pruned at the start and about hourly.
    pub(crate) retention: Retention,
    /// Whether there is a writer thread; without one nothing is taken.
    pub(crate) writes: bool,
    /// Completes each event on the writer thread, before it is grouped. A panic in it drops the event.
    pub(crate) prepare: Box<dyn Fn(&mut Event) + Send + Sync>,
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

/// What became of all events so far: `raised` is the sum of `stored`, `coalesced`, `pending` and all `dropped`.
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
    /// What the store said when it last failed.
    pub last_error: Option<String>,
    /// Which store it is.
    pub store: String,
}

/// Not everything could be stored in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Partial {
    /// Events that still wait.
    pub pending: u64,
    /// Events that were accepted and then dropped, and that no flush has told of before.
    pub dropped: u64,
}

impl fmt::Display for Partial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not all events are stored: {} wait, {} were dropped", self.pending, self.dropped)
    }
}

impl std::error::Error for Partial {}

/// How long dropping a pipeline may take.
const AT_END: Duration = Duration::from_secs(5);

pub(crate) struct Pipeline {
    setup: Arc<Setup>,
    process: Process,
}

/// What is the same in every process.
struct Setup {
    store: Arc<dyn Store>,
    options: Options,
}

/// The queue and thread of one process. A forked child has no writer thread and may have inherited a held lock, so
/// it starts with both anew; what waits in the parent is the parent's.
struct Process {
    /// How many forks lie between it and the program's start.
    generation: u32,
    shared: Arc<Shared>,
    child: OnceLock<Box<Process>>,
}

impl Process {
    fn start(setup: &Arc<Setup>) -> Self {
        fork::count();
        let shared = Arc::new(Shared::new(setup.options.capacity));
        if setup.options.writes {
            writer::spawn(&shared, setup);
        } else {
            shared.end(writer::NO_THREAD);
        }
        Self { generation: fork::generation(), shared, child: OnceLock::new() }
    }
}

impl Pipeline {
    /// Starts the writer thread. Where the system refuses one every event is dropped and counted.
    pub(crate) fn start(store: Arc<dyn Store>, options: Options) -> Self {
        let setup = Arc::new(Setup { store, options });
        Self { process: Process::start(&setup), setup }
    }

    fn shared(&self) -> &Arc<Shared> {
        let generation = fork::generation();
        let mut process = &self.process;
        while process.generation != generation {
            process = process.child.get_or_init(|| Box::new(Process::start(&self.setup)));
        }
        &process.shared
    }

    /// Counts an occurrence of a storming event; `true` says that this was done, and no event is needed.
    pub(crate) fn coalesce(&self, like: Likeness, at: Timestamp) -> bool {
        self.shared().coalesce(like, at)
    }

    /// Takes an event. Never waits for the store.
    pub(crate) fn submit(&self, event: Event, like: Likeness) {
        self.shared().submit(Box::new(event), like);
    }

    /// Waits until everything that any thread submitted or counted before this call is stored, at most `timeout`.
    /// What was lost before is told once.
    pub(crate) fn flush(&self, timeout: Duration) -> Result<(), Partial> {
        self.shared().flush(timeout)
    }

    /// The process ends: waits like [`Pipeline::flush`]. A forked child that never captured anything has nothing to
    /// wait for.
    pub(crate) fn flush_at_exit(&self, timeout: Duration) {
        if self.process.generation == fork::generation() || self.process.child.get().is_some() {
            let _ = self.flush(timeout);
        }
    }

    /// Changes an event that still waits; says whether there was one with this id.
    pub(crate) fn amend(&self, id: &str, change: impl FnOnce(&mut Event)) -> bool {
        self.shared().amend(id, change)
    }

    /// Counts an event that was lost before it could be queued.
    pub(crate) fn drop_one(&self, reason: &'static str) {
        self.shared().drop_one(reason);
    }

    pub(crate) fn health(&self) -> Health {
        Health { store: format!("{:?}", self.setup.store), ..self.shared().health() }
    }

    /// Flushes and ends the thread, in `timeout` at most; what comes later, and what could not be stored in time, is
    /// dropped.
    pub(crate) fn stop(&self, timeout: Duration) -> Result<(), Partial> {
        let start = Instant::now();
        let shared = self.shared();
        let flushed = shared.flush(timeout);
        shared.stop(timeout.saturating_sub(start.elapsed()));
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
