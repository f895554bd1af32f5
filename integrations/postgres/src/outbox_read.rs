//! Reads the outbox and the changes of status, and deletes what is finished.

use error_tracker::event::Timestamp;
use error_tracker::store::rules::{MAX_HISTORY, MAX_STATUS_CHANGES};
use error_tracker::store::{OutboxCounts, OutboxRecord, StatusChange, StoreError};
use postgres::Row;
use postgres::types::Type;

use crate::convert::number;
use crate::outbox::{read_message, read_time, time};
use crate::session::{Session, get};

/// The columns of a message and its state.
const RECORDS: &str =
    "SELECT channel, hash, reason, event, created, state, attempts, finished, result FROM outbox";

/// Returns the state of a channel.
pub(crate) fn counts(session: &mut Session<'_>, channel: &str) -> Result<OutboxCounts, StoreError> {
    let sql = "SELECT \
        (SELECT count(*) FROM outbox WHERE channel = $1 AND state = 'waiting'), \
        (SELECT min(coalesce(claimed_until, due)) FROM outbox WHERE channel = $1 AND state = 'waiting'), \
        (SELECT coalesce(sum(count), 0)::bigint FROM held_back WHERE channel = $1 AND message = 0), \
        (SELECT min(since) FROM held_back WHERE channel = $1 AND message = 0), \
        (SELECT max(created) FROM outbox WHERE channel = $1)";
    let mut counts = OutboxCounts::default();
    if let Some(row) = session.row(sql, &[(&channel, Type::TEXT)])? {
        let moment = |at| get::<Option<i64>>(&row, at).map(|at| at.map(read_time));
        counts.waiting = number(get(&row, 0)?);
        counts.next_due = moment(1)?;
        counts.held_back = number(get(&row, 2)?);
        counts.held_back_since = moment(3)?;
        counts.latest = moment(4)?;
    }
    Ok(counts)
}

/// Returns the messages about issues, newest first.
pub(crate) fn history(
    session: &mut Session<'_>,
    hashes: &[String],
) -> Result<Vec<OutboxRecord>, StoreError> {
    let sql = format!("{RECORDS} WHERE hash = ANY($1) ORDER BY id DESC LIMIT {MAX_HISTORY}");
    session.rows(&sql, &[(&hashes, Type::TEXT_ARRAY)])?.iter().map(read_record).collect()
}

/// Returns the latest messages, newest first.
pub(crate) fn recent(session: &mut Session<'_>) -> Result<Vec<OutboxRecord>, StoreError> {
    let sql = format!("{RECORDS} ORDER BY id DESC LIMIT {MAX_HISTORY}");
    session.rows(&sql, &[])?.iter().map(read_record).collect()
}

/// Returns the names of the channels.
pub(crate) fn channels(session: &mut Session<'_>) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT channel FROM outbox UNION SELECT channel FROM held_back ORDER BY 1";
    session.rows(sql, &[])?.iter().map(|row| get(row, 0)).collect()
}

/// Keeps a change of status.
pub(crate) fn note_status(
    session: &mut Session<'_>,
    change: &StatusChange,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO status_change (hash, status, at) VALUES ($1, $2, $3) RETURNING id";
    let added: i64 = session.value(
        sql,
        &[
            (&change.hash, Type::TEXT),
            (&change.status.as_str(), Type::TEXT),
            (&time(change.at), Type::INT8),
        ],
    )?;
    let oldest = added - MAX_STATUS_CHANGES as i64;
    let sql = "DELETE FROM status_change WHERE id <= $1";
    session.execute(sql, &[(&oldest, Type::INT8)]).map(drop)
}

/// Returns the changes of status from a time on.
pub(crate) fn status_changes(
    session: &mut Session<'_>,
    since: Timestamp,
) -> Result<Vec<StatusChange>, StoreError> {
    let sql = "SELECT hash, status, at FROM status_change WHERE at >= $1 ORDER BY at, id";
    let read = |row: &Row| {
        let status = get::<String>(row, 1)?.parse().unwrap_or_default();
        Ok(StatusChange::new(get::<String>(row, 0)?, status, read_time(get(row, 2)?)))
    };
    session.rows(sql, &[(&time(since), Type::INT8)])?.iter().map(read).collect()
}

/// Deletes messages that were finished before a time. Returns their number.
pub(crate) fn delete_finished(
    session: &mut Session<'_>,
    before: Timestamp,
) -> Result<u64, StoreError> {
    let sql = "DELETE FROM outbox WHERE finished < $1";
    session.execute(sql, &[(&time(before), Type::INT8)])
}

/// Reads a row of [`RECORDS`].
fn read_record(row: &Row) -> Result<OutboxRecord, StoreError> {
    let mut record = OutboxRecord::default();
    record.message = read_message(row)?;
    record.state = get::<String>(row, 5)?.parse().unwrap_or_default();
    record.attempts = number(get(row, 6)?);
    record.finished = get::<Option<i64>>(row, 7)?.map(read_time);
    record.result = get(row, 8)?;
    Ok(record)
}
