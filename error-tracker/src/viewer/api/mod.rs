//! The JSON API: what the pages show and change, for programs. `openapi.json` describes it.

mod parameters;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::parameters::{EventsQuery, IssuesQuery, no_page, only};
use super::action::{self, IssueAction};
use super::answer::{PageError, answer};
use super::query::event_selector;
use super::route::is_hash;
use super::{ViewerResponse, Visit, status};
use crate::capture::Symbolizer;
use crate::event::{Event, Issue};
use crate::store::{EventSelector, StoreError};

/// The description of the API, in OpenAPI 3.1.
const DESCRIPTION: &str = include_str!("openapi.json");

const JSON: &str = "application/json";

/// The target of a path below `/api/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ApiRoute<'a> {
    Issues,
    Issue(&'a str),
    /// The occurrences of an issue.
    Events(&'a str),
    /// The occurrence of an issue that a name or an id selects.
    Event(&'a str, &'a str),
    /// The occurrence with an id, of any issue.
    AnyEvent(&'a str),
    Actions,
    Description,
}

#[derive(Serialize)]
struct IssuesPage<'a> {
    issues: &'a [Issue],
    /// The `cursor` of the page behind this one, and of that before it.
    next: Option<String>,
    previous: Option<String>,
}

#[derive(Serialize)]
struct EventsPage {
    events: Vec<Event>,
    /// The `before` of the next, older ones.
    next: Option<String>,
}

#[derive(Serialize)]
struct FoundEvent {
    /// The hash of its issue.
    issue: String,
    event: Event,
    /// The ids of the occurrences that were recorded just before and after it.
    previous: Option<String>,
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionRequest {
    action: String,
    issues: Vec<String>,
}

#[derive(Serialize)]
struct ActionAnswer {
    /// The number of issues that were changed: those that exist.
    changed: u64,
}

/// An RFC 9457 problem.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
}

impl<'a> ApiRoute<'a> {
    /// Returns the route of a path below `/api/`.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        Some(match path.split('/').collect::<Vec<_>>().as_slice() {
            ["issues"] => Self::Issues,
            ["issues", hash] if is_hash(hash) => Self::Issue(hash),
            ["issues", hash, "events"] if is_hash(hash) => Self::Events(hash),
            ["issues", hash, "events", which] if is_hash(hash) && !which.is_empty() => {
                Self::Event(hash, which)
            }
            ["events", id] if !id.is_empty() => Self::AnyEvent(id),
            ["actions"] => Self::Actions,
            ["openapi.json"] => Self::Description,
            _ => return None,
        })
    }

    /// Returns the allowed methods in the form of an `Allow` header.
    pub(super) fn methods(self) -> &'static str {
        if self == Self::Actions { "POST" } else { "GET, HEAD" }
    }
}

/// Answers a request for the API.
pub(super) fn show(visit: &Visit<'_>, route: ApiRoute<'_>) -> Result<ViewerResponse, PageError> {
    match route {
        ApiRoute::Issues => issues(visit),
        ApiRoute::Issue(hash) => {
            only(visit.query(), &[])?;
            json(&visit.viewer.store.issue(hash)?.ok_or_else(not_found)?)
        }
        ApiRoute::Events(hash) => events(visit, hash),
        ApiRoute::Event(hash, which) => event(visit, hash, which),
        ApiRoute::AnyEvent(id) => {
            let hash = visit.viewer.store.issue_of_event(id)?.ok_or_else(not_found)?;
            event(visit, &hash, id)
        }
        ApiRoute::Actions => act(visit),
        ApiRoute::Description => {
            only(visit.query(), &[])?;
            Ok(answer(status::OK, JSON, DESCRIPTION))
        }
    }
}

/// Describes why a request is not answered, as `application/problem+json`.
pub(super) fn problem(problem: &PageError) -> ViewerResponse {
    let body = Problem {
        r#type: "about:blank",
        title: status::reason(problem.status),
        status: problem.status,
        detail: &problem.detail,
    };
    let body = crate::json::to_string(&body).unwrap_or_default();
    answer(problem.status, "application/problem+json", body)
}

fn issues(visit: &Visit<'_>) -> Result<ViewerResponse, PageError> {
    let asked = IssuesQuery::read(visit.query(), visit.now)?;
    let page = visit.viewer.store.issues(&asked.query).map_err(|error| match error {
        StoreError::Cursor(_) => no_page(),
        error => error.into(),
    })?;
    let next = page.next.map(|cursor| format!("after:{cursor}"));
    let previous = page.previous.map(|cursor| format!("before:{cursor}"));
    json(&IssuesPage { issues: &page.items, next, previous })
}

fn events(visit: &Visit<'_>, hash: &str) -> Result<ViewerResponse, PageError> {
    let asked = EventsQuery::read(visit.query())?;
    let store = &visit.viewer.store;
    if store.issue(hash)?.is_none() {
        return Err(not_found());
    }
    let mut which = asked.before.map_or(EventSelector::Latest, EventSelector::Before);
    let mut events = Vec::new();
    while events.len() <= asked.limit
        && let Some(event) = store.event(hash, &which)?
    {
        which = EventSelector::Before(event.id.clone());
        events.push(event);
    }
    // One more than wanted was read, to know whether there are more.
    let next = (events.len() > asked.limit).then(|| {
        events.truncate(asked.limit);
        events.last().map(|event| event.id.clone()).unwrap_or_default()
    });
    json(&EventsPage { events, next })
}

fn event(visit: &Visit<'_>, hash: &str, which: &str) -> Result<ViewerResponse, PageError> {
    only(visit.query(), &[])?;
    let store = &visit.viewer.store;
    let mut event = store.event(hash, &event_selector(Some(which)))?.ok_or_else(not_found)?;
    Symbolizer::default().add_names(&mut event);
    let id = |which| Ok::<_, PageError>(store.event(hash, &which)?.map(|event| event.id));
    json(&FoundEvent {
        issue: hash.to_owned(),
        previous: id(EventSelector::Before(event.id.clone()))?,
        next: id(EventSelector::After(event.id.clone()))?,
        event,
    })
}

/// Changes issues. A page of another site cannot send JSON without being asked for permission by
/// its browser; so no token is needed, as forms need one.
fn act(visit: &Visit<'_>) -> Result<ViewerResponse, PageError> {
    let request = visit.request;
    if request.header("origin") == Some("null") || !action::is_same_origin(visit) {
        return Err(PageError::new(status::FORBIDDEN));
    }
    let essence = request.header("content-type").unwrap_or_default().split(';').next();
    if !essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(JSON)) {
        return Err(PageError {
            detail: format!("content-type: {JSON}"),
            ..PageError::new(status::UNSUPPORTED_MEDIA_TYPE)
        });
    }
    only(visit.query(), &[])?;
    let wrong = |error: &dyn std::fmt::Display| PageError::bad(error.to_string());
    let text = std::str::from_utf8(request.body()).map_err(|error| wrong(&error))?;
    let asked: ActionRequest = crate::json::from_str(text).map_err(|error| wrong(&error))?;
    let action = IssueAction::of(&asked.action).ok_or_else(action::unknown)?;
    if asked.issues.is_empty() {
        return Err(PageError::bad("issues: at least one hash"));
    }
    let changed = action::change(visit, action, &asked.issues)?;
    json(&ActionAnswer { changed })
}

fn not_found() -> PageError {
    PageError::new(status::NOT_FOUND)
}

fn json(body: &impl Serialize) -> Result<ViewerResponse, PageError> {
    let body = crate::json::to_string(body).map_err(|error| PageError {
        detail: error.to_string(),
        ..PageError::new(status::INTERNAL_SERVER_ERROR)
    })?;
    Ok(answer(status::OK, JSON, body))
}
