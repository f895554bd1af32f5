//! The parameters of the API. Unlike those of a page, a parameter that is not known is an error.

use crate::event::Timestamp;
use crate::store::IssueQuery;

use super::super::answer::PageError;
use super::super::query::ListFilters;
use super::super::status;

/// How many items a page of a list has if nothing is said, and at most.
const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

/// The parameters of the list of issues.
pub(super) struct IssuesQuery {
    pub(super) query: IssueQuery,
}

/// The parameters of the list of events.
pub(super) struct EventsQuery {
    pub(super) limit: usize,
    /// The id of an event.
    pub(super) before: Option<String>,
}

impl IssuesQuery {
    /// Reads a query string.
    pub(super) fn read(query: &str, now: Timestamp) -> Result<Self, PageError> {
        let filters =
            ListFilters::KEYS.into_iter().filter(|key| !matches!(*key, "after" | "before"));
        let known: Vec<&str> = filters.chain(["cursor", "limit"]).collect();
        let pairs = only(query, &known)?;
        // In a form of the page, empty means any.
        let chosen = ["kind", "status", "handled", "since", "sort", "order"];
        if let Some((key, _)) =
            pairs.iter().find(|(key, value)| value.is_empty() && chosen.contains(&key.as_str()))
        {
            return Err(PageError::bad(format!("{key}: empty")));
        }
        let mut query = ListFilters::read(query, now)?.query().clone();
        match value(&pairs, "cursor").map(|cursor| cursor.split_once(':')) {
            None => {}
            Some(Some(("after", cursor))) => query.after = Some(cursor.to_owned()),
            Some(Some(("before", cursor))) => query.before = Some(cursor.to_owned()),
            Some(_) => return Err(no_page()),
        }
        query.limit = limit(&pairs)?;
        Ok(Self { query })
    }
}

impl EventsQuery {
    /// Reads a query string.
    pub(super) fn read(query: &str) -> Result<Self, PageError> {
        let pairs = only(query, &["limit", "before"])?;
        let before = value(&pairs, "before").map(str::to_owned);
        if before.as_ref().is_some_and(|id| uuid::Uuid::try_parse(id).is_err()) {
            return Err(PageError::bad("before: the id of an event"));
        }
        Ok(Self { limit: limit(&pairs)?, before })
    }
}

/// Returns the parameters of a query string, if each is known and there once.
pub(super) fn only(query: &str, known: &[&str]) -> Result<Vec<(String, String)>, PageError> {
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    for (at, (key, _)) in pairs.iter().enumerate() {
        if !known.contains(&key.as_str()) {
            let all = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(PageError::bad(format!("{key} is no parameter; there are: {all}")));
        }
        if pairs[..at].iter().any(|(other, _)| other == key) {
            return Err(PageError::bad(format!("{key}: given twice")));
        }
    }
    Ok(pairs)
}

/// The error for a cursor that is not one of the list.
pub(super) fn no_page() -> PageError {
    let detail = "cursor: the `next` or `previous` of another page of the same list".to_owned();
    PageError { detail, ..PageError::new(status::NOT_FOUND) }
}

fn value<'a>(pairs: &'a [(String, String)], key: &str) -> Option<&'a str> {
    pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
}

fn limit(pairs: &[(String, String)]) -> Result<usize, PageError> {
    let Some(limit) = value(pairs, "limit") else { return Ok(DEFAULT_LIMIT) };
    let limit = limit.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| PageError::bad(format!("limit: 1 to {MAX_LIMIT}")))
}
