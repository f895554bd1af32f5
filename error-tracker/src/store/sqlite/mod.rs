//! Events in a SQLite file.

mod age;
mod connections;
mod delete;
#[allow(unsafe_code, reason = "`pthread_atfork`")]
mod fork;
mod journal;
mod open;
mod paths;
mod probe;
mod prune;
mod read;
mod recent_batches;
#[allow(unsafe_code, reason = "`statvfs`")]
mod reserve;
mod schema;
#[allow(unsafe_code, reason = "`pthread_sigmask`, `getrlimit`")]
mod size_limit;
mod slot;
mod space;
mod transaction;
mod write;
mod written_batch;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, ErrorCode};

use super::{
    EventSelector, IssueQuery, Page, Pruned, Recorded, Retention, Sighting, Store, StoreError,
};
use crate::event::{Event, Issue, Status, Timestamp};
use crate::fork::PerProcess;
use crate::store::clock::StoreClock;
use connections::StoreConnections;
use delete::DeleteStep;
use written_batch::WrittenBatch;

/// Keeps events in one SQLite file, beside which SQLite puts two more while it is in use (`-wal`, `-shm`).
///
/// Several processes may use the same file. What [`Store::record`] has acknowledged is on the disk, also when the
/// machine loses power. The file is readable by its owner only, and what is deleted is overwritten. [`Store::close`],
/// and dropping the store, leave one file.
///
/// On a full disk [`Store::record`] returns [`StoreError::Full`], while deleting works: where less than 1 GiB is
/// left, a file of at most 1 MiB beside this one (`-reserve`) keeps room for it.
///
/// A program that links SQLite before 3.51.3, which may damage a file in WAL mode, takes the file out of that mode
/// before it writes ([`StoreError::Unavailable`] while others use it).
///
/// A file that is deleted, replaced or overwritten while it is in use is noticed by [`Store::look`], and at the next
/// batch. What goes on is the file now at the path; one that is damaged is set aside as `NAME.corrupt-TIME`, and a
/// new one is started. What this store recorded last (in a minute, 4 MiB at most) is written into it again, unless it
/// is there.
///
/// ```
/// use error_tracker::store::{IssueQuery, SqliteStore, Store};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("errors.db");
/// let store = SqliteStore::open(&path)?;
/// assert!(store.issues(&IssueQuery::default())?.items.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SqliteStore {
    path: PathBuf,
    folder: Option<PathBuf>,
    retention: Retention,
    connections: Arc<StoreConnections>,
    /// As it was seen when something was recorded.
    clock: PerProcess<Mutex<Option<StoreClock>>>,
    /// Whether the text index may still hold what was deleted.
    unpurged: AtomicBool,
}

impl SqliteStore {
    /// Opens a file for reading and writing; makes it where it is missing.
    ///
    /// # Errors
    /// It cannot be opened or made, is not ours, or was written by a newer version. The error names the file, what
    /// is wrong and what to do.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let store = Self::new(path.as_ref(), StoreConnections::new());
        store.write_small(|_| Ok(()))?;
        Ok(store)
    }

    /// Opens an existing file for reading only; what would change it fails. It may be in a folder that cannot be
    /// written, and it may be somebody else's.
    ///
    /// # Errors
    /// As [`SqliteStore::open`], when it does not exist, and when a part of it is in a journal beside it that cannot be
    /// read from here.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let store = Self::new(path.as_ref(), StoreConnections::read_only());
        store.connections.read(&store.path, |_| Ok(()))?;
        Ok(store)
    }

    /// Makes a store whose file is opened for reading and writing when it is first used, in a folder that is made
    /// then, for its owner only, if it is given. As long as the file is missing nothing is read.
    pub(crate) fn unopened(path: &Path, folder: Option<PathBuf>) -> Self {
        Self { folder, ..Self::new(path, StoreConnections::new()) }
    }

    fn new(path: &Path, connections: Arc<StoreConnections>) -> Self {
        Self {
            path: absolute(path),
            folder: None,
            retention: Retention::default(),
            connections,
            clock: PerProcess::new(Mutex::default(), Mutex::default),
            unpurged: AtomicBool::new(false),
        }
    }

    fn write<T>(
        &self,
        write: impl Fn(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.make_folder()?;
        self.keep_journal_small();
        self.connections.write(&self.path, write)
    }

    fn keep_journal_small(&self) {
        if space::SizeBounds::of(&self.retention).is_journal_full(&self.path) {
            // Readers that are not done in time do not keep anything from being written.
            let _ = self.connections.checkpoint(&self.path);
        }
    }

    fn make_folder(&self) -> Result<(), StoreError> {
        self.folder.as_deref().map_or(Ok(()), open::make_folder)
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connections.read(&self.path, read)
    }

    /// Keeps as much as `retention` allows, instead of [`Retention::default`]. Its numbers hold at every batch, its
    /// age when [`Store::prune`] is called.
    #[must_use]
    pub fn with_retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Gives all free room of the file back to the file system. [`Store::prune`] does so by itself for files that
    /// this version has made; one of an older version is written anew for it, once, which takes as much room again
    /// for a moment.
    ///
    /// # Errors
    /// Others use the file, or the disk is full.
    pub fn compact(&self) -> Result<(), StoreError> {
        if !self.read(space::gives_back)? {
            self.write(|connection| space::compact(connection))?;
            // The open connections do not know.
            self.connections.close(&self.path)?;
        }
        self.give_back()?;
        self.tidy()
    }

    fn give_back(&self) -> Result<(), StoreError> {
        self.in_steps(
            DeleteStep::Large,
            |connection, step| space::give_back(connection, step),
            |more| more,
        )
    }

    /// Writes step by step for as long as `goes_on` says so of what one has done. Each is a transaction of its own,
    /// so that batches get their turn between. On a full disk the steps become small, and have the room of the
    /// reserve.
    fn in_steps<T: Copy>(
        &self,
        mut step: DeleteStep,
        run: impl Fn(&mut Connection, DeleteStep) -> Result<T, StoreError>,
        mut goes_on: impl FnMut(T) -> bool,
    ) -> Result<(), StoreError> {
        loop {
            match self.write(|connection| run(connection, step)) {
                Ok(done) if goes_on(done) => {}
                Ok(_) => return Ok(()),
                Err(StoreError::Full(_)) if step == DeleteStep::Large => {
                    step = DeleteStep::Small;
                    self.connections.release_reserve(&self.path);
                }
                Err(error) => return Err(error),
            }
            if step == DeleteStep::Small {
                // The journal's room serves the next one.
                let _ = self.connections.checkpoint(&self.path);
            }
        }
    }

    /// Writes; on a full disk into the room of the reserve.
    fn write_small<T>(
        &self,
        write: impl Fn(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.write(&write) {
            Err(StoreError::Full(_)) => {
                self.connections.release_reserve(&self.path);
                let _ = self.connections.checkpoint(&self.path);
                self.write(write)
            }
            other => other,
        }
    }

    fn delete_on_full_disk(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        self.connections.release_reserve(&self.path);
        let mut deleted = 0;
        let delete = |connection: &mut Connection, _| delete::delete_some(connection, hashes);
        self.in_steps(DeleteStep::Small, delete, |some| {
            deleted += some.issues;
            some != Pruned::default()
        })?;
        let _ = self.give_back();
        Ok(deleted)
    }

    /// Takes what was deleted out of the files.
    fn tidy(&self) -> Result<(), StoreError> {
        if self.unpurged.swap(false, Ordering::Relaxed) {
            let purged = self.write(|connection| delete::purge_text(connection));
            self.unpurged.fetch_or(purged.is_err(), Ordering::Relaxed);
            purged?;
        }
        self.connections.checkpoint(&self.path)?;
        self.connections.keep_reserve(&self.path);
        Ok(())
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
        self.keep_journal_small();
        // Made before the lock is taken and the transaction begins.
        let mut written = Some(WrittenBatch::new(batch, &self.retention)?);
        let mut record = || {
            self.make_folder()?;
            self.connections.record(&self.path, &mut written, |connection, written| {
                let room = reserve::room(&self.path);
                space::check_room(&written.payloads, room)?;
                write::record(connection, batch, written, &self.retention, self.clock.get(), room)
            })
        };
        let batch = match record() {
            Err(StoreError::Full(_)) if self.connections.checkpoint(&self.path).is_ok() => {
                // The journal may have had the room.
                record()?
            }
            recorded => recorded?,
        };
        self.unpurged.fetch_or(batch.evicted, Ordering::Relaxed);
        Ok(batch.recorded)
    }

    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        self.read(|connection| read::issues(connection, query))
    }

    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError> {
        self.read(|connection| read::issue(connection, hash))
    }

    fn event(&self, hash: &str, which: &EventSelector) -> Result<Option<Event>, StoreError> {
        self.read(|connection| read::event(connection, hash, which))
    }

    fn rewrite(&self, event: &Event) -> Result<bool, StoreError> {
        let payload = written_batch::payload(event)?;
        self.write(|connection| write::rewrite(connection, event, &payload))
    }

    fn set_status(&self, hashes: &[&str], status: Status) -> Result<u64, StoreError> {
        self.write_small(|connection| write::set_status(connection, hashes, status))
    }

    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        let deleted = match self.write(|connection| delete::delete(connection, hashes)) {
            Err(StoreError::Full(_)) => self.delete_on_full_disk(hashes)?,
            deleted => deleted?,
        };
        self.connections.forget(hashes);
        self.unpurged.store(true, Ordering::Relaxed);
        // It is deleted; what this leaves is done when idle.
        let _ = self.tidy();
        Ok(deleted)
    }

    fn hourly_counts(&self, hash: &str, since: Timestamp) -> Result<Vec<(u64, u64)>, StoreError> {
        self.read(|connection| read::hourly_counts(connection, hash, since))
    }

    fn prune(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let mut all = Pruned::default();
        let oldest = age::oldest(self.clock.get(), retention.max_age);
        let prune =
            |connection: &mut Connection, step| prune::prune(connection, retention, oldest, step);
        self.in_steps(DeleteStep::Large, prune, |some| {
            all.issues += some.issues;
            all.occurrences += some.occurrences;
            some != Pruned::default()
        })?;
        self.write_small(|connection| prune::prune_hours(connection, oldest))?;
        if all != Pruned::default() {
            self.unpurged.store(true, Ordering::Relaxed);
        }
        let _ = self.give_back().and_then(|()| self.tidy());
        Ok(all)
    }

    fn look(&self) -> Result<Option<String>, StoreError> {
        if self.connections.has_changed(&self.path) {
            self.write(|_| Ok(()))?;
        }
        self.connections.finding()
    }

    fn idle(&self) -> Result<(), StoreError> {
        self.tidy()
    }

    fn secret(&self) -> Result<Option<[u8; 32]>, StoreError> {
        if open::is_missing(&self.path) {
            return Ok(None);
        }
        self.read(read::secret).map(Some)
    }

    fn close(&self) -> Result<(), StoreError> {
        self.connections.close(&self.path)
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        self.read(read::check)
    }
}

/// Returns the absolute path: a program that changes its folder keeps its file.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Returns what a SQLite error means for the caller.
fn failure(error: rusqlite::Error) -> StoreError {
    /// `SQLITE_IOERR_WRITE` and `SQLITE_IOERR_SHMSIZE`: what a limit of file sizes gives, and a full disk in other
    /// places.
    const NO_ROOM: [i32; 2] = [778, 4874];
    if error.sqlite_error().is_some_and(|error| NO_ROOM.contains(&error.extended_code)) {
        return StoreError::Full(error.to_string());
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full(error.to_string()),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Damaged(error.to_string())
        }
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::SystemIoFailure
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::SchemaChanged,
        ) => StoreError::Unavailable(error.to_string()),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StoreError::Open(format!("the file cannot be written ({error}): check its permissions"))
        }
        _ => StoreError::Other(Box::new(error)),
    }
}

/// SQLite's integers are signed.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn number(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or(0)
}
