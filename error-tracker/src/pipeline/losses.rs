//! Counts events that were lost after they were accepted, by thread, until a flush reports them.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Threads that are distinguished. Losses of further threads are counted without a thread.
const MAX_THREADS: usize = 1024;

/// The number of a thread, which is never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ThreadNumber(u64);

impl ThreadNumber {
    /// Returns the number of this thread. Works also while the thread ends.
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
    /// Counts of storms, which may come from many threads.
    without_thread: u64,
}

impl ThreadLosses {
    /// Adds `count` lost occurrences: an event of `thread` with its repeats, or only repeats.
    pub(super) fn add(&mut self, thread: Option<ThreadNumber>, count: u64) {
        let thread =
            thread.filter(|thread| self.of.len() < MAX_THREADS || self.of.contains_key(thread));
        match thread {
            Some(thread) => *self.of.entry(thread).or_default() += count,
            None => self.without_thread += count,
        }
    }

    /// Returns and resets the losses of this thread and those without a thread.
    pub(super) fn take_unreported(&mut self, thread: ThreadNumber) -> u64 {
        self.of.remove(&thread).unwrap_or_default() + std::mem::take(&mut self.without_thread)
    }
}
