//! The pages in a real browser.

mod accessibility;
mod journeys;
mod payloads;
mod triage;
mod width;

use std::path::PathBuf;

use error_tracker::Tracker;
use error_tracker::event::{Breadcrumb, Event, Frame, Note, Request, Timestamp, Variable};
use error_tracker::json::Map;
use error_tracker::mask::Masking;
use error_tracker::store::{IssueChange, IssueQuery, MemoryStore};
use error_tracker::viewer::Server;

/// Returns the text of a file that `fetch` has downloaded.
fn fetched(name: &str) -> String {
    let folder = std::env::var_os("BROWSER_TEST_FILES").expect(
        "BROWSER_TEST_FILES: the folder of tests/tests/browser/fetch, as ./run-tests sets it",
    );
    let path = PathBuf::from(folder).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Creates a tracker without masking, and serves its pages.
fn pages() -> (Tracker, Server) {
    let builder = error_tracker::builder().store(MemoryStore::new()).masking(Masking::off());
    let tracker = builder.build().expect("right settings");
    let server = tracker.serve("127.0.0.1:0").expect("a free port");
    (tracker, server)
}

/// Assigns all issues to a name, mutes them for a while, and adds a note.
fn annotate(tracker: &Tracker, name: &str, text: &str) {
    let note = Note::new(text).author(name);
    for issue in tracker.issues(&IssueQuery::default().limit(1000)).expect("read").items {
        for change in [
            IssueChange::Assign(name.to_owned()),
            IssueChange::MuteFor(7),
            IssueChange::AddNote(note.clone()),
        ] {
            tracker.change_issue(&issue.hash, &change).expect("changed");
        }
    }
}

/// Returns the addresses of the pages of all issues.
fn issues(tracker: &Tracker, server: &Server) -> Vec<String> {
    let issues = tracker.issues(&IssueQuery::default().limit(1000)).expect("read").items;
    issues.iter().map(|issue| format!("{}{}", server.url(), issue.hash)).collect()
}

/// Returns an event that has all texts in each field with several values, and the first text in all
/// other fields.
fn event_of(texts: &[String]) -> Event {
    let text = || texts[0].clone();
    let variable = |text: &String| {
        let mut variable = Variable::default();
        variable.name.clone_from(text);
        variable.type_name.clone_from(text);
        variable.value = Some(text.clone());
        variable
    };
    let mut frame = Frame::default();
    (frame.function, frame.module, frame.file, frame.expression) = (text(), text(), text(), text());
    frame.arguments = texts.iter().map(variable).collect();
    frame.locals.clone_from(&frame.arguments);
    let mut event = Event::default();
    (event.type_name, event.variant, event.message, event.debug) =
        (text(), Some(text()), text(), Some(text()));
    event.frames = vec![frame];
    event.fingerprint = vec![text()];
    event.at = Timestamp::now();
    let mut request = Request::default();
    (request.method, request.url, request.host, request.path) = (text(), text(), text(), text());
    let pairs = || texts.iter().map(|text| (text.clone(), text.clone())).collect::<Vec<_>>();
    (request.query, request.headers, request.cookies, request.form) =
        (pairs(), pairs(), pairs(), pairs());
    request.json = Map::from([(text(), text().as_str())]).into();
    for text in texts {
        event.context.tags.insert(text.clone(), text.clone());
        event.context.extras.insert(text.clone(), text.as_str());
        let mut crumb = Breadcrumb::new(text.clone(), text.clone());
        crumb.data.insert(text.clone(), text.as_str());
        event.context.breadcrumbs.push(crumb);
    }
    event.context.request = Some(request);
    (event.origin.release, event.origin.environment, event.origin.host) = (text(), text(), text());
    (event.origin.program, event.origin.arguments) = (text(), vec![text()]);
    event
}
