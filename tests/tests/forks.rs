//! A forked child goes on without its parent's threads, whatever they were doing.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

#[path = "../fixtures/unharmed.rs"]
mod unharmed;

use std::path::Path;
use std::process::Command;

use error_tracker_tests::process::{BoundedCommand as _, LIMIT};
use unharmed::{counted, database, harm, is_as_without, run, run_unharmed, stderr, text};

#[test]
fn a_forked_child_never_hangs_and_stores_its_own_failures() {
    let (_folder, path) = database();
    let output = run_unharmed("forks", &path);
    assert_eq!(text(&output), "settled: 60, not: 0\n");
    counted(&path);
}

#[test]
fn a_daemon_that_closes_what_it_inherited_keeps_its_own_files() {
    let (_folder, path) = database();
    let output = run_unharmed("daemon", &path);
    assert!(text(&output).contains("true\ntrue\n"), "{}", text(&output));
    assert_eq!(counted(&path), 12, "two of the parent, ten of the child");
}

#[test]
fn a_fork_does_not_wait_for_a_store_that_another_process_has_locked() {
    let (_folder, path) = database();
    run("return", &path);
    let locked = rusqlite::Connection::open(&path).unwrap();
    locked.execute_batch("BEGIN IMMEDIATE").unwrap();
    let output = run_unharmed("fork_while_locked", &path);
    assert!(text(&output).contains("fast: true"), "{}", text(&output));
    locked.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn children_and_their_children_work_whatever_their_parents_threads_do_at_the_fork() {
    let (_folder, path) = database();
    run_unharmed("fork_paths", &path);
    counted(&path);
}

#[test]
#[ignore = "needs minutes: ./run-tests"]
fn hundreds_of_children_do_all_that_their_parents_threads_do_at_the_fork() {
    let (_folder, path) = database();
    let output = harm("fork_paths_often", &path).run_within(LIMIT * 2);
    is_as_without("fork_paths_often", &output);
    counted(&path);
}

#[test]
fn a_store_in_memory_does_not_block_a_child() {
    run_unharmed("fork_paths_in_memory", Path::new("in memory"));
}

#[test]
fn a_child_ends_however_it_ends() {
    let (_folder, path) = database();
    let output = run_unharmed("fork_ends", &path);
    assert_eq!(text(&output), "true\n");
}

#[test]
fn a_function_that_forks_fails_in_both_processes() {
    let (_folder, path) = database();
    run_unharmed("fork_within", &path);
    assert!(counted(&path) >= 20);
}

#[test]
fn a_child_that_drops_the_pages_server_does_not_stop_that_of_the_parent() {
    let (_folder, path) = database();
    run_unharmed("fork_while_serving", &path);
}

#[test]
fn a_fork_at_any_moment_of_the_setting_up_leaves_two_processes_that_record() {
    const ROUNDS: usize = 40;
    let run = |at: usize| {
        let (_folder, path) = database();
        let output =
            Command::new(env!("CARGO_BIN_EXE_forks_at_start")).arg(&path).arg(at.to_string()).run();
        assert!(output.status.success(), "at {at}: {}", stderr(&output));
        assert_eq!(counted(&path), 4, "a failure and a panic of each process");
        text(&output).trim_end().parse::<usize>().unwrap()
    };
    let all = run(0);
    assert!(all > ROUNDS);
    for round in 1..=ROUNDS {
        run(all * round / ROUNDS);
    }
}
