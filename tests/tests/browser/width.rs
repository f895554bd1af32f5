//! No page scrolls sideways.

use error_tracker_tests::chromium::Browser;

use crate::{annotate, event_of, issues, pages};

/// A script that returns up to eight elements that extend beyond the right edge of the window.
const WIDEST: &str = "[...document.querySelectorAll('main *, header *')]
    .filter(it => it.getBoundingClientRect().right > innerWidth + 1 && !it.closest('.code, .big, .sample, .visually-hidden'))
    .map(it => it.tagName + '.' + it.className).slice(0, 8).join(' ')";

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn no_word_is_so_long_that_a_page_scrolls_sideways() {
    let (tracker, server) = pages();
    let long = ["W".repeat(400), "a_b-c/d.".repeat(50), "x".repeat(30) + " " + &"Ж".repeat(300)];
    let tree = format!("Order {{ {}: [{}] }}", "name".repeat(40), "\"element\", ".repeat(40));
    for word in long.iter().chain([&tree]) {
        tracker.record_event(event_of(std::slice::from_ref(word))).expect("kept");
    }
    annotate(&tracker, &"W".repeat(100), &long[0]);
    let search = format!("{}?search={}", server.url(), long[0]);
    let mut browser = Browser::start();
    let mut wrong = Vec::new();
    for page in [server.url().to_owned(), search].into_iter().chain(issues(&tracker, &server)) {
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
