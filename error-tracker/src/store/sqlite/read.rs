//! Reads issues and events.

use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::convert::{failure, integer, number};
use super::merge::{MEMBERS, TARGET};
use crate::event::{Event, Issue, Timestamp};
use crate::store::{EventSelector, StoreError};

// The columns `notification_sent`, `ticket_raised` and `ticket` of the schema are not used; they
// keep their defaults.
pub(super) const COLUMNS: &str = "hash, kind, level, type, variant, message, count, first_seen, last_seen, status, handled, \
    function, module, file, line, host, method, path, release, environment, components, \
    resolved_in, muted_until, muted_until_count, assignee, users, parts";

pub(super) fn to_issue(row: &Row<'_>) -> rusqlite::Result<Issue> {
    let text = |at| row.get::<_, String>(at);
    let moment = |at| row.get(at).map(|micros| Timestamp::from_micros(number(micros)));
    Ok(Issue {
        hash: text(0)?,
        kind: parse(&text(1)?),
        level: parse(&text(2)?),
        type_name: text(3)?,
        variant: row.get(4)?,
        message: text(5)?,
        count: number(row.get(6)?),
        first_seen: moment(7)?,
        last_seen: moment(8)?,
        status: parse(&text(9)?),
        handled: row.get(10)?,
        function: text(11)?,
        module: text(12)?,
        file: text(13)?,
        line: row.get(14)?,
        host: text(15)?,
        method: text(16)?,
        path: text(17)?,
        release: text(18)?,
        environment: text(19)?,
        components: crate::json::from_str(&text(20)?).unwrap_or_default(),
        resolved_in: row.get(21)?,
        muted_until: row
            .get::<_, Option<i64>>(22)?
            .map(|micros| Timestamp::from_micros(number(micros))),
        muted_until_count: row.get::<_, Option<i64>>(23)?.map(number),
        assignee: row.get::<_, Option<String>>(24)?.unwrap_or_default(),
        users: number(row.get(25)?),
        parts: number(row.get(26)?),
    })
}

/// Reads an enum from its name. Returns the default for a name that only a newer version has.
fn parse<T: FromStr + Default>(name: &str) -> T {
    name.parse().unwrap_or_default()
}

pub(super) fn issue(connection: &Connection, hash: &str) -> Result<Option<Issue>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM issue WHERE id = {TARGET}");
    let mut statement = connection.prepare_cached(&sql).map_err(failure)?;
    statement.query_row([hash], to_issue).optional().map_err(failure)
}

/// Returns the parts of an issue, those that were seen first before the others.
pub(super) fn parts(connection: &Connection, hash: &str) -> Result<Vec<Issue>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM issue WHERE merged_into = {TARGET} ORDER BY first_seen, hash"
    );
    let mut statement = connection.prepare_cached(&sql).map_err(failure)?;
    let rows = statement.query_map([hash], to_issue).map_err(failure)?;
    rows.collect::<Result<_, _>>().map_err(failure)
}

/// Finds the issue of an event. Walks over the index of the occurrences, which is small beside
/// their payloads: an index of the ids alone would be written with every event, for a search that a
/// person makes now and then.
pub(super) fn issue_of_event(
    connection: &Connection,
    id: &str,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT hash FROM issue WHERE id = (SELECT ifnull(merged_into, id) FROM issue \
        WHERE id = (SELECT issue FROM occurrence WHERE id = ?))";
    let mut statement = connection.prepare_cached(sql).map_err(failure)?;
    statement.query_row([id], |row| row.get(0)).optional().map_err(failure)
}

pub(super) fn event(
    connection: &Connection,
    hash: &str,
    which: &EventSelector,
) -> Result<Option<Event>, StoreError> {
    // The newest or oldest of several issues is found in the index, before one payload is read.
    const ID: &str = "SELECT seq FROM occurrence WHERE id = ?2 AND issue IN";
    let of_issue =
        |column: &str| format!("SELECT {column} FROM occurrence WHERE issue IN {MEMBERS}");
    let (seq, id) = match which {
        EventSelector::Latest => (of_issue("max(seq)"), None),
        EventSelector::Oldest => (of_issue("min(seq)"), None),
        EventSelector::Id(id) => (format!("{ID} {MEMBERS} LIMIT 1"), Some(id)),
        EventSelector::After(id) => {
            (format!("{} AND seq > ({ID} {MEMBERS})", of_issue("min(seq)")), Some(id))
        }
        EventSelector::Before(id) => {
            (format!("{} AND seq < ({ID} {MEMBERS})", of_issue("max(seq)")), Some(id))
        }
    };
    let sql = format!("SELECT payload FROM occurrence WHERE seq = ({seq})");
    let mut statement = connection.prepare_cached(&sql).map_err(failure)?;
    let values = [Some(hash), id.map(String::as_str)].into_iter().flatten();
    let payload: Option<String> = statement
        .query_row(params_from_iter(values), |row| row.get(0))
        .optional()
        .map_err(failure)?;
    let read = |payload: String| {
        crate::json::from_str(&payload)
            .map_err(|error| StoreError::Damaged(format!("an event of {hash}: {error}")))
    };
    payload.map(read).transpose()
}

pub(super) fn secret(connection: &Connection) -> Result<[u8; 32], StoreError> {
    let mut statement = connection.prepare_cached("SELECT bytes FROM secret").map_err(failure)?;
    statement.query_row([], |row| row.get(0)).map_err(failure)
}

pub(super) fn hourly_counts(
    connection: &Connection,
    hash: &str,
    since: Timestamp,
) -> Result<Vec<(u64, u64)>, StoreError> {
    let sql = format!(
        "SELECT hour, sum(count) FROM bucket WHERE issue IN {MEMBERS} AND hour >= ?2 \
            GROUP BY hour ORDER BY hour"
    );
    let mut statement = connection.prepare_cached(&sql).map_err(failure)?;
    let rows = statement
        .query_map((hash, integer(since.hour())), |row| {
            Ok((number(row.get(0)?), number(row.get(1)?)))
        })
        .map_err(failure)?;
    rows.collect::<Result<_, _>>().map_err(failure)
}

pub(super) fn check(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut findings = Vec::new();
    let sql = "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok' \
        UNION ALL SELECT 'row ' || rowid || ' of ' || \"table\" || ' belongs to nothing' FROM pragma_foreign_key_check \
        UNION ALL SELECT 'the payload of event ' || id || ' is not JSON' FROM occurrence WHERE NOT json_valid(payload)";
    let mut statement = connection.prepare(sql).map_err(failure)?;
    let mut rows = statement.query([]).map_err(failure)?;
    loop {
        match rows.next() {
            Ok(Some(row)) => findings.push(row.get(0).map_err(failure)?),
            Ok(None) => return Ok(findings),
            Err(error) => match failure(error) {
                StoreError::Damaged(what) => {
                    findings.push(what);
                    return Ok(findings);
                }
                other => return Err(other),
            },
        }
    }
}
