//! The actions of a user on the pages.

use std::time::Duration;

use error_tracker::Tracker;
use error_tracker::event::{Event, Exit, Frame, Timestamp, Variable};
use error_tracker::store::{EventSelector, IssueQuery};
use error_tracker::viewer::Server;
use error_tracker_tests::chromium::Browser;
use serde_json::json;

use crate::{issues, pages};

const ROWS: &str = "document.querySelectorAll('tr.issue').length";

fn variable(name: &str, type_name: &str, value: &str) -> Variable {
    let mut variable = Variable::default();
    (variable.name, variable.type_name, variable.value) =
        (name.to_owned(), type_name.to_owned(), Some(value.to_owned()));
    variable
}

fn frame(function: &str, exit: Exit) -> Frame {
    let mut frame = Frame::default();
    (frame.function, frame.file, frame.line, frame.exit) =
        (function.to_owned(), "src/order.rs".to_owned(), 42, exit);
    frame.expression = "raw.parse()".to_owned();
    frame.arguments = vec![variable("id", "u64", "7")];
    frame.locals = vec![variable(
        "order",
        "shop::Order",
        "Order { id: 7, note: \"left at the door\", lines: [Line { sku: \"kettle\", count: 2, price_cents: 4900 }, Line { sku: \"teapot\", count: 1, price_cents: 2150 }] }",
    )];
    frame
}

/// Serves the pages of a tracker with 25 issues, of which `Error00` is the newest.
pub fn shop() -> (Tracker, Server) {
    let (tracker, server) = pages();
    for number in 0..25_u32 {
        let mut event = Event::default();
        event.type_name = format!("shop::Error{number:02}");
        event.message = format!("order {number} cannot be read");
        event.fingerprint = vec![number.to_string()];
        event.at = Timestamp::now().minus(Duration::from_secs(60 * u64::from(number)));
        event.frames = vec![frame("parse", Exit::Question), frame("import", Exit::Question)];
        tracker.record_event(event).expect("kept");
    }
    (tracker, server)
}

fn shown() -> (Tracker, Server, Browser) {
    let (tracker, server) = shop();
    let mut browser = Browser::start();
    browser.open(server.url(), 1200);
    (tracker, server, browser)
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn the_list_is_filtered_while_text_is_typed() {
    let (_tracker, _server, mut browser) = shown();
    assert_eq!(browser.evaluate(ROWS), 20);
    browser.press("/");
    browser.wait_for("document.activeElement.name === 'text'");
    browser.ask("Input.insertText", &json!({ "text": "ERROR07" }));
    browser.wait_for(&format!("{ROWS} === 1 && document.readyState === 'complete'"));
    assert!(
        browser
            .evaluate("location.search")
            .as_str()
            .is_some_and(|query| query.contains("text=ERROR07"))
    );
    browser.wait_for(
        "document.activeElement.name === 'text' && document.activeElement.value === 'ERROR07'",
    );
    browser.evaluate("document.querySelector('.chips a').click()");
    browser.wait_for(&format!("{ROWS} === 20"));
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn an_event_is_found_by_its_id_and_the_list_then_opens_without_a_caret() {
    let (tracker, server, mut browser) = shown();
    let issue = tracker.issues(&IssueQuery::default()).expect("read").items.remove(0);
    let event = tracker.store().event(&issue.hash, &EventSelector::Latest).expect("read");
    let id = event.expect("stored").id;
    browser.press("/");
    browser.wait_for("document.activeElement.name === 'text'");
    browser.ask("Input.insertText", &json!({ "text": id }));
    browser.wait_for(&format!("location.search === '?event={id}'"));
    browser.open(server.url(), 1200);
    assert_eq!(browser.evaluate("document.activeElement === document.body"), true);
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn the_list_is_sorted_and_read_page_by_page() {
    let (_tracker, _server, mut browser) = shown();
    let first = "document.querySelector('a.open').textContent.trim()";
    assert_eq!(browser.evaluate(first), "Error00");
    let by_type =
        "[...document.querySelectorAll('thead a')].find((it) => it.search.includes('sort=type'))";
    browser.evaluate(&format!("{by_type}.click()"));
    browser.wait_for("document.querySelector('[aria-sort=ascending]') !== null");
    browser.evaluate(&format!("{by_type}.click()"));
    browser.wait_for("document.querySelector('[aria-sort=descending]') !== null");
    assert_eq!(browser.evaluate(first), "Error24");
    browser.evaluate("document.querySelector('[rel=next]').click()");
    browser.wait_for(&format!("{ROWS} === 5"));
    assert_eq!(browser.evaluate(first), "Error04");
    browser.evaluate("document.querySelector('[rel=prev]').click()");
    browser.wait_for(&format!("{ROWS} === 20 && {first} === 'Error24'"));
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn frames_and_values_of_an_issue_can_be_unfolded() {
    let (_tracker, _server, mut browser) = shown();
    browser.evaluate("document.querySelector('a.open').click()");
    browser.wait_for("document.querySelector('h1')?.textContent.trim() === 'Error00'");
    let open = "[...document.querySelectorAll('.frame')].map((it) => it.open)";
    assert_eq!(browser.evaluate(open), json!([true, false]));
    browser.evaluate("document.querySelectorAll('.frame > summary')[1].click()");
    assert_eq!(browser.evaluate(open), json!([true, true]));

    let lines = "document.querySelectorAll('.tree details')[1]";
    assert_eq!(browser.evaluate(&format!("{lines}.open")), false);
    let sees = |browser: &mut Browser, text: &str| {
        let asked = format!("document.querySelector('.tree').innerText.includes('{text}')");
        browser.evaluate(&asked) == true
    };
    assert!(sees(&mut browser, "left at the door") && !sees(&mut browser, "2150"));
    browser.evaluate(&format!("{lines}.querySelector('summary').click()"));
    assert!(sees(&mut browser, "teapot"));
    browser.evaluate("document.querySelector('.raw > summary').click()");
    let raw = browser.evaluate("document.querySelector('.raw code').innerText");
    assert!(raw.as_str().is_some_and(|raw| raw.starts_with("Order { id: 7, note")), "{raw}");
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn issues_are_resolved_and_deleted() {
    let (tracker, server, mut browser) = shown();
    browser.open(&issues(&tracker, &server)[0], 1200);
    browser.evaluate("document.querySelector('[name=do][value=resolve]').click()");
    browser.wait_for("document.querySelector('.badge.resolved') !== null && document.querySelector('.banner.ok') !== null");
    browser.open(&format!("{}?status=unresolved", server.url()), 1200);
    browser.evaluate("[...document.querySelectorAll('input[name=hash]')].slice(0, 4).forEach((it) => it.click())");
    browser.evaluate("document.querySelector('.bulk details summary').click()");
    browser.evaluate("document.querySelector('.bulk [name=do][value=delete]').click()");
    browser.wait_for("document.querySelector('.banner.ok') !== null");
    assert_eq!(issues(&tracker, &server).len(), 21);
    assert!(
        browser
            .evaluate("location.search")
            .as_str()
            .is_some_and(|query| query.contains("status=unresolved"))
    );
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn issues_are_merged_on_the_list_and_separated_on_the_page() {
    let (tracker, server, mut browser) = shown();
    browser.evaluate("[...document.querySelectorAll('input[name=hash]')].slice(0, 3).forEach((it) => it.click())");
    browser.evaluate("document.querySelector('.bulk [value=merge]').click()");
    browser.wait_for("document.querySelector('.banner.ok') !== null");
    assert_eq!(issues(&tracker, &server).len(), 23);
    browser.evaluate(
        "document.querySelector('.head .badge').closest('.head').querySelector('a.open').click()",
    );
    browser.wait_for("document.querySelectorAll('.parts li').length === 2");
    browser.evaluate("document.querySelector('.parts [name=one]').click()");
    browser.wait_for("document.querySelectorAll('.parts li').length === 1 && document.querySelector('.banner.ok') !== null");
    browser.evaluate("document.querySelector('.parts [name=one]').click()");
    browser.wait_for("document.querySelector('.parts') === null && document.querySelector('.banner.ok') !== null");
    assert_eq!(issues(&tracker, &server).len(), 25);
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn the_list_leads_to_a_day_and_back() {
    let (_tracker, _server, mut browser) = shown();
    let rows = browser.evaluate(ROWS);
    // From years or months down to a day: each step makes the address longer.
    while browser.evaluate("document.querySelector('.dates ul a') !== null") == true {
        let length = browser.evaluate("location.search.length");
        browser.evaluate("document.querySelector('.dates ul a').click()");
        browser.wait_for(&format!(
            "location.search.length > {length} && document.readyState === 'complete'"
        ));
    }
    let day = browser.evaluate("location.search");
    assert!(day.as_str().is_some_and(|day| day.len() == "?date=2026-11-30".len()), "{day}");
    assert_ne!(browser.evaluate(ROWS), 0);
    browser.evaluate("document.querySelector('.dates > a').click()");
    browser.wait_for(&format!("location.search === '' && {ROWS} === {rows}"));
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn a_report_is_copied_as_markdown_and_as_a_prompt() {
    let (_tracker, _server, mut browser) = shown();
    browser.evaluate("document.querySelector('a.open').click()");
    browser.wait_for(
        "document.querySelector('#markdown') !== null && document.readyState === 'complete'",
    );
    browser.evaluate(
        "Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => { window.copied = text } } })",
    );
    for (at, start) in [(0, "## `Error00`"), (1, "Find the cause")] {
        browser.evaluate(&format!("document.querySelectorAll('[data-copy]')[{at}].click()"));
        browser.wait_for(&format!(
            "document.querySelectorAll('[data-copy]')[{at}].textContent === 'Copied'"
        ));
        let copied = browser.evaluate("copied");
        let copied = copied.as_str().expect("a text");
        assert!(copied.starts_with(start) && copied.contains("left at the door"), "{copied}");
    }
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn the_pages_use_the_language_of_the_browser() {
    let (tracker, server, mut browser) = shown();
    browser.ask("Network.enable", &json!({}));
    let headers = json!({ "headers": { "Accept-Language": "fr-CH, en;q=0.5" } });
    browser.ask("Network.setExtraHTTPHeaders", &headers);
    browser.open(&issues(&tracker, &server)[0], 1200);
    assert_eq!(browser.evaluate("document.documentElement.lang"), "fr");
    assert_eq!(
        browser.evaluate("document.querySelector('[value=resolve]').textContent"),
        "Résoudre"
    );
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn the_pages_can_be_used_by_keyboard_alone() {
    let (_tracker, _server, mut browser) = shown();
    browser.press("?");
    browser.wait_for("document.querySelector('dialog').open");
    browser.press("Escape");
    browser.wait_for("!document.querySelector('dialog').open");
    browser.press("j");
    browser.press("j");
    browser.press("k");
    browser.press("j");
    browser.press("x");
    assert_eq!(browser.evaluate("document.querySelectorAll('input[name=hash]:checked').length"), 1);
    browser.press("x");
    browser.press("o");
    browser.wait_for("document.querySelector('h1')?.textContent.trim() === 'Error01' && document.readyState === 'complete'");
    browser.press("r");
    browser.wait_for(
        "document.querySelector('.badge.resolved') !== null && document.readyState === 'complete'",
    );
    // Enter opens what Tab has reached.
    browser.evaluate("document.querySelectorAll('.frame > summary')[0].focus()");
    browser.press("Tab");
    browser.evaluate("document.querySelectorAll('.frame > summary')[1].focus()");
    browser.press("Enter");
    browser.wait_for("document.querySelectorAll('.frame')[1].open");
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn without_scripts_everything_works_by_links_and_forms() {
    let (tracker, server) = shop();
    let mut browser = Browser::start();
    browser.ask("Emulation.setScriptExecutionDisabled", &json!({ "value": true }));
    browser.open(server.url(), 1200);
    browser.evaluate("document.querySelector('#filter [name=text]').value = 'error07'");
    browser.evaluate("document.querySelector('#filter button:not([hidden])').click()");
    browser.wait_for(&format!("{ROWS} === 1"));
    browser.evaluate("document.querySelector('a.open').click()");
    browser.wait_for("document.querySelector('h1')?.textContent.trim() === 'Error07'");
    browser
        .evaluate("document.querySelectorAll('.tree details')[1].querySelector('summary').click()");
    assert_eq!(browser.evaluate("document.querySelectorAll('.tree details')[1].open"), true);
    browser.evaluate("document.querySelector('[name=do][value=mute]').click()");
    browser.wait_for("document.querySelector('.badge.muted') !== null");
    browser.evaluate("document.querySelector('.actions details summary').click()");
    browser.evaluate("document.querySelector('[name=do][value=delete]').click()");
    browser.wait_for(&format!("{ROWS} === 20"));
    assert_eq!(issues(&tracker, &server).len(), 24);
}
