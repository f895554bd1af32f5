//! No text of an event is executed; all texts are shown.

use error_tracker::event::Note;
use error_tracker::store::{IssueChange, IssueQuery};
use error_tracker_tests::chromium::Browser;
use serde_json::{Value, json};

use crate::{event_of, fetched, issues, pages};

const PAYLOADS: [&str; 6] = [
    "\"><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "'-document.title='owned'-'",
    "javascript:document.title='owned'",
    "</textarea></title><svg onload=document.title='owned'>",
    "{{ 7*7 }}\u{202e}\u{0}\u{1b}[31m",
];

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn no_payload_is_executed_on_the_list_or_on_an_issue() {
    let (tracker, server) = pages();
    for payload in PAYLOADS {
        tracker.record_event(event_of(&[payload.to_owned()])).expect("kept");
    }
    let issues = issues(&tracker, &server);
    assert_eq!(issues.len(), PAYLOADS.len());
    let mut browser = Browser::start();
    // A control: without escaping, even the slowest payload has run when the title is read.
    let image = format!("<img src={}none onerror=document.title='owned'>", server.url());
    browser.open(&format!("data:text/html,<title>a</title>{image}"), 1200);
    assert_eq!(browser.evaluate("document.title"), "owned");
    for page in std::iter::once(server.url().to_owned()).chain(issues) {
        browser.open(&page, 1200);
        let document = browser.evaluate("document.documentElement.outerHTML");
        let document = document.as_str().expect("a text");
        assert!(
            document.contains("document.title=") || document.contains("7*7"),
            "{page} shows no payload: {document}"
        );
        assert!(!document.contains("<title>owned"), "{page} executed a payload");
        for tag in ["<img", "<svg onload", "<script>document"] {
            assert!(!document.contains(tag), "{page} made an element of a payload: {tag}");
        }
    }
}

/// The number of texts in one event.
const TEXTS_OF_AN_EVENT: usize = 40;

/// A script that runs before those of the page. It records calls of functions by which payloads
/// show that they run, and violations of the content security policy.
const WATCH: &str = "window.noted = [];
    for (const name of ['alert', 'confirm', 'prompt', 'print', 'open', 'eval'])
        window[name] = () => noted.push(name);
    addEventListener('securitypolicyviolation', (e) => noted.push(e.violatedDirective + e.sample), true);";

/// A script that returns the texts of the page's tables. A value that is shown as a tree is there
/// as text, too.
const VALUES: &str =
    "[...document.querySelectorAll('.value code, .datum, .said')].map(it => it.textContent)";

#[test]
#[ignore = "needs a browser and texts from PyPI: ./run-tests"]
fn thousands_of_texts_that_break_other_pages_are_shown_unchanged() {
    let texts: Vec<String> = serde_json::from_str(&fetched("texts.json")).expect("a list");
    assert!(texts.len() > 1000, "{}", texts.len());
    let mut browser = Browser::start();
    browser.ask("Page.enable", &json!({}));
    browser.ask("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": WATCH }));
    browser.open("data:text/html,<body onload=alert(1)>", 1200);
    assert_eq!(browser.evaluate("noted"), json!(["alert"]), "what is executed is noted");
    let mut missing = Vec::new();
    for texts in texts.chunks(TEXTS_OF_AN_EVENT) {
        let (tracker, server) = pages();
        tracker.record_event(event_of(texts)).expect("kept");
        let hash = tracker.issues(&IssueQuery::default()).expect("read").items.remove(0).hash;
        for text in texts {
            let note = IssueChange::AddNote(Note::new(text.clone()).author(text.clone()));
            for change in [IssueChange::Assign(text.clone()), note] {
                // Some are too long, or have no or several lines.
                let _ = tracker.change_issue(&hash, &change);
            }
        }
        for page in std::iter::once(server.url().to_owned()).chain(issues(&tracker, &server)) {
            browser.open(&page, 1200);
            assert_eq!(browser.evaluate("noted"), json!([]), "{page}: {texts:?}");
        }
        let shown = browser.evaluate(VALUES);
        let shown: Vec<&str> =
            shown.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        // Invisible characters are shown as numbers, and the HTML parser changes line feeds, so
        // texts with these are skipped.
        let is_plain = |text: &&String| {
            text.chars().all(|c| !c.is_control() && (c.is_ascii() || c.is_alphanumeric()))
        };
        missing.extend(
            texts.iter().filter(is_plain).filter(|text| !shown.contains(&text.as_str())).cloned(),
        );
    }
    assert_eq!(missing, Vec::<String>::new());
}
