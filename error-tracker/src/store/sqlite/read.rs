//! Reads issues and events.

use std::str::FromStr;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::convert::{failure, integer, number};
use super::facets::{RELEASE, ROUTE};
use super::merge::{MEMBERS, TARGET};
use crate::event::{Event, Issue, Kind, Status, Timestamp};
use crate::store::cursor::{IssueCursor, SortKey, read_page};
use crate::store::{EventSelector, IssueQuery, Page, Sort, StoreError};

// The columns `notification_sent`, `ticket_raised` and `ticket` of the schema are not used; they
// keep their defaults.
const COLUMNS: &str = "hash, kind, level, type, variant, message, count, first_seen, last_seen, status, handled, \
    function, module, file, line, host, method, path, release, environment, components, \
    resolved_in, muted_until, muted_until_count, assignee, users, parts";

fn to_issue(row: &Row<'_>) -> rusqlite::Result<Issue> {
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

/// SQL conditions, joined by AND, with their values.
#[derive(Clone, Default)]
pub(super) struct SqlConditions {
    sql: String,
    values: Vec<Value>,
}

impl SqlConditions {
    fn add(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(if self.sql.is_empty() { " WHERE " } else { " AND " });
        self.sql.push_str(condition);
        self.values.extend(values);
    }

    fn add_part(&mut self, condition: &str, needle: &str) {
        if !needle.is_empty() {
            self.add(condition, [needle.to_owned().into()]);
        }
    }

    pub(super) fn of(query: &IssueQuery) -> Self {
        let mut all = Self::default();
        all.add("merged_into IS NULL", []);
        // The index finds three characters or more, and folds the case of few scripts only.
        if query.text.len() >= 3 && query.text.is_ascii() {
            let phrase = format!("\"{}\"", query.text.replace('"', "\"\""));
            all.add(
                "id IN (SELECT rowid FROM issue_text WHERE issue_text MATCH ?)",
                [phrase.into()],
            );
        } else if !query.text.is_empty() {
            let condition = "(has_part(type, ?) OR has_part(message, ?) OR has_part(function, ?) OR has_part(file, ?))";
            all.add(condition, std::iter::repeat_n(query.text.clone().into(), 4));
        }
        for (column, name) in [
            ("kind = ?", query.kind.map(Kind::as_str)),
            ("status = ?", query.status.map(Status::as_str)),
        ] {
            if let Some(name) = name {
                all.add(column, [name.to_owned().into()]);
            }
        }
        all.add_part("assignee = ?", &query.assignee);
        if let Some(handled) = query.handled {
            // The index of the assignees finds fewer rows, so that of the handled ones is not used
            // beside it.
            let column = if query.assignee.is_empty() { "handled" } else { "+handled" };
            all.add(&format!("{column} = ?"), [i64::from(handled).into()]);
        }
        all.add_part("has_part(type, ?)", &query.type_name);
        all.add_part("has_part(host, ?)", &query.host);
        all.add_part("has_part(path, ?)", &query.path);
        all.add_part("has_part(function, ?)", &query.function);
        if !query.method.is_empty() {
            all.add("method = ? COLLATE NOCASE", [query.method.clone().into()]);
        }
        if let Some(since) = query.since {
            all.add("last_seen >= ?", [integer(since.as_micros()).into()]);
        }
        if let Some(until) = query.until {
            all.add("last_seen < ?", [integer(until.as_micros()).into()]);
        }
        for (kind, value) in [(RELEASE, &query.release), (ROUTE, &query.route)] {
            if !value.is_empty() {
                let condition = "id IN (SELECT ifnull(merged_into, id) FROM issue
                    WHERE id IN (SELECT issue FROM facet WHERE kind = ? AND value = ?))";
                all.add(condition, [kind.to_owned().into(), value.clone().into()]);
            }
        }
        all
    }
}

fn column(sort: Sort) -> &'static str {
    match sort {
        Sort::LastSeen => "last_seen",
        Sort::FirstSeen => "first_seen",
        Sort::Count => "count",
        Sort::Type => "type",
    }
}

/// Returns the values that a keyset condition is compared with.
fn values(cursor: IssueCursor) -> [Value; 2] {
    let key = match cursor.key {
        SortKey::Number(number) => integer(number).into(),
        SortKey::Text(text) => text.into(),
    };
    [key, cursor.hash.into()]
}

pub(super) fn issues(
    connection: &Connection,
    query: &IssueQuery,
) -> Result<Page<Issue>, StoreError> {
    let filter = SqlConditions::of(query);
    read_page(query, |cursor, backwards, limit| {
        beyond(connection, query, filter.clone(), cursor, backwards, limit)
    })
}

/// Returns the issues beyond a cursor, in the order of the query or backwards.
fn beyond(
    connection: &Connection,
    query: &IssueQuery,
    filter: SqlConditions,
    cursor: Option<IssueCursor>,
    backwards: bool,
    limit: usize,
) -> Result<Vec<Issue>, StoreError> {
    let (sql, values) = selection(query, filter, cursor, backwards, limit);
    let mut statement = connection.prepare_cached(&sql).map_err(failure)?;
    let rows = statement.query_map(params_from_iter(values), to_issue).map_err(failure)?;
    rows.collect::<Result<_, _>>().map_err(failure)
}

/// Returns the SQL of [`beyond`] with its values.
pub(super) fn selection(
    query: &IssueQuery,
    mut filter: SqlConditions,
    cursor: Option<IssueCursor>,
    backwards: bool,
    limit: usize,
) -> (String, Vec<Value>) {
    let column = column(query.sort);
    let (sign, order) = if query.ascending == backwards { ("<", "DESC") } else { (">", "ASC") };
    if let Some(cursor) = cursor {
        filter.add(&format!("({column}, hash) {sign} (?, ?)"), values(cursor));
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM issue{} ORDER BY {column} {order}, hash {order} LIMIT {limit}",
        filter.sql
    );
    (sql, filter.values)
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

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, params_from_iter};

    use super::{SqlConditions, selection};
    use crate::event::{Status, Timestamp};
    use crate::store::IssueQuery;
    use crate::store::cursor::PageStart;

    /// Returns how SQLite finds the issues of a query.
    fn plan(connection: &Connection, query: &IssueQuery) -> String {
        let cursor = match PageStart::of(query).unwrap() {
            PageStart::After(cursor) => Some(cursor),
            _ => None,
        };
        let (sql, values) = selection(query, SqlConditions::of(query), cursor, false, 20);
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = statement
            .query_map(params_from_iter(values), |row| row.get::<_, String>(3))
            .unwrap()
            .collect::<Result<Vec<_>, _>>();
        steps.unwrap().join("; ")
    }

    #[test]
    fn lists_of_handled_issues_and_of_an_assignee_are_read_from_their_index_in_order() {
        let mut connection = Connection::open_in_memory().unwrap();
        super::super::schema::migrate(&mut connection).unwrap();
        let listed = IssueQuery::default().handled(false);
        let assigned = listed.clone().assignee("Ada");
        for (query, index) in [
            (listed.clone(), "issue_handled (handled=?)"),
            (listed.status(Status::Muted), "issue_handled (handled=?)"),
            (assigned.clone(), "issue_assignee (assignee=?)"),
            (assigned.clone().status(Status::Unresolved), "issue_assignee (assignee=?)"),
            (
                assigned.clone().since(Timestamp::from_micros(7)),
                "issue_assignee (assignee=? AND last_seen>?)",
            ),
            (assigned.after("l.abc.7"), "issue_assignee (assignee=? AND (last_seen,hash)<(?,?))"),
        ] {
            let found = plan(&connection, &query);
            assert_eq!(found, format!("SEARCH issue USING INDEX {index}"), "{query:?}");
        }
    }
}
