use error_tracker::event::{Event, Issue};
use error_tracker::format::{Color, Format, escape};
use error_tracker::store::{IssueQuery, SqliteStore, Store, Which};
use serde::Serialize;

use crate::arguments::{Export, ExportFormat};
use crate::failure::Failure;
use crate::list::word;
use crate::open;
use crate::output::Output;

#[derive(Serialize)]
struct Exported<'a> {
    #[serde(flatten)]
    issue: &'a Issue,
    events: &'a [Event],
}

pub(crate) fn run(options: &Export, output: &mut Output) -> Result<(), Failure> {
    let store = open::to_read(&options.file)?;
    open::all_issues(&store, IssueQuery::default(), |issue| {
        match options.format {
            ExportFormat::Json => {
                let events = events(&store, &issue)?;
                output.json(&Exported { issue: &issue, events: &events }, false)?;
                output.end_line()?;
            }
            ExportFormat::Md => output.raw(&markdown(&issue, store.event(&issue.hash, &Which::Latest)?))?,
        }
        Ok(true)
    })
}

/// All that are kept, newest first.
fn events(store: &SqliteStore, issue: &Issue) -> Result<Vec<Event>, Failure> {
    let mut events = Vec::new();
    let mut which = Which::Latest;
    while let Some(event) = store.event(&issue.hash, &which)? {
        which = Which::Before(event.id.clone());
        events.push(event);
    }
    Ok(events)
}

fn markdown(issue: &Issue, event: Option<Event>) -> String {
    let traceback = event.map(|event| Format::new().color(Color::Never).event(&event)).unwrap_or_default();
    // Longer than any fence within, so that no text of an event ends the block.
    let longest = traceback.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!(
        "## `{}`\n\n- hash: {}\n- status: {}\n- count: {}\n- first seen: {}\n- last seen: {}\n\n{fence}text\n{traceback}{fence}\n\n",
        escape(&issue.short_type()).replace('`', "'"),
        escape(&issue.hash),
        word(&issue.status),
        issue.count,
        issue.first_seen,
        issue.last_seen,
    )
}
