//! The tracker does its host no harm, and loses nothing silently.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Instant;

use error_tracker::event::{Event, Kind};
use error_tracker::store::{SqliteStore, Store};
use error_tracker_tests::{SOON, events_in, functions, value};

fn run(fault: &str, database: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_harm")).arg(fault).arg(database).output().unwrap()
}

/// Runs the program with a fault, and once more without a tracker: nothing that it does may differ.
#[track_caller]
fn run_unharmed(fault: &str, database: &Path) -> Output {
    let (tracked, plain) = (run(fault, database), run(fault, Path::new("-")));
    let text = |output: &Output| String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!((text(&tracked), tracked.status), (text(&plain), plain.status), "{}", stderr(&tracked));
    tracked
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn events(database: &Path) -> Vec<Event> {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open_read_only(database).unwrap());
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    events_in(&store)
}

/// A folder that is removed again, and a database in it.
fn database() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("errors.db");
    (folder, path)
}

#[test]
fn values_that_panic_recurse_or_never_end_are_shown_as_such_and_harm_nobody() {
    let (_folder, path) = database();
    let begun = Instant::now();
    let output = run_unharmed("debug", &path);
    assert!(begun.elapsed() < SOON, "bounded in time");
    assert_eq!(stderr(&output), "", "no word of panics that were caught");
    let events = events(&path);
    assert_eq!(events.len(), 6, "each failure is one event; what runs inside a Debug is none");
    let [panics, recurses, endless, ignores, display, again] = events.as_slice() else { panic!() };
    for event in [panics, again] {
        assert_eq!(value(&event.frames[0], "argument"), "<Debug panicked>");
        assert_eq!(value(&event.frames[0], "local"), "Some(<Debug panicked>");
        assert_eq!(event.globals[0].value.as_deref(), Some("<Debug panicked>"));
    }
    assert!(value(&recurses.frames[0], "argument").starts_with("Recurses(Err(\"within Debug 3\"))"));
    for event in [endless, ignores] {
        for name in ["argument", "local"] {
            let shown = value(&event.frames[0], name);
            assert!(shown.len() < 2_000 && shown.contains("en") | shown.contains("again"), "{shown}");
        }
    }
    assert_eq!(display.type_name, "harm::DisplayPanics");
    assert_eq!(display.message, "<Display panicked>");
}

#[test]
fn an_error_that_panics_when_it_is_looked_at_is_returned_all_the_same() {
    #[derive(Debug)]
    struct SourcePanics<const N: usize>([u64; N]);

    impl<const N: usize> std::fmt::Display for SourcePanics<N> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("has a source")
        }
    }

    impl<const N: usize> std::error::Error for SourcePanics<N> {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            panic!("on purpose")
        }
    }

    #[error_tracker::auto_track_exception]
    fn fails<const N: usize>(numbers: [u64; N]) -> Result<u64, SourcePanics<N>> {
        let sum = Err(SourcePanics(numbers))?;
        Ok(sum)
    }

    // In registers, and in memory.
    assert_eq!(fails([7]).unwrap_err().0, [7]);
    assert_eq!(fails([1, 2, 3, 4]).unwrap_err().0, [1, 2, 3, 4]);
}

#[test]
fn a_hook_that_panics_loses_its_events_and_says_so() {
    let (_folder, path) = database();
    let output = run_unharmed("before_capture", &path);
    assert!(stderr(&output).contains(r#"{"before_capture panicked": 8}"#), "{}", stderr(&output));
    assert_eq!(events(&path), []);
}

#[test]
fn a_database_that_cannot_be_opened_is_one_warning_and_counted_drops() {
    let (folder, _) = database();
    let missing = folder.path().join("no such folder/errors.db");
    for path in [Path::new("/proc/errors.db"), folder.path(), &missing] {
        let output = run_unharmed("database", path);
        let lines = stderr(&output);
        let warnings: Vec<_> = lines.lines().filter(|line| line.starts_with("error-tracker:")).collect();
        assert_eq!(warnings.len(), 1, "{lines}");
        assert!(warnings[0].contains(path.to_str().unwrap()), "{lines}");
        let told = lines.lines().find(|line| line.starts_with("flushed")).unwrap();
        assert!(told.starts_with("flushed false"), "{told}");
        assert!(told.contains(r#"{"store fails": 8}"#) && told.contains("raised: 8, stored: 0"), "{told}");
    }
}

#[test]
fn the_end_of_the_program_waits_for_the_store_however_it_comes() {
    for (fault, message) in [("exit", "failure 42"), ("return", "failure 44"), ("forgotten", "failure 46")] {
        let (_folder, path) = database();
        run_unharmed(fault, &path);
        let events = events(&path);
        assert_eq!(events.iter().map(|e| e.message.as_str()).collect::<Vec<_>>(), [message], "{fault}");
    }
}

#[test]
fn a_panic_that_ends_the_program_is_kept_and_the_code_is_the_same() {
    let (_folder, path) = database();
    let output = run_unharmed("panic", &path);
    assert_eq!(output.status.code(), Some(101));
    let events = events(&path);
    assert_eq!((events.len(), functions(&events[0])), (1, vec!["unwinds"]));
    assert_eq!(value(&events[0].frames[0], "id"), "7");
}

#[test]
fn panics_that_abort_the_program_are_on_the_disk() {
    let (_folder, path) = database();
    let output = run_unharmed("abort", &path);
    assert_eq!(output.status.signal(), Some(6));
    let told = events(&path);
    let first = told.iter().find(|event| event.message.contains("index is 7")).unwrap();
    assert_eq!(functions(first), ["unwinds", "must_not_unwind"]);
    assert_eq!(value(&first.frames[1], "local"), "7");

    let (_folder, path) = database();
    let output = run_unharmed("twice", &path);
    assert_eq!(output.status.signal(), Some(6));
    let told = events(&path);
    let mut messages: Vec<_> = told.iter().map(|event| event.message.as_str()).collect();
    messages.sort_unstable();
    assert_eq!(messages[..2], ["a panic in Drop", "index out of bounds: the len is 1 but the index is 7"]);
    assert!(told.iter().all(|event| event.kind == Kind::Panic));
}

#[test]
#[ignore = "needs a build: ./run-tests"]
fn with_panic_abort_the_panic_is_on_the_disk() {
    let (folder, path) = database();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--package", "error-tracker-tests", "--bin", "harm", "--offline"])
        .args(["--config", "profile.dev.panic=\"abort\"", "--target-dir"])
        .arg(folder.path().join("target"))
        .status()
        .unwrap();
    assert!(built.success());
    let output =
        Command::new(folder.path().join("target/debug/harm")).arg("panic").arg(&path).output().unwrap();
    assert_eq!(output.status.signal(), Some(6), "{}", stderr(&output));
    let events = events(&path);
    assert_eq!((events.len(), functions(&events[0])), (1, vec!["unwinds"]));
    assert_eq!(value(&events[0].frames[0], "id"), "7");
}

#[test]
fn a_program_that_is_killed_in_a_burst_loses_nothing_that_was_flushed() {
    for round in 1..=5 {
        let (_folder, path) = database();
        let mut child = Command::new(env!("CARGO_BIN_EXE_harm"))
            .arg("burst")
            .arg(&path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut flushed = 0;
        for _ in 0..round {
            flushed = lines.next().unwrap().unwrap().parse::<u64>().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What was still said before the end was flushed as well.
        flushed = lines.map_while(Result::ok).filter_map(|line| line.parse().ok()).last().unwrap_or(flushed);
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path).unwrap());
        assert_eq!(store.check().unwrap(), Vec::<String>::new());
        let issues = store.issues(&error_tracker::store::IssueQuery::default()).unwrap().items;
        let raised = flushed + 1;
        for kind in [Kind::Error, Kind::Message] {
            let count: u64 = issues.iter().filter(|issue| issue.kind == kind).map(|issue| issue.count).sum();
            assert!(count >= raised, "{kind:?}: {count} of {raised}");
        }
        let mut ids: Vec<_> = events_in(&store).into_iter().map(|event| event.id).collect();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all, "no event is there twice");
    }
}
