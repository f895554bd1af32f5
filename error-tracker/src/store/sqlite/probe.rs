//! Checks files that another process has changed.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use rusqlite::Connection;

use super::convert::failure;
use super::open;
use crate::store::StoreError;

/// The least interval of checks of the whole file while other processes write into it.
const MIN_CHECK_INTERVAL: Duration = Duration::from_secs(10);

/// Larger files are not checked as a whole while other processes write into them.
const MAX_CHECKED_BYTES: u64 = 16 << 20;

/// Checks take at most one part in this many of all time.
const MAX_TIME_SHARE: u32 = 20;

/// Size and time of a file.
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

    /// SQLite never leaves a file empty.
    pub(super) fn is_empty(self) -> bool {
        self.length == 0
    }
}

/// Tracks the changes of a file.
#[derive(Debug, Default)]
pub(super) struct FileProbe {
    /// SQLite's count of the commits by other connections, if known.
    other_commits: Option<i64>,
    /// When the whole file was last checked, and how long it took.
    last_full_check: Option<(Instant, Duration)>,
    /// Whether a change is still to be checked.
    is_due: bool,
}

impl FileProbe {
    /// Returns whether every change was checked.
    pub(super) fn is_done(&self) -> bool {
        !self.is_due
    }

    /// Creates the probe of a file that was just opened.
    pub(super) fn begin(connection: &Connection) -> Self {
        Self { other_commits: commits(connection).ok(), ..Self::default() }
    }

    /// Notes that the same file was opened again. It is not known what others wrote meanwhile.
    pub(super) fn reopen(&mut self) {
        self.other_commits = None;
    }

    /// Fails if the file on the disk is no longer an intact database, regardless of what open
    /// connections have cached. A file that was changed without SQLite is checked as a whole.
    pub(super) fn check(
        &mut self,
        path: &Path,
        now: Option<FileState>,
        connection: &Connection,
    ) -> Result<(), StoreError> {
        self.is_due = true;
        let length = now.map_or(0, |now| now.length);
        if now.is_none_or(FileState::is_empty) {
            // SQLite would take it for a new file and delete its journal.
            return Err(StoreError::Damaged("it was cut to 0 bytes".to_owned()));
        }
        let others = commits(connection)?;
        let by_others = self.other_commits.replace(others) != Some(others);
        let least = if by_others { MIN_CHECK_INTERVAL } else { Duration::ZERO };
        let is_due = self
            .last_full_check
            .is_none_or(|(at, took)| at.elapsed() >= least.max(took * MAX_TIME_SHARE));
        let is_whole = is_due && (!by_others || length <= MAX_CHECKED_BYTES);
        let begun = Instant::now();
        open::check_file(path, is_whole)?;
        if is_whole {
            self.last_full_check = Some((begun, begun.elapsed()));
        }
        self.is_due = !is_whole && !by_others;
        Ok(())
    }
}

fn commits(connection: &Connection) -> Result<i64, StoreError> {
    connection.query_row("PRAGMA data_version", [], |row| row.get(0)).map_err(failure)
}
