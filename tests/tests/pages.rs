//! The pages and the command line as a program and its users meet them.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use anyhow::Context;
use error_tracker::event::{Cause, Event, Frame, Status, Timestamp};
use error_tracker::store::{IssueChange, IssueQuery, MemoryStore, SqliteStore, Store};
use error_tracker::viewer::{Viewer, ViewerRequest};
use error_tracker::{Tracker, auto_track_exception};
use error_tracker_tests::event_of;
use error_tracker_tests::process::BoundedCommand as _;

/// The README's.
fn pages(tracker: &Tracker) -> Viewer {
    tracker.viewer().prefix("/dev/error").permission(|_: &_| true)
}

fn text(response: error_tracker::viewer::ViewerResponse) -> String {
    String::from_utf8(response.into_body()).unwrap()
}

fn form_token(page: &str) -> String {
    let value = page.split("name=\"csrf\" value=\"").nth(1).unwrap();
    value.split('"').next().unwrap().to_owned()
}

fn resolve(token: &str, hash: &str) -> ViewerRequest {
    ViewerRequest::new("POST", "/dev/error/action")
        .with_body(format!("csrf={token}&do=resolve&hash={hash}"))
}

fn event(message: &str) -> Event {
    let mut event = Event::default();
    (event.at, event.type_name, event.message) =
        (Timestamp::now(), "anyhow::Error".into(), message.into());
    let mut frame = Frame::default();
    (frame.function, frame.file, frame.line) = ("prüfe".into(), "src/Überblick.rs".into(), 7);
    frame.expression = "f()?".into();
    event.frames = vec![frame];
    event
}

#[test]
fn a_viewer_created_for_each_request_accepts_the_forms_of_the_previous_one() {
    for tracker in [
        error_tracker::builder().store(MemoryStore::new()).build().unwrap(),
        error_tracker::builder()
            .database(tempfile::tempdir().unwrap().keep().join("e.db"))
            .build()
            .unwrap(),
    ] {
        tracker.record_event(event("x")).unwrap();
        let hash = tracker.issues(&IssueQuery::default()).unwrap().items.remove(0).hash;
        for path in ["/dev/error/".to_owned(), format!("/dev/error/{hash}")] {
            tracker.change_issue(&hash, &IssueChange::SetStatus(Status::Unresolved)).unwrap();
            let token =
                form_token(&text(pages(&tracker).handle(&ViewerRequest::new("GET", &path))));
            assert_eq!(pages(&tracker).handle(&resolve(&token, &hash)).status(), 303);
            assert_eq!(tracker.issue(&hash).unwrap().unwrap().0.status, Status::Resolved);
        }
        for wrong in ["", &"0".repeat(64)] {
            assert_eq!(pages(&tracker).handle(&resolve(wrong, &hash)).status(), 403);
        }
    }
}

#[test]
fn a_form_of_one_process_is_valid_in_another_with_the_same_file_only() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| {
        let store = SqliteStore::open(folder.path().join(name)).unwrap();
        error_tracker::builder().store(store).build().unwrap()
    };
    // A connection, and a tracker, for each process.
    let (one, other, foreign) = (open("a.db"), open("a.db"), open("b.db"));
    for tracker in [&one, &foreign] {
        tracker.record_event(event("x")).unwrap();
    }
    let hash = one.issues(&IssueQuery::default()).unwrap().items.remove(0).hash;
    let token = form_token(&text(pages(&one).handle(&ViewerRequest::new("GET", "/dev/error/"))));
    assert_eq!(pages(&other).handle(&resolve(&token, &hash)).status(), 303);
    assert_eq!(pages(&foreign).handle(&resolve(&token, &hash)).status(), 403);
    let elsewhere = resolve(&token, &hash).with_header("origin", "https://evil.example");
    assert_eq!(pages(&other).handle(&elsewhere).status(), 403);
}

#[test]
fn a_path_without_its_trailing_slash_is_redirected_with_the_same_query() {
    let tracker = error_tracker::builder().store(MemoryStore::new()).build().unwrap();
    for (path, expected) in [
        ("/dev/error", "error/"),
        ("/dev/error?status=resolved", "error/?status=resolved"),
        ("/dev/error?text=a%26b&sort=count", "error/?text=a%26b&sort=count"),
    ] {
        let answer = pages(&tracker).handle(&ViewerRequest::new("GET", path));
        assert_eq!((answer.status(), answer.header("location")), (308, Some(expected)));
    }
}

#[test]
fn filters_of_any_length_ignore_the_case_of_all_letters() {
    let folder = tempfile::tempdir().unwrap();
    let stores: [Arc<dyn Store>; 2] = [
        Arc::new(MemoryStore::new()),
        Arc::new(SqliteStore::open(folder.path().join("a.db")).unwrap()),
    ];
    for store in stores {
        let tracker = error_tracker::builder().shared_store(store).build().unwrap();
        let mut asked = event("Élan der ΟΔΟΣ");
        asked.origin.host = "MÜNCHEN".into();
        asked.type_name = "shop::Größe".into();
        tracker.record_event(asked).unwrap();
        let finds = |change: &dyn Fn(&mut IssueQuery)| {
            let mut query = IssueQuery::default();
            change(&mut query);
            tracker.issues(&query).unwrap().items.len() == 1
        };
        for text in
            ["é", "É", "ÉL", "éLA", "ΔΟ", "δο", "Σ", "σ", "οδος", "ÜB", "überBLICK", "ÖSS", "PRÜ"]
        {
            assert!(finds(&|query| query.text = text.into()), "{text}");
        }
        assert!(finds(&|query| query.host = "münchen".into()));
        assert!(finds(&|query| query.host = "ü".into()));
        assert!(finds(&|query| query.function = "PRÜFE".into()));
        assert!(finds(&|query| query.type_name = "GRÖ".into()));
        for other in ["ë", "ÄB", "e_l", "%"] {
            assert!(!finds(&|query| query.text = other.into()), "{other}");
        }
    }
}

#[auto_track_exception]
fn create(path: &Path) -> anyhow::Result<File> {
    let name = path.file_name().unwrap().to_string_lossy();
    File::create(path).with_context(|| format!("Could not create export file '{name}'"))
}

const HEADLINE: &str =
    "Could not create export file 'x.json': No such file or directory (os error 2)";

fn list(file: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_error-tracker-cli"));
    command.args(arguments).arg(file).env_clear().run()
}

#[test]
fn list_page_exports_and_command_line_begin_with_the_outermost_message_and_its_causes() {
    let event = event_of(|| create(Path::new("/no/such/folder/x.json")).is_err());
    assert_eq!(event.headline(), HEADLINE);
    assert_eq!(event.short_type(), "io::Error::NotFound");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.db");
    let tracker =
        error_tracker::builder().store(SqliteStore::open(&file).unwrap()).build().unwrap();
    tracker.record_event(event).unwrap();
    let issue = tracker.issues(&IssueQuery::default()).unwrap().items.remove(0);
    assert_eq!(issue.message, HEADLINE);

    // The page escapes the apostrophes.
    let shown =
        "Could not create export file &#39;x.json&#39;: No such file or directory (os error 2)";
    let page = |name: &str| {
        text(pages(&tracker).handle(&ViewerRequest::new("GET", &format!("/dev/error/{name}"))))
    };
    let list_page = page("");
    assert!(
        list_page.contains(shown) && list_page.contains(">io::Error::NotFound</a>"),
        "{list_page}"
    );
    let issue_page = page(&issue.hash);
    for part in [
        format!("<title>io::Error::NotFound: {}", "Could not create"),
        "<h1>io::Error::NotFound</h1>".to_owned(),
        format!("<p class=\"said big\">{shown}</p>"),
    ] {
        assert!(issue_page.contains(&part), "{part} in {issue_page}");
    }
    for export in ["md", "txt"] {
        assert!(page(&format!("{}.{export}", issue.hash)).contains(HEADLINE), "{export}");
    }
    assert!(page("?text=export+file").contains(shown), "what is shown is found");
    drop(tracker);

    let line = format!("io::Error::NotFound: {HEADLINE}");
    for arguments in [
        &["list"][..],
        &["show", &issue.hash[..8]],
        &["export", "--format", "md"],
        &["resolve", &issue.hash],
    ] {
        let output = list(&file, arguments);
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && printed.contains(&line), "{arguments:?}: {printed}");
    }
}

#[derive(Debug, thiserror::Error)]
#[error("it cannot be read: {0}")]
struct ReportedEvent(#[source] std::io::Error);

#[test]
fn no_part_of_a_headline_is_repeated_and_errors_lost_in_a_conversion_are_shown() {
    #[auto_track_exception]
    fn reported() -> Result<(), ReportedEvent> {
        File::open("/no/such/file").map(drop).map_err(ReportedEvent)
    }
    let event = event_of(reported);
    assert_eq!(event.headline(), "it cannot be read: No such file or directory (os error 2)");

    // The chain begins with what the error had become.
    let mut lost = self::event("No such file or directory (os error 2)");
    let mut outermost = Cause::default();
    outermost.message = "status 404".into();
    lost.chain = vec![outermost];
    assert_eq!(lost.headline(), "status 404: No such file or directory (os error 2)");
    let tracker = error_tracker::builder().store(MemoryStore::new()).build().unwrap();
    tracker.record_event(lost).unwrap();
    let hash = tracker.issues(&IssueQuery::default()).unwrap().items.remove(0).hash;
    let page =
        text(pages(&tracker).handle(&ViewerRequest::new("GET", &format!("/dev/error/{hash}"))));
    let chain = page.split("<ol class=\"chain\">").nth(1).unwrap().split("</ol>").next().unwrap();
    assert_eq!(chain.matches("<li>").count(), 2, "{chain}");
}
