use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use error_tracker::event::{Issue, Status};
use error_tracker::format::escape;
use error_tracker::store::{Retention, SqliteStore, Store};

use crate::arguments::{Delete, Issues, Prune};
use crate::failure::Failure;
use crate::open;
use crate::output::Output;

/// A status with the word that says it was given.
pub(crate) type Change = (Status, &'static str);

pub(crate) const RESOLVE: Change = (Status::Resolved, "resolved");
pub(crate) const MUTE: Change = (Status::Muted, "muted");
pub(crate) const REOPEN: Change = (Status::Unresolved, "reopened");

pub(crate) fn set_status(
    issues: &Issues,
    (status, word): Change,
    output: &mut Output,
) -> Result<(), Failure> {
    let (store, found) = find_all(&issues.file, &issues.hashes)?;
    store.set_status(&hashes(&found), status)?;
    report(&found, word, output)
}

pub(crate) fn delete(options: &Delete, output: &mut Output) -> Result<(), Failure> {
    let (store, found) = find_all(&options.issues.file, &options.issues.hashes)?;
    if !options.yes && !confirmed(&found)? {
        return Err(Failure::Unhealthy("nothing was deleted".to_owned()));
    }
    store.delete(&hashes(&found))?;
    report(&found, "deleted", output)
}

pub(crate) fn prune(options: &Prune, output: &mut Output) -> Result<(), Failure> {
    let mut keep = Retention::default();
    if options.older_than.is_some() || options.max_issues.is_some() || options.max_occurrences.is_some() {
        keep.max_age = options.older_than.unwrap_or(Duration::MAX);
        keep.max_issues = options.max_issues.unwrap_or(u64::MAX);
        keep.max_occurrences = options.max_occurrences.unwrap_or(u64::MAX);
    }
    let pruned = open::to_change(&options.file)?.prune(&keep)?;
    output.line(&format!("deleted {} issues and {} events", pruned.issues, pruned.occurrences))?;
    Ok(())
}

/// All issues or none: a mistyped hash changes nothing.
fn find_all(file: &Path, hashes: &[String]) -> Result<(SqliteStore, Vec<Issue>), Failure> {
    let store = open::to_change(file)?;
    let mut found: Vec<Issue> = Vec::new();
    for hash in hashes {
        let issue = open::find(&store, hash)?;
        if found.iter().all(|known| known.hash != issue.hash) {
            found.push(issue);
        }
    }
    Ok((store, found))
}

fn hashes(issues: &[Issue]) -> Vec<&str> {
    issues.iter().map(|issue| issue.hash.as_str()).collect()
}

fn title(issue: &Issue) -> String {
    format!("{}  {}: {}", issue.hash.get(..8).unwrap_or(&issue.hash), issue.short_type(), issue.message)
}

fn report(issues: &[Issue], word: &str, output: &mut Output) -> Result<(), Failure> {
    for issue in issues {
        output.line(&format!("{word} {}", title(issue)))?;
    }
    Ok(())
}

fn confirmed(issues: &[Issue]) -> Result<bool, Failure> {
    let cannot_ask =
        |error: io::Error| Failure::Impossible(format!("cannot ask: {error}; --yes deletes without asking"));
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Failure::Impossible(
            "nothing was deleted: there is no terminal to ask on; --yes deletes without asking".to_owned(),
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
