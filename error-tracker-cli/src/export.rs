//! `export`: prints all issues with their events.

use error_tracker::Symbolizer;
use error_tracker::event::{Event, Issue, Note};
use error_tracker::format::{Color, Format, escape};
use error_tracker::store::{EventSelector, IssueQuery, Store};
use serde::Serialize;

use crate::arguments::{ExportArguments, ExportFormat};
use crate::failure::CommandError;
use crate::list::title_with_causes;
use crate::open;
use crate::output::TerminalOutput;

/// One line of JSON.
#[derive(Serialize)]
struct ExportedIssue<'a> {
    #[serde(flatten)]
    issue: &'a Issue,
    events: &'a [Event],
    notes: &'a [Note],
}

/// Prints all issues, one by one.
pub(crate) fn run(
    options: &ExportArguments,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let store = open::to_read(&options.file)?;
    let mut symbolizer = Symbolizer::default();
    open::all_issues(&*store, IssueQuery::default(), |issue| {
        match options.format {
            ExportFormat::Json => {
                let events = events(&*store, &issue, &mut symbolizer)?;
                let notes = store.notes(&issue.hash)?;
                let exported = ExportedIssue { issue: &issue, events: &events, notes: &notes };
                output.json(&exported, false)?;
                output.end_line()?;
            }
            ExportFormat::Md => {
                let mut event = store.event(&issue.hash, &EventSelector::Latest)?;
                if let Some(event) = &mut event {
                    symbolizer.add_names(event);
                }
                output.raw(&markdown(&issue, event))?;
            }
        }
        Ok(true)
    })
}

/// Returns the stored events of an issue, newest first.
fn events(
    store: &dyn Store,
    issue: &Issue,
    symbolizer: &mut Symbolizer,
) -> Result<Vec<Event>, CommandError> {
    let mut events = Vec::new();
    let mut which = EventSelector::Latest;
    while let Some(mut event) = store.event(&issue.hash, &which)? {
        symbolizer.add_names(&mut event);
        which = EventSelector::Before(event.id.clone());
        events.push(event);
    }
    Ok(events)
}

/// Returns an issue as Markdown, with the traceback of an event.
fn markdown(issue: &Issue, event: Option<Event>) -> String {
    let title = event.as_ref().and_then(|event| title_with_causes(issue, event));
    let title = title
        .map(|title| format!("`{}`\n\n", escape(&title).replace('`', "'")))
        .unwrap_or_default();
    let traceback =
        event.map(|event| Format::new().color(Color::Never).event(&event)).unwrap_or_default();
    // The fence is longer than any in the traceback, so that no text of an event ends the block.
    let longest = traceback.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!(
        "## `{}`\n\n{title}- hash: {}\n- status: {}\n- count: {}\n- first seen: {}\n- last seen: {}\n\n{fence}text\n{traceback}{fence}\n\n",
        escape(&issue.short_type()).replace('`', "'"),
        escape(&issue.hash),
        issue.status,
        issue.count,
        issue.first_seen,
        issue.last_seen,
    )
}
