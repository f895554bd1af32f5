//! What people change of issues on the pages, without a script.

use error_tracker::Tracker;
use error_tracker::event::{Issue, Status};
use error_tracker::store::IssueQuery;
use error_tracker::viewer::Server;
use serde_json::json;

use crate::journeys::shop;
use error_tracker_tests::chromium::Browser;

/// Returns the issues, the newest first.
fn issues(tracker: &Tracker) -> Vec<Issue> {
    tracker.issues(&IssueQuery::default().limit(1000)).expect("read").items
}

fn without_scripts() -> (Tracker, Server, Browser) {
    let (tracker, server) = shop();
    let mut browser = Browser::start();
    browser.ask("Emulation.setScriptExecutionDisabled", &json!({ "value": true }));
    (tracker, server, browser)
}

/// Clicks on an element, which has to be visible.
fn click(browser: &mut Browser, query: &str) {
    let element = format!("document.querySelector('{query}')");
    assert_eq!(browser.evaluate(&format!("{element}.checkVisibility()")), true, "{query}");
    browser.evaluate(&format!("{element}.click()"));
}

fn write(browser: &mut Browser, query: &str, text: &str) {
    browser.evaluate(&format!("document.querySelector('{query}').focus()"));
    browser.ask("Input.insertText", &json!({ "text": text }));
}

/// Waits for the message about what was done.
fn wait_for(browser: &mut Browser, said: &str) {
    browser.wait_for(&format!(
        "document.querySelector('.banner.ok')?.textContent.trim() === '{said}' && document.readyState === 'complete'"
    ));
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn an_issue_is_assigned_annotated_and_muted_by_forms() {
    let (tracker, server, mut browser) = without_scripts();
    let hash = issues(&tracker).remove(0).hash;
    let issue = || tracker.issue(&hash).expect("read").expect("there").0;
    let page = format!("{}{hash}", server.url());
    browser.open(&page, 1200);
    write(&mut browser, "[name=assignee]:not([type=hidden])", "Ada");
    browser.press("Enter");
    wait_for(&mut browser, "1 issue assigned.");
    assert_eq!((issue().assignee.as_str(), issue().status), ("Ada", Status::Unresolved));

    click(&mut browser, ".triage:has(#notes) > details > summary");
    write(&mut browser, "textarea[name=text]", "since the <new> router");
    write(&mut browser, "[name=author]", "Bo");
    click(&mut browser, "[value=add_note]");
    wait_for(&mut browser, "Note added.");
    let shown = browser.evaluate("document.querySelector('.notes').innerText");
    assert!(
        shown.as_str().is_some_and(|text| text.contains("Bo") && text.contains("<new>")),
        "{shown}"
    );
    click(&mut browser, "[value=delete_note]");
    wait_for(&mut browser, "Note deleted.");
    assert_eq!(tracker.store().notes(&hash).expect("read"), []);

    let mute = ".actions .menu:has([name=occurrences])";
    click(&mut browser, &format!("{mute} > summary"));
    write(&mut browser, "[name=occurrences]", "100");
    browser.press("Enter");
    wait_for(&mut browser, "1 issue muted.");
    assert_eq!(issue().muted_until_count, Some(101));
    click(&mut browser, "[value=reopen]");
    wait_for(&mut browser, "1 issue reopened.");
    click(&mut browser, &format!("{mute} > summary"));
    click(&mut browser, &format!("{mute} [name=until][value=\"7d\"]"));
    wait_for(&mut browser, "1 issue muted.");
    assert!(issue().muted_until.is_some());
    let term = browser.evaluate("document.querySelector('.term').textContent");
    assert!(term.as_str().is_some_and(|term| term.starts_with("until ")), "{term}");
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn selected_issues_are_assigned_together_and_enter_alone_changes_nothing() {
    let (tracker, server, mut browser) = without_scripts();
    browser.open(server.url(), 1200);
    for nth in [0, 2] {
        browser.evaluate(&format!("document.querySelectorAll('input[name=hash]')[{nth}].click()"));
    }
    // Enter presses the first button of a form, which is there to do nothing.
    browser.evaluate("document.querySelector('input[name=hash]').focus()");
    browser.press("Enter");
    click(&mut browser, ".bulk .menu:has([name=assignee]) > summary");
    write(&mut browser, ".bulk [name=assignee]", "Ada");
    browser.press("Enter");
    click(&mut browser, ".bulk [value=assign]");
    wait_for(&mut browser, "2 issues assigned.");
    let all = issues(&tracker);
    assert!(all.iter().all(|issue| issue.status == Status::Unresolved));
    let assigned: Vec<_> = all.iter().map(|issue| issue.assignee.as_str()).take(4).collect();
    assert_eq!(assigned, ["Ada", "", "Ada", ""]);
    click(&mut browser, "a.who");
    browser.wait_for("document.querySelectorAll('tr.issue').length === 2");
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn issues_are_merged_and_separated_by_forms() {
    let (tracker, server, mut browser) = without_scripts();
    browser.open(server.url(), 1200);
    let boxes = "document.querySelectorAll('input[name=hash]')";
    browser.evaluate(&format!("[...{boxes}].slice(0, 3).forEach((it) => it.click())"));
    click(&mut browser, ".bulk [value=merge]");
    wait_for(&mut browser, "2 issues merged into the one with the most occurrences.");
    assert_eq!(issues(&tracker).len(), 23);
    browser.evaluate(&format!("{boxes}[0].click()"));
    click(&mut browser, ".bulk [value=merge]");
    wait_for(&mut browser, "Nothing was merged: select two issues or more.");

    let merged = issues(&tracker).into_iter().find(|issue| issue.parts == 2).expect("merged");
    browser.open(&format!("{}{}", server.url(), merged.hash), 1200);
    for parts in [1, 0] {
        click(&mut browser, ".parts [name=one]");
        browser.wait_for(&format!("document.querySelectorAll('.parts li').length === {parts}"));
        wait_for(&mut browser, "1 issue is on its own again.");
        assert_eq!(issues(&tracker).len(), 25 - parts);
    }
    assert_eq!(browser.evaluate("document.querySelector('.parts') === null"), true);
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn links_lead_to_a_day_and_back() {
    let (_tracker, server, mut browser) = without_scripts();
    // Issues of a filter that fills a page, and of one that does not.
    for filter in ["text=order", "text=order+7"] {
        browser.open(&format!("{}?{filter}", server.url()), 1200);
        let rows = "document.querySelectorAll('tr.issue').length";
        let all = browser.evaluate(rows);
        while browser.evaluate("document.querySelector('.dates ul a') !== null") == true {
            let length = browser.evaluate("location.search.length");
            click(&mut browser, ".dates ul a");
            browser.wait_for(&format!("location.search.length > {length}"));
            assert_ne!(browser.evaluate(rows), 0, "{filter}");
        }
        let day = browser.evaluate("document.querySelector('.dates [aria-current]').textContent");
        let day = day.as_str().expect("a text");
        assert!(day.trim().parse::<u8>().is_ok(), "a day of a month: {day}");
        click(&mut browser, ".dates > a");
        browser.wait_for(&format!("location.search === '?{filter}' && {rows} === {all}"));
    }
}
