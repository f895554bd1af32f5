//! Events that were lost after they were accepted, by thread, until a flush reports them.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The number of threads that are distinguished; losses of others are reported as those of no thread.
const THREADS: usize = 1024;

/// A thread, by a number that is not given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ThreadNumber(u64);

impl ThreadNumber {
    /// Returns the number of this thread, also while it ends.
    pub(super) fn current() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        thread_local!(static OWN: Cell<u64> = const { Cell::new(0) });
        OWN.with(|own| {
            if own.get() == 0 {
                own.set(LAST.fetch_add(1, Relaxed) + 1);
            }
            Self(own.get())
        })
    }
}

#[derive(Default)]
pub(super) struct ThreadLosses {
    of: HashMap<ThreadNumber, u64>,
    /// Counts of storms, which may be of many threads.
    of_none: u64,
}

impl ThreadLosses {
    /// Notes an event's loss with the `count - 1` that were counted onto it, or that of counts alone.
    pub(super) fn add(&mut self, thread: Option<ThreadNumber>, count: u64) {
        let thread =
            thread.filter(|thread| self.of.len() < THREADS || self.of.contains_key(thread));
        match thread {
            Some(thread) => *self.of.entry(thread).or_default() += count,
            None => self.of_none += count,
        }
    }

    /// Returns once what this thread lost, and what belongs to no thread.
    pub(super) fn tell(&mut self, thread: ThreadNumber) -> u64 {
        self.of.remove(&thread).unwrap_or_default() + std::mem::take(&mut self.of_none)
    }
}
