//! The journal mode of a file: a write-ahead log (WAL), or a rollback journal.
//!
//! In WAL mode readers and writers do not wait for each other. But SQLite before 3.51.3 may damage
//! such a file when several connections write and checkpoint at once (the "WAL-reset bug"), and a
//! program may have to link an older version. The mode is a property of the file, and all processes
//! follow it: new files are in WAL mode; an older SQLite changes the mode before it writes, and the
//! file stays in that mode.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::convert::failure;
use super::fork;
use super::paths::with_suffix;
use crate::store::StoreError;

/// The first SQLite without the WAL-reset bug.
const SAFE_WAL: i32 = 3_051_003;

/// The most time that a connection waits for the lock of another one.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The pause between two attempts to change the mode.
const RETRY_INTERVAL: Duration = Duration::from_millis(5);

pub(super) fn is_safe() -> bool {
    rusqlite::version_number() >= SAFE_WAL
}

fn is_wal(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .map(|mode: String| mode == "wal")
}

/// Chooses the mode of a file before it is written. Afterwards [`check`] decides whether the file
/// may be written.
pub(super) fn choose(connection: &Connection, is_new: bool) -> rusqlite::Result<()> {
    if is_new {
        change(connection, "auto_vacuum = INCREMENTAL")?;
    }
    match is_safe() {
        // If the file system does not support WAL, the mode does not change.
        true if is_new => change(connection, "journal_mode = WAL"),
        false if is_wal(connection)? => match change(connection, "journal_mode = DELETE") {
            // Other processes use the file; `check` reports it.
            Err(error) if is_busy(&error) => Ok(()),
            changed => changed,
        },
        _ => Ok(()),
    }
}

/// Fails in a transaction that must not write: another process that created the file may have
/// chosen WAL meanwhile.
pub(super) fn check(connection: &Connection) -> Result<(), StoreError> {
    if is_safe() || !is_wal(connection).map_err(failure)? {
        return Ok(());
    }
    Err(StoreError::Unavailable(format!(
        "the file is in use by a program with a newer SQLite, beside which this program's SQLite {} must not write: writing \
         is retried until that program ends, or link SQLite 3.51.3 or later",
        rusqlite::version()
    )))
}

/// Changes the mode. While other processes use the file SQLite answers "busy" at once, regardless
/// of the timeout.
fn change(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    let begun = Instant::now();
    loop {
        match connection.execute_batch(&format!("PRAGMA {mode}")) {
            Err(error)
                if is_busy(&error) && begun.elapsed() < BUSY_TIMEOUT && !fork::is_forking() =>
            {
                std::thread::sleep(RETRY_INTERVAL);
            }
            changed => return changed,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Returns the journal beside the file, if there is one with content, or one that another process
/// has open.
pub(super) fn existing_journal(path: &Path) -> Option<PathBuf> {
    let has = |suffix, least| {
        let journal = with_suffix(path, suffix);
        std::fs::metadata(&journal).is_ok_and(|found| found.len() >= least).then_some(journal)
    };
    has("-wal", 1).or_else(|| has("-journal", 1)).or_else(|| has("-shm", 0))
}
