//! The tracker does its host no harm, and loses nothing silently.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

#[path = "../fixtures/unharmed.rs"]
mod unharmed;

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use error_tracker::event::{Breadcrumb, Event, Kind, Request};
use error_tracker::json::{Map, Value};
use error_tracker::store::{IssueQuery, MemoryStore, SqliteStore, Store};
use error_tracker_tests::process::{BoundedCommand as _, LIMIT};
use error_tracker_tests::{SOON, events_in, functions, value};
use unharmed::{database, run, run_unharmed, stderr, text};

fn events(database: &Path) -> Vec<Event> {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open_read_only(database).unwrap());
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    events_in(&store)
}

#[test]
fn values_that_panic_recurse_or_never_end_are_shown_as_such_and_harmless() {
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
    assert!(
        value(&recurses.frames[0], "argument").starts_with("Recurses(Err(\"within Debug 3\"))")
    );
    for event in [endless, ignores] {
        for name in ["argument", "local"] {
            let shown = value(&event.frames[0], name);
            assert!(
                shown.len() < 2_000 && shown.contains("en") | shown.contains("again"),
                "{shown}"
            );
        }
    }
    assert_eq!(display.type_name, "harm::values::DisplayPanics");
    assert_eq!(display.message, "<Display panicked>");
}

#[test]
fn reading_a_locked_value_never_poisons_or_keeps_its_lock() {
    let (_folder, path) = database();
    let output = run_unharmed("locks", &path);
    assert_eq!(stderr(&output), "");
    let events = events(&path);
    let shown = |at: usize| value(&events[at].frames[0], "argument");
    assert_eq!(shown(0), "Shared { id: 1, value: Mutex { data: <Debug panicked>");
    assert_eq!(shown(1), "Mutex { data: <Debug panicked>");
    assert!(shown(4).starts_with("Mutex { data: without end without end"), "{}", shown(4));
}

#[test]
fn an_endless_list_is_not_walked_through() {
    let (_folder, path) = database();
    run_unharmed("large", &path);
    let events = events(&path);
    assert_eq!(events.len(), 4);
    for event in &events {
        let shown = value(
            &event.frames[0],
            if event.type_name.ends_with("TooLarge") { "image" } else { "argument" },
        );
        assert!(shown.contains("0, 0, 0"), "{shown}");
    }
}

#[test]
fn a_recursion_ten_thousand_deep_is_one_event_of_bounded_size() {
    let (_folder, path) = database();
    run_unharmed("deep", &path);
    let [event] = events(&path).try_into().unwrap();
    assert!(event.frames.len() <= 50, "{}", event.frames.len());
    assert_eq!((value(&event.frames[0], "depth"), event.message.as_str()), ("0", "level 0"));
    assert!(error_tracker::json::to_string(&event).unwrap().len() < 256 * 1024);
}

#[test]
fn thousands_of_messages_that_have_nothing_in_common_are_each_accounted_for() {
    let (_folder, path) = database();
    let output = run_unharmed("distinct", &path);
    assert_eq!(stderr(&output), "exact: true\n");
    let store = SqliteStore::open_read_only(&path).unwrap();
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
fn callers_do_not_wait_for_a_store_that_is_always_locked() {
    let (_folder, path) = database();
    run("return", &path);
    let locked = rusqlite::Connection::open(&path).unwrap();
    locked.execute_batch("BEGIN IMMEDIATE").unwrap();
    let output = run_unharmed("locked", &path);
    assert!(stderr(&output).lines().count() <= 1, "{}", stderr(&output));
    locked.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn failures_of_a_runtime_that_has_ended_are_stored() {
    let (_folder, path) = database();
    run_unharmed("runtime_gone", &path);
    let store = SqliteStore::open_read_only(&path).unwrap();
    let count: u64 =
        store.issues(&IssueQuery::default()).unwrap().items.iter().map(|issue| issue.count).sum();
    assert_eq!(count, 50);
}

#[test]
fn a_program_that_is_replaced_by_exec_leaves_no_open_files() {
    let (_folder, path) = database();
    let output = run_unharmed("exec", &path);
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(events(&path).len(), 1, "what was flushed before");
}

/// A disk that answers `EIO` to the first calls that want data on it.
#[test]
#[ignore = "needs strace: ./run-tests"]
fn what_the_disk_did_not_take_is_not_acknowledged_and_tried_again() {
    for (faults, flushed) in [("1..3", "flushed true"), ("1+", "flushed false")] {
        let (_folder, path) = database();
        let output = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync"])
            .args(["-e", &format!("inject=fsync,fdatasync:error=EIO:when={faults}")])
            .arg(env!("CARGO_BIN_EXE_harm"))
            .arg("database")
            .arg(&path)
            .env("RUST_BACKTRACE", "0")
            .run();
        let plain = run("database", Path::new("-"));
        assert_eq!(
            (text(&output), output.status),
            (text(&plain), plain.status),
            "{}",
            stderr(&output)
        );
        let reported = stderr(&output);
        assert!(reported.contains(flushed), "{faults}: {reported}");
    }
}

#[test]
fn an_error_that_panics_when_it_is_formatted_is_returned_all_the_same() {
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

/// A list in a list in a list .., or the same with objects.
fn nested(depth: usize, objects: bool) -> Value {
    (0..depth).fold(Value::from("the innermost"), |inner, _| {
        if objects { Map::from([("inner", inner)]).into() } else { Value::Array(vec![inner]) }
    })
}

#[derive(serde::Serialize)]
struct Node {
    next: Option<Box<Node>>,
}

impl Drop for Node {
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(mut node) = next {
            next = node.next.take();
        }
    }
}

#[test]
fn values_that_nest_20_000_deep_are_cut_wherever_they_come_from() {
    const DEPTH: usize = 20_000;
    let context =
        || Map::from([("of a builder", nested(DEPTH, false)), ("set", nested(DEPTH, true))]);
    let tracker = error_tracker::builder()
        .store(MemoryStore::new())
        .context(context)
        .before_capture(|mut event| {
            event.context.extras.insert("of a hook", nested(DEPTH, false));
            Some(event)
        })
        .build()
        .unwrap();
    let node = (0..DEPTH).fold(Node { next: None }, |next, _| Node { next: Some(Box::new(next)) });
    let id = error_tracker::scope::with_scope(
        |scope| {
            scope.set_extra("set", nested(DEPTH, false));
            scope.set_extra("set again", Map::from([("inner", nested(DEPTH, true))]));
            scope.set_extra("too many", Vec::from([(); 3].map(|()| nested(DEPTH, false))));
            scope.set_extra("of the program's own type", node);
            let mut step =
                Breadcrumb::new("http", "POST /charge").data("by value", nested(DEPTH, false));
            step.data.insert("in the map", nested(DEPTH, true));
            scope.add_breadcrumb(step);
            let mut request = Request::default();
            request.json = nested(DEPTH, false);
            scope.set_request(request);
        },
        || tracker.capture_exception(&std::io::Error::other("no disk")),
    );
    assert!(id.is_some());
    tracker.flush(SOON).unwrap();
    let [event] = events_in(tracker.store()).try_into().unwrap();
    let context = &event.context;
    assert_eq!(context.extras.len(), 6);
    let data = &context.breadcrumbs[0].data;
    assert_eq!(data.len(), 2);
    let values = context
        .extras
        .values()
        .chain(data.values())
        .chain(context.request.as_ref().map(|r| &r.json));
    for value in values {
        let text = value.to_string();
        assert!(text.contains('…') && text.len() < 2_000, "{text}");
    }
}

#[test]
fn json_that_nests_20_000_deep_is_refused_or_cut() {
    const DEPTH: usize = 20_000;
    for (open, close) in [("[", "]"), ("{\"inner\":", "}")] {
        let text = format!("{}1{}", open.repeat(DEPTH), close.repeat(DEPTH));
        let error = error_tracker::json::from_str::<Value>(&text).unwrap_err();
        assert!(error.to_string().contains("nested too deep"), "{error}");
    }
    for objects in [false, true] {
        let error = error_tracker::json::from_value::<Value>(nested(DEPTH, objects)).unwrap_err();
        assert!(error.to_string().contains("nested too deep"), "{error}");
        let cut = error_tracker::json::to_value(nested(DEPTH, objects)).unwrap().to_string();
        assert!(cut.contains('…') && !cut.contains("innermost"), "{cut}");
        assert_eq!(error_tracker::json::from_str::<Value>(&cut).unwrap().to_string(), cut);
    }
}

#[test]
fn a_store_and_hooks_that_fail_are_not_recorded_into_themselves() {
    let output = run_unharmed("own_store", Path::new("its own"));
    let lines = stderr(&output);
    let reported = lines.lines().find(|line| line.starts_with("flushed")).unwrap();
    assert!(
        reported.contains("raised: 1, stored: 1, coalesced: 0, pending: 0, dropped: {}"),
        "{reported}"
    );
    assert!(reported.contains("issues: 1, store: [\"failure 54\"]"), "{reported}");
    assert!(reported.contains("last_error: Some("), "{reported}");
}

#[test]
fn a_hook_that_panics_drops_its_events_and_is_reported() {
    let (_folder, path) = database();
    let output = run_unharmed("before_capture", &path);
    assert!(stderr(&output).contains(r#"{"before_capture panicked": 8}"#), "{}", stderr(&output));
    assert!(!path.exists(), "nothing was to be stored");
}

#[test]
fn a_database_that_cannot_be_opened_is_one_warning_and_counted_drops() {
    let (folder, _) = database();
    let missing = folder.path().join("no such folder/errors.db");
    for path in [Path::new("/proc/errors.db"), folder.path(), &missing] {
        let output = run_unharmed("database", path);
        let lines = stderr(&output);
        // A panic writes its lines piece by piece, so ours may stand in one of them.
        assert_eq!(lines.matches("error-tracker: ").count(), 1, "{lines}");
        assert!(lines.contains(path.to_str().unwrap()), "{lines}");
        let reported = lines.lines().find(|line| line.starts_with("flushed")).unwrap();
        assert!(reported.starts_with("flushed false"), "{reported}");
        assert!(
            reported.contains(r#"{"store fails": 8}"#) && reported.contains("raised: 8, stored: 0"),
            "{reported}"
        );
    }
}

#[test]
fn warnings_to_a_standard_error_that_takes_none_neither_end_nor_hold_up_the_program() {
    for fault in ["stderr_closed", "stderr_pipe_closed", "stderr_pipe_full", "stderr_size_limit"] {
        let output = run_unharmed(fault, Path::new("/proc/errors.db"));
        assert_eq!(output.status.code(), Some(0), "{fault}: {:?}", output.status);
    }
}

#[test]
fn a_signal_that_the_program_waits_for_is_not_taken_by_a_thread_of_the_tracker() {
    let (_folder, path) = database();
    let output = run_unharmed("waits_for_signal", &path);
    assert_eq!(output.status.code(), Some(0), "{:?}", output.status);
    assert_eq!(events(&path).len(), 2);
}

#[test]
fn every_end_of_the_program_waits_for_the_store() {
    for (fault, message) in
        [("exit", "failure 42"), ("return", "failure 44"), ("forgotten", "failure 46")]
    {
        let (_folder, path) = database();
        run_unharmed(fault, &path);
        let events = events(&path);
        assert_eq!(
            events.iter().map(|e| e.message.as_str()).collect::<Vec<_>>(),
            [message],
            "{fault}"
        );
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
    let reported = events(&path);
    let first = reported.iter().find(|event| event.message.contains("index is 7")).unwrap();
    assert_eq!(functions(first), ["unwinds", "must_not_unwind"]);
    assert_eq!(value(&first.frames[1], "local"), "7");

    let (_folder, path) = database();
    let output = run_unharmed("twice", &path);
    assert_eq!(output.status.signal(), Some(6));
    let reported = events(&path);
    let mut messages: Vec<_> = reported.iter().map(|event| event.message.as_str()).collect();
    messages.sort_unstable();
    assert_eq!(
        messages[..2],
        ["a panic in Drop", "index out of bounds: the len is 1 but the index is 7"]
    );
    assert!(reported.iter().all(|event| event.kind == Kind::Panic));
}

#[test]
#[ignore = "needs a build: ./run-tests"]
fn with_panic_abort_the_panic_is_on_the_disk() {
    let (folder, path) = database();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--package", "error-tracker-tests", "--bin", "harm", "--offline"])
        .args(["--config", "profile.dev.panic=\"abort\"", "--target-dir"])
        .arg(folder.path().join("target"))
        .run_within(LIMIT * 2);
    assert!(built.status.success(), "{}", stderr(&built));
    let output =
        Command::new(folder.path().join("target/debug/harm")).arg("panic").arg(&path).run();
    assert_eq!(output.status.signal(), Some(6), "{}", stderr(&output));
    let events = events(&path);
    assert_eq!((events.len(), functions(&events[0])), (1, vec!["unwinds"]));
    assert_eq!(value(&events[0].frames[0], "id"), "7");
}
