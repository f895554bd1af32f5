//! Opening a file, and saying in words what is wrong with it.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::failure;
use super::schema::{self, Found};
use crate::store::StoreError;

/// How long a connection waits for another one's lock.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// Older versions may damage a WAL file that several connections use.
const SAFE_WAL: i32 = 3_051_003;

const STATEMENTS: usize = 64;

/// FULL costs nothing in batches. A checkpoint at 16 MiB of journal instead of 4 MiB writes the pages that every batch
/// touches less often; the journal is emptied when idle.
const WRITING: &str = "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; \
    PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8000";

/// Which file is at a path: device and inode; always `None` where the system has none.
pub(super) type Identity = Option<(u64, u64)>;

/// What is at `path` now.
pub(super) fn identity(path: &Path) -> Identity {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Opens `path` for reading and writing, makes it where it is missing and brings its schema up to date.
pub(super) fn for_writing(path: &Path) -> Result<Connection, StoreError> {
    check_sqlite(rusqlite::version_number())?;
    // One at a time in this process: closing the handle that made the file would end the locks of another one.
    static OPENING: Mutex<()> = Mutex::new(());
    let _opening = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    make_private(path)?;
    check_is_file(path)?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    match schema::look(&connection).map_err(|error| explain(path, error))? {
        Found::Foreign => return Err(foreign(path)),
        Found::Ours(version) => schema::check_known(version)?,
        Found::Empty => {}
    }
    let mode = write_ahead(&connection).map_err(|error| explain(path, error))?;
    if mode != "wal" {
        return Err(StoreError::Open(format!(
            "{} is on a file system without the shared memory that SQLite's WAL needs: put it on a local disk",
            path.display()
        )));
    }
    connection.execute_batch(WRITING).map_err(|error| explain(path, error))?;
    schema::migrate(&mut connection).map_err(|error| match error {
        StoreError::Other(error) => StoreError::Open(format!("{} cannot be set up: {error}", path.display())),
        other => other,
    })?;
    Ok(connection)
}

/// Turns the journal into one that is written ahead. While another program does the same SQLite answers "busy" at
/// once, whatever the timeout.
fn write_ahead(connection: &Connection) -> rusqlite::Result<String> {
    let begun = Instant::now();
    loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)) {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && begun.elapsed() < BUSY =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            answer => return answer,
        }
    }
}

/// Opens `path` for reading; it must exist and be up to date.
pub(super) fn for_reading(path: &Path) -> Result<Connection, StoreError> {
    check_sqlite(rusqlite::version_number())?;
    check_is_file(path)?;
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    match schema::look(&connection).map_err(|error| explain(path, error))? {
        Found::Foreign => Err(foreign(path)),
        Found::Ours(version) if schema::is_old(version) => Err(StoreError::Open(format!(
            "{} was written by an older error-tracker: start the program that writes it once, which brings it up to \
             date",
            path.display()
        ))),
        Found::Ours(version) => schema::check_known(version).map(|()| connection),
        Found::Empty => Err(StoreError::Open(format!(
            "{} is empty: start the program that writes it, or name another file",
            path.display()
        ))),
    }
}

/// Fails when what is on the disk is no database any more, whatever open connections have cached.
pub(super) fn probe(path: &Path) -> Result<(), StoreError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    schema::look(&connection).map(drop).map_err(failure)
}

fn connect(path: &Path, mode: OpenFlags) -> Result<Connection, StoreError> {
    let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| explain(path, error))?;
    connection.busy_timeout(BUSY).map_err(|error| explain(path, error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else a statement whose LIMIT or OFFSET is a parameter is compiled again whenever a value is bound to it.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(|error| explain(path, error))?;
    Ok(connection)
}

fn check_sqlite(version: i32) -> Result<(), StoreError> {
    if version >= SAFE_WAL {
        return Ok(());
    }
    Err(StoreError::Open(format!(
        "SQLite {}.{}.{} may damage files that several connections use: link 3.51.3 or later, as rusqlite's feature \
         `bundled` does",
        version / 1_000_000,
        version / 1000 % 1000,
        version % 1000
    )))
}

/// Makes the file before SQLite does: the journal files get the same permissions.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.parent().is_some_and(Path::exists) => {
            Err(StoreError::Open(format!(
                "{} cannot be made there ({error}): name another file",
                path.display()
            )))
        }
        Err(error) => Err(io_error(path, &error)),
    }
}

/// The file itself is opened by SQLite only: closing any other handle of it would end SQLite's locks in this process.
fn check_is_file(path: &Path) -> Result<(), StoreError> {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(StoreError::Open(format!(
            "{shown} is a folder: name a file, such as {}",
            path.join("errors.db").display()
        ))),
        Ok(_) => Ok(()),
        Err(error) => Err(io_error(path, &error)),
    }
}

fn not_a_database(path: &Path) -> StoreError {
    StoreError::Open(format!("{} is not a SQLite database: name another file", path.display()))
}

fn foreign(path: &Path) -> StoreError {
    StoreError::Open(format!(
        "{} is a database of another program and is left alone: name another file",
        path.display()
    ))
}

fn io_error(path: &Path, error: &io::Error) -> StoreError {
    let shown = path.display();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    StoreError::Open(match folder {
        Some(folder) if error.kind() == io::ErrorKind::NotFound && !folder.exists() => {
            format!(
                "{shown} cannot be made, because the folder {} does not exist: make it first",
                folder.display()
            )
        }
        _ if error.kind() == io::ErrorKind::NotFound => {
            format!("{shown} does not exist: check the name, or start the program that writes it")
        }
        _ if path.is_dir() => return check_is_file(path).err().unwrap_or_else(|| not_a_database(path)),
        _ => format!("{shown} cannot be opened ({error}): check its permissions, or name another file"),
    })
}

fn explain(path: &Path, error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => not_a_database(path),
        Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::ReadOnly) => StoreError::Open(format!(
            "{} cannot be opened ({error}): check the permissions of the file and its folder, or name another file",
            path.display()
        )),
        _ => failure(error),
    }
}

#[cfg(test)]
mod tests {
    use super::{SAFE_WAL, check_sqlite};

    #[test]
    fn a_sqlite_with_the_wal_reset_bug_is_refused_and_the_linked_one_is_not() {
        let error = check_sqlite(3_051_002).unwrap_err().to_string();
        assert!(error.starts_with("SQLite 3.51.2 may damage files"), "{error}");
        assert!(check_sqlite(SAFE_WAL).is_ok());
        assert!(check_sqlite(rusqlite::version_number()).is_ok());
    }
}
