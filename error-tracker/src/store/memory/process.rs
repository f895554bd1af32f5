//! The data of a process and of those that are forked from it.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

use super::state::MemoryState;
use crate::fork::{self, SetOnce};

/// The data of one process. A forked child needs its own, because a lock may have been held at the
/// fork.
pub(super) struct Process {
    /// The number of forks between the program's start and this process.
    generation: u32,
    kept: Mutex<MemoryState>,
    child: SetOnce<Process>,
}

/// The interval and number of the attempts of a forked child to lock and copy its parent's data.
/// Another thread of the child may hold the lock for a moment; a thread of the parent that held it
/// at the fork never releases it.
const COPY_RETRY_INTERVAL: Duration = Duration::from_millis(1);
const MAX_COPY_RETRIES: u32 = 200;

impl Process {
    pub(super) fn of(kept: MemoryState) -> Self {
        fork::count();
        Self { generation: fork::generation(), kept: Mutex::new(kept), child: SetOnce::new() }
    }

    /// Returns the data of this process, which was forked from that of `self`.
    fn of_child(&self) -> &Self {
        for _ in 0..MAX_COPY_RETRIES {
            if let Some(child) = self.child.get() {
                return child;
            }
            let copy = match self.kept.try_lock() {
                Ok(kept) => kept.clone(),
                Err(TryLockError::Poisoned(kept)) => kept.into_inner().clone(),
                Err(TryLockError::WouldBlock) => {
                    thread::sleep(COPY_RETRY_INTERVAL);
                    continue;
                }
            };
            return self.child.get_or_set(Self::of(copy)).0;
        }
        self.child.get_or_set(Self::of(MemoryState::default())).0
    }

    /// Locks the data of the running process. A poisoned lock is usable, because nothing panics in
    /// the middle of a change.
    pub(super) fn lock(&self) -> MutexGuard<'_, MemoryState> {
        let mut process = self;
        while process.generation != fork::generation() {
            process = process.of_child();
        }
        process.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
