//! axe-core finds no accessibility problems on the pages.

use error_tracker::event::{Event, Kind, Status};
use error_tracker::store::IssueChange;
use error_tracker_tests::chromium::Browser;
use serde_json::json;

use crate::journeys::shop;
use crate::{annotate, fetched, issues};

/// A script that returns the violated rules with their elements.
const VIOLATIONS: &str = "axe.run(document, { resultTypes: ['violations'] }).then((found) =>
    found.violations.map((rule) => rule.id + ': ' + rule.nodes.map((node) => node.html.slice(0, 200)).join(' | ')))";

#[test]
#[ignore = "needs a browser and axe-core from npm: ./run-tests"]
fn axe_finds_no_violation_on_any_page_in_light_and_dark() {
    let (tracker, server) = shop();
    let mut message = Event::default();
    (message.kind, message.message) = (Kind::Message, "a message".to_owned());
    tracker.record_event(message).expect("kept");
    let hashes: Vec<_> = (tracker.issues(&Default::default()).expect("read").items.iter())
        .map(|issue| issue.hash.clone())
        .collect();
    tracker.merge_issues(&[&hashes[1], &hashes[2]], &hashes[0]).expect("merged");
    let issues = issues(&tracker, &server);
    annotate(&tracker, "Ada", "since the new router");
    // Open ones have other buttons.
    let open = IssueChange::SetStatus(Status::Unresolved);
    let first = issues[0].rsplit('/').next().expect("a hash");
    tracker.change_issue(first, &open).expect("changed");
    let list = server.url().to_owned();
    let pages = [
        list.clone(),
        format!("{list}?status=resolved&text=nothing"),
        format!("{list}?kind=odd"),
        format!("{list}nowhere"),
        issues[0].clone(),
        issues[issues.len() - 1].clone(),
    ];
    let axe = fetched("axe.min.js");
    let mut browser = Browser::start();
    let mut wrong = Vec::new();
    for scheme in ["light", "dark"] {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.ask("Emulation.setEmulatedMedia", &media);
        for page in &pages {
            browser.open(page, 1200);
            browser
                .evaluate("document.querySelectorAll('details').forEach((it) => (it.open = true))");
            browser.evaluate(&axe);
            let found = browser.evaluate_promise(VIOLATIONS);
            let found = found.as_array().expect("a list").iter();
            wrong.extend(found.map(|rule| format!("{scheme} {page}: {rule}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
