//! What is written into the file.

use std::collections::HashMap;

use rusqlite::{Connection, Statement, Transaction, TransactionBehavior, named_params};

use super::read::name_of;
use super::{failure, integer, number};
use crate::event::{Event, Issue, Status, Timestamp};
use crate::store::{Mark, Pruned, Recorded, Retention, Sighting, StoreError};

/// How many issues one transaction deletes.
const CHUNK: u64 = 200;

/// How much of the latest message an issue keeps, in characters; it is indexed. The events have the whole.
const MESSAGE: usize = 1000;

const UPSERT: &str = "
    INSERT INTO issue (hash, kind, level, type, variant, message, count, first_seen, last_seen, handled, function,
        module, file, line, host, method, path, release, environment, components)
    VALUES (:hash, :kind, :level, :type, :variant, :message, :count, :first_seen, :last_seen, :handled, :function,
        :module, :file, :line, :host, :method, :path, :release, :environment, :components)
    ON CONFLICT (hash) DO UPDATE SET
        count = count + excluded.count,
        first_seen = min(first_seen, excluded.first_seen),
        last_seen = max(last_seen, excluded.last_seen),
        reopened = status = 'resolved',
        first_seq = iif(status = 'resolved' OR release <> excluded.release,
            (SELECT ifnull(max(seq), 0) + 1 FROM occurrence), first_seq),
        status = iif(status = 'resolved', 'unresolved', status),
        (kind, level, type, variant, message, handled, function, module, file, line, host, method, path, release,
            environment, components) = (excluded.kind, excluded.level, excluded.type, excluded.variant,
            excluded.message, excluded.handled, excluded.function, excluded.module, excluded.file, excluded.line,
            excluded.host, excluded.method, excluded.path, excluded.release, excluded.environment,
            excluded.components)
    RETURNING id, count, reopened";

const TRIM: &str = "
    DELETE FROM occurrence WHERE seq IN (
        SELECT seq FROM occurrence WHERE issue = ?1 AND (
            seq < (SELECT first_seq FROM issue WHERE id = ?1)
            OR seq >= (SELECT seq FROM occurrence
                WHERE issue = ?1 AND seq >= (SELECT first_seq FROM issue WHERE id = ?1) ORDER BY seq LIMIT 1 OFFSET ?2))
        ORDER BY seq LIMIT max((SELECT count(*) FROM occurrence WHERE issue = ?1) - ?3, 0))";

/// What became of a batch.
pub(super) struct Batch {
    pub(super) recorded: Vec<Recorded>,
    /// Whether older issues had to go.
    pub(super) evicted: bool,
}

fn begin(connection: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    // A transaction that reads first and writes later fails at once when another one wrote meanwhile.
    connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failure)
}

/// The events as JSON.
pub(super) fn payloads(batch: &[Sighting]) -> Result<Vec<String>, StoreError> {
    batch.iter().map(|sighting| payload(&sighting.event)).collect()
}

fn payload(event: &Event) -> Result<String, StoreError> {
    crate::json::to_string(event).map_err(|error| StoreError::Other(Box::new(error)))
}

pub(super) fn record(
    connection: &mut Connection,
    batch: &[Sighting],
    payloads: &[String],
    retention: &Retention,
) -> Result<Batch, StoreError> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut by_hash: HashMap<&str, usize> = HashMap::new();
    for (at, sighting) in batch.iter().enumerate() {
        let group = *by_hash.entry(&sighting.event.grouping.hash).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(at);
    }
    let transaction = begin(connection)?;
    let mut recorded = vec![Recorded::default(); batch.len()];
    let mut first_new = None;
    for group in &groups {
        let issue = merged(batch, group);
        let (id, count, reopened) = upsert(&transaction, &issue)?;
        let mut before = count.saturating_sub(issue.count);
        let new = before == 0;
        if new {
            first_new.get_or_insert(id);
        }
        for (nth, &at) in group.iter().enumerate() {
            before = before.saturating_add(batch[at].count);
            recorded[at] = Recorded::seen(before).new(new && nth == 0).regression(reopened && nth == 0);
            add_hour(&transaction, id, &batch[at])?;
        }
        let mut kept: Vec<usize> = group.iter().copied().filter(|at| !batch[*at].again).collect();
        if new && kept.is_empty() {
            kept.extend(group.last());
        }
        // Of so many only those are written that may stay.
        let limit = |number| usize::try_from(number).unwrap_or(usize::MAX);
        let first = limit(retention.first_occurrences());
        let newest = kept.len().saturating_sub(limit(retention.max_occurrences) - first);
        for &at in kept.iter().take(first).chain(kept.iter().skip(newest.max(first))) {
            add_occurrence(&transaction, id, &batch[at].event, &payloads[at])?;
        }
        if count > retention.max_occurrences && !kept.is_empty() {
            trim(&transaction, id, retention)?;
        }
    }
    let mut evicted = false;
    if let Some(first) = first_new {
        index_texts(&transaction, first)?;
        evicted = delete_oldest(&transaction, retention.max_issues, u64::MAX)?.issues > 0;
    }
    transaction.commit().map_err(failure)?;
    Ok(Batch { recorded, evicted })
}

/// The issue that the sightings of one group make: the latest event's facts and the sum of the counts.
fn merged(batch: &[Sighting], group: &[usize]) -> Issue {
    let mut issue = group.last().map(|at| Issue::of(&batch[*at].event)).unwrap_or_default();
    issue.count = 0;
    for sighting in group.iter().map(|at| &batch[*at]) {
        issue.count = issue.count.saturating_add(sighting.count);
        issue.first_seen = issue.first_seen.min(sighting.event.at);
        issue.last_seen = issue.last_seen.max(sighting.last_seen);
    }
    if let Some((end, _)) = issue.message.char_indices().nth(MESSAGE) {
        issue.message.truncate(end);
    }
    issue
}

/// The issue's row, its count now, and whether it had been resolved.
fn upsert(transaction: &Transaction<'_>, issue: &Issue) -> Result<(i64, u64, bool), StoreError> {
    let components =
        crate::json::to_string(&issue.components).map_err(|error| StoreError::Other(Box::new(error)))?;
    let mut statement = transaction.prepare_cached(UPSERT).map_err(failure)?;
    let values = named_params! {
        ":hash": issue.hash, ":kind": name_of(issue.kind), ":level": name_of(issue.level), ":type": issue.type_name,
        ":variant": issue.variant, ":message": issue.message, ":count": integer(issue.count),
        ":first_seen": integer(issue.first_seen.as_micros()), ":last_seen": integer(issue.last_seen.as_micros()),
        ":handled": issue.handled, ":function": issue.function, ":module": issue.module, ":file": issue.file,
        ":line": issue.line, ":host": issue.host, ":method": issue.method, ":path": issue.path,
        ":release": issue.release, ":environment": issue.environment, ":components": components,
    };
    let row = statement.query_row(values, |row| Ok((row.get(0)?, number(row.get(1)?), row.get(2)?)));
    row.map_err(failure)
}

/// Makes the texts of issues that can be searched, from this one on: new ones have the highest numbers.
fn index_texts(transaction: &Transaction<'_>, first: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO issue_text (rowid, type, message, function, file) \
        SELECT id, type, message, function, file FROM issue WHERE id >= ?";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    statement.execute([first]).map(drop).map_err(failure)
}

fn add_hour(transaction: &Transaction<'_>, issue: i64, sighting: &Sighting) -> Result<(), StoreError> {
    let sql = "INSERT INTO bucket (issue, hour, count) VALUES (?, ?, ?) \
        ON CONFLICT (issue, hour) DO UPDATE SET count = count + excluded.count";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    let values = (issue, integer(sighting.last_seen.hour()), integer(sighting.count));
    statement.execute(values).map(drop).map_err(failure)
}

fn add_occurrence(
    transaction: &Transaction<'_>,
    issue: i64,
    event: &Event,
    payload: &str,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO occurrence (id, issue, at, payload) VALUES (?, ?, ?, ?)";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    let values = (&event.id, issue, integer(event.at.as_micros()), payload);
    statement.execute(values).map(drop).map_err(failure)
}

/// Deletes an issue's occurrences beyond `retention`, those between the first and the newest; says how many.
fn trim(transaction: &Transaction<'_>, issue: i64, retention: &Retention) -> Result<u64, StoreError> {
    let mut statement = transaction.prepare_cached(TRIM).map_err(failure)?;
    let values = (issue, integer(retention.first_occurrences()), integer(retention.max_occurrences));
    statement.execute(values).map(|deleted| deleted as u64).map_err(failure)
}

/// Deletes the issues seen longest ago, beyond `max_issues`, at most `most` of them.
fn delete_oldest(transaction: &Transaction<'_>, max_issues: u64, most: u64) -> Result<Pruned, StoreError> {
    let mut kept =
        transaction.prepare_cached("SELECT value FROM meta WHERE key = 'issues'").map_err(failure)?;
    let kept = number(kept.query_row([], |row| row.get(0)).map_err(failure)?);
    let excess = kept.saturating_sub(max_issues).min(most);
    if excess == 0 {
        return Ok(Pruned::default());
    }
    delete_first(transaction, integer(Timestamp::from_micros(u64::MAX).as_micros()), excess)
}

/// Deletes the `most` issues seen longest ago, of those last seen before a moment.
fn delete_first(transaction: &Transaction<'_>, before: i64, most: u64) -> Result<Pruned, StoreError> {
    const FIRST: &str = "(SELECT id FROM issue WHERE last_seen < ? ORDER BY last_seen, hash LIMIT ?)";
    let run = |sql: String| {
        let mut statement = transaction.prepare_cached(&sql).map_err(failure)?;
        statement.execute((before, integer(most))).map(|deleted| deleted as u64).map_err(failure)
    };
    let occurrences = run(format!("DELETE FROM occurrence WHERE issue IN {FIRST}"))?;
    let issues = run(format!("DELETE FROM issue WHERE id IN {FIRST}"))?;
    Ok(Pruned { issues, occurrences })
}

pub(super) fn set_status(
    connection: &mut Connection,
    hashes: &[&str],
    status: Status,
) -> Result<u64, StoreError> {
    let name = name_of(status);
    let sql = "UPDATE issue SET status = ?2 WHERE hash = ?1";
    each(connection, sql, hashes, |statement, hash| statement.execute([hash, &name]))
}

pub(super) fn delete(connection: &mut Connection, hashes: &[&str]) -> Result<u64, StoreError> {
    each(connection, "DELETE FROM issue WHERE hash = ?", hashes, |statement, hash| statement.execute([hash]))
}

/// Runs a statement for each hash in one transaction; says how many rows there were.
fn each(
    connection: &mut Connection,
    sql: &str,
    hashes: &[&str],
    run: impl Fn(&mut Statement<'_>, &str) -> rusqlite::Result<usize>,
) -> Result<u64, StoreError> {
    let transaction = begin(connection)?;
    let mut changed = 0;
    for hash in hashes {
        let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
        changed += run(&mut statement, hash).map_err(failure)? as u64;
    }
    transaction.commit().map_err(failure)?;
    Ok(changed)
}

pub(super) fn mark(connection: &mut Connection, hash: &str, mark: &Mark) -> Result<(), StoreError> {
    let done = match mark {
        Mark::Notified => connection.execute("UPDATE issue SET notification_sent = 1 WHERE hash = ?", [hash]),
        Mark::Ticket(address) => connection
            .execute("UPDATE issue SET ticket_raised = 1, ticket = ?2 WHERE hash = ?1", [hash, address]),
    };
    done.map(drop).map_err(failure)
}

/// Deletes a chunk of what is too old or too much; nothing when all is within its bounds.
pub(super) fn prune(
    connection: &mut Connection,
    retention: &Retention,
    oldest: Timestamp,
) -> Result<Pruned, StoreError> {
    let transaction = begin(connection)?;
    let mut pruned = delete_first(&transaction, integer(oldest.as_micros()), CHUNK)?;
    if pruned.issues == 0 {
        pruned = delete_oldest(&transaction, retention.max_issues, CHUNK)?;
    }
    if pruned.issues == 0 {
        let sql = "SELECT issue FROM occurrence GROUP BY issue HAVING count(*) > ? LIMIT ?";
        let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
        let values = (integer(retention.max_occurrences), integer(CHUNK));
        let rows = statement.query_map(values, |row| row.get(0)).map_err(failure)?;
        let issues: Vec<i64> = rows.collect::<Result<_, _>>().map_err(failure)?;
        for issue in issues {
            pruned.occurrences += trim(&transaction, issue, retention)?;
        }
    }
    transaction.commit().map_err(failure)?;
    Ok(pruned)
}

/// Deletes the hourly counts from before `oldest`.
pub(super) fn prune_hours(connection: &mut Connection, oldest: Timestamp) -> Result<(), StoreError> {
    let sql = "DELETE FROM bucket WHERE hour < ?";
    connection.execute(sql, [integer(oldest.hour())]).map(drop).map_err(failure)
}

/// Takes what was deleted out of the text index, which only marks it. To do so at every deletion (FTS5's
/// `secure-delete`) takes 300 microseconds each.
pub(super) fn purge(connection: &mut Connection) -> Result<(), StoreError> {
    connection.execute_batch("INSERT INTO issue_text (issue_text) VALUES ('optimize')").map_err(failure)
}
