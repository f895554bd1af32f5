//! Work that no fork interrupts: a child would have a half of it, and the locks that it takes would
//! stay locked there.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

/// How often threads that wait look again.
const STEP: Duration = Duration::from_micros(200);
/// How many times a fork looks whether the work is done: 1 s in all.
#[cfg(unix)]
const STEPS: u32 = 5_000;

/// Work of one kind. A fork waits until no thread is at it, 1 s at most, and threads that begin
/// meanwhile wait for the fork.
pub(crate) struct CriticalSection {
    /// The number of threads at work, and `FORK` for each thread that is about to fork. It is one
    /// number, so that no thread begins once a fork waits.
    threads: AtomicUsize,
    was_interrupted: AtomicBool,
}

const FORK: usize = 1 << (usize::BITS / 2);

impl CriticalSection {
    pub(crate) const fn new() -> Self {
        Self { threads: AtomicUsize::new(0), was_interrupted: AtomicBool::new(false) }
    }

    /// Begins the work, which lasts as long as the returned guard lives.
    pub(crate) fn enter(&'static self) -> SectionGuard {
        let begin = |threads| (threads < FORK).then_some(threads + 1);
        while self.threads.fetch_update(SeqCst, SeqCst, begin).is_err() {
            thread::sleep(STEP);
        }
        SectionGuard { section: self }
    }

    /// Returns whether a thread is about to fork, and waits for this work.
    #[cfg(feature = "sqlite")]
    pub(crate) fn is_awaited(&self) -> bool {
        self.threads.load(SeqCst) >= FORK
    }

    /// Returns whether threads of the parent were at work at the fork that made this process, which
    /// took longer than the fork could wait.
    #[cfg(feature = "sqlite")]
    pub(crate) fn was_interrupted(&self) -> bool {
        self.was_interrupted.load(SeqCst)
    }

    /// Called before a fork. Returns whether no thread is at work.
    #[cfg(unix)]
    pub(crate) fn begin_fork(&self) -> bool {
        self.threads.fetch_add(FORK, SeqCst);
        for _ in 0..STEPS {
            if self.threads.load(SeqCst).is_multiple_of(FORK) {
                return true;
            }
            thread::sleep(STEP);
        }
        false
    }

    /// Called after a fork in the parent.
    #[cfg(unix)]
    pub(crate) fn end_fork(&self) {
        self.threads.fetch_sub(FORK, SeqCst);
    }

    /// Called after a fork in the child, which has none of the parent's threads.
    #[cfg(unix)]
    pub(crate) fn end_fork_in_child(&self) {
        let is_interrupted = !self.threads.swap(0, SeqCst).is_multiple_of(FORK);
        self.was_interrupted.fetch_or(is_interrupted, SeqCst);
    }
}

pub(crate) struct SectionGuard {
    section: &'static CriticalSection,
}

impl Drop for SectionGuard {
    fn drop(&mut self) {
        self.section.threads.fetch_sub(1, SeqCst);
    }
}
