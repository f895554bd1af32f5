//! Opens files, and explains why a file cannot be opened.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OpenFlags};

use super::convert::failure;
use super::schema::{self, SchemaState};
use super::{fork, journal};
use crate::fork::PerProcess;
use crate::store::StoreError;
use crate::store::text::contains;

/// The interval at which a lock of another connection is tried.
const BUSY_STEP: Duration = Duration::from_millis(10);

const CACHED_STATEMENTS: usize = 64;

/// `synchronous = FULL` costs little with batches. A checkpoint at 16 MiB of journal instead of 4
/// MiB writes the pages that every batch changes less often; the journal is emptied when idle.
const WRITER_SETTINGS: &str = "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; \
    PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8000";

/// The identity of the file at a path: device and inode, or its creation time on systems without
/// them. `None` if there is no file.
pub(super) type FileIdentity = Option<(u64, u64)>;

/// Returns the identity of the file that is now at `path`.
pub(super) fn identity(path: &Path) -> FileIdentity {
    let file = fs::metadata(path).ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some((file.dev(), file.ino()))
    }
    #[cfg(not(unix))]
    Some((0, file.created().map_or(0, |made| crate::event::Timestamp::from(made).as_micros())))
}

/// Opens `path` for reading and writing, creates it if it does not exist, and brings its schema up
/// to date.
pub(super) fn for_writing(path: &Path) -> Result<Connection, StoreError> {
    make_private(path)?;
    check_is_file(path)?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let found = schema::state(&connection).map_err(|error| explain(path, error))?;
    let is_current = match found {
        SchemaState::Foreign => return Err(foreign(path)),
        SchemaState::Ours(version) => {
            schema::check_known(version)?;
            !schema::is_old(version)
        }
        SchemaState::Empty => false,
    };
    connection.execute_batch(WRITER_SETTINGS).map_err(|error| explain(path, error))?;
    journal::choose(&connection, matches!(found, SchemaState::Empty))
        .map_err(|error| explain(path, error))?;
    journal::check(&connection)?;
    // A file with the current schema is opened without a lock.
    if !is_current {
        schema::migrate(&mut connection).map_err(|error| match error {
            StoreError::Other(error) => {
                StoreError::Open(format!("{} cannot be set up: {error}", path.display()))
            }
            other => other,
        })?;
    }
    Ok(connection)
}

/// A file that was opened for reading.
pub(super) enum ReadableFile {
    Live(Connection),
    /// A snapshot, which does not show later changes, so it is used only once.
    Frozen(Connection),
    /// The schema has to be brought up to date first, as the error explains.
    Outdated(StoreError),
}

/// Opens `path` for reading, without creating files beside a file of another user.
pub(super) fn for_reading(path: &Path) -> Result<ReadableFile, StoreError> {
    check_is_file(path)?;
    let live =
        connect_to_read(path).and_then(|connection| Ok((schema::state(&connection)?, connection)));
    let (found, to_read): (_, fn(_) -> _) = match live {
        Ok(found) => (found, ReadableFile::Live),
        Err(error) if is_permission_error(&error) => {
            if let Some(journal) = journal::existing_journal(path) {
                return Err(StoreError::Open(format!(
                    "{} cannot be read from here, because a part of it is still in {} and that needs a writable \
                     folder ({error}): copy both into a folder of your own, or ask as the user who writes them",
                    path.display(),
                    journal.display()
                )));
            }
            let frozen = connect_by_uri(path, "immutable=1")
                .and_then(|connection| Ok((schema::state(&connection)?, connection)));
            (frozen.map_err(|error| explain(path, error))?, ReadableFile::Frozen)
        }
        Err(error) => return Err(explain(path, error)),
    };
    match found {
        (SchemaState::Foreign, _) => Err(foreign(path)),
        (SchemaState::Ours(version), _) if schema::is_old(version) => {
            Ok(ReadableFile::Outdated(StoreError::Open(format!(
                "{} was written by an older error-tracker: start the program that writes it once, which brings it \
                 up to date",
                path.display()
            ))))
        }
        (SchemaState::Ours(version), connection) => {
            schema::check_known(version).map(|()| to_read(connection))
        }
        // Another process has created it, and is about to write its schema.
        (SchemaState::Empty, _) => empty_database().map(ReadableFile::Frozen),
    }
}

/// Returns an empty database in memory, in place of a file that does not exist or has no schema
/// yet.
pub(super) fn empty_database() -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory().and_then(set_up).map_err(failure)?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

/// Returns whether `path` does not exist, but its folder does.
pub(super) fn is_missing(path: &Path) -> bool {
    let is_absent = |path: &Path| matches!(fs::symlink_metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound);
    is_absent(path) && path.parent().is_none_or(|folder| !is_absent(folder))
}

/// Fails if the file is no longer a database, regardless of what open connections have cached. With
/// `whole` every page is read.
pub(super) fn check_file(path: &Path, whole: bool) -> Result<(), StoreError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    schema::state(&connection).map_err(failure)?;
    if !whole {
        return Ok(());
    }
    let found: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failure)?;
    if found == "ok" { Ok(()) } else { Err(StoreError::Damaged(found.replace('\n', " "))) }
}

fn connect(path: &Path, mode: OpenFlags) -> Result<Connection, StoreError> {
    let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connected = Connection::open_with_flags(path, flags).and_then(set_up);
    connected.map_err(|error| explain(path, error))
}

/// Opens the file with write permission if possible: then the last reader removes the files beside
/// it, and a journal that a crash has left is applied. Otherwise SQLite must not create files
/// there, because the owner could not use them.
fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    if connection.is_readonly(rusqlite::MAIN_DB)? {
        connection = connect_by_uri(path, "readonly_shm=1")?;
    }
    let connection = set_up(connection)?;
    connection.execute_batch("PRAGMA query_only = ON")?;
    Ok(connection)
}

fn connect_by_uri(path: &Path, parameter: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let uri = format!("{}?{parameter}", uri(path));
    Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI).and_then(set_up)
}

/// Returns the URI of a file for SQLite (RFC 3986, except for bytes that are not text), to which
/// parameters can be added.
fn uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    let bytes = path.as_os_str().as_encoded_bytes();
    if cfg!(windows) {
        // `file:///C:/a/b.db`
        uri.push_str("///");
    }
    for &byte in bytes {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'/' | b'-' | b'_' | b'.' | b':' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

fn set_up(mut connection: Connection) -> rusqlite::Result<Connection> {
    wait_for_locks(&mut connection)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // Otherwise a statement whose LIMIT or OFFSET is a parameter would be recompiled for each
    // value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // `LIKE` ignores the case of ASCII letters only.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("has_part", 2, flags, |arguments| {
        let text = |at| arguments.get_raw(at).as_str().unwrap_or_default();
        Ok(contains(text(0), text(1)))
    })?;
    Ok(connection)
}

/// Makes a connection wait for locks, except while a thread forks, which waits for the connection.
pub(super) fn wait_for_locks(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(|times| {
        let keeps_waiting = !fork::is_forking()
            && u32::try_from(times).is_ok_and(|times| BUSY_STEP * times < journal::BUSY_TIMEOUT);
        if keeps_waiting {
            thread::sleep(if times < 5 { BUSY_STEP / 10 } else { BUSY_STEP });
        }
        keeps_waiting
    }))
}

/// Creates the file before SQLite does, so that it and the journal files get these permissions.
fn make_private(path: &Path) -> Result<(), StoreError> {
    // One at a time in this process: closing the handle that created the file would release the
    // locks of another connection.
    static MAKING: PerProcess<Mutex<()>> = PerProcess::new(Mutex::new(()), Mutex::default);
    let _making = MAKING.get().lock().unwrap_or_else(PoisonError::into_inner);
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
        Err(error) if is_transient(&error) => Err(StoreError::Unavailable(format!(
            "{} cannot be created now: {error}",
            path.display()
        ))),
        Err(error)
            if error.kind() == io::ErrorKind::NotFound
                && path.parent().is_some_and(Path::exists) =>
        {
            Err(StoreError::Open(format!(
                "{} cannot be created there ({error}): name another file",
                path.display()
            )))
        }
        Err(error) => Err(io_error(path, &error)),
    }
}

/// Creates a folder if it does not exist, accessible to its owner only.
pub(super) fn make_folder(folder: &Path) -> Result<(), StoreError> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder).map_err(|error| {
        let problem = format!("cannot create {}: {error}", folder.display());
        if is_transient(&error) {
            StoreError::Unavailable(problem)
        } else {
            StoreError::Open(problem)
        }
    })
}

/// Returns whether a retry may succeed: the disk is full, or the process has too many open files.
fn is_transient(error: &io::Error) -> bool {
    /// `EMFILE` and `ENFILE` are these on all Unix systems.
    const TOO_MANY_OPEN: [i32; 2] = [24, 23];
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        || cfg!(unix) && error.raw_os_error().is_some_and(|number| TOO_MANY_OPEN.contains(&number))
}

/// Fails if `path` is not a file. Does not open it: closing another handle of the file would
/// release SQLite's locks in this process.
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
                "{shown} cannot be created, because the folder {} does not exist: create it first",
                folder.display()
            )
        }
        _ if error.kind() == io::ErrorKind::NotFound => {
            format!("{shown} does not exist: check the name, or start the program that writes it")
        }
        _ if path.is_dir() => {
            return check_is_file(path).err().unwrap_or_else(|| not_a_database(path));
        }
        _ => format!(
            "{shown} cannot be opened ({error}): check its permissions, or name another file"
        ),
    })
}

fn is_permission_error(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::ReadOnly)
    )
}

pub(super) fn explain(path: &Path, error: rusqlite::Error) -> StoreError {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) {
        return not_a_database(path);
    }
    if !is_permission_error(&error) {
        return failure(error);
    }
    // SQLite does not say why.
    if let Err(reason) = fs::read_dir(path.parent().unwrap_or(path))
        && is_transient(&reason)
    {
        return StoreError::Unavailable(format!(
            "{} cannot be opened now: {reason}",
            path.display()
        ));
    }
    StoreError::Open(format!(
        "{} cannot be opened ({error}): check the permissions of the file and its folder, or name another file",
        path.display()
    ))
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::Path;

    #[test]
    fn special_characters_of_uris_are_escaped() {
        let uri = super::uri(Path::new("/a b/100%?#.db"));
        assert_eq!(uri, "file:/a%20b/100%25%3F%23.db");
    }
}
