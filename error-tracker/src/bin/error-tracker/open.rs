use std::fs;
use std::path::Path;

use error_tracker::event::Issue;
use error_tracker::store::{IssueQuery, SqliteStore, Store};

use crate::failure::Failure;

/// As many as a store gives at once.
const PAGE: usize = 1_000;
/// Shorter starts of a hash are not looked up.
const SHORTEST_PREFIX: usize = 6;

/// Opens a file to read it.
pub(crate) fn to_read(file: &Path) -> Result<SqliteStore, Failure> {
    Ok(SqliteStore::open_read_only(file)?)
}

/// Opens a file to change it. Unlike the library this makes none: a file that is not there is a mistyped name.
pub(crate) fn to_change(file: &Path) -> Result<SqliteStore, Failure> {
    if !fs::metadata(file).is_ok_and(|found| found.is_file()) {
        to_read(file)?;
    }
    Ok(SqliteStore::open(file)?)
}

/// Hands all issues that `query` wants to `each`, until it says `false`.
pub(crate) fn all_issues(
    store: &SqliteStore,
    mut query: IssueQuery,
    mut each: impl FnMut(Issue) -> Result<bool, Failure>,
) -> Result<(), Failure> {
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

/// The issue whose hash is or starts with `hash`.
pub(crate) fn find(store: &SqliteStore, hash: &str) -> Result<Issue, Failure> {
    let hash = hash.to_ascii_lowercase();
    if let Some(issue) = store.issue(&hash)? {
        return Ok(issue);
    }
    if hash.len() < SHORTEST_PREFIX || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Failure::Impossible(format!(
            "{hash:?} is no hash: give {SHORTEST_PREFIX} or more of its hexadecimal digits, as `list` prints them"
        )));
    }
    let mut found: Vec<Issue> = Vec::new();
    all_issues(store, IssueQuery::default(), |issue| {
        if issue.hash.starts_with(&hash) {
            found.push(issue);
        }
        Ok(true)
    })?;
    match found.len() {
        0 => Err(Failure::Unhealthy(format!("no issue's hash starts with {hash}"))),
        1 => Ok(found.remove(0)),
        _ => {
            let hashes: Vec<_> = found.iter().map(|issue| issue.hash.as_str()).collect();
            Err(Failure::Impossible(format!(
                "{hash} is the start of several hashes:\n  {}",
                hashes.join("\n  ")
            )))
        }
    }
}
