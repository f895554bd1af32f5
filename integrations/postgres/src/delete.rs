//! Deletes issues.

use error_tracker::store::{Pruned, StoreError};
use postgres::types::Type;

use crate::merge::{lock, targets, with_parts};
use crate::outbox;
use crate::session::Session;

/// Deletes the issues that these hashes stand for, with their parts. Returns the number of issues
/// that were no parts.
pub(crate) fn delete(session: &mut Session<'_>, hashes: &[Vec<u8>]) -> Result<u64, StoreError> {
    let mut issues: Vec<Vec<u8>> = targets(session, hashes)?.into_iter().flatten().collect();
    issues.sort_unstable();
    issues.dedup();
    delete_issues(session, &issues)?;
    Ok(issues.len() as u64)
}

/// Deletes issues and those that were merged into them, with everything that belongs to them.
pub(crate) fn delete_issues(
    session: &mut Session<'_>,
    issues: &[Vec<u8>],
) -> Result<Pruned, StoreError> {
    let mut pruned = Pruned::default();
    if issues.is_empty() {
        return Ok(pruned);
    }
    lock(session, issues)?;
    let all = with_parts(session, issues)?;
    let mut delete = |table: &str, column: &str| {
        let sql = format!("DELETE FROM {table} WHERE {column} = ANY($1)");
        session.execute(&sql, &[(&all, Type::BYTEA_ARRAY)])
    };
    for table in ["issue_text", "issue_users", "facet", "bucket", "note"] {
        delete(table, "issue")?;
    }
    pruned.occurrences = delete("occurrence", "issue")?;
    pruned.issues = delete("issue", "hash")?;
    outbox::forget(session, &all)?;
    Ok(pruned)
}
