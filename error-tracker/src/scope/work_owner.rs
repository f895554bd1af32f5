//! The owner of the work that a thread does: the thread itself, or a task. Which errors were
//! reported is recorded for each owner.

use std::any::Any;
use std::cell::Cell;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

thread_local! {
    static CURRENT: CurrentOwner = const { CurrentOwner { number: Cell::new(None), of_task: Cell::new(false) } };
}

/// The owner of the thread's current work.
struct CurrentOwner {
    number: Cell<Option<NonZeroU64>>,
    of_task: Cell<bool>,
}

/// The identity of a thread or task, unique while the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WorkOwner {
    number: NonZeroU64,
    pub(crate) is_task: bool,
}

impl WorkOwner {
    /// Returns the owner of the work that this thread does now. Numbers are assigned on first use.
    pub(crate) fn current() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        CURRENT.with(|current| {
            let new =
                || NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed)).unwrap_or(NonZeroU64::MAX);
            let number = current.number.get().unwrap_or_else(new);
            current.number.set(Some(number));
            Self { number, is_task: current.of_task.get() }
        })
    }
}

/// The identity of a future that may be a task.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TaskOwner(Option<NonZeroU64>);

impl TaskOwner {
    /// Makes this task the owner of the thread's work until the guard is dropped. Returns `None` if
    /// a task owns it already: then this future is a part of that task.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn enter(&mut self) -> Option<OwnerGuard<'_>> {
        CURRENT.with(|current| {
            (!current.of_task.replace(true))
                .then(|| OwnerGuard { outer: current.number.replace(self.0), task: self })
        })
    }
}

/// Restores the former owner when it is dropped.
pub(crate) struct OwnerGuard<'a> {
    outer: Option<NonZeroU64>,
    task: &'a mut TaskOwner,
}

impl Drop for OwnerGuard<'_> {
    fn drop(&mut self) {
        CURRENT.with(|current| {
            self.task.0 = current.number.replace(self.outer);
            current.of_task.set(false);
        });
    }
}

/// A piece of work that is done in one scope and those made of it, by any number of tasks and
/// threads, such as a web request. A module above keeps its failures here.
#[derive(Clone)]
pub(crate) struct ScopeWork {
    number: WorkNumber,
    since: Instant,
    failures: Arc<dyn Any + Send + Sync>,
    subject: Arc<dyn Any + Send + Sync>,
}

/// The identity of a piece of work, unique while the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WorkNumber(NonZeroU64);

/// The work that the current scope belongs to, if any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CurrentWork {
    /// Its number, and when it began.
    work: Option<(WorkNumber, Instant)>,
    /// Whether it takes failures that belong to no work.
    is_open: bool,
}

impl ScopeWork {
    #[cfg_attr(not(feature = "web"), expect(dead_code, reason = "requests are such work"))]
    pub(crate) fn new(
        failures: Arc<dyn Any + Send + Sync>,
        subject: Arc<dyn Any + Send + Sync>,
    ) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number =
            NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed)).unwrap_or(NonZeroU64::MAX);
        Self { number: WorkNumber(number), since: Instant::now(), failures, subject }
    }

    pub(crate) fn number(&self) -> WorkNumber {
        self.number
    }

    /// Returns its failures, as the type that they were given as.
    pub(crate) fn failures<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        Arc::clone(&self.failures).downcast().ok()
    }

    /// Returns what the work is, as the type that it was given as.
    #[cfg_attr(not(feature = "web"), expect(dead_code, reason = "requests are such work"))]
    pub(crate) fn subject<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        Arc::clone(&self.subject).downcast().ok()
    }
}

impl CurrentWork {
    pub(super) fn new(work: Option<&ScopeWork>) -> Self {
        Self { work: work.map(|work| (work.number, work.since)), is_open: true }
    }

    /// Returns the same work, which does not take failures that belong to no work.
    pub(crate) fn closed(self) -> Self {
        Self { is_open: false, ..self }
    }

    /// Returns when it began.
    pub(crate) fn since(self) -> Option<Instant> {
        self.work.map(|(_, since)| since)
    }

    /// Whether a failure, observed at a moment in the work with this number, cannot be one of the
    /// current work: it belongs to other work, or was there before this began. Outside of any work
    /// every failure may be meant.
    pub(crate) fn excludes(self, number: Option<WorkNumber>, at: Instant) -> bool {
        self.work.is_some_and(|(current, since)| match number {
            Some(number) => number != current,
            None => !self.is_open || at < since,
        })
    }
}
