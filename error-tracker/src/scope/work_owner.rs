//! The owner of the work that a thread does: the thread itself, or a task. Which errors were
//! reported is recorded for each owner.

use std::cell::Cell;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

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
