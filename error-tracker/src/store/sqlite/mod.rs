//! Events in a SQLite file.

mod connections;
#[allow(unsafe_code, reason = "`pthread_atfork`")]
mod fork;
mod open;
mod read;
mod schema;
mod write;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::ErrorCode;

use super::{IssueQuery, Mark, Page, Pruned, Recorded, Retention, Sighting, Store, StoreError, Which};
use crate::event::{Event, Issue, Status, Timestamp};
use connections::Connections;

/// Keeps events in one SQLite file, beside which SQLite puts two more while it is in use (`-wal`, `-shm`).
///
/// Several processes may use the same file. What [`Store::record`] has acknowledged is on the disk, also when the
/// machine loses power. The file is readable by its owner only, and what is deleted is overwritten.
///
/// A file that is deleted or replaced while it is in use is noticed at the next batch, which goes into the file now
/// at the path. A file that turns out damaged is set aside as `NAME.corrupt-TIME`, and a new one is started.
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
    retention: Retention,
    connections: Connections,
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
        let path = absolute(path.as_ref());
        let connections = Connections::open(&path)?;
        Ok(Self { path, retention: Retention::default(), connections, unpurged: AtomicBool::new(false) })
    }

    /// Opens an existing file for reading only; what would change it fails.
    ///
    /// # Errors
    /// As [`SqliteStore::open`], and when it does not exist.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = absolute(path.as_ref());
        let connections = Connections::open_read_only(&path)?;
        Ok(Self { path, retention: Retention::default(), connections, unpurged: AtomicBool::new(false) })
    }

    /// Keeps as much as `retention` allows, instead of [`Retention::default`]. Its numbers hold at every batch, its
    /// age when [`Store::prune`] is called.
    #[must_use]
    pub fn with_retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Takes what was deleted out of the files.
    fn tidy(&self) -> Result<(), StoreError> {
        if self.unpurged.swap(false, Ordering::Relaxed) {
            let purged = self.connections.write(&self.path, write::purge);
            self.unpurged.fetch_or(purged.is_err(), Ordering::Relaxed);
            purged?;
        }
        self.connections.checkpoint(&self.path)
    }

    /// Where the file is.
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
        // Made before the lock is taken and the transaction begins.
        let payloads = write::payloads(batch)?;
        let record = |connection: &mut _| write::record(connection, batch, &payloads, &self.retention);
        let batch = self.connections.write(&self.path, record)?;
        self.unpurged.fetch_or(batch.evicted, Ordering::Relaxed);
        Ok(batch.recorded)
    }

    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        self.connections.read(&self.path, |connection| read::issues(connection, query))
    }

    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError> {
        self.connections.read(&self.path, |connection| read::issue(connection, hash))
    }

    fn event(&self, hash: &str, which: &Which) -> Result<Option<Event>, StoreError> {
        self.connections.read(&self.path, |connection| read::event(connection, hash, which))
    }

    fn set_status(&self, hashes: &[&str], status: Status) -> Result<u64, StoreError> {
        self.connections.write(&self.path, |connection| write::set_status(connection, hashes, status))
    }

    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        let deleted = self.connections.write(&self.path, |connection| write::delete(connection, hashes))?;
        self.unpurged.store(true, Ordering::Relaxed);
        // It is deleted; what this leaves is done when idle.
        let _ = self.tidy();
        Ok(deleted)
    }

    fn mark(&self, hash: &str, mark: &Mark) -> Result<(), StoreError> {
        self.connections.write(&self.path, |connection| write::mark(connection, hash, mark))
    }

    fn hours(&self, hash: &str, since: Timestamp) -> Result<Vec<(u64, u64)>, StoreError> {
        self.connections.read(&self.path, |connection| read::hours(connection, hash, since))
    }

    fn prune(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let mut all = Pruned::default();
        let oldest = Timestamp::now().minus(retention.max_age);
        // Each chunk is a transaction of its own, so that batches get their turn between.
        loop {
            let chunk = self
                .connections
                .write(&self.path, |connection| write::prune(connection, retention, oldest))?;
            all.issues += chunk.issues;
            all.occurrences += chunk.occurrences;
            if chunk == Pruned::default() {
                break;
            }
        }
        self.connections.write(&self.path, |connection| write::prune_hours(connection, oldest))?;
        if all != Pruned::default() {
            self.unpurged.store(true, Ordering::Relaxed);
            let _ = self.tidy();
        }
        Ok(all)
    }

    fn idle(&self) -> Result<(), StoreError> {
        self.tidy()
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        self.connections.read(&self.path, read::check)
    }
}

/// A program that changes its folder keeps its file.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// What a SQLite error means for the caller.
fn failure(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged(error.to_string()),
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
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
