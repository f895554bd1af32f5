//! Changes issues. All changes use one POST address, so that there is one place to protect.

use std::cmp::Reverse;

use super::action_request::ActionRequest;
use super::answer::{PageError, redirect};
use super::query::ListFilters;
use super::route::is_hash;
use super::{ViewerResponse, Visit, status};
use crate::event::{Issue, Note, Status};
use crate::store::IssueChange;

/// The maximum number of issues in one form.
const MAX_HASHES: usize = 500;

/// The names of all actions.
const NAMES: &str = "resolve, resolve_in_next_release, mute, reopen, assign, add_note, delete_note, merge, \
    unmerge, delete";

/// What a form or a program asks for.
pub(super) enum IssueAction {
    Change(IssueChange),
    /// Merges into this issue, or the one with the most occurrences.
    Merge(Option<String>),
    Unmerge,
    Delete,
}

impl IssueAction {
    /// Reads an action, and takes the details that belong to it.
    pub(super) fn read(visit: &Visit<'_>, asked: &mut ActionRequest) -> Result<Self, PageError> {
        Ok(Self::Change(match &*asked.action {
            "resolve" => IssueChange::SetStatus(Status::Resolved),
            "resolve_in_next_release" => IssueChange::ResolveInNextRelease,
            "reopen" => IssueChange::SetStatus(Status::Unresolved),
            "mute" => match (asked.until(visit.now)?, asked.occurrences()?) {
                (None, None) => IssueChange::SetStatus(Status::Muted),
                (Some(until), None) => IssueChange::MuteUntil(until),
                (None, Some(times)) => IssueChange::MuteFor(times),
                (Some(_), Some(_)) => {
                    return Err(PageError::bad("until, occurrences: one of them"));
                }
            },
            "assign" => IssueChange::Assign(asked.assignee()?),
            "add_note" => {
                let author = asked.author();
                let author = visit.request.user().map_or(author, str::to_owned);
                IssueChange::AddNote(Note::new(asked.text()?).author(author))
                    .masked(&visit.viewer.masking)
            }
            "delete_note" => IssueChange::DeleteNote(asked.note()?),
            "merge" => return Ok(Self::Merge(asked.merge_target()?)),
            "unmerge" => return Ok(Self::Unmerge),
            "delete" => return Ok(Self::Delete),
            _ => return Err(PageError::bad(format!("actions: {NAMES}"))),
        }))
    }

    /// Returns the name under which the page says that it was done.
    fn done(&self) -> &'static str {
        match self {
            Self::Merge(_) => "merge",
            Self::Unmerge => "unmerge",
            Self::Delete => "delete",
            Self::Change(change) => match change {
                IssueChange::SetStatus(Status::Resolved) => "resolve",
                IssueChange::SetStatus(Status::Unresolved) => "reopen",
                IssueChange::ResolveInNextRelease => "resolve_in_next_release",
                IssueChange::SetStatus(Status::Muted)
                | IssueChange::MuteUntil(_)
                | IssueChange::MuteFor(_) => "mute",
                IssueChange::Assign(name) if name.is_empty() => "unassign",
                IssueChange::Assign(_) => "assign",
                IssueChange::AddNote(_) => "add_note",
                IssueChange::DeleteNote(_) => "delete_note",
            },
        }
    }
}

/// The names that [`IssueAction::done`] returns.
const DONE: [&str; 11] = [
    "resolve",
    "resolve_in_next_release",
    "mute",
    "reopen",
    "assign",
    "unassign",
    "add_note",
    "delete_note",
    "merge",
    "unmerge",
    "delete",
];

pub(super) fn run(visit: &Visit<'_>) -> Result<ViewerResponse, PageError> {
    let forbidden = || PageError::new(status::FORBIDDEN);
    if !is_same_origin(visit) {
        return Err(forbidden());
    }
    let (mut token, mut whole) = (String::new(), String::new());
    let (mut one, mut from_issue) = (None, false);
    let mut asked = ActionRequest::default();
    for (key, value) in form_urlencoded::parse(visit.request.body()) {
        match &*key {
            "csrf" => token = value.into_owned(),
            // The button of one row in the form of all rows. The checked boxes are ignored then.
            "one" => {
                one = value.split_once(' ').map(|(name, hash)| (name.to_owned(), hash.to_owned()));
            }
            "from" => from_issue = value == "issue",
            // The issue that a part is taken from.
            "whole" => whole = value.into_owned(),
            key => asked.add(key, &value)?,
        }
    }
    if !visit.viewer.accepts_form_token(&token) {
        return Err(forbidden());
    }
    if let Some((name, hash)) = one {
        (asked.action, asked.issues) = (name, vec![hash]);
    }
    asked.name_muting();
    let action = IssueAction::read(visit, &mut asked)?;
    if let IssueAction::Change(IssueChange::MuteUntil(until)) = &action
        && *until <= visit.now
    {
        return Err(PageError::bad("until: a time in the future"));
    }
    let changed = change(visit, &action, &asked.issues)?;
    let done = format!("done={}&n={changed}", action.done());
    let back = match (from_issue, action, asked.issues.as_slice()) {
        (true, IssueAction::Change(_), [hash]) => format!("{hash}?{done}"),
        (true, IssueAction::Unmerge, _) if is_hash(&whole) => format!("{whole}?{done}#merged"),
        (true, ..) => format!("./?{done}"),
        (false, ..) => {
            let filters = ListFilters::read(visit.query(), visit.now)?.encoded();
            let and = if filters.is_empty() { "" } else { "&" };
            format!("./?{filters}{and}{done}")
        }
    };
    Ok(redirect(status::SEE_OTHER, back))
}

/// Changes issues. Returns the number of those that exist.
pub(super) fn change(
    visit: &Visit<'_>,
    action: &IssueAction,
    hashes: &[String],
) -> Result<u64, PageError> {
    if hashes.len() > MAX_HASHES || !hashes.iter().all(|hash| is_hash(hash)) {
        return Err(PageError::bad(format!("hash: 64 hexadecimal digits, {MAX_HASHES} at most")));
    }
    let named: Vec<&str> = hashes.iter().map(String::as_str).collect();
    let store = &visit.viewer.store;
    Ok(match action {
        _ if named.is_empty() => 0,
        IssueAction::Change(change) => store.change(&named, change)?,
        IssueAction::Merge(into) => match into.clone().or(most_frequent(visit, &named)?) {
            Some(into) => store.merge(&named, &into)?,
            None => 0,
        },
        IssueAction::Unmerge => store.unmerge(&named)?,
        IssueAction::Delete => store.delete(&named)?,
    })
}

/// Returns the hash of the issue with the most occurrences; of several the one that was seen first.
fn most_frequent(visit: &Visit<'_>, hashes: &[&str]) -> Result<Option<String>, PageError> {
    let mut most: Option<Issue> = None;
    for hash in hashes {
        let Some(issue) = visit.viewer.store.issue(hash)? else { continue };
        let rank = |issue: &Issue| (issue.count, Reverse(issue.first_seen));
        if most.as_ref().is_none_or(|most| rank(most) < rank(&issue)) {
            most = Some(issue);
        }
    }
    Ok(most.map(|issue| issue.hash))
}

/// Describes what an action did, for the page to which it redirects.
pub(super) fn done(visit: &Visit<'_>) -> Option<String> {
    let name = visit.parameter("done").filter(|name| DONE.contains(&name.as_str()))?;
    let n = visit.parameter("n")?.parse().ok()?;
    if name == "merge" && n == 0 {
        return Some(visit.words.get("done_merge_none").to_owned());
    }
    Some(visit.words.counted(&format!("done_{name}"), n))
}

/// Returns whether a request came from these pages, or from no page, according to the browser. Without both headers
/// only the token decides.
pub(super) fn is_same_origin(visit: &Visit<'_>) -> bool {
    if let Some(site) = visit.request.header("sec-fetch-site") {
        return site == "same-origin";
    }
    match visit.request.header("origin") {
        // With the referrer policy `no-referrer`, browsers send `null` even for forms of these
        // pages.
        None | Some("null") => true,
        Some(origin) => {
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            authority.is_some() && authority == visit.request.header("host")
        }
    }
}
