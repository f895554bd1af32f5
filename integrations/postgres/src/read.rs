//! Reads issues.

use error_tracker::event::{Issue, Kind, Status, Timestamp};
use error_tracker::json;
use error_tracker::store::rules::{IssueCursor, SortKey, read_page};
use error_tracker::store::{IssueQuery, Page, Sort, StoreError};
use postgres::Row;
use postgres::types::{ToSql, Type};

use crate::convert::{hash_bytes, hash_text, integer, number, text};
use crate::facets::{RELEASE, ROUTE};
use crate::session::{Parameter, Session, get};
use crate::text::{FUNCTION_FIELD, HOST_FIELD, PATH_FIELD, SEPARATOR, TYPE_FIELD, pattern};

const COLUMNS: &str = "hash, kind, level, type, variant, message, count, first_seen, last_seen, status, handled, \
    function, module, file, line, host, method, path, release, environment, components, \
    resolved_in, muted_until, muted_until_count, assignee, users, parts";

/// The hash that is given as `$1`, or that of the issue into which it was merged.
const TARGET: &str = "(SELECT coalesce(merged_into, hash) FROM issue WHERE hash = $1)";

fn to_issue(row: &Row) -> Result<Issue, StoreError> {
    let text = |at| get::<String>(row, at);
    let count = |at| get(row, at).map(number);
    let optional = |at| get::<Option<i64>>(row, at).map(|count| count.map(number));
    let mut issue = Issue::default();
    issue.hash = hash_text(&get::<Vec<u8>>(row, 0)?);
    issue.kind = text(1)?.parse().unwrap_or_default();
    issue.level = text(2)?.parse().unwrap_or_default();
    issue.type_name = text(3)?;
    issue.variant = get(row, 4)?;
    issue.message = text(5)?;
    issue.count = count(6)?;
    issue.first_seen = Timestamp::from_micros(count(7)?);
    issue.last_seen = Timestamp::from_micros(count(8)?);
    issue.status = text(9)?.parse().unwrap_or_default();
    issue.handled = get(row, 10)?;
    issue.function = text(11)?;
    issue.module = text(12)?;
    issue.file = text(13)?;
    issue.line = u32::try_from(count(14)?).unwrap_or_default();
    issue.host = text(15)?;
    issue.method = text(16)?;
    issue.path = text(17)?;
    issue.release = text(18)?;
    issue.environment = text(19)?;
    issue.components = json::from_str(&text(20)?).unwrap_or_default();
    issue.resolved_in = get(row, 21)?;
    issue.muted_until = optional(22)?.map(Timestamp::from_micros);
    issue.muted_until_count = optional(23)?;
    issue.assignee = text(24)?;
    issue.users = count(25)?;
    issue.parts = count(26)?;
    Ok(issue)
}

/// A value of a parameter.
#[derive(Clone, Debug)]
enum SqlValue {
    Text(String),
    Number(i64),
    Bytes(Vec<u8>),
}

impl SqlValue {
    fn parameter(&self) -> Parameter<'_> {
        let (value, kind): (&(dyn ToSql + Sync), Type) = match self {
            Self::Text(text) => (text, Type::TEXT),
            Self::Number(number) => (number, Type::INT8),
            Self::Bytes(bytes) => (bytes, Type::BYTEA),
        };
        (value, kind)
    }
}

/// SQL conditions, joined by AND, with their values.
#[derive(Clone, Debug, Default)]
struct SqlConditions {
    sql: String,
    values: Vec<SqlValue>,
}

impl SqlConditions {
    /// Adds a condition, in which `?` stands for each of the values in turn.
    fn add(&mut self, condition: &str, values: impl IntoIterator<Item = SqlValue>) {
        self.sql.push_str(if self.sql.is_empty() { " WHERE " } else { " AND " });
        let mut values = values.into_iter();
        for (nth, piece) in condition.split('?').enumerate() {
            if nth > 0 {
                self.values.extend(values.next());
                self.sql.push_str(&format!("${}", self.values.len()));
            }
            self.sql.push_str(piece);
        }
    }

    fn of(query: &IssueQuery) -> Self {
        let mut all = Self::default();
        all.add("merged_into IS NULL", []);
        if !query.text.is_empty() {
            // Of an issue, or of one that was merged into it.
            let condition = "hash IN (SELECT coalesce(merged_into, hash) FROM issue_text JOIN issue ON issue_text.issue = hash \
                WHERE failure LIKE ?)";
            all.add(condition, [SqlValue::Text(pattern(&query.text))]);
        }
        for (column, field, needle) in [
            ("failure", TYPE_FIELD, &query.type_name),
            ("failure", FUNCTION_FIELD, &query.function),
            ("request", HOST_FIELD, &query.host),
            ("request", PATH_FIELD, &query.path),
        ] {
            if !needle.is_empty() {
                // The first condition uses the index.
                let condition = format!(
                    "hash IN (SELECT issue FROM issue_text WHERE {column} LIKE ? \
                        AND split_part({column}, ?, {field}) LIKE ?)"
                );
                let pattern = SqlValue::Text(pattern(needle));
                all.add(&condition, [pattern.clone(), SqlValue::Text(SEPARATOR.into()), pattern]);
            }
        }
        for (column, name) in
            [("kind", query.kind.map(Kind::as_str)), ("status", query.status.map(Status::as_str))]
        {
            if let Some(name) = name {
                all.add(&format!("{column} = ?"), [SqlValue::Text(name.to_owned())]);
            }
        }
        if let Some(handled) = query.handled {
            // The partial index is used if the condition is written so.
            all.add(if handled { "handled" } else { "NOT handled" }, []);
        }
        if !query.assignee.is_empty() {
            let name = text(&query.assignee).to_ascii_lowercase();
            all.add("assignee <> '' AND lower(assignee) = ?", [SqlValue::Text(name)]);
        }
        if !query.method.is_empty() {
            let method = text(&query.method).to_ascii_lowercase();
            all.add("lower(method) = ?", [SqlValue::Text(method)]);
        }
        if let Some(since) = query.since {
            let since = integer(since.as_micros());
            let values = [SqlValue::Number(since / MINUTE), SqlValue::Number(since)];
            all.add("minute >= ? AND last_seen >= ?", values);
        }
        if let Some(until) = query.until {
            let until = integer(until.as_micros());
            let values = [SqlValue::Number(until / MINUTE), SqlValue::Number(until)];
            all.add("minute <= ? AND last_seen < ?", values);
        }
        for (kind, value) in [(RELEASE, &query.release), (ROUTE, &query.route)] {
            if !value.is_empty() {
                let condition = "hash IN (SELECT coalesce(merged_into, hash) FROM issue JOIN facet ON facet.issue = hash \
                    WHERE facet.kind = ? AND facet.value = ?)";
                all.add(condition, [SqlValue::Text(kind.to_owned()), SqlValue::Text(text(value))]);
            }
        }
        all
    }

    /// Adds the condition that an issue is beyond a cursor.
    fn add_cursor(&mut self, cursor: IssueCursor, sort: Sort, sign: &str) {
        let hash = SqlValue::Bytes(hash_bytes(&cursor.hash));
        match cursor.key {
            SortKey::Number(key) => {
                let key = integer(key);
                if sort == Sort::LastSeen {
                    // What the index finds.
                    self.add(&format!("minute {sign}= ?"), [SqlValue::Number(key / MINUTE)]);
                }
                let condition = format!("({}, hash) {sign} (?, ?)", column(sort));
                self.add(&condition, [SqlValue::Number(key), hash]);
            }
            SortKey::Text(key) => {
                let key = text(&key);
                let condition = format!("left(type, 200) {sign}= left(? COLLATE \"C\", 200)");
                self.add(&condition, [SqlValue::Text(key.clone())]);
                self.add(&format!("(type, hash) {sign} (?, ?)"), [SqlValue::Text(key), hash]);
            }
        }
    }
}

const MINUTE: i64 = 60_000_000;

fn column(sort: Sort) -> &'static str {
    match sort {
        Sort::FirstSeen => "first_seen",
        Sort::Count => "count",
        Sort::Type => "type",
        _ => "last_seen",
    }
}

/// Returns the order of a list. The first column has an index where there is another one before the
/// sort key.
fn order(sort: Sort, direction: &str) -> String {
    let indexed = match sort {
        Sort::LastSeen => format!("minute {direction}, "),
        Sort::Type => format!("left(type, 200) {direction}, "),
        _ => String::new(),
    };
    format!("{indexed}{} {direction}, hash {direction}", column(sort))
}

/// Lists issues.
pub(crate) fn issues(
    session: &mut Session<'_>,
    query: &IssueQuery,
) -> Result<Page<Issue>, StoreError> {
    let filter = SqlConditions::of(query);
    read_page(query, |cursor, backwards, limit| {
        let mut filter = filter.clone();
        let (sign, direction) =
            if query.ascending == backwards { ("<", "DESC") } else { (">", "ASC") };
        if let Some(cursor) = cursor {
            filter.add_cursor(cursor, query.sort, sign);
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM issue{} ORDER BY {} LIMIT {limit}",
            filter.sql,
            order(query.sort, direction)
        );
        let parameters: Vec<_> = filter.values.iter().map(SqlValue::parameter).collect();
        session.rows(&sql, &parameters)?.iter().map(to_issue).collect()
    })
}

/// Returns the issue that a hash stands for.
pub(crate) fn issue(session: &mut Session<'_>, hash: &[u8]) -> Result<Option<Issue>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM issue WHERE hash = {TARGET}");
    session.row(&sql, &[(&hash, Type::BYTEA)])?.map(|row| to_issue(&row)).transpose()
}

/// Returns the parts of an issue, those that were seen first before the others.
pub(crate) fn parts(session: &mut Session<'_>, hash: &[u8]) -> Result<Vec<Issue>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM issue WHERE merged_into = {TARGET} ORDER BY first_seen, hash"
    );
    session.rows(&sql, &[(&hash, Type::BYTEA)])?.iter().map(to_issue).collect()
}

/// Reads the random bytes of the database.
pub(crate) fn secret(session: &mut Session<'_>) -> Result<[u8; 32], StoreError> {
    let bytes: Vec<u8> = session.value("SELECT bytes FROM secret", &[])?;
    bytes.try_into().map_err(|_| StoreError::Damaged("the secret has no 32 bytes".to_owned()))
}
