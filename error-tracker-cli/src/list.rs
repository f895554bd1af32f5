//! `list`: prints issues as a table or as JSON.

use std::time::{Duration, SystemTime};

use error_tracker::event::{Event, Issue, Kind, Status, Timestamp};
use error_tracker::store::IssueQuery;

use crate::arguments::ListArguments;
use crate::failure::CommandError;
use crate::open;
use crate::output::{BOLD, CYAN, DIM, GREEN, RED, TerminalOutput, YELLOW, fit, fit_end, width};

/// How many digits of a hash the table shows.
const HASH: usize = 8;
/// The smallest width of the title on a terminal, in columns.
const MIN_TITLE: usize = 20;

/// Prints the issues that match.
pub(crate) fn run(
    options: &ListArguments,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let store = open::to_read(&options.file)?;
    let mut query = IssueQuery::default();
    (query.status, query.kind, query.since) = (options.status, options.kind, options.since);
    query.until = options.until;
    query.handled = Some(options.handled);
    query.text.clone_from(&options.text);
    query.type_name.clone_from(&options.type_name);
    query.assignee.clone_from(&options.assignee);
    query.release.clone_from(&options.release);
    query.route.clone_from(&options.route);
    (query.sort, query.ascending) = (options.sort, options.ascending);
    let mut handled = query.clone();
    (handled.handled, handled.limit) = (Some(true), 1);
    let limit =
        if options.all { usize::MAX } else { usize::try_from(options.limit).unwrap_or(usize::MAX) };
    let mut issues = Vec::new();
    let mut more = false;
    open::all_issues(&*store, query, |issue| {
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
    } else {
        table(&issues, output)?;
    }
    if more {
        output.text(DIM, &format!("the first {limit}; --all lists the rest"))?;
        output.end_line()?;
    }
    if !options.handled && !store.issues(&handled)?.items.is_empty() {
        output.text(DIM, "--handled lists the errors that the program handled")?;
        output.end_line()?;
    }
    Ok(())
}

/// The columns of the table, in their order.
const HEADINGS: [&str; 6] = ["HASH", "COUNT", "LAST SEEN", "STATUS", "ISSUE", "PLACE"];
const COUNT: usize = 1;
const TITLE: usize = 4;
const PLACE: usize = 5;

/// Prints issues as a table.
fn table(issues: &[Issue], output: &mut TerminalOutput) -> Result<(), CommandError> {
    let now = Timestamp::now();
    let rows: Vec<[String; 6]> = issues.iter().map(|issue| row(issue, now)).collect();
    let mut widths = HEADINGS.map(str::len);
    for row in &rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    let shown = match output.columns() {
        Some(columns) => fit_columns(&mut widths, columns),
        None => {
            widths[TITLE] = widths[TITLE].min(100);
            (0..HEADINGS.len()).collect()
        }
    };
    line(&HEADINGS, &widths, &shown, &[BOLD; 6], output)?;
    for (row, issue) in rows.iter().zip(issues) {
        let status = match issue.status {
            Status::Resolved => GREEN,
            Status::Muted => DIM,
            _ => YELLOW,
        };
        let title = if issue.kind == Kind::Panic { RED } else { "" };
        let colors = [CYAN, "", DIM, status, title, DIM];
        line(&row.each_ref().map(String::as_str), &widths, &shown, &colors, output)?;
    }
    Ok(())
}

/// Makes the columns fit on a terminal of this width, and returns those that are shown. In a small
/// one the title is kept and the others are dropped.
fn fit_columns(widths: &mut [usize; 6], columns: usize) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..HEADINGS.len()).collect();
    let others = |shown: &[usize], widths: &[usize; 6]| -> usize {
        shown.iter().filter(|at| **at != TITLE).map(|at| widths[*at] + 2).sum()
    };
    let least = widths[TITLE].min(MIN_TITLE);
    let left = columns.saturating_sub(others(&shown, widths) - widths[PLACE] + widths[TITLE]);
    widths[PLACE] = widths[PLACE].min(left.max(columns / 4).max(10));
    for dropped in [PLACE, 3, 2, COUNT] {
        if others(&shown, widths) + least <= columns {
            break;
        }
        shown.retain(|at| *at != dropped);
    }
    widths[TITLE] = widths[TITLE].min(columns.saturating_sub(others(&shown, widths)));
    widths[0] = widths[0].min(columns);
    shown.retain(|at| widths[*at] > 0);
    shown
}

/// Prints one row.
fn line(
    cells: &[&str; 6],
    widths: &[usize; 6],
    shown: &[usize],
    colors: &[&str; 6],
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let last = shown.iter().rposition(|at| !cells[*at].is_empty()).unwrap_or_default();
    for (nth, &at) in shown.iter().enumerate().take(last + 1) {
        let cell = match output.columns() {
            None => cells[at].to_owned(),
            // The end of a place has the line number.
            Some(_) if at == PLACE => fit_end(cells[at], widths[at]),
            Some(_) => fit(cells[at], widths[at]),
        };
        let space = " ".repeat(widths[at].saturating_sub(width(&cell)));
        output.raw(if at == COUNT && cells != &HEADINGS { &space } else { "" })?;
        output.text(colors[at], &cell)?;
        if nth < last {
            output.raw(if at == COUNT && cells != &HEADINGS { "" } else { &space })?;
            output.raw("  ")?;
        }
    }
    output.end_line()?;
    Ok(())
}

/// Returns the cells of an issue.
fn row(issue: &Issue, now: Timestamp) -> [String; 6] {
    let hash = issue.hash.get(..HASH).unwrap_or(&issue.hash).to_owned();
    let place = if issue.file.is_empty() {
        String::new()
    } else {
        format!("{}:{}", issue.file, issue.line)
    };
    let status = issue.status.to_string();
    [hash, issue.count.to_string(), ago(issue.last_seen, now), status, title(issue), place]
}

/// Returns the title of an issue with the causes of this event, or `None` if the traceback ends
/// with the same text.
pub(crate) fn title_with_causes(issue: &Issue, event: &Event) -> Option<String> {
    let mut shown = issue.clone();
    shown.message = event.headline();
    (shown.message != event.message).then(|| title(&shown))
}

/// Returns the title of an issue: its type and its message, on one line.
pub(crate) fn title(issue: &Issue) -> String {
    match (issue.short_type(), &issue.message) {
        (kind, message) if message.is_empty() => kind,
        (kind, message) if kind.is_empty() => message.clone(),
        (kind, message) => format!("{kind}: {message}"),
    }
}

/// Returns how long ago a time is: `now`, `5s ago`, `3m ago`, `2h ago`, `4d ago`.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    let since =
        SystemTime::from(now).duration_since(then.into()).unwrap_or(Duration::ZERO).as_secs();
    match since {
        0 => "now".to_owned(),
        1..60 => format!("{since}s ago"),
        60..3_600 => format!("{}m ago", since / 60),
        3_600..172_800 => format!("{}h ago", since / 3_600),
        _ => format!("{}d ago", since / 86_400),
    }
}
