//! The JSON API, by which programs read and change the same issues as the pages. `openapi.json`
//! describes it.

mod parameters;
#[cfg(test)]
mod tests;

use serde::Serialize;

use self::parameters::{EventsQuery, IssuesQuery, check_parameters, unknown_cursor};
use super::action::{self, IssueAction};
use super::action_request::ActionRequest;
use super::answer::{PageError, answer};
use super::query::event_selector;
use super::route::is_hash;
use super::{ViewerResponse, Visit, status};
use crate::capture::Symbolizer;
use crate::event::{Event, Issue, Note};
use crate::problem::ProblemDetails;
use crate::store::{EventSelector, StoreError};

/// The description of the API, in OpenAPI 3.1.
const DESCRIPTION: &str = include_str!("openapi.json");

const JSON: &str = "application/json";

/// A resource of the API, with the parts of its path below `/api/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ApiRoute<'a> {
    Issues,
    Issue(&'a str),
    /// The releases and routes of an issue, by its hash.
    Facets(&'a str),
    /// The issues that were merged into an issue, by its hash.
    Parts(&'a str),
    /// The stored events of an issue, by its hash.
    Events(&'a str),
    /// The notes of an issue, by its hash.
    Notes(&'a str),
    /// An event of an issue, by the hash of the issue and `latest`, `oldest` or the event's id.
    Event(&'a str, &'a str),
    /// An event of any issue, by its id.
    AnyEvent(&'a str),
    Actions,
    Description,
}

#[derive(Serialize)]
struct IssuesPage<'a> {
    issues: &'a [Issue],
    /// The `cursor` of the next page, if there is one.
    next: Option<String>,
    /// The `cursor` of the previous page, if there is one.
    previous: Option<String>,
}

#[derive(Serialize)]
struct PartsList {
    issues: Vec<Issue>,
}

#[derive(Serialize)]
struct EventsPage {
    events: Vec<Event>,
    /// The `before` of the next page, which has older events, if there is one.
    next: Option<String>,
}

#[derive(Serialize)]
struct FoundEvent {
    /// The hash of the event's issue.
    issue: String,
    event: Event,
    /// The id of the stored event of this issue that was recorded just before it.
    previous: Option<String>,
    /// The id of the stored event of this issue that was recorded just after it.
    next: Option<String>,
}

#[derive(Serialize)]
struct NotesPage {
    notes: Vec<Note>,
}

#[derive(Serialize)]
struct ActionAnswer {
    /// The number of changed issues. Issues of the request that do not exist are not counted.
    changed: u64,
}

impl<'a> ApiRoute<'a> {
    /// Returns the route of a path, which is given without the leading `/api/`.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        Some(match path.split('/').collect::<Vec<_>>().as_slice() {
            ["issues"] => Self::Issues,
            ["issues", hash] if is_hash(hash) => Self::Issue(hash),
            ["issues", hash, "facets"] if is_hash(hash) => Self::Facets(hash),
            ["issues", hash, "parts"] if is_hash(hash) => Self::Parts(hash),
            ["issues", hash, "events"] if is_hash(hash) => Self::Events(hash),
            ["issues", hash, "notes"] if is_hash(hash) => Self::Notes(hash),
            ["issues", hash, "events", which] if is_hash(hash) && !which.is_empty() => {
                Self::Event(hash, which)
            }
            ["events", id] if !id.is_empty() => Self::AnyEvent(id),
            ["actions"] => Self::Actions,
            ["openapi.json"] => Self::Description,
            _ => return None,
        })
    }

    /// Returns the allowed methods, as the value of an `Allow` header.
    pub(super) fn methods(self) -> &'static str {
        if self == Self::Actions { "POST" } else { "GET, HEAD" }
    }
}

/// Answers a request for the API.
pub(super) fn show(visit: &Visit<'_>, route: ApiRoute<'_>) -> Result<ViewerResponse, PageError> {
    match route {
        ApiRoute::Issues => issues(visit),
        ApiRoute::Issue(hash) => {
            check_parameters(visit.query(), &[])?;
            json(&visit.viewer.store.issue(hash)?.ok_or_else(not_found)?)
        }
        ApiRoute::Facets(hash) => {
            check_parameters(visit.query(), &[])?;
            let store = &visit.viewer.store;
            let issue = store.issue(hash)?.ok_or_else(not_found)?;
            json(&store.facets(&issue.hash)?)
        }
        ApiRoute::Parts(hash) => {
            check_parameters(visit.query(), &[])?;
            let store = &visit.viewer.store;
            store.issue(hash)?.ok_or_else(not_found)?;
            json(&PartsList { issues: store.parts(hash)? })
        }
        ApiRoute::Events(hash) => events(visit, hash),
        ApiRoute::Notes(hash) => {
            check_parameters(visit.query(), &[])?;
            let store = &visit.viewer.store;
            store.issue(hash)?.ok_or_else(not_found)?;
            json(&NotesPage { notes: store.notes(hash)? })
        }
        ApiRoute::Event(hash, which) => event(visit, hash, which),
        ApiRoute::AnyEvent(id) => {
            let hash = visit.viewer.store.issue_of_event(id)?.ok_or_else(not_found)?;
            event(visit, &hash, id)
        }
        ApiRoute::Actions => change_issues(visit),
        ApiRoute::Description => {
            check_parameters(visit.query(), &[])?;
            Ok(answer(status::OK, JSON, DESCRIPTION))
        }
    }
}

/// Returns an error response of the type `application/problem+json`.
pub(super) fn problem(problem: &PageError) -> ViewerResponse {
    let title = status::reason(problem.status);
    let body =
        ProblemDetails { detail: &problem.detail, ..ProblemDetails::new(problem.status, title) };
    answer(problem.status, "application/problem+json", body.to_json())
}

fn issues(visit: &Visit<'_>) -> Result<ViewerResponse, PageError> {
    let asked = IssuesQuery::read(visit.query(), visit.now)?;
    let page = visit.viewer.store.issues(&asked.query).map_err(|error| match error {
        StoreError::Cursor(_) => unknown_cursor(),
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
    // One more than the limit was read, to find out whether there is a next page.
    let next = (events.len() > asked.limit).then(|| {
        events.truncate(asked.limit);
        events.last().map(|event| event.id.clone()).unwrap_or_default()
    });
    json(&EventsPage { events, next })
}

fn event(visit: &Visit<'_>, hash: &str, which: &str) -> Result<ViewerResponse, PageError> {
    check_parameters(visit.query(), &[])?;
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

/// Changes issues. Unlike a form, the request needs no token: a browser lets a page of another site
/// send JSON only after a preflight request, which the viewer does not allow.
fn change_issues(visit: &Visit<'_>) -> Result<ViewerResponse, PageError> {
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
    check_parameters(visit.query(), &[])?;
    let wrong = |error: &dyn std::fmt::Display| PageError::bad(error.to_string());
    let text = std::str::from_utf8(request.body()).map_err(|error| wrong(&error))?;
    let mut asked: ActionRequest = crate::json::from_str(text).map_err(|error| wrong(&error))?;
    let action = IssueAction::read(visit, &mut asked)?;
    asked.all_taken()?;
    if asked.issues.is_empty() {
        return Err(PageError::bad("issues: at least one hash"));
    }
    let changed = action::change(visit, &action, &asked.issues)?;
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
