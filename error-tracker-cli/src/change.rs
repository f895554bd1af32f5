//! `resolve`, `mute`, `reopen`, `assign`, `note`, `delete` and `prune`: change issues.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use error_tracker::event::{Issue, Note, Status};
use error_tracker::format::escape;
use error_tracker::mask::Masking;
use error_tracker::store::{IssueChange, Retention, Store};

use crate::arguments::{
    AssignArguments, DeleteArguments, IssueArguments, MuteArguments, NoteArguments, PruneArguments,
    ResolveArguments,
};
use crate::failure::CommandError;
use crate::output::TerminalOutput;
use crate::{list, open};

/// Resolves issues, and prints them.
pub(crate) fn resolve(
    options: &ResolveArguments,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let change = if options.in_next_release {
        IssueChange::ResolveInNextRelease
    } else {
        IssueChange::SetStatus(Status::Resolved)
    };
    change_all(&options.issues, &change, "resolved", output)
}

/// Mutes issues, and prints them.
pub(crate) fn mute(
    options: &MuteArguments,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let change = match (options.until, options.times) {
        (Some(until), _) => IssueChange::MuteUntil(until),
        (None, Some(times)) => IssueChange::MuteFor(times),
        (None, None) => IssueChange::SetStatus(Status::Muted),
    };
    change_all(&options.issues, &change, "muted", output)
}

/// Opens issues again, and prints them.
pub(crate) fn reopen(
    issues: &IssueArguments,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    change_all(issues, &IssueChange::SetStatus(Status::Unresolved), "reopened", output)
}

/// Sets who takes care of issues, and prints them.
pub(crate) fn assign(
    options: &AssignArguments,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let name = options.to.as_deref().unwrap_or_default().trim();
    let word = if name.is_empty() { "unassigned" } else { "assigned" };
    change_all(&options.issues, &IssueChange::Assign(name.to_owned()), word, output)
}

/// Adds a note to an issue or deletes one, and prints the issue.
pub(crate) fn note(
    options: &NoteArguments,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let store = open::to_change(&options.file)?;
    let issue = open::find(&*store, &options.hash)?;
    let (change, word) = match (&options.add, &options.delete) {
        (Some(text), _) => {
            let note = Note::new(text.trim()).author(options.author.trim());
            (IssueChange::AddNote(note).masked(&Masking::default()), "added a note to")
        }
        (None, id) => {
            (IssueChange::DeleteNote(id.clone().unwrap_or_default()), "deleted a note of")
        }
    };
    if store.change(&[&issue.hash], &change)? == 0 {
        return Err(CommandError::Unhealthy(format!("issue {} has no such note", issue.hash)));
    }
    print_changed(&[issue], word, output)
}

/// Changes issues, and prints them.
fn change_all(
    issues: &IssueArguments,
    change: &IssueChange,
    word: &str,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let (store, found) = find_all(&issues.file, &issues.hashes)?;
    store.change(&hashes(&found), change)?;
    print_changed(&found, word, output)
}

/// Merges issues into the first one, and prints them.
pub(crate) fn merge(
    issues: &IssueArguments,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let (store, found) = find_all(&issues.file, &issues.hashes)?;
    let [into, others @ ..] = found.as_slice() else { return Ok(()) };
    if others.is_empty() {
        return Err(CommandError::Impossible("give the hashes of two issues or more".to_owned()));
    }
    store.merge(&hashes(others), &into.hash)?;
    print_changed(others, "merged", output)?;
    output.line(&format!("into   {}", title(into)))?;
    Ok(())
}

/// Makes merged issues issues of their own again, and prints them.
pub(crate) fn unmerge(
    issues: &IssueArguments,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let store = open::to_change(&issues.file)?;
    let mut found = Vec::new();
    for hash in &issues.hashes {
        found.push(open::find_part(&*store, hash)?);
    }
    store.unmerge(&hashes(&found))?;
    print_changed(&found, "unmerged", output)
}

/// Deletes issues after a confirmation, and prints them.
pub(crate) fn delete(
    options: &DeleteArguments,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let (store, found) = find_all(&options.issues.file, &options.issues.hashes)?;
    if !options.yes && !confirmed(&found)? {
        return Err(CommandError::Unhealthy("nothing was deleted".to_owned()));
    }
    store.delete(&hashes(&found))?;
    print_changed(&found, "deleted", output)
}

/// Deletes what the limits do not keep, and gives the space back to the disk.
pub(crate) fn prune(
    options: &PruneArguments,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let mut keep = Retention::default();
    let numbers = [options.max_issues, options.max_occurrences, options.max_megabytes];
    if options.older_than.is_some() || numbers.iter().any(Option::is_some) {
        keep.max_age = options.older_than.unwrap_or(Duration::MAX);
        keep.max_issues = options.max_issues.unwrap_or(u64::MAX);
        keep.max_occurrences = options.max_occurrences.unwrap_or(u64::MAX);
        keep.max_megabytes = options.max_megabytes.unwrap_or(u64::MAX);
    }
    let store = open::to_change(&options.file)?;
    let pruned = store.prune(&keep)?;
    output.line(&format!("deleted {} issues and {} events", pruned.issues, pruned.occurrences))?;
    drop(store);
    Ok(open::compact(&options.file)?)
}

/// Opens the file or database and finds the issues. A hash that is not found is an error, so that a mistyped
/// one changes nothing.
fn find_all(file: &Path, hashes: &[String]) -> Result<(Arc<dyn Store>, Vec<Issue>), CommandError> {
    let store = open::to_change(file)?;
    let mut found: Vec<Issue> = Vec::new();
    for hash in hashes {
        let issue = open::find(&*store, hash)?;
        if found.iter().all(|known| known.hash != issue.hash) {
            found.push(issue);
        }
    }
    Ok((store, found))
}

fn hashes(issues: &[Issue]) -> Vec<&str> {
    issues.iter().map(|issue| issue.hash.as_str()).collect()
}

/// Returns the start of the hash and the title.
fn title(issue: &Issue) -> String {
    format!("{}  {}", issue.hash.get(..8).unwrap_or(&issue.hash), list::title(issue))
}

/// Prints a line for each changed issue.
fn print_changed(
    issues: &[Issue],
    word: &str,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    for issue in issues {
        output.line(&format!("{word} {}", title(issue)))?;
    }
    Ok(())
}

/// Asks on the terminal whether to delete the issues.
///
/// # Errors
/// There is no terminal to ask on.
fn confirmed(issues: &[Issue]) -> Result<bool, CommandError> {
    let cannot_ask = |error: io::Error| {
        CommandError::Impossible(format!("cannot ask: {error}; --yes deletes without asking"))
    };
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(CommandError::Impossible(
            "nothing was deleted: there is no terminal to ask on; --yes deletes without asking"
                .to_owned(),
        ));
    }
    let mut stderr = io::stderr().lock();
    for issue in issues {
        writeln!(stderr, "{}", escape(&title(issue))).map_err(cannot_ask)?;
    }
    let these = match issues.len() {
        1 => "this issue with all its events".to_owned(),
        count => format!("these {count} issues with all their events"),
    };
    write!(stderr, "Delete {these}? [y/N] ").map_err(cannot_ask)?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(cannot_ask)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
