//! The list of issues.

use std::time::Duration;

use serde::Serialize;

use super::answer::Problem;
use super::chart::{self, Chart};
use super::moment::Moment;
use super::query::Filters;
use super::{Response, Visit};
use crate::event::Issue;

#[derive(Serialize)]
struct List<'a> {
    filters: &'a Filters,
    /// The filters as the query of the bulk form, so that an action leads back here.
    here: String,
    active: Vec<Active<'a>>,
    /// How many of those lie under "more filters".
    more: usize,
    tabs: Vec<Tab<'a>>,
    columns: Columns,
    rows: Vec<Row>,
    continued: bool,
    first: String,
    next: Option<String>,
    previous: Option<String>,
    done: Option<String>,
}

#[derive(Serialize)]
struct Active<'a> {
    label: &'a str,
    value: String,
    without: String,
}

#[derive(Serialize)]
struct Tab<'a> {
    label: &'a str,
    link: String,
    current: bool,
}

#[derive(Serialize)]
struct Columns {
    r#type: Column,
    last_seen: Column,
    count: Column,
}

#[derive(Serialize)]
struct Column {
    link: String,
    /// As `aria-sort` says it.
    sorted: &'static str,
}

#[derive(Serialize)]
struct Row {
    hash: String,
    kind: crate::event::Kind,
    level: crate::event::Level,
    status: crate::event::Status,
    handled: bool,
    title: String,
    message: String,
    function: String,
    place: String,
    host: String,
    method: String,
    path: String,
    last_seen: Moment,
    first_seen: Moment,
    spark: Chart,
    count: u64,
    ticket_raised: bool,
}

pub(super) fn show(visit: &Visit<'_>) -> Result<Response, Problem> {
    let filters = Filters::read(visit.query(), visit.now)?;
    let page = visit.viewer.store.issues(filters.query())?;
    let rows = page.items.into_iter().map(|issue| row(visit, issue)).collect::<Result<_, _>>()?;
    let words = visit.words;
    let at = |key: &str, cursor: Option<String>| cursor.map(|cursor| filters.with(key, &cursor).link());
    let active: Vec<_> = filters.active();
    let list = List {
        here: filters.encoded(),
        more: active.iter().filter(|(key, ..)| !matches!(*key, "text" | "kind" | "status" | "since")).count(),
        active: active
            .into_iter()
            .map(|(key, value, without)| Active {
                label: words.get(key),
                value: named(visit, key, value),
                without,
            })
            .collect(),
        tabs: tabs(visit, &filters),
        columns: Columns {
            r#type: column(&filters, "type", "asc"),
            last_seen: column(&filters, "last_seen", "desc"),
            count: column(&filters, "count", "desc"),
        },
        rows,
        continued: filters.is_continued(),
        first: filters.with("after", "").link(),
        next: at("after", page.next),
        previous: at("before", page.previous),
        done: super::action::done(visit),
        filters: &filters,
    };
    visit.page("list.html", words.get("issues"), list)
}

/// A filter's value as the form shows it.
fn named(visit: &Visit<'_>, key: &str, value: String) -> String {
    match key {
        "kind" | "status" | "since" => {
            let word = format!("{key}_{value}");
            let shown = visit.words.get(&word);
            if shown == word { value } else { shown.to_owned() }
        }
        _ => value,
    }
}

fn tabs<'a>(visit: &Visit<'a>, filters: &Filters) -> Vec<Tab<'a>> {
    let tab = |key, label: &'static str| Tab {
        label: visit.words.get(label),
        link: filters.with("status", key).link(),
        current: filters.status() == key,
    };
    vec![
        tab("", "status_all"),
        tab("unresolved", "status_unresolved"),
        tab("resolved", "status_resolved"),
        tab("muted", "status_muted"),
    ]
}

/// A header that sorts by `key`; again, the other way round.
fn column(filters: &Filters, key: &str, natural: &'static str) -> Column {
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
    Column { link: filters.with("sort", key).with("order", next).link(), sorted }
}

fn row(visit: &Visit<'_>, issue: Issue) -> Result<Row, Problem> {
    let hours = visit.viewer.store.hours(&issue.hash, visit.now.minus(Duration::from_secs(24 * 3_600)))?;
    Ok(Row {
        kind: issue.kind,
        level: issue.level,
        status: issue.status,
        handled: issue.handled,
        title: title(&issue),
        message: first_line(&issue.message),
        place: if issue.line == 0 { issue.file } else { format!("{}:{}", issue.file, issue.line) },
        function: issue.function,
        host: issue.host,
        method: issue.method,
        path: issue.path,
        last_seen: Moment::new(issue.last_seen, visit.now, visit.words),
        first_seen: Moment::new(issue.first_seen, visit.now, visit.words),
        spark: chart::day(&hours, visit.now),
        count: issue.count,
        ticket_raised: issue.ticket_raised,
        hash: issue.hash,
    })
}

/// What a heading calls the issue. It never is empty, since it is what one clicks on; a mere `Error` gets the name of
/// its module or crate, as in `io::Error`.
pub(super) fn title(issue: &Issue) -> String {
    let title = issue.short_type();
    if title.trim().is_empty() {
        return "?".to_owned();
    }
    let path = issue.type_name.strip_suffix("::Error").filter(|_| title.starts_with("Error"));
    let home =
        path.and_then(|path| path.rsplit("::").find(|part| !matches!(*part, "error" | "errors" | "err")));
    match home {
        Some(home) => format!("{home}::{title}"),
        None => title,
    }
}

/// The first line that has text, at most 200 characters of it.
fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{first_line, title};
    use crate::event::Issue;

    #[test]
    fn a_mere_error_is_told_by_its_module() {
        let title = |path: &str| title(&Issue { type_name: path.into(), ..Issue::default() });
        assert_eq!(title("std::io::error::Error"), "io::Error");
        assert_eq!(title("serde_json::error::Error"), "serde_json::Error");
        assert_eq!(title("Error"), "Error");
        assert_eq!(title("shop::OrderError"), "OrderError");
        assert_eq!(title(""), "?");
    }

    #[test]
    fn a_message_is_told_by_its_first_line() {
        assert_eq!(first_line("\n  \n a \nb"), "a");
        assert_eq!(first_line(&"é".repeat(300)).chars().count(), 201);
    }
}
