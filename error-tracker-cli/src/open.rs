//! Opens a file or a database of events, and finds issues in it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use error_tracker::event::Issue;
use error_tracker::store::{IssueQuery, SqliteStore, Store, StoreError};

use crate::database;
use crate::failure::CommandError;

/// How many issues are read at once; a store returns no more.
const PAGE: usize = 1_000;
/// How many digits the start of a hash has at least.
const MIN_PREFIX: usize = 6;

/// Opens a file or a database to read it.
pub(crate) fn to_read(file: &Path) -> Result<Arc<dyn Store>, StoreError> {
    if let Some(address) = database::address(file) {
        return database::to_read(address);
    }
    Ok(Arc::new(SqliteStore::open_read_only(file)?))
}

/// Opens a file or a database to change it. Unlike the library it creates none: what is missing is a
/// mistyped name.
pub(crate) fn to_change(file: &Path) -> Result<Arc<dyn Store>, StoreError> {
    if let Some(address) = database::address(file) {
        database::to_read(address)?;
        return database::to_change(address);
    }
    if !fs::metadata(file).is_ok_and(|found| found.is_file()) {
        to_read(file)?;
    }
    Ok(Arc::new(SqliteStore::open(file)?))
}

/// Gives the free space of a file back to the disk. Databases do so by themselves.
pub(crate) fn compact(file: &Path) -> Result<(), StoreError> {
    match database::address(file) {
        Some(_) => Ok(()),
        None => SqliteStore::open(file)?.compact(),
    }
}

/// Returns the name of a file or a database, without a password.
pub(crate) fn name(file: &Path) -> String {
    database::address(file).map_or_else(|| file.display().to_string(), database::name)
}

/// Calls `each` with all issues that match `query`, until it returns `false`.
pub(crate) fn all_issues(
    store: &dyn Store,
    mut query: IssueQuery,
    mut each: impl FnMut(Issue) -> Result<bool, CommandError>,
) -> Result<(), CommandError> {
    query.limit = PAGE;
    loop {
        let page = store.issues(&query)?;
        for issue in page.items {
            if !each(issue)? {
                return Ok(());
            }
        }
        query.after = match page.next {
            Some(next) => Some(next),
            None => return Ok(()),
        };
    }
}

/// Returns the issue whose hash is or starts with `hash`.
///
/// # Errors
/// There is none, or more than one, or `hash` is too short or not hexadecimal.
pub(crate) fn find(store: &dyn Store, hash: &str) -> Result<Issue, CommandError> {
    let hash = hash.to_ascii_lowercase();
    if let Some(issue) = store.issue(&hash)? {
        return Ok(issue);
    }
    check_prefix(&hash)?;
    let mut found: Vec<Issue> = Vec::new();
    all_issues(store, IssueQuery::default(), |issue| {
        if issue.hash.starts_with(&hash) {
            found.push(issue);
        }
        Ok(true)
    })?;
    only(&hash, found, "no issue's hash starts with")
}

/// Returns the issue that was merged into another one and whose hash is or starts with `hash`.
///
/// # Errors
/// There is none, or more than one, or `hash` is too short or not hexadecimal.
pub(crate) fn find_part(store: &dyn Store, hash: &str) -> Result<Issue, CommandError> {
    let hash = hash.to_ascii_lowercase();
    check_prefix(&hash)?;
    let mut found: Vec<Issue> = Vec::new();
    all_issues(store, IssueQuery::default(), |issue| {
        if issue.parts > 0 {
            let parts = store.parts(&issue.hash)?.into_iter();
            found.extend(parts.filter(|part| part.hash.starts_with(&hash)));
        }
        Ok(true)
    })?;
    only(&hash, found, "no merged issue's hash starts with")
}

/// Fails if `hash` cannot be the start of a hash.
fn check_prefix(hash: &str) -> Result<(), CommandError> {
    if hash.len() < MIN_PREFIX || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(CommandError::Impossible(format!(
            "{hash:?} is not a hash: give {MIN_PREFIX} or more of its hexadecimal digits, as `list` prints them"
        )));
    }
    Ok(())
}

/// Returns the only issue that was found.
fn only(hash: &str, mut found: Vec<Issue>, none: &str) -> Result<Issue, CommandError> {
    match found.len() {
        0 => Err(CommandError::Unhealthy(format!("{none} {hash}"))),
        1 => Ok(found.remove(0)),
        _ => {
            let hashes: Vec<_> = found.iter().map(|issue| issue.hash.as_str()).collect();
            Err(CommandError::Impossible(format!(
                "{hash} is the start of several hashes:\n  {}",
                hashes.join("\n  ")
            )))
        }
    }
}
