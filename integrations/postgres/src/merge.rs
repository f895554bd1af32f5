//! Merges issues, and undoes it.
//!
//! The row of a part stays as it was and goes on as if it were alone: it has its own count, times,
//! status, occurrences, hours, users and facets. The row of the issue that it is a part of has the
//! totals, so that lists need nothing else, and columns `own_*` with what cannot be computed back.
//! No part has parts.

use std::collections::HashMap;

use error_tracker::store::StoreError;
use postgres::types::Type;

use crate::facets;
use crate::session::{Session, get};

/// Returns the hash of the issue and those of its parts that a hash stands for; none if it is of no
/// issue.
pub(crate) fn members(session: &mut Session<'_>, hash: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
    let sql = "WITH target (hash) AS (SELECT coalesce(merged_into, hash) FROM issue WHERE hash = $1) \
        SELECT hash FROM target UNION ALL SELECT issue.hash FROM issue JOIN target ON merged_into = target.hash";
    let rows = session.rows(sql, &[(&hash, Type::BYTEA)])?;
    rows.iter().map(|row| get(row, 0)).collect()
}

/// Returns the hash of the issue that each hash stands for.
pub(crate) fn targets(
    session: &mut Session<'_>,
    hashes: &[Vec<u8>],
) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
    let sql = "SELECT hash, coalesce(merged_into, hash) FROM issue WHERE hash = ANY($1)";
    let mut found = HashMap::<Vec<u8>, Vec<u8>>::new();
    for row in session.rows(sql, &[(&hashes, Type::BYTEA_ARRAY)])? {
        found.insert(get(&row, 0)?, get(&row, 1)?);
    }
    Ok(hashes.iter().map(|hash| found.get(hash).cloned()).collect())
}

/// Returns these hashes and those of their parts.
pub(crate) fn with_parts(
    session: &mut Session<'_>,
    issues: &[Vec<u8>],
) -> Result<Vec<Vec<u8>>, StoreError> {
    let sql = "SELECT hash FROM issue WHERE merged_into = ANY($1)";
    let mut all = issues.to_vec();
    for row in session.rows(sql, &[(&issues, Type::BYTEA_ARRAY)])? {
        all.push(get(&row, 0)?);
    }
    Ok(all)
}

/// Locks the rows of issues and of their parts against everybody else, in the order in which
/// batches lock them.
pub(crate) fn lock(session: &mut Session<'_>, issues: &[Vec<u8>]) -> Result<(), StoreError> {
    let sql =
        "SELECT FROM issue WHERE hash = ANY($1) OR merged_into = ANY($1) ORDER BY hash FOR UPDATE";
    session.execute(sql, &[(&issues, Type::BYTEA_ARRAY)]).map(drop)
}

/// Merges issues into another one. Returns the number of those that were no parts of it.
pub(crate) fn merge(
    session: &mut Session<'_>,
    hashes: &[Vec<u8>],
    into: &Vec<u8>,
) -> Result<u64, StoreError> {
    let all: Vec<Vec<u8>> = hashes.iter().chain([into]).cloned().collect();
    let standing: Vec<Vec<u8>> = targets(session, &all)?.into_iter().flatten().collect();
    lock(session, &standing)?;
    // They may have been merged before they were locked.
    let Some(target) = target(session, into)? else { return Ok(0) };
    subtract_parts(session, &target)?;
    let mut merged = 0;
    for hash in hashes {
        let Some(issue) = self::target(session, hash)?.filter(|issue| *issue != target) else {
            continue;
        };
        subtract_parts(session, &issue)?;
        let sql = "UPDATE issue SET merged_into = $1 WHERE hash = $2 OR merged_into = $2";
        session.execute(sql, &[(&target, Type::BYTEA), (&issue, Type::BYTEA)])?;
        facets::count_users(session, &issue)?;
        merged += 1;
    }
    add_parts(session, &target)?;
    Ok(merged)
}

/// Makes parts issues of their own again. Returns their number.
pub(crate) fn unmerge(session: &mut Session<'_>, hashes: &[Vec<u8>]) -> Result<u64, StoreError> {
    let standing: Vec<Vec<u8>> = targets(session, hashes)?.into_iter().flatten().collect();
    lock(session, &standing)?;
    let mut unmerged = 0;
    for part in hashes {
        let Some(target) = target(session, part)?.filter(|target| target != part) else { continue };
        subtract_parts(session, &target)?;
        let sql = "UPDATE issue SET merged_into = NULL WHERE hash = $1";
        session.execute(sql, &[(part, Type::BYTEA)])?;
        add_parts(session, &target)?;
        unmerged += 1;
    }
    Ok(unmerged)
}

fn target(session: &mut Session<'_>, hash: &Vec<u8>) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(targets(session, std::slice::from_ref(hash))?.into_iter().flatten().next())
}

/// Sets a row to what it has without its parts.
fn subtract_parts(session: &mut Session<'_>, issue: &Vec<u8>) -> Result<(), StoreError> {
    let sql = "UPDATE issue SET \
            count = count - (SELECT coalesce(sum(part.count), 0)::bigint FROM issue AS part WHERE part.merged_into = $1), \
            first_seen = own_first_seen, last_seen = own_last_seen, minute = own_last_seen / 60000000, \
            handled = own_handled, parts = 0, own_first_seen = NULL, own_last_seen = NULL, own_handled = NULL \
        WHERE hash = $1 AND parts > 0";
    session.execute(sql, &[(issue, Type::BYTEA)]).map(drop)
}

/// Adds to a row what its parts have.
fn add_parts(session: &mut Session<'_>, issue: &Vec<u8>) -> Result<(), StoreError> {
    let sql = "UPDATE issue SET own_first_seen = first_seen, own_last_seen = last_seen, own_handled = handled, \
            count = count + part.all_count, first_seen = least(first_seen, part.first), \
            last_seen = greatest(last_seen, part.last), minute = greatest(last_seen, part.last) / 60000000, \
            handled = handled AND part.all_handled, parts = part.number \
        FROM (SELECT sum(count)::bigint AS all_count, min(first_seen) AS first, max(last_seen) AS last, \
            bool_and(handled) AS all_handled, count(*) AS number FROM issue WHERE merged_into = $1) AS part \
        WHERE hash = $1 AND part.number > 0";
    session.execute(sql, &[(issue, Type::BYTEA)])?;
    facets::count_users(session, issue)
}
