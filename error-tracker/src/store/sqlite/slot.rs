//! One connection, to the file that is at the path now.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::failure;
use super::open::{self, FileIdentity, ReadableFile, identity, wait_for_locks};
use super::paths::with_suffix;
use super::probe::{FileProbe, FileState};
use super::recent_batches::{self, RecentBatches, RestoreOutcome};
use super::reserve;
use crate::event::Timestamp;
use crate::store::StoreError;
use crate::warning::warn;

/// How long a checkpoint waits for readers: the next idle second is soon enough.
const CHECKPOINT_BUSY: Duration = Duration::from_millis(50);

/// A connection, and what is known of its file.
#[derive(Debug, Default)]
pub(super) struct ConnectionSlot {
    pub(super) connection: Option<Connection>,
    pub(super) identity: FileIdentity,
    /// The journal that belongs to it.
    journal: FileIdentity,
    /// Whether something was written since the last checkpoint.
    dirty: bool,
    /// How the file was left, as far as that is known.
    left: Option<FileState>,
    probe: FileProbe,
    pub(super) kept: RecentBatches,
    /// Whether the file now at the path may lack what was recorded.
    owes: bool,
    /// Where a damaged one went, until what was in it is written again.
    pub(super) aside: Option<String>,
    /// The finding that was not reported yet, and whether something is lost.
    pub(super) finding: Option<String>,
    pub(super) has_lost: bool,
}

impl ConnectionSlot {
    /// Returns whether this is a connection to what is at `path` now.
    pub(super) fn is_current(&self, path: &Path) -> bool {
        self.connection.is_some() && self.identity == identity(path)
    }

    pub(super) fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        self.connection.as_mut().ok_or_else(|| StoreError::Unavailable("no connection".to_owned()))
    }

    pub(super) fn keep(&mut self, path: &Path, connection: Connection) -> &mut Connection {
        let before = std::mem::replace(&mut self.identity, identity(path));
        self.journal = identity(&with_suffix(path, "-wal"));
        if self.left.is_some() && before == self.identity {
            self.probe.reopen();
        } else {
            (self.left, self.probe) = (FileState::of(path), FileProbe::begin(&connection));
        }
        self.connection.insert(connection)
    }

    /// Returns what is to be read, unless this has it open already.
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
            return open::nothing().map(|empty| Some(ReadableFile::Live(empty)));
        }
        open::for_reading(path).map(Some)
    }

    /// Returns the connection that writes to what is at `path` now.
    pub(super) fn current(&mut self, path: &Path) -> Result<&mut Connection, StoreError> {
        if self.is_current(path) {
            return self.connection();
        }
        let is_other = self.identity.is_some() && self.identity != identity(path);
        self.owes |= self.kept.has_recorded()
            && (is_other || FileState::of(path).is_some_and(FileState::is_empty));
        let was_open = self.connection.take().is_some();
        let journal = with_suffix(path, "-wal");
        if was_open && self.journal.is_some() && self.journal == identity(&journal) {
            // The journal of a file that is gone would be taken for that of the file now at the path.
            let _ = fs::remove_file(&journal);
            let _ = fs::remove_file(with_suffix(path, "-shm"));
        }
        let connection = open::for_writing(path)?;
        reserve::keep(path);
        Ok(self.keep(path, connection))
    }

    pub(super) fn checkpoint(&mut self, path: &Path) -> Result<(), StoreError> {
        if !self.dirty || identity(path).is_none() {
            self.forget_what_is_sound(path);
            return Ok(());
        }
        // A fork may have closed it.
        self.current(path)?;
        self.probe(path)?;
        let connection = self.connection()?;
        connection.busy_timeout(CHECKPOINT_BUSY).map_err(failure)?;
        let busy: rusqlite::Result<bool> =
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        wait_for_locks(connection).map_err(failure)?;
        self.dirty = busy.map_err(failure)?;
        self.leave(path);
        self.forget_what_is_sound(path);
        Ok(())
    }

    pub(super) fn forget_what_is_sound(&mut self, path: &Path) {
        if !self.dirty && self.probe.is_done() && !self.has_changed(path) {
            self.kept.is_sound();
        }
    }

    pub(super) fn has_changed(&self, path: &Path) -> bool {
        self.owes || self.identity != identity(path) || self.left != FileState::of(path)
    }

    /// The file is now as this process has written it, unless somebody's change is still to be looked at.
    pub(super) fn leave(&mut self, path: &Path) {
        if self.probe.is_done() {
            self.left = FileState::of(path).filter(|left| !left.is_empty());
        }
    }

    /// Looks at a file that somebody changed: SQLite itself writes into a file that was overwritten, from what it has
    /// cached.
    pub(super) fn probe(&mut self, path: &Path) -> Result<(), StoreError> {
        let now = FileState::of(path);
        if now == self.left {
            return Ok(());
        }
        let Some(connection) = &self.connection else { return Ok(()) };
        self.probe.look(path, now, connection)?;
        self.leave(path);
        Ok(())
    }

    /// Writes again what is not in the file now at the path.
    pub(super) fn restore(&mut self, path: &Path) -> Result<(), StoreError> {
        if !self.owes {
            return Ok(());
        }
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let restored = match self.kept.restore(connection, reserve::room(path)) {
            Err(error @ StoreError::Other(_)) => {
                warn(format_args!(
                    "what was in {} cannot be written again: {error}",
                    path.display()
                ));
                RestoreOutcome::default()
            }
            restored => restored?,
        };
        self.owes = false;
        self.has_lost |= restored.lost > 0;
        let what = self
            .aside
            .take()
            .unwrap_or_else(|| format!("{} was deleted or replaced", path.display()));
        let what = format!("{what}; {}", recent_batches::words(restored));
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
        self.leave(path);
        if matches!(written, Err(StoreError::Open(_))) {
            // A folder that was not writable may be so next time.
            self.connection = None;
        }
        written
    }
}

/// Renames a damaged file with its journal, for somebody to look at.
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
