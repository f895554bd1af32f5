//! Finds the issues that may match a query, by the index of one of its filters.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::convert::{failure, integer};
use super::facets::{RELEASE, ROUTE};
use crate::store::{IssueQuery, StoreError};

/// The candidates of a filter: a query for the ids of all issues that may match.
pub(super) struct Candidates {
    sql: String,
    values: Vec<Value>,
}

impl Candidates {
    /// Returns the number of candidates, at most `limit`.
    fn count(&self, connection: &Connection, limit: u32) -> Result<u32, StoreError> {
        let sql = format!("SELECT count(*) FROM ({} LIMIT {limit})", self.sql);
        let mut statement = connection.prepare_cached(&sql).map_err(failure)?;
        statement.query_row(params_from_iter(&self.values), |row| row.get(0)).map_err(failure)
    }

    /// Returns the condition that an issue is among the candidates.
    pub(super) fn condition(self) -> (String, Vec<Value>) {
        (format!("id IN ({})", self.sql), self.values)
    }

    /// Returns the fewest candidates if there are at most `max`.
    pub(super) fn few(
        connection: &Connection,
        query: &IssueQuery,
        max: u32,
    ) -> Result<Option<Self>, StoreError> {
        let all = [
            of_assignee(query),
            of_facet(RELEASE, &query.release),
            of_facet(ROUTE, &query.route),
            Self::of_text(query),
            of_time(query),
            of_handled(query),
        ];
        let (mut fewest, mut limit) = (None, max + 1);
        for candidates in all.into_iter().flatten() {
            let count = candidates.count(connection, limit)?;
            if count < limit {
                (fewest, limit) = (Some(candidates), count);
            }
        }
        Ok(fewest)
    }

    /// Returns the issues whose indexed text contains the texts of the query.
    pub(super) fn of_text(query: &IssueQuery) -> Option<Self> {
        let parts =
            [("", &query.text), ("type : ", &query.type_name), ("function : ", &query.function)];
        let phrases = parts
            .into_iter()
            .filter(|(_, part)| is_indexed(part))
            .map(|(column, part)| format!("{column}\"{}\"", part.replace('"', "\"\"")))
            .collect::<Vec<_>>()
            .join(" AND ");
        (!phrases.is_empty()).then(|| Self {
            sql: format!(
                "SELECT rowid FROM issue_text WHERE issue_text MATCH ? UNION ALL {MERGED}"
            ),
            values: vec![phrases.into()],
        })
    }
}

/// The issues that others were merged into. They match also what those others have, and are few,
/// because a person merges issues.
const MERGED: &str =
    "SELECT DISTINCT merged_into FROM issue INDEXED BY issue_merged WHERE merged_into IS NOT NULL";

/// Returns the issues that may have occurred with a value.
fn of_facet(kind: &str, value: &str) -> Option<Candidates> {
    (!value.is_empty()).then(|| Candidates {
        sql: format!("SELECT issue FROM facet WHERE kind = ? AND value = ? UNION ALL {MERGED}"),
        values: vec![kind.to_owned().into(), value.to_owned().into()],
    })
}

fn of_assignee(query: &IssueQuery) -> Option<Candidates> {
    (!query.assignee.is_empty()).then(|| Candidates {
        sql: "SELECT id FROM issue INDEXED BY issue_assignee WHERE assignee = ?".to_owned(),
        values: vec![query.assignee.clone().into()],
    })
}

/// Returns whether the text index finds a part: it finds three characters or more, and folds the
/// case of few scripts only.
fn is_indexed(part: &str) -> bool {
    part.len() >= 3 && part.is_ascii()
}

/// Returns the issues that were last seen in the time of the query.
fn of_time(query: &IssueQuery) -> Option<Candidates> {
    if query.since.is_none() && query.until.is_none() {
        return None;
    }
    let since = query.since.map_or(0, |since| integer(since.as_micros()));
    let until = query.until.map_or(i64::MAX, |until| integer(until.as_micros()));
    Some(Candidates {
        sql:
            "SELECT id FROM issue INDEXED BY issue_last_seen WHERE last_seen >= ? AND last_seen < ?"
                .to_owned(),
        values: vec![since.into(), until.into()],
    })
}

/// Returns the issues that were handled, or the others.
fn of_handled(query: &IssueQuery) -> Option<Candidates> {
    query.handled.map(|handled| Candidates {
        sql: "SELECT id FROM issue INDEXED BY issue_handled WHERE handled = ?".to_owned(),
        values: vec![i64::from(handled).into()],
    })
}
