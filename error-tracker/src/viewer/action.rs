//! Changes issues. All changes use one POST address, so that there is one place to protect.

use super::answer::{PageError, redirect};
use super::query::ListFilters;
use super::route::is_hash;
use super::{ViewerResponse, Visit, status};
use crate::event::Status;

/// The maximum number of issues in one form.
const MAX_HASHES: usize = 500;

/// What a form or a program asks for.
#[derive(Clone, Copy)]
pub(super) enum IssueAction {
    Status(&'static str, Status),
    Delete,
}

impl IssueAction {
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "resolve" => Self::Status("resolve", Status::Resolved),
            "mute" => Self::Status("mute", Status::Muted),
            "reopen" => Self::Status("reopen", Status::Unresolved),
            "delete" => Self::Delete,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Status(name, _) => name,
            Self::Delete => "delete",
        }
    }
}

pub(super) fn run(visit: &Visit<'_>) -> Result<ViewerResponse, PageError> {
    let forbidden = || PageError::new(status::FORBIDDEN);
    if !is_same_origin(visit) {
        return Err(forbidden());
    }
    let (mut token, mut named, mut hashes, mut one) =
        (String::new(), String::new(), Vec::new(), None);
    let mut from_issue = false;
    for (key, value) in form_urlencoded::parse(visit.request.body()) {
        match &*key {
            "csrf" => token = value.into_owned(),
            "do" => named = value.into_owned(),
            "hash" => hashes.push(value.into_owned()),
            // The button of one row in the form of all rows. The checked boxes are ignored then.
            "one" => {
                one = value.split_once(' ').map(|(name, hash)| (name.to_owned(), hash.to_owned()));
            }
            "from" => from_issue = value == "issue",
            _ => {}
        }
    }
    if !visit.viewer.accepts_form_token(&token) {
        return Err(forbidden());
    }
    if let Some((name, hash)) = one {
        (named, hashes) = (name, vec![hash]);
    }
    let action = IssueAction::of(&named).ok_or_else(unknown)?;
    let changed = change(visit, action, &hashes)?;
    let done = format!("done={}&n={changed}", action.name());
    let back = match (from_issue, action, hashes.as_slice()) {
        (true, IssueAction::Status(..), [hash]) => format!("{hash}?{done}"),
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
    action: IssueAction,
    hashes: &[String],
) -> Result<u64, PageError> {
    if hashes.len() > MAX_HASHES || !hashes.iter().all(|hash| is_hash(hash)) {
        return Err(PageError::bad(format!("hash: 64 hexadecimal digits, {MAX_HASHES} at most")));
    }
    let named: Vec<&str> = hashes.iter().map(String::as_str).collect();
    let store = &visit.viewer.store;
    Ok(match action {
        _ if named.is_empty() => 0,
        IssueAction::Status(_, status) => store.set_status(&named, status)?,
        IssueAction::Delete => store.delete(&named)?,
    })
}

/// The error for the name of an action that does not exist.
pub(super) fn unknown() -> PageError {
    PageError::bad("actions: resolve, mute, reopen, delete")
}

/// Describes what an action did, for the page to which it redirects.
pub(super) fn done(visit: &Visit<'_>) -> Option<String> {
    let action = IssueAction::of(&visit.parameter("done")?)?;
    let n = visit.parameter("n")?.parse().ok()?;
    Some(visit.words.counted(&format!("done_{}", action.name()), n))
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
