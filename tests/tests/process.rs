//! No test waits without end for a program that it has started, and nothing of that outlives it.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use error_tracker_tests::process::{BoundedCommand as _, state};
use error_tracker_tests::until;

/// A shell that leaves two programs, and writes its number and theirs to a file.
fn shell(numbers: &Path, then: &str) -> Command {
    let script = format!("sleep 1000 & sleep 1000 & jobs -p > \"$0\"; echo $$ >> \"$0\"; {then}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).arg(numbers);
    shell
}

#[track_caller]
fn are_gone(numbers: &Path) {
    let numbers = std::fs::read_to_string(numbers).unwrap();
    assert_eq!(numbers.lines().count(), 3);
    // One that was killed may wait for somebody who asks for its end.
    let is_gone = |number: &str| {
        let state = std::fs::read_to_string(format!("/proc/{number}/stat"));
        state.map_or(true, |state| state.contains(") Z "))
    };
    until(|| numbers.lines().all(is_gone));
}

#[test]
fn a_program_that_hangs_is_killed_with_all_that_it_has_started_and_the_test_says_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = folder.path().join("numbers");
    let mut shell = shell(&numbers, "echo said; wait");
    let panic =
        catch_unwind(AssertUnwindSafe(|| shell.run_within(Duration::from_secs(2)))).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    for part in ["not at its end after 2s", "sleep 1000", "-- standard output:\nsaid\n"] {
        assert!(message.contains(part), "{message}");
    }
    are_gone(&numbers);
}

#[test]
fn what_a_program_leaves_keeps_nobody_waiting_for_its_output() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = folder.path().join("numbers");
    let output = shell(&numbers, "echo said; exit 7").run();
    assert_eq!((output.stdout, output.status.code()), (b"said\n".to_vec(), Some(7)));
    are_gone(&numbers);
}

#[test]
fn whoever_reads_what_a_program_that_hangs_says_comes_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = folder.path().join("numbers");
    let mut shell = shell(&numbers, "echo said; wait");
    let mut child = shell.stdout(Stdio::piped()).start_within(Duration::from_secs(2));
    let mut said = String::new();
    child.stdout().read_to_string(&mut said).unwrap();
    assert_eq!(said, "said\n");
    are_gone(&numbers);
}

#[test]
fn a_test_that_is_done_with_a_program_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = folder.path().join("numbers");
    let child = shell(&numbers, "wait").start();
    until(|| std::fs::read_to_string(&numbers).is_ok_and(|all| all.lines().count() == 3));
    assert!(state::of_group(child.id()).matches("sleep 1000").count() >= 2);
    drop(child);
    are_gone(&numbers);
}
