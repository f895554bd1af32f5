//! The queue and the thread of each observer.

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::event_observer::{EventObserver, ObserverHealth, StoredEvent};
use super::observer_context::{ObserverContext, ObserverFactory};
use super::reduced_event::weight;
use crate::background;
use crate::store::Store;
use crate::user_code::{self, UserCodeGuard};

/// The most events that wait for one observer.
const MAX_EVENTS: usize = 1_000;
/// The most bytes that wait for one observer.
const MAX_BYTES: usize = 8 << 20;
const PANICKED: &str = "panicked";

thread_local! {
    /// Whether this is an observer's thread.
    static OBSERVES: Cell<bool> = const { Cell::new(false) };
}

/// An observer with the path of its type.
pub(crate) struct NamedObserver {
    pub(crate) name: &'static str,
    pub(crate) source: ObserverSource,
}

/// Where the observer of a process comes from.
pub(crate) enum ObserverSource {
    /// One for all processes.
    Shared(Box<dyn EventObserver>),
    /// One that each process creates.
    PerProcess(Box<dyn ObserverFactory>),
}

/// Marks this thread as one that works for an observer: it never waits for observers.
pub(super) fn mark_thread() {
    OBSERVES.set(true);
}

/// The queues of all observers, in one process.
pub(super) struct ObserverQueues(Vec<Arc<ObserverQueue>>);

impl ObserverQueues {
    pub(super) fn new(observers: &[Arc<NamedObserver>], store: &Arc<dyn Store>) -> Self {
        let queue = |observer: &Arc<NamedObserver>| {
            Arc::new(ObserverQueue {
                observer: Arc::clone(observer),
                store: Arc::clone(store),
                created: OnceLock::new(),
                state: Mutex::default(),
                work: Condvar::new(),
                done: Condvar::new(),
            })
        };
        Self(observers.iter().map(queue).collect())
    }

    /// Starts the threads of observers that each process creates, which may have work before the
    /// first event.
    pub(super) fn start(&self) {
        let is_created = |queue: &&Arc<ObserverQueue>| {
            matches!(queue.observer.source, ObserverSource::PerProcess(_))
        };
        self.0.iter().filter(is_created).for_each(|queue| {
            queue.ensure_thread(&mut queue.state());
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Queues an event for each observer; never waits.
    pub(super) fn push(&self, stored: StoredEvent) {
        let weight = weight(&stored.event);
        let stored = Arc::new(stored);
        self.0.iter().for_each(|queue| queue.push(&stored, weight));
    }

    /// Waits, at most `timeout`, until the observers have handled all events that were queued
    /// before. Returns the number of events that still wait. An observer that flushes does not wait
    /// for itself.
    pub(super) fn wait(&self, timeout: Duration) -> u64 {
        if OBSERVES.get() {
            return 0;
        }
        let start = Instant::now();
        let left = || timeout.saturating_sub(start.elapsed());
        self.0.iter().map(|queue| queue.wait(left())).sum()
    }

    /// Drops waiting events, and ends the threads once they have handled the current event.
    pub(super) fn stop(&self) {
        self.0.iter().for_each(|queue| queue.stop());
    }

    pub(super) fn health(&self) -> Vec<ObserverHealth> {
        self.0.iter().map(|queue| queue.health()).collect()
    }
}

struct ObserverQueue {
    observer: Arc<NamedObserver>,
    store: Arc<dyn Store>,
    /// The observer that this process has created.
    created: OnceLock<Box<dyn EventObserver>>,
    state: Mutex<ObserverState>,
    /// The observer's thread waits here.
    work: Condvar,
    /// Flushes wait here.
    done: Condvar,
}

#[derive(Default)]
struct ObserverState {
    /// Events with their weights.
    queue: VecDeque<(Arc<StoredEvent>, usize)>,
    bytes: usize,
    /// The number of events that were queued, and of those that are finished.
    accepted: u64,
    finished: u64,
    failed: u64,
    dropped: u64,
    last_error: Option<String>,
    has_thread: bool,
    stopped: bool,
}

impl ObserverQueue {
    /// Locks the state. Code that runs under the lock never panics.
    fn state(&self) -> MutexGuard<'_, ObserverState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(self: &Arc<Self>, stored: &Arc<StoredEvent>, weight: usize) {
        let mut state = self.state();
        let is_full = state.queue.len() >= MAX_EVENTS || state.bytes + weight > MAX_BYTES;
        if state.stopped || is_full && !state.queue.is_empty() {
            state.dropped += 1;
            return;
        }
        if !self.ensure_thread(&mut state) {
            state.dropped += 1;
            return;
        }
        state.accepted += 1;
        state.bytes += weight;
        state.queue.push_back((Arc::clone(stored), weight));
        drop(state);
        self.work.notify_one();
    }

    /// Starts the observer's thread if it does not run. Returns whether it does.
    fn ensure_thread(self: &Arc<Self>, state: &mut ObserverState) -> bool {
        if state.has_thread {
            return true;
        }
        let ours = Arc::clone(self);
        match background::start("error-tracker-observer", move || ours.run()) {
            Ok(()) => state.has_thread = true,
            Err(error) => {
                state.last_error = Some(format!("no thread can be started: {error}"));
            }
        }
        state.has_thread
    }

    /// Returns the observer of this process, creating it if it is not yet. `None` if that panicked.
    fn current(&self) -> Option<&dyn EventObserver> {
        match &self.observer.source {
            ObserverSource::Shared(observer) => Some(&**observer),
            ObserverSource::PerProcess(factory) => {
                if self.created.get().is_none() {
                    let context = ObserverContext { store: Arc::clone(&self.store) };
                    let create = AssertUnwindSafe(|| factory.create(context));
                    let created = catch_unwind(create).map_err(user_code::drop_quietly).ok()?;
                    let _ = self.created.set(created);
                }
                self.created.get().map(|observer| &**observer)
            }
        }
    }

    /// Returns the observer if it was created.
    fn existing(&self) -> Option<&dyn EventObserver> {
        match &self.observer.source {
            ObserverSource::Shared(observer) => Some(&**observer),
            ObserverSource::PerProcess(_) => self.created.get().map(|observer| &**observer),
        }
    }

    /// Passes queued events to the observer until the queue is stopped.
    fn run(&self) {
        OBSERVES.set(true);
        {
            let _quiet = UserCodeGuard::with_panics_shown();
            self.current();
        }
        let mut state = self.state();
        loop {
            if state.stopped {
                return;
            }
            let Some((stored, weight)) = state.queue.pop_front() else {
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state.bytes -= weight;
            drop(state);
            let failure = self.observe(&stored);
            // Freed before the lock is taken.
            drop(stored);
            state = self.state();
            state.finished += 1;
            if let Some(failure) = failure {
                state.failed += 1;
                state.last_error = Some(failure);
            }
            self.done.notify_all();
        }
    }

    /// Runs the observer, and returns the text of its failure.
    fn observe(&self, stored: &StoredEvent) -> Option<String> {
        let _quiet = UserCodeGuard::with_panics_shown();
        let run = || match self.current() {
            Some(observer) => observer.observe(stored).err().map(|error| error.to_string()),
            None => Some("the observer could not be created".to_owned()),
        };
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
            user_code::drop_quietly(payload);
            Some(PANICKED.to_owned())
        })
    }

    fn wait(&self, timeout: Duration) -> u64 {
        let start = Instant::now();
        let state = self.state();
        let accepted = state.accepted;
        let is_late = |state: &mut ObserverState| state.finished < accepted && !state.stopped;
        let waited = self.done.wait_timeout_while(state, timeout, is_late);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let left = accepted.saturating_sub(state.finished);
        drop(state);
        if left > 0 {
            return left;
        }
        let _quiet = UserCodeGuard::with_panics_shown();
        let rest = timeout.saturating_sub(start.elapsed());
        let flush = || self.existing().map_or(0, |observer| observer.flush(rest));
        catch_unwind(AssertUnwindSafe(flush)).unwrap_or_else(|payload| {
            user_code::drop_quietly(payload);
            0
        })
    }

    fn stop(&self) {
        let mut state = self.state();
        state.stopped = true;
        let queue = std::mem::take(&mut state.queue);
        state.bytes = 0;
        state.accepted -= queue.len() as u64;
        state.dropped += queue.len() as u64;
        drop(state);
        drop(queue);
        self.work.notify_all();
        self.done.notify_all();
    }

    /// Returns the observer's own account of its channels.
    fn channels(&self) -> Vec<super::observer_context::ChannelHealth> {
        let _quiet = UserCodeGuard::with_panics_shown();
        let channels = || self.existing().map(EventObserver::channels).unwrap_or_default();
        catch_unwind(AssertUnwindSafe(channels)).unwrap_or_else(|payload| {
            user_code::drop_quietly(payload);
            Vec::new()
        })
    }

    fn health(&self) -> ObserverHealth {
        let channels = self.channels();
        let state = self.state();
        ObserverHealth {
            name: self.observer.name.to_owned(),
            observed: state.finished - state.failed,
            queued: state.accepted - state.finished,
            dropped: state.dropped,
            failed: state.failed,
            last_error: state.last_error.clone(),
            channels,
        }
    }
}
