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
fn reported(scenario: &str, settings: &[(&str, &str)]) -> Vec<(String, u64, usize, bool)> {
    let mut reported: Vec<_> = run(scenario, settings)
        .into_iter()
        .map(|(issue, events)| (issue.short_type(), issue.count, events.len(), issue.handled))
        .collect();
    reported.sort();
    reported
}

fn one(name: &str, count: u64, kept: usize, handled: bool) -> (String, u64, usize, bool) {
    (name.into(), count, kept, handled)
}

#[test]
fn handled_errors_are_kept_counted_or_not_recorded() {
    assert_eq!(reported("handled", &[]), [one("NoMoney", 6, 6, true)]);
    assert_eq!(reported("handled", &[("HANDLED", "keep")]), [one("NoMoney", 6, 6, true)]);
    assert_eq!(reported("handled", &[("HANDLED", "count")]), [one("NoMoney", 6, 1, true)]);
    assert_eq!(reported("handled", &[("HANDLED", "off")]), []);
}

#[test]
fn the_first_counted_event_has_its_details() {
    let issues = run("handled", &[("HANDLED", "count")]);
    let event = &issues[0].1[0];
    assert_eq!((event.frames[0].function.as_str(), event.handled), ("pay", true));
}

#[test]
fn captures_panics_and_returned_errors_are_recorded_with_every_setting_for_handled_errors() {
    for mode in ["keep", "count", "off"] {
        let reported = reported("others", &[("HANDLED", mode)]);
        assert_eq!(reported, [one("NoMoney", 2, 2, false), one("panic", 1, 1, false)], "{mode}");
    }
}

#[test]
fn errors_without_information_are_recorded_only_with_the_setting() {
    assert_eq!(reported("empty", &[]), []);
    let all = [one("()", 2, 2, false), one("Closed", 1, 1, true), one("Mute", 1, 1, false)];
    assert_eq!(reported("empty", &[("EMPTY_ERRORS", "true")]), all);
}

#[test]
fn errors_without_information_are_recorded_if_they_are_captured_or_converted_to_one_with_information()
 {
    let reported = reported("asked", &[("HANDLED", "off")]);
    assert_eq!(reported, [one("()", 2, 2, false), one("Closed", 1, 1, false)]);
}

#[test]
fn an_error_with_which_the_program_ends_was_not_handled() {
    for scenario in ["exits_in_an_arm", "exits_in_a_closure", "exits_after_a_flush", "main_fails"] {
        assert_eq!(reported(scenario, &[]), [one("NoMoney", 1, 1, false)], "{scenario}");
        let issues = run(scenario, &[]);
        assert!(!issues[0].1[0].handled, "{scenario}");
    }
    for scenario in ["exits_in_an_arm", "exits_in_a_closure", "main_fails"] {
        assert_eq!(
            reported(scenario, &[("HANDLED", "off")]),
            [one("NoMoney", 1, 1, false)],
            "{scenario}"
        );
    }
    assert_eq!(reported("dies", &[("HANDLED", "off")]), [one("NoMoney", 1, 1, false)]);
    let reported = reported("panics_in_an_arm", &[("HANDLED", "off")]);
    assert_eq!(reported, [one("NoMoney", 1, 1, false), one("panic", 1, 1, false)]);
}

#[test]
fn errors_handled_before_the_program_ends_in_any_way_are_marked_as_handled() {
    for scenario in ["exits_well", "main_goes_on"] {
        assert_eq!(reported(scenario, &[]), [one("NoMoney", 1, 1, true)], "{scenario}");
        assert_eq!(reported(scenario, &[("HANDLED", "off")]), [], "{scenario}");
    }
    assert_eq!(reported("returned_before", &[("HANDLED", "off")]), [one("NoMoney", 1, 1, false)]);
}
