use std::time::{Duration, SystemTime};

use error_tracker::event::{Issue, Kind, Status, Timestamp};
use error_tracker::store::IssueQuery;

use crate::arguments::List;
use crate::failure::Failure;
use crate::open;
use crate::output::{BOLD, CYAN, DIM, GREEN, Output, RED, YELLOW, fit, fit_end, width};

/// Digits of a hash that a table shows.
const HASH: usize = 8;
/// The title's least width on a terminal.
const LEAST: usize = 20;

pub(crate) fn run(options: &List, output: &mut Output) -> Result<(), Failure> {
    let store = open::to_read(&options.file)?;
    let mut query = IssueQuery::default();
    (query.status, query.kind, query.since) = (options.status, options.kind, options.since);
    query.text.clone_from(&options.text);
    query.type_name.clone_from(&options.type_name);
    (query.sort, query.ascending) = (options.sort, options.ascending);
    let limit = if options.all { usize::MAX } else { usize::try_from(options.limit).unwrap_or(usize::MAX) };
    let mut issues = Vec::new();
    let mut more = false;
    open::all_issues(&store, query, |issue| {
        more = issues.len() == limit;
        if !more {
            issues.push(issue);
        }
        Ok(!more)
    })?;
    if options.json {
        output.json(&issues, true)?;
        output.end_line()?;
        return Ok(());
    }
    if issues.is_empty() {
        output.line("no issues")?;
        return Ok(());
    }
    table(&issues, output)?;
    if more {
        output.text(DIM, &format!("the first {limit}; --all lists the rest"))?;
        output.end_line()?;
    }
    Ok(())
}

fn table(issues: &[Issue], output: &mut Output) -> Result<(), Failure> {
    let now = Timestamp::now();
    let rows: Vec<[String; 6]> = issues.iter().map(|issue| row(issue, now)).collect();
    let headings = ["HASH", "COUNT", "LAST SEEN", "STATUS", "ISSUE", "PLACE"];
    let mut widths = headings.map(str::len);
    for row in &rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    if let Some(columns) = output.columns() {
        let fixed: usize = widths[..4].iter().map(|width| width + 2).sum();
        widths[5] = widths[5].min((columns / 4).max(10));
        let room = columns.saturating_sub(fixed + widths[5] + 2).max(LEAST);
        widths[4] = widths[4].min(room);
    } else {
        widths[4] = widths[4].min(100);
    }
    for (heading, width) in headings.iter().zip(widths) {
        let last = *heading == "PLACE";
        output.text(BOLD, heading)?;
        output.raw(&" ".repeat(if last { 0 } else { width - heading.len() + 2 }))?;
    }
    output.end_line()?;
    for (row, issue) in rows.iter().zip(issues) {
        let status = match issue.status {
            Status::Resolved => GREEN,
            Status::Muted => DIM,
            _ => YELLOW,
        };
        let title = if issue.kind == Kind::Panic { RED } else { "" };
        let colors = [CYAN, "", DIM, status, title, DIM];
        for (at, (cell, columns)) in row.iter().zip(widths).enumerate() {
            // A place's end, the line, says more than its start.
            let cell =
                if at == 5 && output.columns().is_some() { fit_end(cell, columns) } else { cell.clone() };
            let cell = if at == 4 && output.columns().is_some() { fit(&cell, columns) } else { cell };
            let space = " ".repeat(columns.saturating_sub(width(&cell)));
            let last = at == 5 || row[at + 1..].iter().all(String::is_empty);
            output.raw(if at == 1 { &space } else { "" })?;
            output.text(colors[at], &cell)?;
            output.raw(if at == 1 || last { "" } else { &space })?;
            if last {
                break;
            }
            output.raw("  ")?;
        }
        output.end_line()?;
    }
    Ok(())
}

fn row(issue: &Issue, now: Timestamp) -> [String; 6] {
    let hash = issue.hash.get(..HASH).unwrap_or(&issue.hash).to_owned();
    let title = if issue.message.is_empty() {
        issue.short_type()
    } else {
        format!("{}: {}", issue.short_type(), issue.message)
    };
    let place = if issue.file.is_empty() { String::new() } else { format!("{}:{}", issue.file, issue.line) };
    let status = word(&issue.status);
    [hash, issue.count.to_string(), ago(issue.last_seen, now), status, title, place]
}

/// An enum's word in JSON.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    error_tracker::json::to_value(value)
        .ok()
        .and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// `5s ago`, `3m ago`, `2h ago`, `4d ago`.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    let since = SystemTime::from(now).duration_since(then.into()).unwrap_or(Duration::ZERO).as_secs();
    match since {
        0 => "now".to_owned(),
        1..60 => format!("{since}s ago"),
        60..3_600 => format!("{}m ago", since / 60),
        3_600..172_800 => format!("{}h ago", since / 3_600),
        _ => format!("{}d ago", since / 86_400),
    }
}
