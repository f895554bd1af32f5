//! A file in which batches wait while the server is away.
//!
//! It is opened for each use, so that nothing of it is shared with a forked child. Every batch has
//! the mark of the process that wrote it (batch_mark.rs), so that it is recorded once, whichever
//! process drains it, and however often that is interrupted.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use error_tracker::event::Timestamp;
use error_tracker::json;
use error_tracker::store::StoreError;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, TransactionBehavior};
use serde::{Deserialize, Serialize};

use crate::batch::PreparedBatch;
use crate::batch_mark::BatchMark;
use crate::convert::{integer, number};

/// The size at which the file takes no more batches.
const MAX_BYTES: u64 = 256 << 20;
/// After which time batches are dropped.
const MAX_AGE: Duration = Duration::from_secs(7 * 86_400);
/// How long to wait for other processes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

const SCHEMA: &str = "PRAGMA auto_vacuum = FULL;
    PRAGMA secure_delete = ON;
    CREATE TABLE IF NOT EXISTS spool (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        events INTEGER NOT NULL,
        batch TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS secret (bytes BLOB NOT NULL) STRICT";

/// The file, and what is known of it.
#[derive(Debug)]
pub(crate) struct Spool {
    path: PathBuf,
    /// The events that wait, as of the last use.
    waiting: AtomicU64,
    /// The events that this process has dropped from it.
    dropped: AtomicU64,
    /// Whether the file was not looked at yet.
    is_unknown: AtomicBool,
}

/// A batch that waits.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SpooledBatch {
    pub(crate) mark: BatchMark,
    pub(crate) batch: PreparedBatch,
}

impl Spool {
    pub(crate) fn new(path: &Path) -> Self {
        // The file stays the same if the program changes its current folder.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let (waiting, dropped) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { path, waiting, dropped, is_unknown: AtomicBool::new(true) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns how many events wait, as far as this process knows.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Returns how many events this process has dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(crate) fn note_dropped(&self, events: u64) {
        self.dropped.fetch_add(events, Ordering::Relaxed);
    }

    /// Returns whether the file may have batches.
    pub(crate) fn may_have_batches(&self) -> bool {
        self.waiting() > 0 || (self.is_unknown.load(Ordering::Relaxed) && self.path.exists())
    }

    /// Adds a batch. It is on the disk when this returns.
    ///
    /// # Errors
    /// If there is no room, or the file cannot be written.
    pub(crate) fn append(
        &self,
        batch: &SpooledBatch,
        secret: Option<[u8; 32]>,
    ) -> Result<(), StoreError> {
        let text = json::to_string(batch).map_err(|error| StoreError::Other(Box::new(error)))?;
        let events: u64 = batch.batch.sightings.iter().map(|sighting| sighting.count).sum();
        let waiting = self.with(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = "SELECT coalesce(sum(length(batch)), 0) FROM spool";
            let bytes = number(transaction.query_row(sql, [], |row| row.get(0))?);
            if bytes.saturating_add(text.len() as u64) > MAX_BYTES {
                return Ok(None);
            }
            let now = integer(Timestamp::now().as_micros());
            let sql = "INSERT INTO spool (at, events, batch) VALUES (?, ?, ?)";
            transaction.execute(sql, (now, integer(events), &text))?;
            if let Some(secret) = secret {
                transaction.execute("DELETE FROM secret", [])?;
                transaction.execute("INSERT INTO secret VALUES (?)", [&secret[..]])?;
            }
            let waiting = count(&transaction)?;
            transaction.commit()?;
            Ok(Some(waiting))
        })?;
        let full =
            || StoreError::Full(format!("{} has {MAX_BYTES} bytes of events", self.path.display()));
        self.know(waiting.ok_or_else(full)?);
        Ok(())
    }

    /// Returns the oldest batch with its number; none if it cannot be read, which a newer version may
    /// have written.
    pub(crate) fn first(&self) -> Result<Option<(i64, Option<SpooledBatch>)>, StoreError> {
        let sql = "SELECT id, batch FROM spool ORDER BY id LIMIT 1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
        let (first, waiting) = self.with(|connection| {
            Ok((connection.query_row(sql, [], read).optional()?, count(connection)?))
        })?;
        self.know(waiting);
        Ok(first.map(|(id, text)| (id, json::from_str(&text).ok())))
    }

    /// Removes a batch. Returns the number of its events.
    pub(crate) fn remove(&self, id: i64) -> Result<u64, StoreError> {
        let (events, waiting) = self.with(|connection| {
            let sql = "DELETE FROM spool WHERE id = ? RETURNING events";
            let events: Option<i64> =
                connection.query_row(sql, [id], |row| row.get(0)).optional()?;
            Ok((events.map_or(0, number), count(connection)?))
        })?;
        self.know(waiting);
        Ok(events)
    }

    /// Removes batches that are too old. Returns the number of their events.
    pub(crate) fn remove_old(&self) -> Result<u64, StoreError> {
        let before = integer(Timestamp::now().minus(MAX_AGE).as_micros());
        let (events, waiting) = self.with(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = "SELECT coalesce(sum(events), 0) FROM spool WHERE at < ?";
            let events = number(transaction.query_row(sql, [before], |row| row.get(0))?);
            transaction.execute("DELETE FROM spool WHERE at < ?", [before])?;
            let waiting = count(&transaction)?;
            transaction.commit()?;
            Ok((events, waiting))
        })?;
        self.know(waiting);
        Ok(events)
    }

    /// Returns the random bytes of the database, if they were ever read.
    pub(crate) fn secret(&self) -> Option<[u8; 32]> {
        if !self.path.exists() {
            return None;
        }
        let sql = "SELECT bytes FROM secret";
        self.with(|connection| connection.query_row(sql, [], |row| row.get(0)).optional())
            .ok()
            .flatten()
    }

    fn know(&self, waiting: u64) {
        self.waiting.store(waiting, Ordering::Relaxed);
        self.is_unknown.store(false, Ordering::Relaxed);
    }

    fn with<T>(
        &self,
        run: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.open().and_then(|mut connection| run(&mut connection)).map_err(|error| {
            let text = format!("{}: {error}", self.path.display());
            match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => StoreError::Full(text),
                Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                    StoreError::Damaged(text)
                }
                _ => StoreError::Unavailable(text),
            }
        })
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        // SQLite would create it readable by others. It says what is wrong if this fails.
        drop(options.open(&self.path));
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.execute_batch(SCHEMA)?;
        Ok(connection)
    }
}

fn count(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT coalesce(sum(events), 0) FROM spool";
    connection.query_row(sql, [], |row| row.get(0)).map(number)
}

#[cfg(test)]
mod tests {
    use error_tracker::event::Event;
    use error_tracker::store::{Sighting, StoreError};

    use super::{Spool, SpooledBatch};
    use crate::batch::PreparedBatch;
    use crate::batch_mark::BatchWriter;

    fn batch(count: u64) -> SpooledBatch {
        let event = Event::default();
        let at = event.at;
        let batch = [Sighting::new(event).repeated(count, at)];
        SpooledBatch {
            mark: BatchWriter::default().next_mark().unwrap(),
            batch: PreparedBatch::new(&batch, None).unwrap(),
        }
    }

    #[test]
    fn batches_come_out_in_their_order_and_old_ones_are_dropped_with_their_number() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(&folder.path().join("spool.db"));
        assert!(!spool.may_have_batches() && spool.secret().is_none());
        assert!(!spool.path().exists(), "it is created when it is needed");
        for count in [3, 4, 5] {
            spool.append(&batch(count), Some([7; 32])).unwrap();
        }
        assert_eq!((spool.waiting(), spool.secret()), (12, Some([7; 32])));
        // Another process.
        let other = Spool::new(spool.path());
        assert!(other.may_have_batches());
        let (first, read) = other.first().unwrap().unwrap();
        assert_eq!(read.unwrap().batch.sightings[0].count, 3);
        assert_eq!((other.remove(first).unwrap(), other.waiting()), (3, 9));
        assert_eq!(spool.remove(first).unwrap(), 0, "somebody else did");
        let connection = rusqlite::Connection::open(spool.path()).unwrap();
        connection.execute("UPDATE spool SET at = 7 WHERE events = 4", []).unwrap();
        assert_eq!((spool.remove_old().unwrap(), spool.waiting()), (4, 5));
        connection.execute("UPDATE spool SET batch = 'no JSON'", []).unwrap();
        assert!(spool.first().unwrap().unwrap().1.is_none());
    }

    #[cfg(unix)]
    #[test]
    fn others_cannot_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(&folder.path().join("spool.db"));
        spool.append(&batch(1), None).unwrap();
        assert_eq!(spool.path().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(spool.path(), [7; 5_000]).unwrap();
        assert!(matches!(spool.append(&batch(1), None), Err(StoreError::Damaged(_))));
    }
}
