//! The list of issues.

use std::time::Duration;

use serde::Serialize;

use super::action;
use super::answer::{PageError, redirect};
use super::chart::{self, Chart};
use super::date_period::{DateLinks, date_links};
use super::moment::DisplayTime;
use super::query::ListFilters;
use super::summary::{UserCount, first_line, title};
use super::triage::{assigned_link, status_term};
use super::{ViewerResponse, Visit, status};
use crate::event::Issue;
use crate::store::IssueQuery;

#[derive(Serialize)]
struct ListPage<'a> {
    filters: &'a ListFilters,
    /// The filters as the query of the form for several issues, so that an action redirects to the
    /// same list.
    here: String,
    active: Vec<ActiveFilter<'a>>,
    /// The number of active filters under "more filters".
    more: usize,
    tabs: Vec<StatusTab<'a>>,
    dates: Option<DateLinks>,
    columns: ListColumns,
    rows: Vec<IssueRow>,
    continued: bool,
    first: String,
    /// The link to the issues as JSON.
    json: String,
    next: Option<String>,
    previous: Option<String>,
    done: Option<String>,
    /// The link to the handled issues, if there are no others.
    only_handled: Option<String>,
}

#[derive(Serialize)]
struct ActiveFilter<'a> {
    label: &'a str,
    value: String,
    without: String,
}

#[derive(Serialize)]
struct StatusTab<'a> {
    label: &'a str,
    link: String,
    current: bool,
}

#[derive(Serialize)]
struct ListColumns {
    r#type: ListColumn,
    last_seen: ListColumn,
    count: ListColumn,
}

#[derive(Serialize)]
struct ListColumn {
    link: String,
    /// The value of `aria-sort`.
    sorted: &'static str,
}

#[derive(Serialize)]
struct IssueRow {
    hash: String,
    kind: crate::event::Kind,
    level: crate::event::Level,
    status: crate::event::Status,
    /// What ends the status.
    term: Option<String>,
    assignee: String,
    /// The link to all issues of the assignee.
    assigned: String,
    handled: bool,
    title: String,
    message: String,
    function: String,
    place: String,
    host: String,
    method: String,
    path: String,
    last_seen: DisplayTime,
    first_seen: DisplayTime,
    spark: Chart,
    count: u64,
    users: UserCount,
    parts: u64,
}

/// The filters that are folded in the form.
const MORE_FILTERS: [&str; 7] =
    ["type", "function", "host", "method", "path", "release", "assignee"];

pub(super) fn show(visit: &Visit<'_>) -> Result<ViewerResponse, PageError> {
    let filters = ListFilters::read(visit.query(), visit.now)?;
    if let Some(id) = filters.event_id()
        && let Some(hash) = visit.viewer.store.issue_of_event(&id)?
    {
        return Ok(redirect(status::SEE_OTHER, format!("{hash}?event={id}")));
    }
    let page = visit.viewer.store.issues(filters.query())?;
    let is_whole = page.next.is_none() && page.previous.is_none();
    let seen = is_whole.then(|| page.items.iter().map(|issue| issue.last_seen).collect::<Vec<_>>());
    let rows: Vec<_> =
        page.items.into_iter().map(|issue| row(visit, issue)).collect::<Result<_, _>>()?;
    let words = visit.words;
    let at =
        |key: &str, cursor: Option<String>| cursor.map(|cursor| filters.with(key, &cursor).link());
    let active: Vec<_> = filters.active();
    let only_handled = if rows.is_empty() && active.is_empty() && !filters.is_continued() {
        let handled = filters.with("handled", "true");
        let query = IssueQuery { handled: Some(true), limit: 1, ..IssueQuery::default() };
        (!visit.viewer.store.issues(&query)?.items.is_empty()).then(|| handled.link())
    } else {
        None
    };
    let dates = if rows.is_empty() && active.is_empty() {
        None
    } else {
        date_links(visit, &filters, seen.as_deref())?
    };
    let list = ListPage {
        dates,
        only_handled,
        here: filters.encoded(),
        more: active.iter().filter(|(key, ..)| MORE_FILTERS.contains(key)).count(),
        active: active
            .into_iter()
            .map(|(key, value, without)| ActiveFilter {
                label: words.get(key),
                value: named(visit, key, value),
                without,
            })
            .collect(),
        tabs: tabs(visit, &filters),
        columns: ListColumns {
            r#type: column(&filters, "type", "asc"),
            last_seen: column(&filters, "last_seen", "desc"),
            count: column(&filters, "count", "desc"),
        },
        rows,
        continued: filters.is_continued(),
        first: filters.with("after", "").link(),
        json: format!("issues.json?{}", filters.with("after", "").encoded())
            .trim_end_matches('?')
            .to_owned(),
        next: at("after", page.next),
        previous: at("before", page.previous),
        done: action::done(visit),
        filters: &filters,
    };
    visit.page("list.html", words.get("issues"), list)
}

/// Returns the text for a filter's value in the form.
fn named(visit: &Visit<'_>, key: &str, value: String) -> String {
    match key {
        "kind" | "status" | "handled" | "since" => {
            let word = format!("{key}_{value}");
            let shown = visit.words.get(&word);
            if shown == word { value } else { shown.to_owned() }
        }
        _ => value,
    }
}

fn tabs<'a>(visit: &Visit<'a>, filters: &ListFilters) -> Vec<StatusTab<'a>> {
    let tab = |key, label: &'static str| StatusTab {
        label: visit.words.get(label),
        link: filters.with("status", key).with("handled", "").link(),
        current: filters.status() == key && !filters.shows_handled(),
    };
    let handled = StatusTab {
        label: visit.words.get("handled"),
        link: filters.with("status", "").with("handled", "true").link(),
        current: filters.shows_handled(),
    };
    vec![
        tab("", "status_all"),
        tab("unresolved", "status_unresolved"),
        tab("resolved", "status_resolved"),
        tab("muted", "status_muted"),
        handled,
    ]
}

/// Returns a column header that sorts by `key`, and reverses the order if the list is already
/// sorted by it.
fn column(filters: &ListFilters, key: &str, natural: &'static str) -> ListColumn {
    let (sort, order) = filters.sorted();
    let is_sorted = sort == key;
    let order_now = if order == "asc" { "asc" } else { "desc" };
    let next = match (is_sorted, order_now) {
        (false, _) => natural,
        (true, "asc") => "desc",
        (true, _) => "asc",
    };
    let sorted = match (is_sorted, order_now) {
        (false, _) => "none",
        (true, "asc") => "ascending",
        (true, _) => "descending",
    };
    ListColumn { link: filters.with("sort", key).with("order", next).link(), sorted }
}

fn row(visit: &Visit<'_>, issue: Issue) -> Result<IssueRow, PageError> {
    let hours = visit
        .viewer
        .store
        .hourly_counts(&issue.hash, visit.now.minus(Duration::from_secs(24 * 3_600)))?;
    Ok(IssueRow {
        users: UserCount::of(&issue),
        parts: issue.parts,
        kind: issue.kind,
        level: issue.level,
        status: issue.status,
        term: status_term(visit, &issue),
        assigned: assigned_link(&issue.assignee),
        handled: issue.handled,
        title: title(&issue),
        message: first_line(&issue.message),
        place: if issue.line == 0 { issue.file } else { format!("{}:{}", issue.file, issue.line) },
        function: issue.function,
        host: issue.host,
        method: issue.method,
        path: issue.path,
        assignee: issue.assignee,
        last_seen: DisplayTime::new(issue.last_seen, visit.now, visit.words),
        first_seen: DisplayTime::new(issue.first_seen, visit.now, visit.words),
        spark: chart::day(&hours, visit.now),
        count: issue.count,
        hash: issue.hash,
    })
}
