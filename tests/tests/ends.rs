//! How a program ends with the tracker: as without it, at once, and with everything stored.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use error_tracker::Symbolizer;
use error_tracker::event::{BacktraceFrame, Event, Kind};
use error_tracker::store::{IssueQuery, MemoryStore, SqliteStore, Store};
use error_tracker_tests::process::{BoundedCommand as _, LIMIT};
use error_tracker_tests::{SOON, events_in, until, value};

fn run_with(way: &str, database: &Path, settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ends"));
    command.arg(way).arg(database).env("RUST_BACKTRACE", "0").envs(settings.iter().copied()).run()
}

fn events(database: &Path) -> Vec<Event> {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open_read_only(database).unwrap());
    events_in(&store)
}

/// A folder that is removed again, and a database in it.
fn database() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("errors.db");
    (folder, path)
}

/// The events of a run, by message, and whether they have a call stack.
fn stacks(way: &str, settings: &[(&str, &str)]) -> Vec<(String, bool)> {
    let (_folder, path) = database();
    run_with(way, &path, settings);
    events(&path).into_iter().map(|event| (event.message, !event.backtrace.is_empty())).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn functions(event: &Event) -> Vec<&str> {
    event.backtrace.iter().map(|call| call.function.as_str()).collect()
}

#[test]
fn a_call_stack_is_taken_if_no_annotated_function_shows_the_path() {
    let by_mode = |mode| {
        let settings = [("ERROR_TRACKER_BACKTRACE", mode)];
        let mut all = stacks("captures", &settings);
        for way in ["fails", "panics", "panics-outside"] {
            all.extend(stacks(way, &settings));
        }
        all
    };
    let auto = by_mode("auto");
    let expected = [
        ("a message outside", true),
        ("an error outside", true),
        ("a message inside", false),
        ("an error inside", false),
        ("failure 42", false),
        ("index out of bounds: the len is 1 but the index is 7", true),
        ("there is a text", true),
    ];
    assert_eq!(auto, expected.map(|(message, has)| (message.to_owned(), has)));
    assert_eq!(by_mode("all"), expected.map(|(message, _)| (message.to_owned(), true)));
    assert_eq!(by_mode("off"), expected.map(|(message, _)| (message.to_owned(), false)));
}

#[test]
fn a_program_that_ends_stores_offsets_whose_names_its_readers_find() {
    let (_folder, path) = database();
    run_with("panics-outside", &path, &[]);
    let [event] = events(&path).try_into().unwrap();
    let is_bare = |call: &BacktraceFrame| call.function.is_empty() && call.offset.is_some();
    assert!(event.backtrace.iter().all(is_bare), "the end of the program did not wait: {event:#?}");
    let executable = Path::new(env!("CARGO_BIN_EXE_ends")).canonicalize().unwrap();
    let objects: Vec<_> = event.objects.iter().map(|object| Path::new(&object.path)).collect();
    assert_eq!(objects, [executable], "calls of other objects are not kept");

    let mut named = event.clone();
    assert!(Symbolizer::default().add_names(&mut named));
    let found = functions(&named);
    let own = found.iter().position(|name| name.ends_with("panics_outside")).unwrap();
    assert!(found[own + 1].ends_with("main"), "{found:?}");
    assert_eq!(
        own + 2,
        found.iter().rposition(|name| !name.starts_with("core::")).unwrap() + 1,
        "{found:?}"
    );
    assert!(named.backtrace[own].in_app && named.backtrace[own].line.is_some());
    assert!(!Symbolizer::default().add_names(&mut named.clone()), "nothing is left to find");
}

#[test]
fn a_running_program_names_the_calls_while_it_is_idle() {
    let (folder, path) = database();
    // The reader cannot find them: only the program itself still has its executable.
    let program = folder.path().join("program");
    std::fs::copy(env!("CARGO_BIN_EXE_ends"), &program).unwrap();
    let mut child = Command::new(&program)
        .env("RUST_BACKTRACE", "0")
        .arg("stays")
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .start();
    let mut said = String::new();
    BufReader::new(child.stdout()).read_line(&mut said).unwrap();
    let before = resident(child.id());
    std::fs::remove_file(&program).unwrap();
    let begun = Instant::now();
    let named = loop {
        let found = if path.exists() { events(&path) } else { Vec::new() };
        match found.first() {
            Some(event) if !functions(event)[0].is_empty() => break event.clone(),
            _ => assert!(begun.elapsed() < LIMIT, "{found:#?}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    // The store, and what is small, stays.
    const KEPT: u64 = 15_000;
    // Debug information is given back.
    until(|| resident(child.id()) <= before + KEPT);
    child.wait();
    assert!(functions(&named).contains(&"ends::panics_outside"), "{named:#?}");
    let [ended] = events(&path).try_into().unwrap();
    assert_eq!(ended.grouping, named.grouping);
}

/// Memory of a process that is in use, in KiB.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn a_printed_error_names_its_calls_if_rust_backtrace_is_set() {
    let printed = |value| stderr(&run_with("prints", Path::new("-"), &[("RUST_BACKTRACE", value)]));
    let (without, with) = (printed("0"), printed("1"));
    assert!(
        without.contains("an error outside") && !without.contains("prints_outside"),
        "{without}"
    );
    assert!(
        with.contains("an error outside") && with.contains("in ends::prints_outside"),
        "{with}"
    );
}

#[test]
fn an_event_is_grouped_alike_with_and_without_the_names_of_its_calls() {
    let (_folder, path) = database();
    run_with("panics-outside", &path, &[]);
    let [event] = events(&path).try_into().unwrap();
    let mut named = event.clone();
    assert!(Symbolizer::default().add_names(&mut named));
    let tracker = error_tracker::builder().store(MemoryStore::new()).build().unwrap();
    for event in [&event, &named] {
        tracker.record_event(event.clone()).unwrap();
    }
    let issues = tracker.store().issues(&IssueQuery::default()).unwrap().items;
    assert_eq!((issues.len(), issues[0].count), (1, 2));
}

#[test]
fn the_command_line_names_the_calls_of_a_program_that_has_ended() {
    let (_folder, path) = database();
    run_with("panics-outside", &path, &[]);
    let hash = &events(&path)[0].grouping.hash;
    let file = path.to_str().unwrap();
    for arguments in
        [vec!["show", hash, file], vec!["show", "--json", hash, file], vec!["export", file]]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_error-tracker-cli")).args(&arguments).run();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("ends::panics_outside"), "{arguments:?}: {text}{output:?}");
    }
}

/// Runs the program with panic hooks, and once more without a tracker: it must end the same way.
#[track_caller]
fn run_with_hooks(way: &str, database: &Path, hooks: &[(&str, &str)]) -> Output {
    let (tracked, plain) = (run_with(way, database, hooks), run_with(way, Path::new("-"), hooks));
    assert_eq!(
        (&tracked.stdout, tracked.status),
        (&plain.stdout, plain.status),
        "{way} {hooks:?} {tracked:?}"
    );
    tracked
}

#[test]
fn a_panic_is_stored_before_another_hook_ends_the_program() {
    for hook in [
        ("HOOK_BEFORE", "exits"),
        ("HOOK_BEFORE", "aborts"),
        ("HOOK_AFTER", "calls-and-exits"),
        ("HOOK_AFTER", "calls-and-aborts"),
    ] {
        for way in ["panics", "panics-outside", "panics-in-thread"] {
            let (_folder, path) = database();
            run_with_hooks(way, &path, &[hook]);
            let [event] = events(&path).try_into().unwrap();
            let place = event.location.as_ref().unwrap();
            assert_eq!(
                (event.kind, place.file.as_str()),
                (Kind::Panic, "tests/fixtures/ends.rs"),
                "{way} {hook:?}"
            );
            let frames: Vec<_> = event.frames.iter().map(|frame| frame.function.as_str()).collect();
            assert_eq!(frames, if way == "panics-outside" { vec![] } else { vec!["unwinds"] });
        }
    }
}

#[test]
fn a_panic_that_unwinds_after_another_hook_has_everything_that_unwinding_shows() {
    for hooks in [
        &[("HOOK_BEFORE", "goes-on")][..],
        &[("HOOK_AFTER", "calls")],
        &[("HOOK_BEFORE", "calls"), ("HOOK_AFTER", "calls")],
        &[],
    ] {
        for (way, handled) in
            [("panics-with-values", false), ("panics-in-task", false), ("catches", true)]
        {
            let (_folder, path) = database();
            let output = run_with_hooks(way, &path, hooks);
            let [event] = events(&path).try_into().unwrap();
            assert_eq!(event.handled, handled, "{way} {hooks:?}");
            assert_eq!(
                value(&event.frames[0], "names"),
                r#"["kettle", "kettle"]"#,
                "{way} {hooks:?}"
            );
            assert!(!stderr(&output).contains("replaced: true"), "{}", stderr(&output));
            // Without other hooks there is nothing to be stored before it has unwound.
            let shown = format!("shown {} times", if hooks.is_empty() { 1 } else { 2 });
            assert!(
                way != "catches" || stderr(&output).contains(&shown),
                "{hooks:?} {}",
                stderr(&output)
            );
        }
    }
}

#[test]
fn a_panic_whose_hook_was_replaced_is_an_event_and_health_reports_it() {
    for way in ["catches", "panics-in-task", "panics-with-values"] {
        let (_folder, path) = database();
        let output = run_with_hooks(way, &path, &[("HOOK_AFTER", "goes-on")]);
        let [event] = events(&path).try_into().unwrap();
        assert_eq!((event.kind, event.location.as_ref()), (Kind::Panic, None));
        assert_eq!(event.message, "<not known: error-tracker's panic hook was replaced>");
        assert!(event.frames[0].function.starts_with("unwinds_"), "{way}");
        assert_eq!(value(&event.frames[0], "names"), r#"["kettle", "kettle"]"#);
        assert!(
            way != "catches" || stderr(&output).contains("panic hook replaced: true"),
            "{output:?}"
        );
    }
}

#[test]
fn a_panic_that_is_resumed_elsewhere_is_one_event_and_does_not_mean_that_the_hook_was_replaced() {
    for hooks in [&[][..], &[("HOOK_AFTER", "calls")]] {
        let (_folder, path) = database();
        let output = run_with_hooks("resumes", &path, hooks);
        let [event] = events(&path).try_into().unwrap();
        assert_eq!(event.message, "there is a text");
        assert!(stderr(&output).contains("panic hook replaced: false"), "{output:?}");
    }
}

#[test]
fn a_program_whose_store_never_answers_ends() {
    let hook = ("HOOK_BEFORE", "goes-on");
    for (way, settings) in [
        ("fails", &[][..]),
        ("panics", &[]),
        ("panics", &[hook]),
        ("raises", &[ON_SIGNALS, ("SIGNAL", "15")]),
        ("aborts", &[ON_SIGNALS]),
    ] {
        let begun = Instant::now();
        run_with_hooks(way, Path::new("stuck"), settings);
        assert!(begun.elapsed() < SOON, "{way} {settings:?}");
    }
}

const ON_SIGNALS: (&str, &str) = ("FLUSH_ON_SIGNALS", "yes");

fn messages(database: &Path) -> Vec<String> {
    events(database).into_iter().map(|event| event.message).collect()
}

#[test]
fn with_the_option_a_signal_ends_the_program_when_its_failures_are_stored() {
    const HANGUP: &str = "1";
    const INTERRUPT: &str = "2";
    const QUIT: &str = "3";
    const ABORT: &str = "6";
    const TERMINATE: &str = "15";
    for signal in [HANGUP, INTERRUPT, QUIT, ABORT, TERMINATE] {
        let (_folder, path) = database();
        let output = run_with_hooks("raises", &path, &[ON_SIGNALS, ("SIGNAL", signal)]);
        assert_eq!(output.status.signal(), signal.parse().ok(), "it ends by this signal");
        assert_eq!(messages(&path), ["failure 42"], "signal {signal}");
    }
}

#[test]
fn with_the_option_abort_and_a_stack_overflow_wait_until_failures_are_stored() {
    for way in ["aborts", "overflows"] {
        let (_folder, path) = database();
        let output = run_with_hooks(way, &path, &[ON_SIGNALS]);
        assert_eq!(output.status.signal(), Some(6));
        assert_eq!(messages(&path), ["failure 42"], "{way}");
    }
}

#[test]
fn a_signal_that_the_program_handles_itself_is_not_handled() {
    for time in ["HOOK_BEFORE", "HOOK_AFTER"] {
        let (_folder, path) = database();
        let settings = [ON_SIGNALS, ("SIGNAL", "15"), (time, "handles-signal")];
        let output = run_with_hooks("raises", &path, &settings);
        assert_eq!(output.status.code(), Some(9), "{time}");
        assert_eq!(messages(&path), ["failure 42"]);
    }
}

#[test]
fn names_come_only_from_the_executable_that_the_event_is_from() {
    let (_folder, path) = database();
    run_with("panics-outside", &path, &[]);
    let [event] = events(&path).try_into().unwrap();
    let mut other = event.clone();
    other.objects[0].build_id = "0123456789".into();
    let mut gone = event.clone();
    gone.objects[0].path = "/no/such/program".into();
    let mut no_program = event;
    no_program.objects[0].path = path.to_str().unwrap().into();
    for mut event in [other, gone, no_program] {
        let before = event.clone();
        assert!(!Symbolizer::default().add_names(&mut event));
        assert_eq!(event, before);
    }
}
