//! How a file is written: ahead, into a journal of its own (WAL), or with a journal of what was there before.
//!
//! In WAL mode nobody waits for anybody. But SQLite before 3.51.3 may damage such a file when several connections
//! write and checkpoint at once (the "WAL-reset bug"), and a program may have to link an older one. So it is a
//! property of the file, which all that use it follow: a new file is in WAL mode; an older SQLite takes it out of
//! that before it writes, and it stays so.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::paths::with_suffix;
use super::{failure, fork};
use crate::store::StoreError;

/// The first SQLite without the WAL-reset bug.
const SAFE_WAL: i32 = 3_051_003;

/// The longest wait of a connection for the lock of another one.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// The pause between two tries to change the mode.
const AGAIN: Duration = Duration::from_millis(5);

pub(super) fn is_safe() -> bool {
    rusqlite::version_number() >= SAFE_WAL
}

fn is_ahead(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .map(|mode: String| mode == "wal")
}

/// Chooses the mode of a file before it is written. [`check`] says whether the file may be written then.
pub(super) fn choose(connection: &Connection, is_new: bool) -> rusqlite::Result<()> {
    if is_new {
        change(connection, "auto_vacuum = INCREMENTAL")?;
    }
    match is_safe() {
        // Where a file system has not what WAL needs, the mode stays what it was.
        true if is_new => change(connection, "journal_mode = WAL"),
        false if is_ahead(connection)? => match change(connection, "journal_mode = DELETE") {
            // Others use the file: `check` says so.
            Err(error) if is_busy(&error) => Ok(()),
            changed => changed,
        },
        _ => Ok(()),
    }
}

/// Fails in a transaction that must not write: another program, which makes the file, may have chosen WAL meanwhile.
pub(super) fn check(connection: &Connection) -> Result<(), StoreError> {
    if is_safe() || !is_ahead(connection).map_err(failure)? {
        return Ok(());
    }
    Err(StoreError::Unavailable(format!(
        "the file is in use by a program with a newer SQLite, beside which this program's SQLite {} must not write: it \
         is tried again until that program ends, or link SQLite 3.51.3 or later",
        rusqlite::version()
    )))
}

/// Changes the mode. While others use the file SQLite answers "busy" at once, whatever the timeout.
fn change(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    let begun = Instant::now();
    loop {
        match connection.execute_batch(&format!("PRAGMA {mode}")) {
            Err(error) if is_busy(&error) && begun.elapsed() < BUSY && !fork::waits() => {
                std::thread::sleep(AGAIN);
            }
            changed => return changed,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Returns the journal that holds what is not in the file yet, or that somebody has open.
pub(super) fn beside(path: &Path) -> Option<PathBuf> {
    let has = |suffix, least| {
        let journal = with_suffix(path, suffix);
        std::fs::metadata(&journal).is_ok_and(|found| found.len() >= least).then_some(journal)
    };
    has("-wal", 1).or_else(|| has("-journal", 1)).or_else(|| has("-shm", 0))
}
