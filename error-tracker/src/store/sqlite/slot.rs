//! One connection to the file that is now at the path.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::convert::failure;
use super::open::{self, FileIdentity, ReadableFile, identity, wait_for_locks};
use super::paths::with_suffix;
use super::probe::{FileProbe, FileState};
use super::recent_batches::{self, RecentBatches, RestoreOutcome};
use super::reserve;
use crate::event::Timestamp;
use crate::store::StoreError;
use crate::warning::warn;

/// The most time that a checkpoint waits for readers. It is repeated in the next idle second.
const CHECKPOINT_BUSY: Duration = Duration::from_millis(50);

/// A connection, and the state of its file.
#[derive(Debug, Default)]
pub(super) struct ConnectionSlot {
    pub(super) connection: Option<Connection>,
    pub(super) identity: FileIdentity,
    /// The journal of the file.
    journal: FileIdentity,
    /// Whether something was written since the last checkpoint.
    dirty: bool,
    /// Size and time of the file after the last write, if known.
    last_state: Option<FileState>,
    probe: FileProbe,
    pub(super) recent: RecentBatches,
    /// Whether the file that is now at the path may lack recorded batches.
    may_lack_batches: bool,
    /// The message about a damaged file that was renamed, until its events are written again.
    pub(super) set_aside_message: Option<String>,
    /// The message that was not reported yet, and whether events are lost.
    pub(super) finding: Option<String>,
    pub(super) has_lost: bool,
}

impl ConnectionSlot {
    /// Returns whether this is a connection to the file that is now at `path`.
    pub(super) fn is_current(&self, path: &Path) -> bool {
        self.connection.is_some() && self.identity == identity(path)
    }

    pub(super) fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        self.connection.as_mut().ok_or_else(|| StoreError::Unavailable("no connection".to_owned()))
    }

    pub(super) fn set_connection(
        &mut self,
        path: &Path,
        connection: Connection,
    ) -> &mut Connection {
        let before = std::mem::replace(&mut self.identity, identity(path));
        self.journal = identity(&with_suffix(path, "-wal"));
        if self.last_state.is_some() && before == self.identity {
            self.probe.reopen();
        } else {
            (self.last_state, self.probe) = (FileState::of(path), FileProbe::begin(&connection));
        }
        self.connection.insert(connection)
    }

    /// Opens the file for reading; returns `None` if it is already open.
    pub(super) fn open_to_read(
        &mut self,
        path: &Path,
        may_be_missing: bool,
    ) -> Result<Option<ReadableFile>, StoreError> {
        if self.is_current(path) {
            return Ok(None);
        }
        self.connection = None;
        if may_be_missing && open::is_missing(path) {
            return open::empty_database().map(|empty| Some(ReadableFile::Live(empty)));
        }
        open::for_reading(path).map(Some)
    }

    /// Returns the connection that writes to the file that is now at `path`.
    pub(super) fn current(&mut self, path: &Path) -> Result<&mut Connection, StoreError> {
        if self.is_current(path) {
            return self.connection();
        }
        let is_other = self.identity.is_some() && self.identity != identity(path);
        self.may_lack_batches |= self.recent.has_recorded()
            && (is_other || FileState::of(path).is_some_and(FileState::is_empty));
        let was_open = self.connection.take().is_some();
        let journal = with_suffix(path, "-wal");
        if was_open && self.journal.is_some() && self.journal == identity(&journal) {
            // SQLite would apply the journal of a deleted file to the file that is now at the path.
            let _ = fs::remove_file(&journal);
            let _ = fs::remove_file(with_suffix(path, "-shm"));
        }
        let connection = open::for_writing(path)?;
        reserve::keep_if_needed(path);
        Ok(self.set_connection(path, connection))
    }

    pub(super) fn checkpoint(&mut self, path: &Path) -> Result<(), StoreError> {
        if !self.dirty || identity(path).is_none() {
            self.forget_old_batches(path);
            return Ok(());
        }
        // A fork may have closed the connection.
        self.current(path)?;
        self.probe(path)?;
        let connection = self.connection()?;
        connection.busy_timeout(CHECKPOINT_BUSY).map_err(failure)?;
        let busy: rusqlite::Result<bool> =
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        wait_for_locks(connection).map_err(failure)?;
        self.dirty = busy.map_err(failure)?;
        self.remember_state(path);
        self.forget_old_batches(path);
        Ok(())
    }

    pub(super) fn forget_old_batches(&mut self, path: &Path) {
        if !self.dirty && self.probe.is_done() && !self.has_changed(path) {
            self.recent.forget_old();
        }
    }

    pub(super) fn has_changed(&self, path: &Path) -> bool {
        self.may_lack_batches
            || self.identity != identity(path)
            || self.last_state != FileState::of(path)
    }

    /// Remembers size and time of the file, unless a change by another process is still to be
    /// checked.
    pub(super) fn remember_state(&mut self, path: &Path) {
        if self.probe.is_done() {
            self.last_state = FileState::of(path).filter(|left| !left.is_empty());
        }
    }

    /// Checks the file if another process has changed it. SQLite itself does not notice if a file
    /// was overwritten, and writes into it from its cache.
    pub(super) fn probe(&mut self, path: &Path) -> Result<(), StoreError> {
        let now = FileState::of(path);
        if now == self.last_state {
            return Ok(());
        }
        let Some(connection) = &self.connection else { return Ok(()) };
        self.probe.check(path, now, connection)?;
        self.remember_state(path);
        Ok(())
    }

    /// Writes the recorded batches again that the file at the path does not have.
    pub(super) fn restore(&mut self, path: &Path) -> Result<(), StoreError> {
        if !self.may_lack_batches {
            return Ok(());
        }
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let restored = match self.recent.restore(connection, reserve::free_space(path)) {
            Err(error @ StoreError::Other(_)) => {
                warn(format_args!(
                    "the events of {} cannot be written again: {error}",
                    path.display()
                ));
                RestoreOutcome::default()
            }
            restored => restored?,
        };
        self.may_lack_batches = false;
        self.has_lost |= restored.lost > 0;
        let what = self
            .set_aside_message
            .take()
            .unwrap_or_else(|| format!("{} was deleted or replaced", path.display()));
        let what = format!("{what}; {}", recent_batches::describe(restored));
        warn(format_args!("{what}"));
        self.finding = Some(what);
        Ok(())
    }

    pub(super) fn write<T>(
        &mut self,
        path: &Path,
        write: impl Fn(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let current = self.current(path).map(drop).and_then(|()| self.probe(path));
        let current = current.and_then(|()| self.restore(path));
        let written = current.and_then(|()| write(self.current(path)?));
        self.dirty = true;
        self.remember_state(path);
        if matches!(written, Err(StoreError::Open(_))) {
            // A folder that is not writable may be writable next time.
            self.connection = None;
        }
        written
    }
}

/// Renames a damaged file with its journal, so that it can be examined.
pub(super) fn set_aside(path: &Path, what: &str) -> Result<String, StoreError> {
    let time: String =
        Timestamp::now().to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    let aside = with_suffix(path, &format!(".corrupt-{time}"));
    for journal in ["-wal", "-shm", "-journal"] {
        let _ = fs::rename(with_suffix(path, journal), with_suffix(&aside, journal));
    }
    let renamed = fs::rename(path, &aside);
    let (path, aside) = (path.display(), aside.display());
    renamed.map_err(|error| {
        StoreError::Open(format!(
            "{path} is damaged ({what}) and cannot be set aside as {aside}: {error}"
        ))
    })?;
    Ok(format!("{path} is damaged ({what}); it is now {aside}, and a new one is used"))
}
