//! What the tracker takes of the memory of its program.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

#[path = "../fixtures/unharmed.rs"]
mod unharmed;

use std::path::Path;
use std::process::Output;

use error_tracker::store::{IssueQuery, SqliteStore, Store};
use unharmed::{database, is_as_without, run, stderr, text};

/// A number that the program tells: the one behind `name`.
#[track_caller]
fn reported(output: &Output, name: &str) -> u64 {
    let stderr = stderr(output);
    let line = stderr.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no `{name}` in {stderr}")).trim().parse().unwrap()
}

#[track_caller]
fn is_counted_exactly_and_small(scenario: &str, raised: u64) {
    let (_folder, path) = database();
    let tracked = run(scenario, &path);
    let plain = run(scenario, Path::new("-"));
    assert_eq!(
        (text(&tracked), tracked.status),
        (text(&plain), plain.status),
        "{}",
        stderr(&tracked)
    );
    let [all, kept, dropped] = ["raised", "kept", "dropped"].map(|name| reported(&tracked, name));
    assert_eq!((all, kept + dropped), (raised, raised));
    let store = SqliteStore::open_read_only(&path).unwrap();
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    let issues = store.issues(&IssueQuery::default()).unwrap().items;
    assert_eq!((issues.len(), issues[0].count), (1, kept), "the file says the same");
    let more = reported(&tracked, "peak").saturating_sub(reported(&plain, "peak"));
    assert!(more <= 64 << 10, "{more} KiB more than without a tracker");
}

#[test]
fn a_storm_of_one_error_is_counted_exactly_and_takes_64_mebibytes_at_most() {
    is_counted_exactly_and_small("storm", 20_000);
}

#[test]
#[ignore = "needs minutes: ./run-tests"]
fn a_long_storm_of_one_error_is_counted_exactly_and_takes_64_mebibytes_at_most() {
    is_counted_exactly_and_small("long_storm", 600_000);
}

#[test]
fn memory_is_freed_after_the_names_of_a_backtrace_were_found() {
    let (_folder, path) = database();
    let output = run("names", &path);
    is_as_without("names", &output);
    let (took, kept) = (reported(&output, "took"), reported(&output, "kept"));
    assert!(took > 8 << 10, "{took} KiB: debug information was read");
    // What is kept are the program's own pages that were used for the first time.
    assert!(kept <= took / 10, "{kept} KiB of {took} are kept");
}
