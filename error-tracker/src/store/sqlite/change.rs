//! What people change of issues, and what ends their status.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};

use super::convert::{failure, integer, number};
use super::merge::{MEMBERS, TARGET};
use super::transaction::{begin, each};
use crate::event::{Note, Status, Timestamp};
use crate::store::change::{MAX_NOTES, no_release, too_many_notes};
use crate::store::memory_outbox::MAX_STATUS_CHANGES;
use crate::store::reopening::{MAX_RELEASES, Reopening, ResolvedRelease, StatusTerm};
use crate::store::{IssueChange, Sighting, StoreError};

/// The maximum of a number of occurrences that is added to a count, so that the sum is a number of
/// SQLite's.
const MAX_TIMES: u64 = 1 << 60;

/// Changes issues, all or none. Returns the number of those that changed.
pub(super) fn change(
    connection: &mut Connection,
    hashes: &[&str],
    change: &IssueChange,
) -> Result<u64, StoreError> {
    change.check()?;
    match change {
        IssueChange::Assign(name) => {
            let sql = "UPDATE issue SET assignee = nullif(?2, '') WHERE id = ";
            each(connection, &format!("{sql}{TARGET}"), hashes, |statement, hash| {
                statement.execute((hash, name))
            })
        }
        IssueChange::DeleteNote(id) => {
            let sql = format!("DELETE FROM note WHERE id = ?2 AND issue IN {MEMBERS}");
            each(connection, &sql, hashes, |statement, hash| statement.execute((hash, id)))
        }
        IssueChange::AddNote(note) => each_issue(connection, hashes, |transaction, issue| {
            add_note(transaction, issue.id, note)
        }),
        IssueChange::SetStatus(status) => {
            let term = StatusTerm::of(*status);
            each_issue(connection, hashes, |transaction, issue| {
                set_status(transaction, &issue, &term)
            })
        }
        IssueChange::MuteUntil(until) => {
            let term = StatusTerm::muted_until(*until);
            each_issue(connection, hashes, |transaction, issue| {
                set_status(transaction, &issue, &term)
            })
        }
        IssueChange::MuteFor(times) => each_issue(connection, hashes, |transaction, issue| {
            let times = (*times).min(MAX_TIMES);
            set_status(transaction, &issue, &StatusTerm::muted_until_count(issue.count, times))
        }),
        IssueChange::ResolveInNextRelease => {
            each_issue(connection, hashes, |transaction, issue| {
                if issue.release.is_empty() {
                    return Err(no_release(&issue.hash));
                }
                let latest_known = latest_release(transaction)?;
                let resolved = ResolvedRelease { release: issue.release.clone(), latest_known };
                set_status(transaction, &issue, &StatusTerm::resolved_in(resolved))
            })
        }
    }
}

/// What a change depends on.
struct ChangedIssue {
    id: i64,
    hash: String,
    count: u64,
    release: String,
    status: Status,
}

/// Changes the issues that exist, in one transaction. Returns their number.
fn each_issue(
    connection: &mut Connection,
    hashes: &[&str],
    change: impl Fn(&Transaction<'_>, ChangedIssue) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let transaction = begin(connection)?;
    let mut changed = 0;
    for hash in hashes {
        let sql = format!("SELECT id, hash, count, release, status FROM issue WHERE id = {TARGET}");
        let mut statement = transaction.prepare_cached(&sql).map_err(failure)?;
        let found = statement.query_row([hash], |row| {
            Ok(ChangedIssue {
                id: row.get(0)?,
                hash: row.get(1)?,
                count: number(row.get(2)?),
                release: row.get(3)?,
                status: row.get_ref(4)?.as_str()?.parse().unwrap_or_default(),
            })
        });
        if let Some(issue) = found.optional().map_err(failure)? {
            change(&transaction, issue)?;
            changed += 1;
        }
    }
    transaction.commit().map_err(failure)?;
    Ok(changed)
}

/// Sets the status that a person gives to an issue, and notes it if it is another one.
fn set_status(
    transaction: &Transaction<'_>,
    issue: &ChangedIssue,
    term: &StatusTerm,
) -> Result<(), StoreError> {
    set_term(transaction, issue.id, term)?;
    if term.status == issue.status {
        return Ok(());
    }
    let sql = "INSERT OR REPLACE INTO status_change (hash, at, status) VALUES (?, ?, ?)";
    let values = (&issue.hash, integer(Timestamp::now().as_micros()), term.status.as_str());
    let mut insert = transaction.prepare_cached(sql).map_err(failure)?;
    insert.execute(values).map_err(failure)?;
    let sql = "SELECT count(*) FROM status_change";
    let mut count = transaction.prepare_cached(sql).map_err(failure)?;
    let kept = count.query_row([], |row| row.get(0)).map(number).map_err(failure)?;
    if kept <= MAX_STATUS_CHANGES as u64 {
        return Ok(());
    }
    // Half of them, so that they are not sorted at each change.
    let sql = "DELETE FROM status_change WHERE at <=
        (SELECT at FROM status_change ORDER BY at DESC LIMIT 1 OFFSET ?)";
    let mut delete = transaction.prepare_cached(sql).map_err(failure)?;
    delete.execute([(MAX_STATUS_CHANGES / 2) as i64]).map(drop).map_err(failure)
}

fn set_term(
    transaction: &Transaction<'_>,
    issue: i64,
    term: &StatusTerm,
) -> Result<(), StoreError> {
    let sql =
        "UPDATE issue SET status = ?2, resolved_at = ?3, resolved_in = ?4, resolved_known = ?5,
        muted_until = ?6, muted_until_count = ?7 WHERE id = ?1";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    let micros = |at: Option<Timestamp>| at.map(|at| integer(at.as_micros()));
    let resolved = term.resolved_in.as_ref();
    let values = (
        issue,
        term.status.as_str(),
        micros(term.resolved_at),
        resolved.map(|resolved| &resolved.release),
        resolved.map(|resolved| integer(resolved.latest_known)),
        micros(term.muted_until),
        term.muted_until_count.map(integer),
    );
    statement.execute(values).map(drop).map_err(failure)
}

/// Reads what [`set_term`] has written: status, resolved_at, resolved_in, resolved_known,
/// muted_until and muted_until_count, from column `first` on.
fn term(row: &Row<'_>, first: usize) -> rusqlite::Result<StatusTerm> {
    let moment = |at| {
        let micros: Option<i64> = row.get(at)?;
        Ok::<_, rusqlite::Error>(micros.map(|micros| Timestamp::from_micros(number(micros))))
    };
    let status = row.get_ref(first)?.as_str()?.parse().unwrap_or_default();
    let release: Option<String> = row.get(first + 2)?;
    let known: Option<i64> = row.get(first + 3)?;
    let latest_known = known.map_or(0, number);
    Ok(StatusTerm {
        status,
        resolved_at: moment(first + 1)?,
        resolved_in: release.map(|release| ResolvedRelease { release, latest_known }),
        muted_until: moment(first + 4)?,
        muted_until_count: row.get::<_, Option<i64>>(first + 5)?.map(number),
    })
}

/// Reads a term like [`term`]; `None` if the issue is open.
pub(super) fn open_term(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<StatusTerm>> {
    let is_open = row.get_ref(first)?.as_str()? == Status::Unresolved.as_str();
    if is_open { Ok(None) } else { term(row, first).map(Some) }
}

/// Opens an issue again. After a regression its first occurrences are counted anew.
pub(super) fn reopen(
    transaction: &Transaction<'_>,
    issue: i64,
    reopening: Reopening,
) -> Result<(), StoreError> {
    set_term(transaction, issue, &StatusTerm::default())?;
    if reopening == Reopening::Regression {
        let sql = "UPDATE issue SET first_seq = (SELECT ifnull(max(seq), 0) + 1 FROM occurrence) WHERE id = ?";
        let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
        statement.execute([issue]).map_err(failure)?;
    }
    Ok(())
}

/// Returns the numbers of the releases of a batch, and adds those that are new.
pub(super) fn number_releases<'a>(
    transaction: &Transaction<'_>,
    batch: &'a [Sighting],
) -> Result<HashMap<&'a str, u64>, StoreError> {
    let mut numbers = HashMap::new();
    for release in batch.iter().map(|sighting| &*sighting.event.origin.release) {
        if release.is_empty() || numbers.contains_key(release) {
            continue;
        }
        let mut known = transaction
            .prepare_cached("SELECT number FROM release WHERE name = ?")
            .map_err(failure)?;
        let known = known.query_row([release], |row| row.get(0)).optional().map_err(failure)?;
        let known = match known {
            Some(known) => known,
            None => add_release(transaction, release)?,
        };
        numbers.insert(release, number(known));
    }
    Ok(numbers)
}

fn add_release(transaction: &Transaction<'_>, release: &str) -> Result<i64, StoreError> {
    transaction.execute("INSERT INTO release (name) VALUES (?)", [release]).map_err(failure)?;
    let added = transaction.last_insert_rowid();
    let oldest = added.saturating_sub(integer(MAX_RELEASES));
    transaction.execute("DELETE FROM release WHERE number <= ?", [oldest]).map_err(failure)?;
    Ok(added)
}

fn latest_release(transaction: &Transaction<'_>) -> Result<u64, StoreError> {
    let sql = "SELECT ifnull(max(number), 0) FROM release";
    transaction.query_row(sql, [], |row| row.get(0)).map(number).map_err(failure)
}

fn add_note(transaction: &Transaction<'_>, issue: i64, note: &Note) -> Result<(), StoreError> {
    let sql = "SELECT count(*) FROM note WHERE issue = ?";
    let kept = transaction.query_row(sql, [issue], |row| row.get(0)).map(number);
    if kept.map_err(failure)? >= MAX_NOTES as u64 {
        return Err(too_many_notes());
    }
    let sql = "INSERT OR REPLACE INTO note (issue, at, id, author, text) VALUES (?, ?, ?, ?, ?)";
    let values = (issue, integer(note.at.as_micros()), &note.id, &note.author, &note.text);
    transaction.execute(sql, values).map(drop).map_err(failure)
}

/// Returns the notes of an issue and its parts, the oldest first.
pub(super) fn notes(connection: &Connection, hash: &str) -> Result<Vec<Note>, StoreError> {
    let sql =
        format!("SELECT id, at, author, text FROM note WHERE issue IN {MEMBERS} ORDER BY at, id");
    let mut statement = connection.prepare_cached(&sql).map_err(failure)?;
    let read = |row: &Row<'_>| {
        Ok(Note {
            id: row.get(0)?,
            at: Timestamp::from_micros(number(row.get(1)?)),
            author: row.get(2)?,
            text: row.get(3)?,
        })
    };
    let rows = statement.query_map([hash], read).map_err(failure)?;
    rows.collect::<Result<_, _>>().map_err(failure)
}
