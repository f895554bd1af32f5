//! Merges issues, and undoes it.
//!
//! The row of a part stays as it was and goes on as if it were alone: it has its own count, times,
//! status, occurrences, hours, users and facets. The row of the issue that it is a part of has the
//! totals, so that lists need nothing else, and columns `own_*` with what cannot be computed back.
//! No part has parts.

use rusqlite::{Connection, OptionalExtension as _, Transaction, named_params};

use super::convert::{failure, integer, number};
use super::transaction::begin;
use super::write::CountedRow;
use super::{change, facets};
use crate::event::Issue;
use crate::store::StoreError;

/// The id of the issue that a hash, given as `?1`, stands for.
pub(super) const TARGET: &str = "(SELECT ifnull(merged_into, id) FROM issue WHERE hash = ?1)";

/// The ids of the issue that a hash, given as `?1`, stands for, and of its parts.
pub(super) const MEMBERS: &str = "(WITH target (id) AS (SELECT ifnull(merged_into, id) FROM issue WHERE hash = ?1) \
    SELECT id FROM target UNION ALL SELECT issue.id FROM issue JOIN target ON merged_into = target.id)";

/// How an issue takes part in a merge.
#[derive(Clone, Copy)]
pub(super) struct MergeState {
    /// The row of the issue that it is a part of.
    pub(super) merged_into: Option<i64>,
    pub(super) has_parts: bool,
}

/// Adds the sightings of a part, summed up in `issue`, to the row of the issue that it belongs to.
pub(super) fn add_to_target(
    transaction: &Transaction<'_>,
    target: i64,
    issue: &Issue,
) -> Result<CountedRow, StoreError> {
    let sql = "UPDATE issue SET count = count + :count, first_seen = min(first_seen, :first_seen),
            last_seen = max(last_seen, :last_seen), handled = handled AND :handled
        WHERE id = :id
        RETURNING id, count, status, resolved_at, resolved_in, resolved_known, muted_until, muted_until_count";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    let values = named_params! {
        ":id": target, ":count": integer(issue.count),
        ":first_seen": integer(issue.first_seen.as_micros()),
        ":last_seen": integer(issue.last_seen.as_micros()), ":handled": issue.handled,
    };
    let row = statement.query_row(values, |row| {
        let before = number(row.get(1)?).saturating_sub(issue.count);
        Ok(CountedRow { id: row.get(0)?, before, term: change::open_term(row, 2)? })
    });
    row.map_err(failure)
}

/// Merges issues into another one. Returns the number of those that were no parts of it.
pub(super) fn merge(
    connection: &mut Connection,
    hashes: &[&str],
    into: &str,
) -> Result<u64, StoreError> {
    let transaction = begin(connection)?;
    let Some(target) = target(&transaction, into)? else { return Ok(0) };
    subtract_parts(&transaction, target)?;
    let mut merged = 0;
    for hash in hashes {
        let Some(issue) = self::target(&transaction, hash)?.filter(|issue| *issue != target) else {
            continue;
        };
        subtract_parts(&transaction, issue)?;
        let sql = "UPDATE issue SET merged_into = ?1 WHERE id = ?2 OR merged_into = ?2";
        transaction.execute(sql, [target, issue]).map_err(failure)?;
        facets::count_users(&transaction, issue)?;
        merged += 1;
    }
    add_parts(&transaction, target)?;
    transaction.commit().map_err(failure)?;
    Ok(merged)
}

/// Makes parts issues of their own again. Returns their number.
pub(super) fn unmerge(connection: &mut Connection, hashes: &[&str]) -> Result<u64, StoreError> {
    let transaction = begin(connection)?;
    let mut unmerged = 0;
    for hash in hashes {
        let sql = "SELECT id, merged_into FROM issue WHERE hash = ? AND merged_into IS NOT NULL";
        let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
        let found = statement.query_row([hash], |row| Ok((row.get(0)?, row.get(1)?))).optional();
        let Some((part, target)) = found.map_err(failure)? else { continue };
        let (part, target): (i64, i64) = (part, target);
        subtract_parts(&transaction, target)?;
        let sql = "UPDATE issue SET merged_into = NULL WHERE id = ?";
        transaction.execute(sql, [part]).map_err(failure)?;
        add_parts(&transaction, target)?;
        unmerged += 1;
    }
    transaction.commit().map_err(failure)?;
    Ok(unmerged)
}

/// Returns the row that a hash stands for.
pub(super) fn target(connection: &Connection, hash: &str) -> Result<Option<i64>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {TARGET}")).map_err(failure)?;
    statement.query_row([hash], |row| row.get(0)).map_err(failure)
}

/// Sets a row to what it has without its parts.
fn subtract_parts(transaction: &Transaction<'_>, issue: i64) -> Result<(), StoreError> {
    let sql = "UPDATE issue SET
            count = count - (SELECT ifnull(sum(part.count), 0) FROM issue AS part WHERE part.merged_into = ?1),
            (first_seen, last_seen, handled) = (own_first_seen, own_last_seen, own_handled),
            (parts, own_first_seen, own_last_seen, own_handled) = (0, NULL, NULL, NULL)
        WHERE id = ?1 AND parts > 0";
    transaction.execute(sql, [issue]).map(drop).map_err(failure)
}

/// Adds to a row what its parts have.
fn add_parts(transaction: &Transaction<'_>, issue: i64) -> Result<(), StoreError> {
    let sql = "UPDATE issue SET
            (own_first_seen, own_last_seen, own_handled) = (first_seen, last_seen, handled),
            (count, first_seen, last_seen, handled, parts) = (SELECT issue.count + sum(part.count),
                min(issue.first_seen, min(part.first_seen)), max(issue.last_seen, max(part.last_seen)),
                issue.handled AND min(part.handled), count(*)
                FROM issue AS part WHERE part.merged_into = ?1)
        WHERE id = ?1 AND EXISTS (SELECT 1 FROM issue AS part WHERE part.merged_into = ?1)";
    transaction.execute(sql, [issue]).map_err(failure)?;
    facets::count_users(transaction, issue)
}

/// Returns these rows and those of their parts.
pub(super) fn with_parts(
    transaction: &Transaction<'_>,
    issues: &[i64],
) -> Result<Vec<i64>, StoreError> {
    let mut statement = transaction
        .prepare_cached("SELECT id FROM issue WHERE merged_into = ?")
        .map_err(failure)?;
    let mut all = issues.to_vec();
    for issue in issues {
        let rows = statement.query_map([issue], |row| row.get(0)).map_err(failure)?;
        for part in rows {
            all.push(part.map_err(failure)?);
        }
    }
    Ok(all)
}

/// Returns the hashes of the issues that these stand for, and of their parts.
pub(super) fn member_hashes(
    connection: &Connection,
    hashes: &[&str],
) -> Result<Vec<String>, StoreError> {
    let sql = format!("SELECT hash FROM issue WHERE id IN {MEMBERS}");
    let mut statement = connection.prepare_cached(&sql).map_err(failure)?;
    let mut all = Vec::new();
    for hash in hashes {
        let rows = statement.query_map([hash], |row| row.get(0)).map_err(failure)?;
        for member in rows {
            all.push(member.map_err(failure)?);
        }
    }
    Ok(all)
}
