//! Whether a file that somebody changed is whole.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use rusqlite::Connection;

use super::{failure, open};
use crate::store::StoreError;

/// How far apart looks through a whole file are at least, while other processes write into it, too.
const BESIDE_OTHERS: Duration = Duration::from_secs(10);

/// Beside other processes a larger file is not looked through.
const LARGE: u64 = 16 << 20;

/// Looking takes a part of all time that is this small at most.
const PART: u32 = 20;

/// How a file was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileState {
    length: u64,
    modified: Option<SystemTime>,
}

impl FileState {
    pub(super) fn of(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok()?;
        Some(Self { length: file.len(), modified: file.modified().ok() })
    }

    /// SQLite leaves no file so.
    pub(super) fn is_empty(self) -> bool {
        self.length == 0
    }
}

/// What is known of a file's changes.
#[derive(Debug, Default)]
pub(super) struct FileProbe {
    /// SQLite's count of what others have committed, where it is known.
    others: Option<i64>,
    /// When the whole file was looked through, and how long it took.
    looked: Option<(Instant, Duration)>,
    /// Whether that is still to be done for a change.
    waits: bool,
}

impl FileProbe {
    /// Returns whether nothing is to be looked at.
    pub(super) fn is_done(&self) -> bool {
        !self.waits
    }

    /// Begins with a file that was just opened.
    pub(super) fn begin(connection: &Connection) -> Self {
        Self { others: commits(connection).ok(), ..Self::default() }
    }

    /// The same file was opened again; what others wrote meanwhile is not known.
    pub(super) fn reopen(&mut self) {
        self.others = None;
    }

    /// Fails when what is on the disk is no whole database any more, whatever open connections have cached. A file that
    /// was changed by none who uses SQLite is looked through.
    pub(super) fn look(
        &mut self,
        path: &Path,
        now: Option<FileState>,
        connection: &Connection,
    ) -> Result<(), StoreError> {
        self.waits = true;
        let length = now.map_or(0, |now| now.length);
        if now.is_none_or(FileState::is_empty) {
            // SQLite would take it for a new file, and its journal away.
            return Err(StoreError::Damaged("it was cut to 0 bytes".to_owned()));
        }
        let others = commits(connection)?;
        let by_others = self.others.replace(others) != Some(others);
        let least = if by_others { BESIDE_OTHERS } else { Duration::ZERO };
        let is_due = self.looked.is_none_or(|(at, took)| at.elapsed() >= least.max(took * PART));
        let is_whole = is_due && (!by_others || length <= LARGE);
        let begun = Instant::now();
        open::probe(path, is_whole)?;
        if is_whole {
            self.looked = Some((begun, begun.elapsed()));
        }
        self.waits = !is_whole && !by_others;
        Ok(())
    }
}

fn commits(connection: &Connection) -> Result<i64, StoreError> {
    connection.query_row("PRAGMA data_version", [], |row| row.get(0)).map_err(failure)
}
