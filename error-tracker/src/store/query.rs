//! Queries for issues and events, and pages of a list.

use serde::{Deserialize, Serialize};

use crate::event::{Kind, Status, Timestamp, named};

/// The key by which a list of issues is sorted.
///
/// ```
/// use error_tracker::store::Sort;
///
/// assert_eq!("first_seen".parse(), Ok(Sort::FirstSeen));
/// assert_eq!(Sort::FirstSeen.to_string(), "first_seen");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Sort {
    /// When the issue was last seen.
    #[default]
    LastSeen,
    /// When the issue was first seen.
    FirstSeen,
    /// The number of occurrences.
    Count,
    /// The type's path.
    Type,
}

named!(
    Sort,
    "sort key",
    LastSeen = "last_seen",
    FirstSeen = "first_seen",
    Count = "count",
    Type = "type",
);

/// A query for a page of issues. Empty fields do not restrict the result.
///
/// ```
/// use error_tracker::event::{Kind, Status};
/// use error_tracker::store::{IssueQuery, Sort};
///
/// let open_panics = IssueQuery::default().kind(Kind::Panic).status(Status::Unresolved);
/// let most_frequent = open_panics.sort(Sort::Count).limit(100);
/// # assert_eq!(most_frequent.limit, 100);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct IssueQuery {
    /// Part of the type, message, function or file, of the issue or of one that was merged into it.
    /// This and the other fields are compared without regard to case, except `release` and `route`.
    pub text: String,
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Only this status.
    pub status: Option<Status>,
    /// Only issues whose events were all handled within annotated functions (`true`), or only the
    /// others (`false`).
    pub handled: Option<bool>,
    /// Part of the type's path.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Part of the host.
    pub host: String,
    /// This HTTP method.
    pub method: String,
    /// Part of the path.
    pub path: String,
    /// Part of the function's name.
    pub function: String,
    /// This assignee, whose ASCII letters are compared without regard to case.
    pub assignee: String,
    /// Last seen at or after this time.
    pub since: Option<Timestamp>,
    /// Last seen before this time.
    pub until: Option<Timestamp>,
    /// Seen in this release, compared with regard to case. Like `route`, it finds what
    /// [`IssueFacets`](super::IssueFacets) lists.
    pub release: String,
    /// Seen on this route, such as `GET /orders/{id}`, compared with regard to case.
    pub route: String,
    /// The sort key.
    pub sort: Sort,
    /// Sorts ascending; by default the newest, most frequent, or alphabetically last comes first.
    pub ascending: bool,
    /// Continues after this cursor, taken from [`Page::next`].
    pub after: Option<String>,
    /// Continues before this cursor, taken from [`Page::previous`]. Ignored if `after` is set.
    pub before: Option<String>,
    /// The maximum number of issues, 1 to 1,000; 0 means 20.
    pub limit: usize,
}

impl IssueQuery {
    /// Finds issues with this in their type, message, function or file, or in that of an issue that
    /// was merged into them.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// Finds issues of this kind.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Finds issues with this status.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// Finds issues whose events were all handled within annotated functions (`true`), or the
    /// others (`false`).
    #[must_use]
    pub fn handled(mut self, handled: bool) -> Self {
        self.handled = Some(handled);
        self
    }

    /// Finds issues with this in their type's path.
    #[must_use]
    pub fn type_name(mut self, type_name: impl Into<String>) -> Self {
        self.type_name = type_name.into();
        self
    }

    /// Finds issues with this in their host.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// Finds issues of this HTTP method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = method.into();
        self
    }

    /// Finds issues with this in their path.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Finds issues with this in their function's name.
    #[must_use]
    pub fn function(mut self, function: impl Into<String>) -> Self {
        self.function = function.into();
        self
    }

    /// Finds issues that are assigned to this name.
    #[must_use]
    pub fn assignee(mut self, assignee: impl Into<String>) -> Self {
        self.assignee = assignee.into();
        self
    }

    /// Finds issues last seen at or after this time.
    #[must_use]
    pub fn since(mut self, since: Timestamp) -> Self {
        self.since = Some(since);
        self
    }

    /// Finds issues last seen before this time.
    #[must_use]
    pub fn until(mut self, until: Timestamp) -> Self {
        self.until = Some(until);
        self
    }

    /// Finds issues seen in this release.
    #[must_use]
    pub fn release(mut self, release: impl Into<String>) -> Self {
        self.release = release.into();
        self
    }

    /// Finds issues seen on this route, such as `GET /orders/{id}`.
    #[must_use]
    pub fn route(mut self, route: impl Into<String>) -> Self {
        self.route = route.into();
        self
    }

    /// Sorts by this key.
    #[must_use]
    pub fn sort(mut self, sort: Sort) -> Self {
        self.sort = sort;
        self
    }

    /// Sorts ascending (`true`) or descending (`false`).
    #[must_use]
    pub fn ascending(mut self, ascending: bool) -> Self {
        self.ascending = ascending;
        self
    }

    /// Continues after the cursor of [`Page::next`].
    #[must_use]
    pub fn after(mut self, after: impl Into<String>) -> Self {
        self.after = Some(after.into());
        self
    }

    /// Continues before this cursor, taken from [`Page::previous`].
    #[must_use]
    pub fn before(mut self, before: impl Into<String>) -> Self {
        self.before = Some(before.into());
        self
    }

    /// Limits the number of issues, 1 to 1,000; 0 means 20.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<String>,
    /// The cursor of the previous page; `None` at the start.
    pub previous: Option<String>,
}

impl<T> Page<T> {
    /// Creates a page with these entries and the cursors of its neighbours.
    #[must_use]
    pub fn new(items: Vec<T>, next: Option<String>, previous: Option<String>) -> Self {
        Self { items, next, previous }
    }
}

/// Selects an occurrence of an issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventSelector {
    /// The newest one.
    #[default]
    Latest,
    /// The oldest one that is stored.
    Oldest,
    /// The one with this id.
    Id(String),
    /// The one that was recorded next after this id.
    After(String),
    /// The one that was recorded just before this id.
    Before(String),
}
