//! Deletes issues and occurrences.

use rusqlite::{Connection, Row, Transaction};

use super::convert::{failure, integer, number};
use super::merge::{target, with_parts};
use super::transaction::begin;
use crate::event::{Kind, Status};
use crate::store::retention::{PruneCandidate, surplus_issues, surplus_occurrences};
use crate::store::{Pruned, Retention, StoreError};

/// The amount that one transaction deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeleteStep {
    Large,
    /// As little as a full disk needs, because deleting needs space in the journal first.
    Small,
}

impl DeleteStep {
    /// Returns the number of issues.
    pub(super) fn issues(self) -> u64 {
        match self {
            Self::Large => 200,
            Self::Small => 1,
        }
    }

    /// Returns the number of bytes of events.
    pub(super) fn bytes(self) -> u64 {
        match self {
            Self::Large => u64::MAX,
            Self::Small => 32 << 10,
        }
    }
}

/// Deletes the issues beyond `max_issues`, at most `most` of them.
pub(super) fn delete_surplus(
    transaction: &Transaction<'_>,
    max_issues: u64,
    most: u64,
    step: DeleteStep,
) -> Result<Pruned, StoreError> {
    let mut kept = transaction
        .prepare_cached("SELECT value FROM meta WHERE key = 'issues'")
        .map_err(failure)?;
    let kept = number(kept.query_row([], |row| row.get(0)).map_err(failure)?);
    let excess = kept.saturating_sub(max_issues).min(most);
    if excess == 0 {
        return Ok(Pruned::default());
    }
    let mut latest_first = transaction
        .prepare_cached(
            "SELECT id, family, kind, status FROM issue WHERE merged_into IS NULL \
                ORDER BY last_seen DESC, hash DESC",
        )
        .map_err(failure)?;
    let candidate = |row: &Row<'_>| {
        // Tells apart only what matters here, because there are thousands of rows.
        let kind = match row.get_ref(2)?.as_str()? {
            "panic" => Kind::Panic,
            "error" => Kind::Error,
            _ => Kind::Message,
        };
        let is_open = row.get_ref(3)?.as_str()? == Status::Unresolved.as_str();
        let status = if is_open { Status::Unresolved } else { Status::Resolved };
        Ok(PruneCandidate { issue: row.get(0)?, family: row.get(1)?, kind, status })
    };
    let all = latest_first.query_map([], candidate).map_err(failure)?;
    let all: Vec<PruneCandidate<i64>> = all.collect::<Result<_, _>>().map_err(failure)?;
    let surplus = surplus_issues(all, usize::try_from(excess).unwrap_or(usize::MAX));
    delete_issues(transaction, &surplus, step)
}

/// Deletes the least recently seen issues, of those last seen before `before`.
pub(super) fn delete_oldest(
    transaction: &Transaction<'_>,
    before: i64,
    step: DeleteStep,
) -> Result<Pruned, StoreError> {
    let sql = "SELECT id FROM issue WHERE last_seen < ? AND merged_into IS NULL ORDER BY last_seen, hash LIMIT ?";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    let rows =
        statement.query_map((before, integer(step.issues())), |row| row.get(0)).map_err(failure)?;
    let first: Vec<i64> = rows.collect::<Result<_, _>>().map_err(failure)?;
    delete_issues(transaction, &first, step)
}

/// Deletes these issues and those that were merged into them. With small steps, each call deletes a
/// part of their occurrences until none is left.
fn delete_issues(
    transaction: &Transaction<'_>,
    ids: &[i64],
    step: DeleteStep,
) -> Result<Pruned, StoreError> {
    if ids.is_empty() {
        return Ok(Pruned::default());
    }
    let ids = crate::json::to_string(&with_parts(transaction, ids)?)
        .map_err(|error| StoreError::Other(Box::new(error)))?;
    // One statement for all, because each one writes the text index.
    let delete = |sql| {
        let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
        statement.execute([&ids]).map(|deleted| deleted as u64).map_err(failure)
    };
    if step == DeleteStep::Small {
        let part = "DELETE FROM occurrence WHERE seq IN (SELECT seq FROM
            (SELECT seq, sum(length(payload)) OVER (ORDER BY seq) - length(payload) AS before FROM occurrence
                WHERE issue IN (SELECT value FROM json_each(?1))) WHERE before < ?2)";
        let mut statement = transaction.prepare_cached(part).map_err(failure)?;
        let occurrences = statement.execute((&ids, integer(step.bytes()))).map_err(failure)? as u64;
        if occurrences > 0 {
            return Ok(Pruned { occurrences, ..Pruned::default() });
        }
    }
    let occurrences =
        delete("DELETE FROM occurrence WHERE issue IN (SELECT value FROM json_each(?))")?;
    let issues = delete("DELETE FROM issue WHERE id IN (SELECT value FROM json_each(?))")?;
    Ok(Pruned { issues, occurrences })
}

/// Deletes issues and their parts, with occurrences, counts and indexed text. Returns the number of
/// issues that were no parts.
pub(super) fn delete(connection: &mut Connection, hashes: &[&str]) -> Result<u64, StoreError> {
    let transaction = begin(connection)?;
    let mut ids = Vec::with_capacity(hashes.len());
    for hash in hashes {
        ids.extend(target(&transaction, hash)?);
    }
    ids.sort_unstable();
    ids.dedup();
    delete_issues(&transaction, &ids, DeleteStep::Large)?;
    transaction.commit().map_err(failure)?;
    Ok(ids.len() as u64)
}

/// Deletes a part of these issues. Returns the numbers of deleted rows, all 0 if none is left.
pub(super) fn delete_some(
    connection: &mut Connection,
    hashes: &[&str],
) -> Result<Pruned, StoreError> {
    let transaction = begin(connection)?;
    let mut deleted = Pruned::default();
    for hash in hashes {
        if let Some(id) = target(&transaction, hash)? {
            deleted = delete_issues(&transaction, &[id], DeleteStep::Small)?;
            break;
        }
    }
    transaction.commit().map_err(failure)?;
    Ok(deleted)
}

/// Deletes the surplus of an issue's occurrences before further ones, whose releases are given, are
/// added. Returns the number of deleted ones, and the indexes of the new ones that are surplus
/// themselves.
pub(super) fn trim(
    transaction: &Transaction<'_>,
    issue: i64,
    coming: &[&str],
    retention: &Retention,
) -> Result<(u64, Vec<usize>), StoreError> {
    let sql = "SELECT seq, occurrence.release, seq < first_seq FROM occurrence JOIN issue ON issue.id = issue \
        WHERE issue = ? ORDER BY seq";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    let rows = statement
        .query_map([issue], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .map_err(failure)?;
    let kept: Vec<(i64, String, bool)> = rows.collect::<Result<_, _>>().map_err(failure)?;
    let earlier = kept.iter().filter(|(.., earlier)| *earlier).count();
    let releases: Vec<&str> =
        kept.iter().map(|(_, release, _)| &**release).chain(coming.iter().copied()).collect();
    let mut surplus = surplus_occurrences(&releases, earlier, retention);
    let coming = surplus.split_off(surplus.partition_point(|at| *at < kept.len()));
    let mut delete =
        transaction.prepare_cached("DELETE FROM occurrence WHERE seq = ?").map_err(failure)?;
    for at in &surplus {
        delete.execute([kept[*at].0]).map_err(failure)?;
    }
    Ok((surplus.len() as u64, coming.into_iter().map(|at| at - kept.len()).collect()))
}

/// Removes deleted text from the text index, which only marks it as deleted. FTS5's `secure-delete`
/// would do this at every deletion, but takes 300 microseconds each time.
pub(super) fn purge_text(connection: &Connection) -> Result<(), StoreError> {
    connection
        .execute_batch("INSERT INTO issue_text (issue_text) VALUES ('optimize')")
        .map_err(failure)
}
