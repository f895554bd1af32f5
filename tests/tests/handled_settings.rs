//! What is recorded of errors that a program handles is up to a setting. What ends a program was not handled.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::process::Command;

use error_tracker::event::{Event, Issue};
use error_tracker::store::{EventSelector, IssueQuery, SqliteStore, Store};
use error_tracker_tests::process::BoundedCommand as _;

/// What a run of the program leaves in its file: each issue, and how many of its events are kept.
fn run(scenario: &str, settings: &[(&str, &str)]) -> Vec<(Issue, Vec<Event>)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("errors.db");
    let mut command = Command::new(env!("CARGO_BIN_EXE_handles"));
    command.arg(scenario).env("ERROR_TRACKER_DATABASE", &path);
    let settings = settings.iter().map(|(name, value)| (format!("ERROR_TRACKER_{name}"), value));
    command.envs(settings).run();
    if !path.exists() {
        return Vec::new();
    }
    let store = SqliteStore::open(&path).unwrap();
    let issues = store.issues(&IssueQuery::default()).unwrap().items;
    let events = |issue: &Issue| {
        let mut events = Vec::new();
        let mut next = store.event(&issue.hash, &EventSelector::Oldest).unwrap();
        while let Some(event) = next {
            next = store.event(&issue.hash, &EventSelector::After(event.id.clone())).unwrap();
            events.push(event);
        }
        events
    };
    issues
        .into_iter()
        .map(|issue| (events(&issue), issue))
        .map(|(events, issue)| (issue, events))
        .collect()
}

/// Type, count, how many events are kept, and whether it is listed among what was handled; sorted.
fn told(scenario: &str, settings: &[(&str, &str)]) -> Vec<(String, u64, usize, bool)> {
    let mut told: Vec<_> = run(scenario, settings)
        .into_iter()
        .map(|(issue, events)| (issue.short_type(), issue.count, events.len(), issue.handled))
        .collect();
    told.sort();
    told
}

fn one(name: &str, count: u64, kept: usize, handled: bool) -> (String, u64, usize, bool) {
    (name.into(), count, kept, handled)
}

#[test]
fn handled_errors_are_kept_counted_or_not_recorded() {
    assert_eq!(told("handled", &[]), [one("NoMoney", 6, 6, true)]);
    assert_eq!(told("handled", &[("HANDLED", "keep")]), [one("NoMoney", 6, 6, true)]);
    assert_eq!(told("handled", &[("HANDLED", "count")]), [one("NoMoney", 6, 1, true)]);
    assert_eq!(told("handled", &[("HANDLED", "off")]), []);
}

#[test]
fn the_first_of_the_counted_ones_keeps_its_details() {
    let issues = run("handled", &[("HANDLED", "count")]);
    let event = &issues[0].1[0];
    assert_eq!((event.frames[0].function.as_str(), event.handled), ("pay", true));
}

#[test]
fn captures_panics_and_what_leaves_are_recorded_whatever_is_done_with_handled_errors() {
    for mode in ["keep", "count", "off"] {
        let told = told("others", &[("HANDLED", mode)]);
        assert_eq!(told, [one("NoMoney", 2, 2, false), one("panic", 1, 1, false)], "{mode}");
    }
}

#[test]
fn errors_that_say_nothing_are_recorded_only_when_asked_for() {
    assert_eq!(told("empty", &[]), []);
    let all = [one("()", 2, 2, false), one("Closed", 1, 1, true), one("Mute", 1, 1, false)];
    assert_eq!(told("empty", &[("EMPTY_ERRORS", "true")]), all);
}

#[test]
fn errors_that_say_nothing_are_recorded_when_they_are_captured_or_become_one_that_does() {
    let told = told("asked", &[("HANDLED", "off")]);
    assert_eq!(told, [one("()", 2, 2, false), one("Closed", 1, 1, false)]);
}

#[test]
fn an_error_with_which_the_program_ends_was_not_handled() {
    for scenario in ["exits_in_an_arm", "exits_in_a_closure", "exits_after_a_flush", "main_fails"] {
        assert_eq!(told(scenario, &[]), [one("NoMoney", 1, 1, false)], "{scenario}");
        let issues = run(scenario, &[]);
        assert!(!issues[0].1[0].handled, "{scenario}");
    }
    for scenario in ["exits_in_an_arm", "exits_in_a_closure", "main_fails"] {
        assert_eq!(
            told(scenario, &[("HANDLED", "off")]),
            [one("NoMoney", 1, 1, false)],
            "{scenario}"
        );
    }
    assert_eq!(told("dies", &[("HANDLED", "off")]), [one("NoMoney", 1, 1, false)]);
    let told = told("panics_in_an_arm", &[("HANDLED", "off")]);
    assert_eq!(told, [one("NoMoney", 1, 1, false), one("panic", 1, 1, false)]);
}

#[test]
fn what_was_handled_before_the_program_fails_and_what_ends_it_well_was_handled() {
    for scenario in ["exits_well", "main_goes_on"] {
        assert_eq!(told(scenario, &[]), [one("NoMoney", 1, 1, true)], "{scenario}");
        assert_eq!(told(scenario, &[("HANDLED", "off")]), [], "{scenario}");
    }
    assert_eq!(told("returned_before", &[("HANDLED", "off")]), [one("NoMoney", 1, 1, false)]);
}
