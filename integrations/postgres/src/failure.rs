//! Converts errors of PostgreSQL.

use std::error::Error as _;

use error_tracker::store::StoreError;
use postgres::error::SqlState;

/// Converts an error of a statement. The text has the message and code of the server, but no detail
/// or query, which could have values of an event.
pub(crate) fn failure(error: postgres::Error) -> StoreError {
    let text = describe(&error);
    let Some(code) = error.code() else {
        if error.is_closed() || is_io(&error) {
            return StoreError::Unavailable(text);
        }
        return StoreError::Other(Box::new(error));
    };
    match (code.code(), &code.code()[..2]) {
        ("53100", _) => StoreError::Full(text),
        ("42501", _) => StoreError::Open(format!(
            "the database refuses ({text}): grant the user what is missing, or let a user who may create the \
             schema error_tracker connect once"
        )),
        // A reserved or busy server, a shutdown, a timeout, a deadlock, a standby.
        ("55P03" | "55006" | "25006" | "0A000" | "3D000", _)
        | (_, "08" | "28" | "40" | "53" | "57" | "58") => StoreError::Unavailable(text),
        (_, "XX") => StoreError::Damaged(text),
        _ => StoreError::Other(Box::new(error)),
    }
}

/// Returns whether the whole transaction may be tried again at once.
pub(crate) fn is_conflict(error: &postgres::Error) -> bool {
    let conflicts = [&SqlState::T_R_DEADLOCK_DETECTED, &SqlState::T_R_SERIALIZATION_FAILURE];
    error.code().is_some_and(|code| conflicts.contains(&code))
}

/// Returns the message of an error with its causes.
pub(crate) fn describe(error: &postgres::Error) -> String {
    if let Some(found) = error.as_db_error() {
        return format!("{}, SQLSTATE {}", found.message(), found.code().code());
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

fn is_io(error: &postgres::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<std::io::Error>() {
            return true;
        }
        source = cause.source();
    }
    false
}
