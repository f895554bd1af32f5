//! `show`: prints an issue with one of its events.

use error_tracker::Symbolizer;
use error_tracker::event::{Context, Event, Issue, Note, Timestamp};
use error_tracker::format::Format;
use error_tracker::store::{EventSelector, FacetCount, IssueFacets, UserSketch};
use serde::Serialize;

use crate::arguments::ShowArguments;
use crate::failure::CommandError;
use crate::list::{ago, title, title_with_causes};
use crate::notify::{self, ShownMessage};
use crate::open;
use crate::output::{BOLD, CYAN, DIM, TerminalOutput};

/// The object that `--json` prints.
#[derive(Serialize)]
struct ShownIssue<'a> {
    #[serde(flatten)]
    issue: &'a Issue,
    facets: &'a IssueFacets,
    /// The issues that were merged into it.
    merged: &'a [Issue],
    event: &'a Event,
    notes: &'a [Note],
    /// The messages to people about it.
    messages: &'a [ShownMessage],
}

/// Prints an issue and an event.
pub(crate) fn run(
    options: &ShowArguments,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let store = open::to_read(&options.file)?;
    let issue = open::find(&*store, &options.hash)?;
    let which = match &options.occurrence {
        Some(id) => EventSelector::Id(id.clone()),
        None if options.first => EventSelector::Oldest,
        None => EventSelector::Latest,
    };
    let mut event = store.event(&issue.hash, &which)?.ok_or_else(|| {
        CommandError::Unhealthy(match &options.occurrence {
            Some(id) => format!("issue {} has no event {id}", issue.hash),
            None => format!("no event of issue {} is kept", issue.hash),
        })
    })?;
    Symbolizer::default().add_names(&mut event);
    let notes = store.notes(&issue.hash)?;
    let facets = store.facets(&issue.hash)?;
    let merged = store.parts(&issue.hash)?;
    let hashes: Vec<&str> = [&issue].into_iter().chain(&merged).map(|of| &*of.hash).collect();
    let messages = notify::messages(&*store, &hashes)?;
    if options.json {
        let shown = ShownIssue {
            issue: &issue,
            facets: &facets,
            merged: &merged,
            notes: &notes,
            messages: &messages,
            event: &event,
        };
        output.json(&shown, true)?;
        output.end_line()?;
        return Ok(());
    }
    facts(&issue, &facets, &event, output)?;
    for part in &merged {
        let hash = part.hash.get(..8).unwrap_or(&part.hash);
        entry(output, 2, "merged  ", &format!("{hash} {} ({})", title(part), part.count))?;
    }
    let first = store.event(&issue.hash, &EventSelector::Oldest)?;
    if first.is_some_and(|first| first.values() > event.values()) {
        entry(output, 2, "fuller  ", "the first event has more variables: --first shows it")?;
    }
    let said = notes.iter().map(|note| (said_by(note), note.text.clone()));
    section("notes", said.collect(), output)?;
    let now = Timestamp::now();
    let told = messages.iter().map(|message| (message.headline(), message.details(now)));
    section("notifications", told.collect(), output)?;
    output.end_line()?;
    let format = Format::new().color(output.color()).width(output.columns().unwrap_or(100));
    output.raw(&format.event(&event))?;
    context(&event.context, output)
}

/// Prints the fields of an issue.
fn facts(
    issue: &Issue,
    facets: &IssueFacets,
    event: &Event,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let now = Timestamp::now();
    let seen = |moment: Timestamp| format!("{moment} ({})", ago(moment, now));
    let times = if issue.count == 1 { "once" } else { "times" };
    let count =
        if issue.count == 1 { times.to_owned() } else { format!("{} {times}", issue.count) };
    let origin = [&event.origin.release, &event.origin.environment, &event.origin.host];
    let origin: Vec<_> =
        origin.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect();
    let request = format!("{} {}", issue.method, issue.path);
    output.text(BOLD, &format!("issue {}", issue.hash))?;
    output.end_line()?;
    if let Some(title) = title_with_causes(issue, event) {
        output.line(&title)?;
    }
    for (label, value) in [
        ("status", status(issue)),
        ("assignee", issue.assignee.clone()),
        ("seen", count),
        ("users", users(issue)),
        ("first", seen(issue.first_seen)),
        ("last", seen(issue.last_seen)),
        ("event", format!("{} at {}", event.id, event.at)),
        ("origin", origin.join(", ")),
        ("command", event.origin.command_line()),
        ("request", request.trim().to_owned()),
        ("releases", most_frequent(&facets.releases)),
        ("routes", most_frequent(&facets.routes)),
    ] {
        if !value.is_empty() {
            entry(output, 2, &format!("{label:<8}"), &value)?;
        }
    }
    Ok(())
}

/// Returns the status of an issue with what ends it.
fn status(issue: &Issue) -> String {
    let status = issue.status;
    if let Some(release) = &issue.resolved_in {
        return format!("{status} until a newer release than {release}");
    }
    match (issue.muted_until, issue.muted_until_count) {
        (Some(until), _) => format!("{status} until {until}"),
        (None, Some(count)) => format!("{status} until more than {count} times"),
        (None, None) => status.to_string(),
    }
}

/// Returns when a note was written, by whom, and its id.
fn said_by(note: &Note) -> String {
    let author = if note.author.is_empty() { String::new() } else { format!(" {}", note.author) };
    format!("{}{author} ({})", note.at, note.id)
}

/// Returns the number of affected users; an empty text without any.
fn users(issue: &Issue) -> String {
    match issue.users {
        0 => String::new(),
        users @ 1..=UserSketch::MAX_EXACT => users.to_string(),
        users => format!("about {users}"),
    }
}

/// Returns the most frequent values with their counts; an empty text unless there are several.
fn most_frequent(facets: &[FacetCount]) -> String {
    const SHOWN: usize = 5;
    if facets.len() < 2 {
        return String::new();
    }
    let shown = facets.iter().take(SHOWN);
    let mut shown: Vec<_> =
        shown.map(|facet| format!("{} ({})", facet.value, facet.count)).collect();
    if facets.len() > SHOWN {
        shown.push(format!("{} more", facets.len() - SHOWN));
    }
    shown.join(", ")
}

/// Prints the scope of an event.
fn context(context: &Context, output: &mut TerminalOutput) -> Result<(), CommandError> {
    let extras =
        context.extras.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
    let pairs = |map: &std::collections::BTreeMap<String, String>| {
        map.iter().map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>()
    };
    section("extras", extras, output)?;
    section("tags", pairs(&context.tags), output)?;
    section("user", pairs(&context.user), output)?;
    if let Some(request) = &context.request {
        section("request", vec![(request.method.clone(), request.url.clone())], output)?;
        section("query", request.query.clone(), output)?;
        section("headers", request.headers.clone(), output)?;
        section("cookies", request.cookies.clone(), output)?;
        section("form", request.form.clone(), output)?;
        if !request.json.is_null() {
            section("body", vec![("json".to_owned(), request.json.to_string())], output)?;
        }
    }
    let steps = context.breadcrumbs.iter().map(|step| {
        let data = if step.data.is_empty() {
            String::new()
        } else {
            format!(" {}", error_tracker::json::Value::Object(step.data.clone()))
        };
        (step.at.to_string(), format!("{}: {}{data}", step.category, step.message))
    });
    section("breadcrumbs", steps.collect(), output)
}

/// Prints a heading and its entries; nothing without entries.
fn section(
    title: &str,
    entries: Vec<(String, String)>,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    if entries.is_empty() {
        return Ok(());
    }
    output.end_line()?;
    output.text(BOLD, title)?;
    output.end_line()?;
    for (name, value) in entries {
        entry(output, 2, &format!("{name} ="), &value)?;
    }
    Ok(())
}

/// Prints a name and its value.
fn entry(
    output: &mut TerminalOutput,
    indent: usize,
    name: &str,
    value: &str,
) -> Result<(), CommandError> {
    output.raw(&" ".repeat(indent))?;
    output.text(if name.ends_with('=') { CYAN } else { DIM }, name)?;
    output.raw(" ")?;
    output.line(value)?;
    Ok(())
}
