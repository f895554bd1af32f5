use super::{IssueQuery, Sort, StoreError};
use crate::event::Issue;

/// A place in a sorted list of issues: the sort key and hash of one of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct IssueCursor {
    pub(super) key: SortKey,
    /// Breaks ties.
    pub(super) hash: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SortKey {
    Number(u64),
    Text(String),
}

/// The place where a page begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PageStart {
    Start,
    After(IssueCursor),
    Before(IssueCursor),
}

impl PageStart {
    /// Reads the cursors of `query`; `after` takes precedence.
    pub(super) fn of(query: &IssueQuery) -> Result<Self, StoreError> {
        Ok(match (&query.after, &query.before) {
            (Some(after), _) => Self::After(IssueCursor::read(after, query.sort)?),
            (None, Some(before)) => Self::Before(IssueCursor::read(before, query.sort)?),
            (None, None) => Self::Start,
        })
    }
}

impl IssueCursor {
    pub(super) fn of(issue: &Issue, sort: Sort) -> Self {
        let key = match sort {
            Sort::LastSeen => SortKey::Number(issue.last_seen.as_micros()),
            Sort::FirstSeen => SortKey::Number(issue.first_seen.as_micros()),
            Sort::Count => SortKey::Number(issue.count),
            Sort::Type => SortKey::Text(issue.type_name.clone()),
        };
        Self { key, hash: issue.hash.clone() }
    }

    pub(super) fn write(&self, sort: Sort) -> String {
        let (letter, hash) = (letter(sort), &self.hash);
        match &self.key {
            SortKey::Number(number) => format!("{letter}.{hash}.{number}"),
            SortKey::Text(text) => format!("{letter}.{hash}.{text}"),
        }
    }

    fn read(text: &str, sort: Sort) -> Result<Self, StoreError> {
        let parse = || {
            let mut parts = text.splitn(3, '.');
            let (given, hash, key) = (parts.next()?, parts.next()?, parts.next()?);
            if given != letter(sort) {
                return None;
            }
            let key = match sort {
                Sort::Type => SortKey::Text(key.to_owned()),
                _ => SortKey::Number(key.parse().ok()?),
            };
            Some(Self { key, hash: hash.to_owned() })
        };
        parse().ok_or_else(|| StoreError::Cursor(text.to_owned()))
    }
}

fn letter(sort: Sort) -> &'static str {
    match sort {
        Sort::LastSeen => "l",
        Sort::FirstSeen => "f",
        Sort::Count => "c",
        Sort::Type => "t",
    }
}

/// Returns the maximum number of entries of a page.
pub(super) fn limit(query: &IssueQuery) -> usize {
    match query.limit {
        0 => 20,
        limit => limit.min(1000),
    }
}
