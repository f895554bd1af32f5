//! Converts errors and numbers of SQLite.

use rusqlite::ErrorCode;

use crate::store::StoreError;

/// Converts a SQLite error.
pub(super) fn failure(error: rusqlite::Error) -> StoreError {
    /// `SQLITE_IOERR_WRITE` and `SQLITE_IOERR_SHMSIZE`, which a limit of file sizes causes, and
    /// sometimes a full disk.
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

/// Converts to SQLite's signed integers.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Converts from SQLite's signed integers.
pub(super) fn number(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or(0)
}
