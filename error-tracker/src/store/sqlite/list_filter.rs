//! The conditions of a list, in SQL.

use rusqlite::types::Value;

use super::convert::integer;
use super::facets::{RELEASE, ROUTE};
use crate::store::cursor::{IssueCursor, SortKey};
use crate::store::{IssueQuery, Sort};

/// The indexes of the order by `last_seen`: of all issues, of the handled and the other ones, and
/// of those of each assignee.
const BY_LAST_SEEN: &str = "issue_last_seen";
const BY_HANDLED: &str = "issue_handled";
const BY_ASSIGNEE: &str = "issue_assignee";

/// The order in which a list is read.
pub(super) struct ListOrder {
    pub(super) column: &'static str,
    /// The index that has this order.
    pub(super) index: &'static str,
    pub(super) direction: &'static str,
    /// Compares an issue with one that precedes it in this order.
    pub(super) is_beyond: &'static str,
    /// Compares an issue with itself, or one that follows it.
    pub(super) is_not_beyond: &'static str,
}

impl ListOrder {
    pub(super) fn of(query: &IssueQuery, backwards: bool) -> Self {
        let (column, index) = match query.sort {
            Sort::LastSeen if !query.assignee.is_empty() => ("last_seen", BY_ASSIGNEE),
            Sort::LastSeen if query.handled.is_some() => ("last_seen", BY_HANDLED),
            Sort::LastSeen => ("last_seen", BY_LAST_SEEN),
            Sort::FirstSeen => ("first_seen", "issue_first_seen"),
            Sort::Count => ("count", "issue_count"),
            Sort::Type => ("type", "issue_type"),
        };
        let (direction, is_beyond, is_not_beyond) =
            if query.ascending == backwards { ("DESC", "<", ">=") } else { ("ASC", ">", "<=") };
        Self { column, index, direction, is_beyond, is_not_beyond }
    }

    /// Returns the columns that are compared.
    pub(super) fn key(&self) -> String {
        format!("({}, hash)", self.column)
    }
}

/// SQL conditions, joined by AND, with their values.
#[derive(Clone, Default)]
pub(super) struct SqlConditions {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl SqlConditions {
    pub(super) fn with(mut self, condition: &str, values: impl IntoIterator<Item = Value>) -> Self {
        self.add(condition, values);
        self
    }

    fn add(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(if self.sql.is_empty() { " WHERE " } else { " AND " });
        self.sql.push_str(condition);
        self.values.extend(values);
    }

    /// Adds a condition with the same value for each `?`, unless it is empty.
    fn add_text(&mut self, condition: &str, value: &str) {
        if !value.is_empty() {
            let times = condition.matches('?').count();
            self.add(condition, std::iter::repeat_n(value.to_owned().into(), times));
        }
    }
}

/// The conditions of a list in one order.
pub(super) struct ListFilter {
    /// Those that limit which part of the order's index is read.
    pub(super) indexed: SqlConditions,
    /// All of them.
    pub(super) all: SqlConditions,
    /// Whether the part of the index that is read has hardly any issues that do not match.
    pub(super) is_indexed: bool,
}

/// The text of the issue, or of one that was merged into it, has a part.
const HAS_TEXT: &str = "(has_part(type, ?) OR has_part(message, ?) OR has_part(function, ?) OR has_part(file, ?)
    OR parts > 0 AND EXISTS (SELECT 1 FROM issue AS part WHERE part.merged_into = issue.id AND (has_part(part.type, ?)
        OR has_part(part.message, ?) OR has_part(part.function, ?) OR has_part(part.file, ?))))";

/// The issue, or one that was merged into it, occurred with a value.
const HAS_FACET: &str = "(EXISTS (SELECT 1 FROM facet WHERE facet.issue = issue.id AND facet.kind = ? AND facet.value = ?)
    OR parts > 0 AND EXISTS (SELECT 1 FROM issue AS part JOIN facet ON facet.issue = part.id
        WHERE part.merged_into = issue.id AND facet.kind = ? AND facet.value = ?))";

impl ListFilter {
    /// Returns the conditions of a query, for the issues beyond `cursor`.
    pub(super) fn of(query: &IssueQuery, order: &ListOrder, cursor: Option<&IssueCursor>) -> Self {
        let mut indexed = SqlConditions::default();
        let mut others = SqlConditions::default();
        let by_assignee = if order.index == BY_ASSIGNEE { &mut indexed } else { &mut others };
        by_assignee.add_text("assignee = ?", &query.assignee);
        let by_handled = if order.index == BY_HANDLED { &mut indexed } else { &mut others };
        if let Some(handled) = query.handled {
            by_handled.add("handled = ?", [i64::from(handled).into()]);
        }
        let by_time = if order.column == "last_seen" { &mut indexed } else { &mut others };
        if let Some(since) = query.since {
            by_time.add("last_seen >= ?", [integer(since.as_micros()).into()]);
        }
        if let Some(until) = query.until {
            by_time.add("last_seen < ?", [integer(until.as_micros()).into()]);
        }
        if let Some(cursor) = cursor {
            indexed.add(&format!("{} {} (?, ?)", order.key(), order.is_beyond), values(cursor));
        }
        if let Some(kind) = query.kind {
            others.add_text("kind = ?", kind.as_str());
        }
        if let Some(status) = query.status {
            others.add_text("status = ?", status.as_str());
        }
        others.add_text("method = ? COLLATE NOCASE", &query.method);
        others.add_text("has_part(type, ?)", &query.type_name);
        others.add_text("has_part(host, ?)", &query.host);
        others.add_text("has_part(path, ?)", &query.path);
        others.add_text("has_part(function, ?)", &query.function);
        for (kind, value) in [(RELEASE, &query.release), (ROUTE, &query.route)] {
            if !value.is_empty() {
                others
                    .add(HAS_FACET, [kind, value, kind, value].map(|text| text.to_owned().into()));
            }
        }
        others.add_text(HAS_TEXT, &query.text);
        Self::joined(indexed, others)
    }

    fn joined(indexed: SqlConditions, others: SqlConditions) -> Self {
        let mut all = indexed.clone();
        all.add("merged_into IS NULL", []);
        let is_indexed = others.sql.is_empty();
        all.sql.push_str(&others.sql.replacen(" WHERE ", " AND ", 1));
        all.values.extend(others.values);
        Self { indexed, all, is_indexed }
    }
}

/// Returns the values that a key is compared with.
fn values(cursor: &IssueCursor) -> [Value; 2] {
    let key = match &cursor.key {
        SortKey::Number(number) => integer(*number).into(),
        SortKey::Text(text) => text.clone().into(),
    };
    [key, cursor.hash.clone().into()]
}
