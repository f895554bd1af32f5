//! The page of one issue.

use std::time::Duration;

use serde::Serialize;

use super::action;
use super::answer::{PageError, redirect};
use super::bar_list::{BarList, bar_lists};
use super::chart::{self, Chart};
use super::delivery::{DeliveryList, deliveries};
use super::export;
use super::frame::{CallGroup, FrameView, group_calls, place};
use super::moment::DisplayTime;
use super::query::event_selector;
use super::summary::{UserCount, causes, first_line, headline, title};
use super::triage::TriageView;
use super::{ViewerResponse, Visit, status};
use crate::capture::Symbolizer;
use crate::event::{
    Breadcrumb, Cause, Event, FingerprintComponent, Issue, Kind, Level, Request, Status, Variable,
};
use crate::json::{Map, Value};
use crate::store::EventSelector;

#[derive(Serialize)]
struct DetailPage<'a> {
    hash: &'a str,
    heading: String,
    type_name: &'a str,
    message: String,
    kind: Kind,
    level: Level,
    status: Status,
    triage: TriageView<'a>,
    handled: bool,
    function: &'a str,
    place: String,
    method: &'a str,
    path: &'a str,
    release: &'a str,
    environment: &'a str,
    host: &'a str,
    thread: &'a str,
    process: u32,
    command: String,
    count: u64,
    users: UserCount,
    bar_lists: Vec<BarList>,
    merged: Vec<PartView>,
    messages: DeliveryList,
    first_seen: DisplayTime,
    last_seen: DisplayTime,
    month: Chart,
    occurrence: Option<OccurrenceView>,
    outermost_first: bool,
    turned: String,
    frames: Vec<FrameView<'a>>,
    callers: Vec<FrameView<'a>>,
    chain: Vec<Cause>,
    debug: Option<&'a str>,
    breadcrumbs: Vec<BreadcrumbView<'a>>,
    request: Option<RequestView<'a>>,
    tables: Vec<TableView<'a>>,
    globals: &'a [Variable],
    backtrace: Vec<CallGroup<'a>>,
    components: &'a [FingerprintComponent],
    cut: &'a [String],
    markdown: String,
    prompt: &'a str,
    done: Option<String>,
}

#[derive(Serialize)]
struct OccurrenceView {
    id: String,
    at: DisplayTime,
    /// Links to other occurrences; `None` if there is none in that direction.
    first: Option<String>,
    previous: Option<String>,
    next: Option<String>,
    last: Option<String>,
    /// Whether the first occurrence has more values than this one.
    first_is_fuller: bool,
}

#[derive(Serialize)]
struct BreadcrumbView<'a> {
    at: DisplayTime,
    clock: String,
    category: &'a str,
    message: &'a str,
    level: Level,
    data: Vec<(&'a str, String)>,
}

#[derive(Serialize)]
struct RequestView<'a> {
    method: &'a str,
    host: &'a str,
    path: &'a str,
    url: &'a str,
    tables: Vec<TableView<'a>>,
    json: Option<String>,
}

/// Names and values with a caption.
#[derive(Serialize)]
struct TableView<'a> {
    caption: &'a str,
    rows: Vec<(&'a str, String)>,
}

pub(super) fn show(visit: &Visit<'_>, hash: &str) -> Result<ViewerResponse, PageError> {
    let store = &visit.viewer.store;
    let issue = store.issue(hash)?.ok_or_else(|| PageError::new(status::NOT_FOUND))?;
    if issue.hash != hash {
        return Ok(redirect_to_whole(visit, &issue, ""));
    }
    let asked = visit.parameter("event");
    let mut event = store.event(hash, &event_selector(asked.as_deref()))?;
    if let Some(event) = &mut event {
        Symbolizer::default().add_names(event);
    }
    if event.is_none() && asked.is_some() {
        return Err(PageError::new(status::NOT_FOUND));
    }
    let occurrence = event.as_ref().map(|event| occurrence(visit, hash, event)).transpose()?;
    let event = event.unwrap_or_default();
    let outermost_first = match visit.parameter("trace").as_deref() {
        None | Some("" | "inner") => false,
        Some("outer") => true,
        Some(_) => return Err(PageError::bad("trace: inner, outer")),
    };
    let notes = store.notes(hash)?;
    let merged = merged(visit, &issue)?;
    let parts = merged.iter().map(|part| part.hash.as_str());
    let messages = deliveries(visit, &issue, parts)?;
    let hours = store.hourly_counts(hash, visit.now.minus(Duration::from_secs(28 * 86_400)))?;
    let mut frames: Vec<_> =
        (1..).zip(&event.frames).map(|(number, frame)| FrameView::new(number, frame)).collect();
    if outermost_first {
        frames.reverse();
    }
    let detail = DetailPage {
        hash,
        heading: title(&issue),
        type_name: &issue.type_name,
        message: headline(&issue, &event),
        kind: issue.kind,
        level: issue.level,
        status: issue.status,
        triage: TriageView::new(visit, &issue, &notes),
        handled: event.handled,
        function: &issue.function,
        place: place(&issue.file, issue.line, event.place().map_or(0, |place| place.column)),
        method: &issue.method,
        path: &issue.path,
        release: first_non_empty(&event.origin.release, &issue.release),
        environment: first_non_empty(&event.origin.environment, &issue.environment),
        host: first_non_empty(&event.origin.host, &issue.host),
        thread: &event.thread,
        process: event.origin.process,
        command: event.origin.command_line(),
        count: issue.count,
        users: UserCount::of(&issue),
        bar_lists: bar_lists(&issue, store.facets(hash)?),
        merged,
        messages,
        first_seen: DisplayTime::new(issue.first_seen, visit.now, visit.words),
        last_seen: DisplayTime::new(issue.last_seen, visit.now, visit.words),
        month: chart::month(&hours, visit.now),
        turned: link(hash, asked.as_deref(), !outermost_first),
        occurrence,
        outermost_first,
        frames,
        callers: (1..).zip(&event.callers).map(|(number, frame)| caller(number, frame)).collect(),
        chain: causes(&event),
        debug: event.debug.as_deref().filter(|debug| *debug != event.message),
        breadcrumbs: event
            .context
            .breadcrumbs
            .iter()
            .map(|crumb| breadcrumb(visit, crumb))
            .collect(),
        request: event.context.request.as_ref().map(|asked| request(visit, asked)),
        tables: context(visit, &event),
        globals: &event.globals,
        backtrace: group_calls(&event),
        components: if event.grouping.components.is_empty() {
            &issue.components
        } else {
            &event.grouping.components
        },
        cut: &event.cut,
        markdown: export::markdown(&issue, &event),
        prompt: export::PROMPT,
        done: action::done(visit),
    };
    let title = match first_line(&detail.message) {
        message if message.is_empty() => detail.heading.clone(),
        message => format!("{}: {message}", detail.heading),
    };
    visit.page("detail.html", &title, detail)
}

/// An issue that was merged into the one of the page.
#[derive(Serialize)]
struct PartView {
    hash: String,
    title: String,
    message: String,
    place: String,
    count: u64,
    last_seen: DisplayTime,
}

fn merged(visit: &Visit<'_>, issue: &Issue) -> Result<Vec<PartView>, PageError> {
    if issue.parts == 0 {
        return Ok(Vec::new());
    }
    let view = |part: Issue| PartView {
        title: title(&part),
        message: first_line(&part.message),
        place: place(&part.file, part.line, 0),
        count: part.count,
        last_seen: DisplayTime::new(part.last_seen, visit.now, visit.words),
        hash: part.hash,
    };
    Ok(visit.viewer.store.parts(&issue.hash)?.into_iter().map(view).collect())
}

/// Redirects from the address of an issue that was merged to that of the other one, which may
/// change.
pub(super) fn redirect_to_whole(
    visit: &Visit<'_>,
    issue: &Issue,
    extension: &str,
) -> ViewerResponse {
    let mark = if visit.query().is_empty() { "" } else { "?" };
    let to = format!("{}{extension}{mark}{}", issue.hash, visit.query());
    redirect(status::SEE_OTHER, to)
}

fn first_non_empty<'a>(first: &'a str, second: &'a str) -> &'a str {
    if first.is_empty() { second } else { first }
}

fn link(hash: &str, event: Option<&str>, outermost_first: bool) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(event) = event {
        query.append_pair("event", event);
    }
    if outermost_first {
        query.append_pair("trace", "outer");
    }
    match query.finish() {
        query if query.is_empty() => hash.to_owned(),
        query => format!("{hash}?{query}"),
    }
}

fn occurrence(visit: &Visit<'_>, hash: &str, event: &Event) -> Result<OccurrenceView, PageError> {
    let outer = visit.parameter("trace").as_deref() == Some("outer");
    let store = &visit.viewer.store;
    let before = store.event(hash, &EventSelector::Before(event.id.clone()))?;
    let after = store.event(hash, &EventSelector::After(event.id.clone()))?;
    let to = |id: &str| link(hash, Some(id), outer);
    let oldest = if before.is_some() { store.event(hash, &EventSelector::Oldest)? } else { None };
    Ok(OccurrenceView {
        first_is_fuller: oldest.is_some_and(|oldest| oldest.values() > event.values()),
        at: DisplayTime::new(event.at, visit.now, visit.words),
        first: before.as_ref().map(|_| to("oldest")),
        previous: before.map(|event| to(&event.id)),
        last: after.as_ref().map(|_| link(hash, None, outer)),
        next: after.map(|event| to(&event.id)),
        id: event.id.clone(),
    })
}

fn caller(number: usize, frame: &crate::event::Frame) -> FrameView<'_> {
    let mut view = FrameView::new(number, frame);
    view.open = false;
    view
}

fn breadcrumb<'a>(visit: &Visit<'_>, crumb: &'a Breadcrumb) -> BreadcrumbView<'a> {
    BreadcrumbView {
        at: DisplayTime::new(crumb.at, visit.now, visit.words),
        clock: crumb.at.to_string().get(11..23).unwrap_or_default().to_owned(),
        category: &crumb.category,
        message: &crumb.message,
        level: crumb.level,
        data: values(&crumb.data),
    }
}

fn request<'a>(visit: &Visit<'a>, request: &'a Request) -> RequestView<'a> {
    let pairs = |key: &'static str, pairs: &'a [(String, String)]| TableView {
        caption: visit.words.get(key),
        rows: pairs.iter().map(|(name, value)| (name.as_str(), value.clone())).collect(),
    };
    let facts = [
        ("route", &request.route),
        ("client_address", &request.client),
        ("request_id", &request.id),
        ("trace_id", &request.trace_id),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let facts = facts.map(|(key, value)| (visit.words.get(key), value.clone()));
    let tables = [
        TableView { caption: visit.words.get("request_facts"), rows: facts.collect() },
        pairs("query", &request.query),
        pairs("form", &request.form),
        pairs("headers", &request.headers),
        pairs("cookies", &request.cookies),
    ];
    RequestView {
        method: &request.method,
        host: &request.host,
        path: &request.path,
        url: &request.url,
        tables: tables.into_iter().filter(|table| !table.rows.is_empty()).collect(),
        json: (!request.json.is_null()).then(|| pretty(&request.json)),
    }
}

fn context<'a>(visit: &Visit<'a>, event: &'a Event) -> Vec<TableView<'a>> {
    let context = &event.context;
    let texts = |values: &'a std::collections::BTreeMap<String, String>| {
        values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect()
    };
    let tables = [
        TableView { caption: visit.words.get("user"), rows: texts(&context.user) },
        TableView { caption: visit.words.get("tags"), rows: texts(&context.tags) },
        TableView { caption: visit.words.get("extras"), rows: values(&context.extras) },
    ];
    tables.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

fn values(values: &Map) -> Vec<(&str, String)> {
    values.iter().map(|(name, value)| (name.as_str(), pretty(value))).collect()
}

/// Returns text unchanged, and other values as indented JSON.
fn pretty(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        value => crate::json::to_string_pretty(value).unwrap_or_default(),
    }
}
