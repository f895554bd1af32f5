//! Opening a file, and saying in words what is wrong with it.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OpenFlags};

use super::schema::{self, SchemaState};
use super::{failure, fork, journal};
use crate::fork::PerProcess;
use crate::store::StoreError;
use crate::store::text::contains;

/// The pause between two looks whether another connection's lock is free.
const BUSY_STEP: Duration = Duration::from_millis(10);

const STATEMENTS: usize = 64;

/// FULL costs nothing in batches. A checkpoint at 16 MiB of journal instead of 4 MiB writes the pages that every batch
/// touches less often; the journal is emptied when idle.
const WRITING: &str = "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; \
    PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8000";

/// Which file is at a path: device and inode, or when it was made where the system has none. `None`: no file.
pub(super) type FileIdentity = Option<(u64, u64)>;

/// Returns what is at `path` now.
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

/// Opens `path` for reading and writing, makes it where it is missing and brings its schema up to date.
pub(super) fn for_writing(path: &Path) -> Result<Connection, StoreError> {
    make_private(path)?;
    check_is_file(path)?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let found = schema::look(&connection).map_err(|error| explain(path, error))?;
    let is_current = match found {
        SchemaState::Foreign => return Err(foreign(path)),
        SchemaState::Ours(version) => {
            schema::check_known(version)?;
            !schema::is_old(version)
        }
        SchemaState::Empty => false,
    };
    connection.execute_batch(WRITING).map_err(|error| explain(path, error))?;
    journal::choose(&connection, matches!(found, SchemaState::Empty))
        .map_err(|error| explain(path, error))?;
    journal::check(&connection)?;
    // What needs no change takes no lock.
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

/// A file, opened for reading.
pub(super) enum ReadableFile {
    Live(Connection),
    /// As it is now: what is written later does not show, so it is for one use.
    Frozen(Connection),
    /// It has to be brought up to date first, which the error asks for.
    Outdated(StoreError),
}

/// Opens `path` for reading, and makes nothing beside a file that others own.
pub(super) fn for_reading(path: &Path) -> Result<ReadableFile, StoreError> {
    check_is_file(path)?;
    let live =
        connect_to_read(path).and_then(|connection| Ok((schema::look(&connection)?, connection)));
    let (found, to_read): (_, fn(_) -> _) = match live {
        Ok(found) => (found, ReadableFile::Live),
        Err(error) if is_out_of_reach(&error) => {
            if let Some(journal) = journal::beside(path) {
                return Err(StoreError::Open(format!(
                    "{} cannot be read from here, because a part of it is still in {} and that needs a writable \
                     folder ({error}): copy both into a folder of your own, or ask as the user who writes them",
                    path.display(),
                    journal.display()
                )));
            }
            let frozen = connect_by_uri(path, "immutable=1")
                .and_then(|connection| Ok((schema::look(&connection)?, connection)));
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
        // Somebody has made it, and is about to fill it.
        (SchemaState::Empty, _) => nothing().map(ReadableFile::Frozen),
    }
}

/// Returns an empty file that is nowhere, in place of one that is not there yet, or not filled.
pub(super) fn nothing() -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory().map_err(failure)?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

/// Returns whether `path` is not there, and may be made.
pub(super) fn is_missing(path: &Path) -> bool {
    let is_absent = |path: &Path| matches!(fs::symlink_metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound);
    is_absent(path) && path.parent().is_none_or(|folder| !is_absent(folder))
}

/// Fails where the file is not a database any more, whatever open connections have cached. With `whole` each page is
/// read.
pub(super) fn probe(path: &Path, whole: bool) -> Result<(), StoreError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    schema::look(&connection).map_err(failure)?;
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

/// For writing, if that is allowed: so the last one that reads takes away what lies beside the file, and what a crash
/// has left there is taken in. Where it is not allowed SQLite must make nothing there, since the owner could not use
/// it.
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

/// SQLite's name for a file, which may have parameters: RFC 3986, except for bytes that are not text.
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
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else a statement whose LIMIT or OFFSET is a parameter is compiled again whenever a value is bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // `LIKE` knows the cases of ASCII letters only.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("has_part", 2, flags, |arguments| {
        let text = |at| arguments.get_raw(at).as_str().unwrap_or_default();
        Ok(contains(text(0), text(1)))
    })?;
    Ok(connection)
}

/// Has a connection wait for locks, but not while somebody forks, who waits for it.
pub(super) fn wait_for_locks(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(|times| {
        let waits_on = !fork::waits()
            && u32::try_from(times).is_ok_and(|times| BUSY_STEP * times < journal::BUSY);
        if waits_on {
            thread::sleep(if times < 5 { BUSY_STEP / 10 } else { BUSY_STEP });
        }
        waits_on
    }))
}

/// Makes the file before SQLite does: the journal files get the same permissions.
fn make_private(path: &Path) -> Result<(), StoreError> {
    // One at a time in this process: closing the handle that made the file would end the locks of another one.
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
        Err(error) if may_pass(&error) => {
            Err(StoreError::Unavailable(format!("{} cannot be made now: {error}", path.display())))
        }
        Err(error)
            if error.kind() == io::ErrorKind::NotFound
                && path.parent().is_some_and(Path::exists) =>
        {
            Err(StoreError::Open(format!(
                "{} cannot be made there ({error}): name another file",
                path.display()
            )))
        }
        Err(error) => Err(io_error(path, &error)),
    }
}

/// Makes a folder that is not there, for its owner only.
pub(super) fn make_folder(folder: &Path) -> Result<(), StoreError> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder).map_err(|error| {
        let problem = format!("cannot make {}: {error}", folder.display());
        if may_pass(&error) { StoreError::Unavailable(problem) } else { StoreError::Open(problem) }
    })
}

/// Returns whether the same may succeed later: the disk is full, or the process has as many files open as it may.
fn may_pass(error: &io::Error) -> bool {
    /// `EMFILE` and `ENFILE` are these on all Unix systems.
    const TOO_MANY_OPEN: [i32; 2] = [24, 23];
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        || cfg!(unix) && error.raw_os_error().is_some_and(|number| TOO_MANY_OPEN.contains(&number))
}

/// Fails where `path` is not a file. The file itself is opened by SQLite only: closing any other handle of it would
/// end SQLite's locks in this process.
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
        _ if path.is_dir() => {
            return check_is_file(path).err().unwrap_or_else(|| not_a_database(path));
        }
        _ => format!(
            "{shown} cannot be opened ({error}): check its permissions, or name another file"
        ),
    })
}

fn is_out_of_reach(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::ReadOnly)
    )
}

pub(super) fn explain(path: &Path, error: rusqlite::Error) -> StoreError {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) {
        return not_a_database(path);
    }
    if !is_out_of_reach(&error) {
        return failure(error);
    }
    // SQLite does not say why.
    if let Err(reason) = fs::read_dir(path.parent().unwrap_or(path))
        && may_pass(&reason)
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
    fn what_means_something_in_a_uri_is_escaped() {
        let uri = super::uri(Path::new("/a b/100%?#.db"));
        assert_eq!(uri, "file:/a%20b/100%25%3F%23.db");
    }
}
