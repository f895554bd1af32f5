//! The outbox in the file.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};

use super::SqliteStore;
use super::convert::{failure, integer, number};
use super::transaction::begin;
use crate::event::Timestamp;
use crate::store::StoreError;
use crate::store::outbox::{
    ClaimedMessage, DeliveryState, Enqueued, Outbox, OutboxClaim, OutboxCounts, OutboxLimits,
    OutboxMessage, OutboxRecord, SendOutcome, StatusChange,
};

const MAX_HISTORY: usize = crate::store::memory_outbox::MAX_HISTORY;

/// The columns of a message and its state.
const RECORDS: &str =
    "SELECT channel, hash, reason, event, created, state, attempts, finished, result FROM outbox";

/// Adds to what was held back; the parameters are those of the table's columns.
const HOLD: &str =
    "INSERT INTO held_back (channel, hash, message, count, since) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO UPDATE SET count = count + excluded.count, since = min(since, excluded.since)";

/// Lets what was held back for a channel, and for one issue unless `?3` is empty, belong to the
/// message `?1`.
const ATTACH: [&str; 2] = [
    "INSERT INTO held_back (channel, hash, message, count, since)
        SELECT channel, hash, ?1, count, since FROM held_back
            WHERE channel = ?2 AND message = 0 AND (hash = ?3 OR ?3 = '')
        ON CONFLICT DO UPDATE SET count = count + excluded.count, since = min(since, excluded.since)",
    "DELETE FROM held_back WHERE ?1 = ?1 AND channel = ?2 AND message = 0 AND (hash = ?3 OR ?3 = '')",
];

/// Lets what belongs to the message `?1` belong to none.
const RELEASE: [&str; 2] = [
    "INSERT INTO held_back (channel, hash, message, count, since)
        SELECT channel, hash, 0, count, since FROM held_back
            WHERE channel = (SELECT channel FROM outbox WHERE id = ?1) AND message = ?1
        ON CONFLICT DO UPDATE SET count = count + excluded.count, since = min(since, excluded.since)",
    "DELETE FROM held_back WHERE channel = (SELECT channel FROM outbox WHERE id = ?1) AND message = ?1",
];

impl Outbox for SqliteStore {
    fn enqueue(
        &self,
        message: &OutboxMessage,
        limits: &OutboxLimits,
    ) -> Result<Enqueued, StoreError> {
        let added = self.enqueue_all(&[(message, limits)])?;
        Ok(added.into_iter().next().unwrap_or(Enqueued::Known))
    }

    fn enqueue_all(
        &self,
        messages: &[(&OutboxMessage, &OutboxLimits)],
    ) -> Result<Vec<Enqueued>, StoreError> {
        // What is known is found without waiting for writers.
        let are_known = |connection: &Connection| {
            for (message, _) in messages {
                if !is_known(connection, message)? {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        if self.read(|connection| are_known(connection).map_err(failure))? {
            return Ok(vec![Enqueued::Known; messages.len()]);
        }
        self.write(|connection| {
            in_transaction(connection, |transaction| {
                let each = messages.iter();
                each.map(|(message, limits)| enqueue(transaction, message, limits)).collect()
            })
        })
    }

    fn is_known(&self, message: &OutboxMessage) -> Result<bool, StoreError> {
        self.read(|connection| is_known(connection, message).map_err(failure))
    }

    fn claim(&self, claim: &OutboxClaim) -> Result<Option<ClaimedMessage>, StoreError> {
        // Most often there is nothing, which a reader finds without waiting for writers.
        if !self.read(|connection| due(connection, claim)).map(|due| due.is_some())? {
            return Ok(None);
        }
        self.write(|connection| in_transaction(connection, |t| take(t, claim)))
    }

    fn finish(&self, id: u64, owner: &str, outcome: &SendOutcome) -> Result<bool, StoreError> {
        self.write_with_reserve(|connection| {
            in_transaction(connection, |t| finish(t, id, owner, outcome))
        })
    }

    fn collapse(&self, digest: &OutboxMessage) -> Result<u64, StoreError> {
        self.write(|connection| in_transaction(connection, |t| collapse(t, digest)))
    }

    fn channel(&self, channel: &str) -> Result<OutboxCounts, StoreError> {
        self.read(|connection| counts(connection, channel).map_err(failure))
    }

    fn history(&self, hash: &str) -> Result<Vec<OutboxRecord>, StoreError> {
        self.read(|connection| history(connection, hash).map_err(failure))
    }

    fn recent(&self) -> Result<Vec<OutboxRecord>, StoreError> {
        self.read(|connection| recent(connection).map_err(failure))
    }

    fn channels(&self) -> Result<Vec<String>, StoreError> {
        self.read(|connection| channels(connection).map_err(failure))
    }

    fn status_changes(&self, since: Timestamp) -> Result<Vec<StatusChange>, StoreError> {
        self.read(|connection| status_changes(connection, since).map_err(failure))
    }

    fn delete_finished(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write_with_reserve(|connection| {
            in_transaction(connection, |transaction| {
                let sql = "DELETE FROM outbox WHERE finished < ?";
                let deleted = transaction.prepare_cached(sql)?.execute([time(before)])?;
                Ok(deleted as u64)
            })
        })
    }
}

fn time(at: Timestamp) -> i64 {
    integer(at.as_micros())
}

fn read_time(micros: i64) -> Timestamp {
    Timestamp::from_micros(number(micros))
}

fn in_transaction<T>(
    connection: &mut Connection,
    run: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> Result<T, StoreError> {
    let transaction = begin(connection)?;
    let result = run(&transaction).map_err(failure)?;
    transaction.commit().map_err(failure)?;
    Ok(result)
}

fn hold(
    transaction: &Transaction<'_>,
    (channel, hash): (&str, &str),
    since: Timestamp,
) -> rusqlite::Result<()> {
    transaction.prepare_cached(HOLD)?.execute((channel, hash, 0, 1, time(since)))?;
    Ok(())
}

fn enqueue(
    transaction: &Transaction<'_>,
    message: &OutboxMessage,
    limits: &OutboxLimits,
) -> rusqlite::Result<Enqueued> {
    let OutboxMessage { channel, hash, .. } = message;
    if is_known(transaction, message)? {
        return Ok(Enqueued::Known);
    }
    if limits.per_issue < u64::MAX || limits.per_channel < u64::MAX {
        let recent = "SELECT count(*), count(*) FILTER (WHERE hash = ?3) FROM outbox
            WHERE channel = ?1 AND created >= ?2 AND state IN ('waiting', 'sent', 'failed')";
        let mut recent = transaction.prepare_cached(recent)?;
        let numbers = |row: &Row<'_>| Ok((number(row.get(0)?), number(row.get(1)?)));
        let (of_channel, of_issue): (u64, u64) =
            recent.query_row((channel, time(limits.since), hash), numbers)?;
        if of_issue >= limits.per_issue || of_channel >= limits.per_channel {
            hold(transaction, (channel, hash), message.created)?;
            if message.once {
                add(transaction, message, DeliveryState::HeldBack)?;
            }
            return Ok(Enqueued::HeldBack);
        }
    }
    add(transaction, message, DeliveryState::Waiting)?;
    Ok(Enqueued::Added)
}

fn is_known(connection: &Connection, message: &OutboxMessage) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM outbox WHERE channel = ? AND hash = ? AND reason = ?";
    let key = (&message.channel, &message.hash, &message.reason);
    connection.prepare_cached(sql)?.exists(key)
}

fn add(
    transaction: &Transaction<'_>,
    message: &OutboxMessage,
    state: DeliveryState,
) -> rusqlite::Result<()> {
    let OutboxMessage { channel, hash, reason, event, created, .. } = message;
    let finished = (state != DeliveryState::Waiting).then(|| time(*created));
    let sql =
        "INSERT OR IGNORE INTO outbox (channel, hash, reason, event, created, due, state, finished)
        VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7)";
    let row = (channel, hash, reason, event, time(*created), state.as_str(), finished);
    transaction.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

/// Returns the message that can be claimed, and whether a claim of it ended without a result.
fn due(connection: &Connection, claim: &OutboxClaim) -> Result<Option<(i64, bool)>, StoreError> {
    find_due(connection, claim).map_err(failure)
}

fn find_due(connection: &Connection, claim: &OutboxClaim) -> rusqlite::Result<Option<(i64, bool)>> {
    let sql = "SELECT id, owner IS NOT NULL FROM outbox
        WHERE channel = ?1 AND state = 'waiting' AND due <= ?2 AND (owner IS NULL OR claimed_until <= ?2)
        ORDER BY created, id LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let found = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    statement.query_row((&claim.channel, time(claim.now)), found).optional()
}

fn take(
    transaction: &Transaction<'_>,
    claim: &OutboxClaim,
) -> rusqlite::Result<Option<ClaimedMessage>> {
    let Some((id, repeated)) = find_due(transaction, claim)? else { return Ok(None) };
    let until = claim.now.plus(claim.lease.max(Duration::from_millis(1)));
    let sql =
        "UPDATE outbox SET owner = ?2, claimed_until = ?3, attempts = attempts + 1 WHERE id = ?1
        RETURNING channel, hash, reason, event, created, attempts";
    let mut statement = transaction.prepare_cached(sql)?;
    let (message, attempts) = statement.query_row((id, &claim.owner, time(until)), |row| {
        Ok((read_message(row, 0)?, number(row.get(5)?)))
    })?;
    for sql in ATTACH {
        transaction.prepare_cached(sql)?.execute((id, &message.channel, &message.hash))?;
    }
    let sql = "SELECT hash, count FROM held_back WHERE channel = ? AND message = ?";
    let mut held = transaction.prepare_cached(sql)?;
    let held_back = held
        .query_map((&message.channel, id), |row| Ok((row.get(0)?, number(row.get(1)?))))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(ClaimedMessage { id: number(id), message, attempts, repeated, held_back }))
}

fn finish(
    transaction: &Transaction<'_>,
    id: u64,
    owner: &str,
    outcome: &SendOutcome,
) -> rusqlite::Result<bool> {
    let id = integer(id);
    let (state, due, finished, result) = match outcome {
        SendOutcome::Sent { at, answer } => (DeliveryState::Sent, None, Some(time(*at)), answer),
        SendOutcome::Retry { due, error } => {
            (DeliveryState::Waiting, Some(time(*due)), None, error)
        }
        SendOutcome::Failed { at, error } => (DeliveryState::Failed, None, Some(time(*at)), error),
    };
    let sql =
        "UPDATE outbox SET owner = NULL, claimed_until = NULL, state = ?3, due = coalesce(?4, due),
        finished = ?5, result = ?6 WHERE id = ?1 AND owner = ?2 AND state = 'waiting'";
    let mut update = transaction.prepare_cached(sql)?;
    if update.execute((id, owner, state.as_str(), due, finished, result))? == 0 {
        return Ok(false);
    }
    match outcome {
        SendOutcome::Sent { .. } => {
            transaction.prepare_cached(RELEASE[1])?.execute([id])?;
        }
        SendOutcome::Retry { .. } => {}
        SendOutcome::Failed { .. } => release(transaction, id)?,
    }
    Ok(true)
}

fn release(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
    for sql in RELEASE {
        transaction.prepare_cached(sql)?.execute([id])?;
    }
    Ok(())
}

fn collapse(transaction: &Transaction<'_>, digest: &OutboxMessage) -> rusqlite::Result<u64> {
    let channel = &digest.channel;
    let sql = "UPDATE outbox SET state = 'held-back', finished = ?2
        WHERE channel = ?1 AND state = 'waiting' AND owner IS NULL AND hash <> '' RETURNING id, hash, created";
    let mut statement = transaction.prepare_cached(sql)?;
    let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let all: Vec<(i64, String, i64)> = statement
        .query_map((channel, time(digest.created)), row)?
        .collect::<rusqlite::Result<_>>()?;
    for (id, hash, created) in &all {
        hold(transaction, (channel, hash), read_time(*created))?;
        release(transaction, *id)?;
    }
    let exists = |sql: &str| transaction.prepare_cached(sql)?.exists([channel]);
    let is_held_back = exists("SELECT 1 FROM held_back WHERE channel = ? AND message = 0")?;
    if is_held_back
        && !exists("SELECT 1 FROM outbox WHERE channel = ? AND state = 'waiting' AND hash = ''")?
    {
        add(transaction, digest, DeliveryState::Waiting)?;
    }
    Ok(all.len() as u64)
}

fn counts(connection: &Connection, channel: &str) -> rusqlite::Result<OutboxCounts> {
    let waiting = "SELECT count(*), min(coalesce(claimed_until, due)) FROM outbox
        WHERE channel = ? AND state = 'waiting'";
    let held_back = "SELECT coalesce(sum(count), 0), min(since) FROM held_back WHERE channel = ? AND message = 0";
    let read = |sql: &str| {
        connection.prepare_cached(sql)?.query_row([channel], |row| {
            Ok((number(row.get(0)?), row.get::<_, Option<i64>>(1)?.map(read_time)))
        })
    };
    let (waiting, next_due) = read(waiting)?;
    let (held_back, held_back_since) = read(held_back)?;
    let latest =
        "SELECT 0, max((SELECT max(created) FROM outbox WHERE channel = ?1 AND state = column1))
        FROM (VALUES ('waiting'), ('sent'), ('failed'), ('held-back'))";
    let (_, latest) = read(latest)?;
    Ok(OutboxCounts { waiting, held_back, held_back_since, next_due, latest })
}

fn history(connection: &Connection, hash: &str) -> rusqlite::Result<Vec<OutboxRecord>> {
    let sql = format!("{RECORDS} WHERE hash = ?1 ORDER BY id DESC LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map((hash, MAX_HISTORY as i64), read_record)?.collect()
}

fn recent(connection: &Connection) -> rusqlite::Result<Vec<OutboxRecord>> {
    let sql = format!("{RECORDS} ORDER BY id DESC LIMIT ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map([MAX_HISTORY as i64], read_record)?.collect()
}

fn channels(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT channel FROM outbox UNION SELECT channel FROM held_back ORDER BY 1";
    connection.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect()
}

fn status_changes(
    connection: &Connection,
    since: Timestamp,
) -> rusqlite::Result<Vec<StatusChange>> {
    let sql = "SELECT hash, status, at FROM status_change WHERE at >= ? ORDER BY at, hash";
    let read = |row: &Row<'_>| {
        let status = row.get_ref(1)?.as_str()?.parse().unwrap_or_default();
        Ok(StatusChange::new(row.get::<_, String>(0)?, status, read_time(row.get(2)?)))
    };
    connection.prepare_cached(sql)?.query_map([time(since)], read)?.collect()
}

/// Reads a row of [`RECORDS`].
fn read_record(row: &Row<'_>) -> rusqlite::Result<OutboxRecord> {
    Ok(OutboxRecord {
        message: read_message(row, 0)?,
        state: row.get_ref(5)?.as_str()?.parse().unwrap_or_default(),
        attempts: number(row.get(6)?),
        finished: row.get::<_, Option<i64>>(7)?.map(read_time),
        result: row.get(8)?,
    })
}

/// Reads the columns from `at` on: channel, hash, reason, event, created.
fn read_message(row: &Row<'_>, at: usize) -> rusqlite::Result<OutboxMessage> {
    Ok(OutboxMessage {
        channel: row.get(at)?,
        hash: row.get(at + 1)?,
        reason: row.get(at + 2)?,
        event: row.get(at + 3)?,
        created: read_time(row.get(at + 4)?),
        once: false,
    })
}
