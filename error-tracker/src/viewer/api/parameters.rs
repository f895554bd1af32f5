//! The query parameters of the API. Unlike the pages, the API rejects unknown parameters.

use crate::event::Timestamp;
use crate::store::IssueQuery;

use super::super::answer::PageError;
use super::super::query::ListFilters;
use super::super::status;

/// The number of items on a page of a list, if there is no parameter `limit`.
const DEFAULT_LIMIT: usize = 20;
/// The maximum value of `limit`.
const MAX_LIMIT: usize = 100;

/// The parameters of the list of issues.
pub(super) struct IssuesQuery {
    pub(super) query: IssueQuery,
}

/// The parameters of the list of events.
pub(super) struct EventsQuery {
    pub(super) limit: usize,
    /// The id of an event; only older ones are listed.
    pub(super) before: Option<String>,
}

impl IssuesQuery {
    /// Parses a query string. Fails if a parameter is unknown, repeated or not valid.
    pub(super) fn read(query: &str, now: Timestamp) -> Result<Self, PageError> {
        let filters =
            ListFilters::KEYS.into_iter().filter(|key| !matches!(*key, "after" | "before"));
        let known: Vec<&str> = filters.chain(["cursor", "limit"]).collect();
        let pairs = check_parameters(query, &known)?;
        // `ListFilters` accepts empty values, which mean any value in the form of the page.
        let chosen = ["kind", "status", "handled", "since", "until", "date", "sort", "order"];
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
            Some(_) => return Err(unknown_cursor()),
        }
        query.limit = limit(&pairs)?;
        Ok(Self { query })
    }
}

impl EventsQuery {
    /// Parses a query string. Fails if a parameter is unknown, repeated or not valid.
    pub(super) fn read(query: &str) -> Result<Self, PageError> {
        let pairs = check_parameters(query, &["limit", "before"])?;
        let before = value(&pairs, "before").map(str::to_owned);
        if before.as_ref().is_some_and(|id| uuid::Uuid::try_parse(id).is_err()) {
            return Err(PageError::bad("before: the id of an event"));
        }
        Ok(Self { limit: limit(&pairs)?, before })
    }
}

/// Returns the parameters of a query string. Fails if one is not in `known` or is repeated.
pub(super) fn check_parameters(
    query: &str,
    known: &[&str],
) -> Result<Vec<(String, String)>, PageError> {
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

/// Returns the error for a cursor that does not belong to this list.
pub(super) fn unknown_cursor() -> PageError {
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
