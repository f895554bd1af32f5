//! What the pages promise as a part of an application, of whichever framework it is. The
//! applications serve them at `/dev/error`; who sends `x-staff: 1` is permitted.

use std::net::SocketAddr;

use error_tracker::event::{Event, Issue};
use error_tracker::store::{
    EventSelector, IssueChange, IssueQuery, Page, Recorded, Sighting, Store, StoreError,
};
use tempfile::TempDir;

use crate::answer::{Answer, ask};
use crate::{SOON, events_of, tracker};

const MESSAGE: &str = "pages are looked at";

/// Records an issue, and returns its hash. The tracker must be set up.
pub fn record_issue() -> String {
    events_of(|| error_tracker::capture_message!("pages are looked at"));
    tracker().issues(&IssueQuery::default().text(MESSAGE)).unwrap().items[0].hash.clone()
}

fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, &format!("GET /dev/error{path}\nx-staff: 1"))
}

/// Returns the name of the script of a page.
fn script(page: &str) -> &str {
    let (_, rest) = page.split_once("<script src=\"./").unwrap();
    rest.split_once('"').unwrap().0
}

/// Returns the token in the forms of a page.
fn token(page: &str) -> &str {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
    rest.split_once('"').unwrap().0
}

/// Returns whether an answer says only that the request is not permitted.
pub fn is_denied(answer: &Answer) -> bool {
    has_headers(answer) && answer.status == 401 && !answer.body.contains("looked at")
}

fn has_headers(answer: &Answer) -> bool {
    let header = |name| answer.header(name).unwrap_or_default();
    header("content-security-policy").contains("default-src 'none'")
        && header("x-content-type-options") == "nosniff"
        && header("referrer-policy") == "no-referrer"
}

/// Asks for every path by every method, of applications that deny and of one that permits.
///
/// # Panics
/// An application of `denying` answers with anything else than that it is not permitted, or is
/// recorded as failed.
pub fn all_is_denied(denying: Vec<SocketAddr>, permitting: SocketAddr, hash: &str) {
    let list = get(permitting, "/").body;
    let paths = [
        "",
        "/",
        "/action",
        &format!("/{}", script(&list)),
        "/nothing",
        &format!("/{hash}"),
        &format!("/{hash}.json"),
        &format!("/{hash}.md"),
        "/issues.json",
        "/api/issues",
        "/api/actions",
        &format!("/api/issues/{hash}/events"),
        "/api/nothing",
    ]
    .map(str::to_owned);
    for address in denying {
        let paths = paths.clone();
        events_of(move || {
            for path in paths {
                for method in ["GET", "HEAD", "POST", "DELETE"] {
                    let answer = ask(address, &format!("{method} /dev/error{path}"));
                    assert!(is_denied(&answer), "{method} {path}: {answer:?}");
                }
            }
        });
    }
}

/// Looks at the pages as a user who is permitted, and as another one.
///
/// # Panics
/// The first does not see them, or the second does.
pub fn who_is_permitted_sees_them(address: SocketAddr, hash: &str) {
    let page = get(address, &format!("/{hash}"));
    assert_eq!(page.status, 200);
    assert!(page.body.contains(MESSAGE), "{page:?}");
    assert!(is_denied(&ask(address, &format!("GET /dev/error/{hash}"))));
    assert_eq!(get(address, "?kind=panic").header("location"), Some("error/?kind=panic"));
    assert_eq!(ask(address, "GET /\nx-staff: 1").body, "shop", "the rest of the application");
}

/// Mutes an issue by forms that are valid, and by others.
///
/// # Panics
/// Another form mutes it, or the valid one does not.
pub fn only_a_valid_form_changes_an_issue(address: SocketAddr, hash: &str) {
    let page = get(address, "/").body;
    let act = |form: &str, more: &str| {
        let kind = "content-type: application/x-www-form-urlencoded";
        ask(address, &format!("POST /dev/error/action\nx-staff: 1{more}\n{kind}\n\n{form}")).status
    };
    let status = || tracker().issue(hash).unwrap().unwrap().0.status.to_string();
    let form = format!("csrf={}&do=mute&hash={hash}", token(&page));
    assert_eq!(act(&form, "\nsec-fetch-site: cross-site"), 403);
    assert_eq!(act(&form.replace("csrf=", "csrf=0"), ""), 403);
    assert_eq!(act(&format!("{form}&long={}", "x".repeat(70_000)), ""), 413);
    assert_eq!(status(), "unresolved");
    assert_eq!(act(&form, "\nsec-fetch-site: same-origin"), 303);
    assert_eq!(status(), "muted");
}

/// Requests pages, and what is none.
///
/// # Panics
/// A status or a header is another one, or a `GET` deletes the issue.
pub fn every_page_has_its_headers_and_get_changes_nothing(address: SocketAddr, hash: &str) {
    let page = get(address, "/").body;
    let form = format!("csrf={}&do=delete&hash={hash}", token(&page));
    let long = "x".repeat(9000);
    for (request, status) in [
        ("GET /dev/error/".to_owned(), 200),
        (format!("GET /dev/error/{hash}"), 200),
        (format!("GET /dev/error/{hash}.json"), 200),
        (format!("GET /dev/error/{}", script(&page)), 200),
        ("GET /dev/error/issues.json".to_owned(), 200),
        (format!("GET /dev/error/api/issues/{hash}/events"), 200),
        ("GET /dev/error/api/actions".to_owned(), 405),
        ("GET /dev/error".to_owned(), 308),
        ("GET /dev/error/nothing".to_owned(), 404),
        (format!("GET /dev/error/{hash}?{form}"), 200),
        (format!("GET /dev/error/action?{form}"), 405),
        (format!("HEAD /dev/error/action?{form}"), 405),
        (format!("DELETE /dev/error/{hash}"), 405),
        (format!("GET /dev/error/?q={long}"), 414),
        ("POST /dev/error/action".to_owned(), 403),
    ] {
        let answer = ask(address, &format!("{request}\nx-staff: 1"));
        let shown = request.get(..60).unwrap_or(&request);
        assert_eq!(answer.status, status, "{shown}");
        assert!(has_headers(&answer), "{shown}: {:?}", answer.headers);
    }
    assert!(tracker().issue(hash).unwrap().is_some());
}

/// Looks at pages at the path `/admin/errors`, where everybody is permitted.
///
/// # Panics
/// A link is not relative, or leads nowhere.
pub fn pages_work_elsewhere(address: SocketAddr, hash: &str, name: &str) {
    let get = |path: &str| ask(address, &format!("GET {path}"));
    let redirect = get("/admin/errors?kind=panic");
    let location = redirect.header("location");
    assert_eq!((redirect.status, location), (308, Some("errors/?kind=panic")), "{name}");
    assert!(has_headers(&redirect), "{name}: {:?}", redirect.headers);
    let list = get("/admin/errors/");
    assert_eq!(list.status, 200, "{name}");
    // Every link is relative, so that a proxy may serve them at another path.
    for attribute in ["href=\"", "src=\"", "action=\""] {
        for link in list.body.split(attribute).skip(1) {
            let link = link.split('"').next().unwrap();
            assert!(!link.starts_with('/'), "{name}: {link}");
        }
    }
    for page in [format!("{hash}.json"), format!("api/issues/{hash}/events/latest")] {
        assert_eq!(get(&format!("/admin/errors/{page}")).status, 200, "{name} {page}");
    }
    for path in ["nothing", "a/b", "%2e%2e", "a%2Fb", "..%2f..", "caf%C3%A9/"] {
        assert_eq!(get(&format!("/admin/errors/{path}")).status, 404, "{name} {path}");
    }
}

/// Looks at the page of an issue, which asks for the author of a note.
///
/// # Panics
/// It asks although the application has named the user, Ada, or does not ask otherwise.
pub fn notes_are_of_the_user(address: SocketAddr, hash: &str, is_known: bool) {
    let answer = get(address, &format!("/{hash}"));
    assert_eq!(answer.status, 200);
    let asks = answer.body.contains("name=\"author\"");
    assert_eq!((answer.body.contains("By Ada"), asks), (is_known, !is_known));
}

/// Creates a folder with a template for what is not found.
pub fn folder_with_a_template() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let template = "Nothing of the shop's is here: {{ status }}.";
    std::fs::write(folder.path().join("problem.html"), template).unwrap();
    folder
}

/// Looks at pages that have the template of [`folder_with_a_template`].
///
/// # Panics
/// What is not found is not rendered by it, or other pages are not ours.
pub fn the_template_is_used(address: SocketAddr) {
    let answer = get(address, "/nothing");
    assert_eq!((answer.status, &*answer.body), (404, "Nothing of the shop's is here: 404."));
    assert!(has_headers(&answer), "{:?}", answer.headers);
    assert!(get(address, "/").body.contains("id=\"filter\""));
}

/// A store that takes events, and cannot be read or changed.
#[derive(Debug)]
pub struct UnreadableStore;

impl UnreadableStore {
    fn is_down<T>() -> Result<T, StoreError> {
        Err(StoreError::Unavailable("another program has locked it".to_owned()))
    }
}

impl Store for UnreadableStore {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
        Ok(batch.iter().map(|_| Recorded::seen(1)).collect())
    }

    fn issues(&self, _: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        Self::is_down()
    }

    fn issue(&self, _: &str) -> Result<Option<Issue>, StoreError> {
        Self::is_down()
    }

    fn event(&self, _: &str, _: &EventSelector) -> Result<Option<Event>, StoreError> {
        Self::is_down()
    }

    fn change(&self, _: &[&str], _: &IssueChange) -> Result<u64, StoreError> {
        Self::is_down()
    }

    fn delete(&self, _: &[&str]) -> Result<u64, StoreError> {
        Self::is_down()
    }
}

/// Looks at pages whose store is an [`UnreadableStore`], and at `/fail`, which has the status 503 of
/// its own. Both are of an application whose failures are recorded.
///
/// # Panics
/// The pages do not answer with the status 503, or their answers are events.
pub fn a_store_that_is_down_is_no_failure_of_the_application(address: SocketAddr) {
    let tracker = error_tracker::tracker().unwrap();
    for (request, stored) in
        [("GET /dev/error/", 0), ("GET /dev/error/api/issues", 0), ("GET /fail", 1)]
    {
        let answer = ask(address, &format!("{request}\nx-staff: 1"));
        assert_eq!(answer.status, 503, "{request}: {answer:?}");
        tracker.flush(SOON).unwrap();
        assert_eq!(tracker.health().stored, stored, "{request}");
    }
}
