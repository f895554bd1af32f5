//! Places in a sorted list of issues.

use super::{IssueQuery, Page, Sort, StoreError};
use crate::event::Issue;

/// A place in a sorted list of issues: the sort key and hash of one of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IssueCursor {
    /// Where the issue is in the order of the list.
    pub key: SortKey,
    /// The hash of the issue, which breaks ties.
    pub hash: String,
}

/// The value by which an issue is sorted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortKey {
    /// A count, or microseconds since 1970-01-01 UTC.
    Number(u64),
    /// The type's path.
    Text(String),
}

/// The place where a page begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageStart {
    /// The first page.
    Start,
    /// The page after this issue.
    After(IssueCursor),
    /// The page that ends before this issue.
    Before(IssueCursor),
}

impl PageStart {
    /// Reads the cursors of `query`; `after` takes precedence.
    ///
    /// # Errors
    /// If the cursor is not one that [`IssueCursor::write`] has made for this sort key.
    pub fn of(query: &IssueQuery) -> Result<Self, StoreError> {
        Ok(match (&query.after, &query.before) {
            (Some(after), _) => Self::After(IssueCursor::read(after, query.sort)?),
            (None, Some(before)) => Self::Before(IssueCursor::read(before, query.sort)?),
            (None, None) => Self::Start,
        })
    }
}

impl IssueCursor {
    /// Returns the place of an issue in a list that is sorted by `sort`.
    #[must_use]
    pub fn of(issue: &Issue, sort: Sort) -> Self {
        let key = match sort {
            Sort::LastSeen => SortKey::Number(issue.last_seen.as_micros()),
            Sort::FirstSeen => SortKey::Number(issue.first_seen.as_micros()),
            Sort::Count => SortKey::Number(issue.count),
            Sort::Type => SortKey::Text(issue.type_name.clone()),
        };
        Self { key, hash: issue.hash.clone() }
    }

    /// Returns the cursor as the text of [`Page::next`](super::Page::next).
    #[must_use]
    pub fn write(&self, sort: Sort) -> String {
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
#[must_use]
pub fn page_limit(query: &IssueQuery) -> usize {
    match query.limit {
        0 => 20,
        limit => limit.min(1000),
    }
}

/// Returns the page that a query asks for.
///
/// `beyond` returns at most so many issues that match the query, beyond a cursor or from the start:
/// in the order of the query, or backwards if its second argument is `true`.
///
/// # Errors
/// If a cursor is not one of this list, or `beyond` fails.
pub fn read_page(
    query: &IssueQuery,
    mut beyond: impl FnMut(Option<IssueCursor>, bool, usize) -> Result<Vec<Issue>, StoreError>,
) -> Result<Page<Issue>, StoreError> {
    let limit = page_limit(query);
    let (cursor, backwards) = match PageStart::of(query)? {
        PageStart::Start => (None, false),
        PageStart::After(cursor) => (Some(cursor), false),
        PageStart::Before(cursor) => (Some(cursor), true),
    };
    // One more than requested, to find out whether there are more.
    let mut items = beyond(cursor, backwards, limit + 1)?;
    let goes_on = items.len() > limit;
    items.truncate(limit);
    if backwards {
        items.reverse();
    }
    let ends = items
        .first()
        .map(|issue| IssueCursor::of(issue, query.sort))
        .zip(items.last().map(|issue| IssueCursor::of(issue, query.sort)));
    let Some((first, last)) = ends else { return Ok(Page::new(items, None, None)) };
    let mut exists = |cursor: &IssueCursor, backwards| {
        beyond(Some(cursor.clone()), backwards, 1).map(|found| !found.is_empty())
    };
    let has_next = if backwards { exists(&last, false)? } else { goes_on };
    let has_previous =
        if backwards { goes_on } else { query.after.is_some() && exists(&first, true)? };
    let next = has_next.then(|| last.write(query.sort));
    let previous = has_previous.then(|| first.write(query.sort));
    Ok(Page::new(items, next, previous))
}
