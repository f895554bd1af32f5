//! What each process has for itself: connections cannot be shared with a forked child.

use std::process;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::batch_mark::BatchWriter;
use crate::worker::DatabaseWorker;

/// The threads of a process, and the state of its recording.
#[derive(Debug)]
pub(crate) struct ProcessState {
    id: u32,
    /// Runs what changes something.
    pub(crate) writer: DatabaseWorker,
    /// Runs what a person waits for.
    pub(crate) reader: DatabaseWorker,
    recording: Mutex<BatchWriter>,
    child: OnceLock<Box<ProcessState>>,
}

impl ProcessState {
    pub(crate) fn new() -> Self {
        Self {
            id: process::id(),
            writer: DatabaseWorker::new("error-tracker-postgres-writer"),
            reader: DatabaseWorker::new("error-tracker-postgres-reader"),
            recording: Mutex::default(),
            child: OnceLock::new(),
        }
    }

    /// Locks the state of the recording. A poisoned lock is usable, because nothing panics in the
    /// middle of a change.
    pub(crate) fn recording(&self) -> MutexGuard<'_, BatchWriter> {
        self.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether this process has recorded something.
    pub(crate) fn has_recorded(&self) -> bool {
        self.recording().clock_stored.is_some()
    }

    /// Returns the state of this process. A child that was forked begins with its own.
    pub(crate) fn current(&self) -> &Self {
        let mut state = self;
        while state.id != process::id() {
            state = state.child.get_or_init(|| Box::new(Self::new()));
        }
        state
    }
}
