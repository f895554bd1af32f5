//! Deletes what is too old or exceeds the limits.

use rusqlite::Connection;

use super::convert::{failure, integer};
use super::delete::{DeleteStep, delete_oldest, delete_surplus, trim};
use super::space;
use super::transaction::begin;
use crate::event::Timestamp;
use crate::store::{Pruned, Retention, StoreError};

/// Deletes one step of what is too old or exceeds the limits; nothing if everything is within them.
pub(super) fn prune(
    connection: &mut Connection,
    retention: &Retention,
    oldest: Timestamp,
    step: DeleteStep,
) -> Result<Pruned, StoreError> {
    let transaction = begin(connection)?;
    let mut pruned = delete_oldest(&transaction, integer(oldest.as_micros()), step)?;
    if pruned == Pruned::default() {
        pruned = delete_surplus(&transaction, retention.max_issues, step.issues(), step)?;
    }
    if pruned == Pruned::default() {
        pruned = space::make_room(&transaction, 0, retention, step)?;
    }
    if pruned == Pruned::default() {
        let sql = "SELECT issue FROM occurrence GROUP BY issue HAVING count(*) > ? LIMIT ?";
        let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
        let values = (integer(retention.max_occurrences), integer(step.issues()));
        let rows = statement.query_map(values, |row| row.get(0)).map_err(failure)?;
        let issues: Vec<i64> = rows.collect::<Result<_, _>>().map_err(failure)?;
        for issue in issues {
            pruned.occurrences += trim(&transaction, issue, &[], retention)?.0;
        }
    }
    transaction.commit().map_err(failure)?;
    Ok(pruned)
}

/// Deletes the hourly counts from before `oldest`.
pub(super) fn prune_hours(
    connection: &mut Connection,
    oldest: Timestamp,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM bucket WHERE hour < ?";
    connection.execute(sql, [integer(oldest.hour())]).map(drop).map_err(failure)
}
