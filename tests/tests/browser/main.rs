//! The pages in a real browser: nothing of an event is executed, and nothing breaks the page, whatever it holds.

mod chromium;

use chromium::Browser;
use error_tracker::event::{Breadcrumb, Event, Frame, Request, Timestamp, Variable};
use error_tracker::json::Map;
use error_tracker::mask::Masking;
use error_tracker::store::{IssueQuery, MemoryStore};

const PAYLOADS: [&str; 6] = [
    "\"><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "'-document.title='owned'-'",
    "javascript:document.title='owned'",
    "</textarea></title><svg onload=document.title='owned'>",
    "{{ 7*7 }}\u{202e}\u{0}\u{1b}[31m",
];

/// An event with the payload in every text.
fn hostile(payload: &str) -> Event {
    let text = || payload.to_owned();
    let mut variable = Variable::default();
    (variable.name, variable.type_name, variable.value) = (text(), text(), Some(text()));
    let mut frame = Frame::default();
    (frame.function, frame.module, frame.file, frame.expression) = (text(), text(), text(), text());
    (frame.arguments, frame.locals) = (vec![variable.clone()], vec![variable]);
    let mut event = Event::default();
    (event.type_name, event.variant, event.message, event.debug) =
        (text(), Some(text()), text(), Some(text()));
    event.frames = vec![frame];
    event.fingerprint = vec![text()];
    event.at = Timestamp::now();
    event.context.tags.insert(text(), text());
    event.context.extras.insert(text(), payload);
    let mut crumb = Breadcrumb::new(text(), text());
    crumb.data.insert(text(), payload);
    event.context.breadcrumbs = vec![crumb];
    let mut request = Request::default();
    (request.method, request.url, request.host, request.path) = (text(), text(), text(), text());
    let pair = || vec![(text(), text())];
    (request.query, request.headers, request.cookies, request.form) =
        (pair(), pair(), pair(), pair());
    request.json = Map::from([(text(), payload)]).into();
    event.context.request = Some(request);
    (event.origin.release, event.origin.environment, event.origin.host) = (text(), text(), text());
    (event.origin.program, event.origin.arguments) = (text(), vec![text()]);
    event
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn no_payload_is_executed_on_the_list_or_on_an_issue() {
    let builder = error_tracker::builder().store(MemoryStore::new()).masking(Masking::off());
    let tracker = builder.build().expect("right settings");
    for payload in PAYLOADS {
        tracker.record_event(hostile(payload)).expect("kept");
    }
    let server = tracker.serve("127.0.0.1:0").expect("a free port");
    let issues = tracker.issues(&IssueQuery::default()).expect("read").items;
    assert_eq!(issues.len(), PAYLOADS.len());
    let pages = issues.iter().map(|issue| format!("{}{}", server.url(), issue.hash));
    let mut browser = Browser::start();
    // What runs last in a page that escapes nothing: it shows that the browser is asked late enough.
    let image = format!("<img src={}none onerror=document.title='owned'>", server.url());
    browser.open(&format!("data:text/html,<title>a</title>{image}"), 1200);
    assert_eq!(browser.evaluate("document.title"), "owned");
    for page in std::iter::once(server.url().to_owned()).chain(pages) {
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

/// The elements that end beyond the window.
const WIDEST: &str = "[...document.querySelectorAll('main *, header *')]
    .filter(it => it.getBoundingClientRect().right > innerWidth + 1 && !it.closest('.code, .big, .sample, .visually-hidden'))
    .map(it => it.tagName + '.' + it.className).slice(0, 8).join(' ')";

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn no_word_is_so_long_that_a_page_scrolls_sideways() {
    let builder = error_tracker::builder().store(MemoryStore::new()).masking(Masking::off());
    let tracker = builder.build().expect("right settings");
    let long = ["W".repeat(400), "a_b-c/d.".repeat(50), "x".repeat(30) + " " + &"Ж".repeat(300)];
    for word in &long {
        tracker.record_event(hostile(word)).expect("kept");
    }
    let server = tracker.serve("127.0.0.1:0").expect("a free port");
    let issues = tracker.issues(&IssueQuery::default()).expect("read").items;
    let pages = issues.iter().map(|issue| format!("{}{}", server.url(), issue.hash));
    let search = format!("{}?search={}", server.url(), long[0]);
    let mut browser = Browser::start();
    let mut wrong = Vec::new();
    for page in [server.url().to_owned(), search].into_iter().chain(pages) {
        for width in [1200, 700, 375, 320] {
            browser.open(&page, width);
            browser.evaluate(
                "document.querySelectorAll('details:not(:has(> .drop))').forEach(it => it.open = true)",
            );
            let beyond = browser.evaluate("document.documentElement.scrollWidth - innerWidth");
            if beyond.as_i64().is_none_or(|beyond| beyond > 0) {
                wrong.push(format!("{page} at {width}: {beyond} px, {}", browser.evaluate(WIDEST)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
