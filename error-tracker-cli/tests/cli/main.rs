//! The `error-tracker` program, run on real files.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod notify;
#[cfg(all(unix, feature = "postgres"))]
mod postgres;
mod triage;
mod view;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use error_tracker::event::{
    CaptureTime, Event, FingerprintComponent, Frame, Kind, Snippet, Timestamp, Variable,
};
use error_tracker::store::{Sighting, SqliteStore, Store};
use error_tracker_tests::process::BoundedCommand as _;
use serde_json::Value;

const NEGATIVE: &str = "aaaaaa11";
const PARSE: &str = "aaaaaa22";
const PANIC: &str = "bbbbbb33";

struct Files {
    _folder: tempfile::TempDir,
    db: PathBuf,
}

impl Files {
    fn with_three_issues() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("errors.db");
        let store = SqliteStore::open(&db).unwrap();
        let mut second = event(NEGATIVE, 5, "shop::OrderError", "quantity is -1");
        second.variant = Some("Negative".into());
        second.context.tags.insert("tenant".into(), "acme".into());
        let mut panic = event(PANIC, 3, "panic", "index out of bounds\x1b[31m\n: 7");
        (panic.kind, panic.frames) = (Kind::Panic, Vec::new());
        let batch = [
            event(NEGATIVE, 1, "shop::OrderError", "quantity is -3"),
            event(PARSE, 2, "core::num::error::ParseIntError", "invalid digit found in string"),
            panic,
            second,
        ];
        store.record(&batch.map(Sighting::new)).unwrap();
        Self { _folder: folder, db }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_error-tracker"));
        let db = self.db.to_str().unwrap();
        command.args(
            arguments.iter().map(|argument| if *argument == "FILE" { db } else { *argument }),
        );
        command.env_clear().run()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(arguments)).unwrap()
    }

    fn statuses(&self) -> Vec<(String, String)> {
        let issues = self.json(&["list", "FILE", "--json"]);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        issues
            .as_array()
            .unwrap()
            .iter()
            .map(|issue| (text(&issue["hash"])[..8].to_owned(), text(&issue["status"])))
            .collect()
    }
}

fn event(hash: &str, second: u64, type_name: &str, message: &str) -> Event {
    let mut event = Event::default();
    event.id = format!("01934d5e-0000-7000-8000-0000{second:08}");
    event.at = Timestamp::from_micros(1_790_000_000_000_000 + second * 1_000_000);
    event.type_name = type_name.into();
    event.message = message.into();
    event.grouping.hash = format!("{hash}{}", "0".repeat(56));
    let mut component = FingerprintComponent::default();
    (component.label, component.value) = ("type".into(), type_name.into());
    event.grouping.components = vec![component];
    let mut frame = Frame::default();
    (frame.function, frame.module, frame.file) =
        ("price".into(), "shop".into(), "src/orders.rs".into());
    (frame.line, frame.column, frame.expression) = (41, 13, "check(quantity)?".into());
    let mut snippet = Snippet::default();
    snippet.first_line = 40;
    snippet.lines = vec!["fn price() {".into(), "    let n = check(quantity)?;".into()];
    frame.snippet = Some(snippet);
    let mut quantity = Variable::default();
    (quantity.name, quantity.type_name) = ("quantity".into(), "i32".into());
    (quantity.value, quantity.taken) = (Some("-3".into()), CaptureTime::Failure);
    frame.arguments = vec![quantity];
    event.frames = vec![frame];
    event
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Puts `AGE` for how long ago something was.
fn redacted(text: &str) -> String {
    let mut words: Vec<String> = text.split_inclusive(' ').map(str::to_owned).collect();
    for at in 1..words.len() {
        if words[at].trim_end().trim_end_matches(|c: char| ")\n".contains(c)).starts_with("ago") {
            let age = words[at - 1].trim_start_matches('(').len();
            let keep = words[at - 1].len() - age;
            words[at - 1].truncate(keep);
            words[at - 1].push_str("AGE ");
        }
    }
    words.concat()
}

#[test]
fn a_list_is_a_table_without_controls() {
    let files = Files::with_three_issues();
    insta::assert_snapshot!(redacted(&files.ok(&["list", "FILE"])));
}

#[test]
fn list_json_has_what_scripts_need() {
    let files = Files::with_three_issues();
    let issues = files.json(&["list", "FILE", "--json"]);
    assert_eq!(issues.as_array().unwrap().len(), 3);
    for name in [
        "hash",
        "kind",
        "type",
        "message",
        "count",
        "first_seen",
        "last_seen",
        "status",
        "function",
        "file",
        "line",
    ] {
        assert!(issues[0].get(name).is_some(), "{name}");
    }
    assert_eq!(issues[0]["count"], 2);
    assert_eq!(issues[0]["line"], 41);
}

#[test]
fn handled_issues_are_listed_on_request() {
    let files = Files::with_three_issues();
    let mut handled = event("cccccc44", 6, "shop::NoGuest", "nobody is signed in");
    handled.handled = true;
    SqliteStore::open(&files.db).unwrap().record(&[Sighting::new(handled)]).unwrap();
    let listed = files.ok(&["list", "FILE"]);
    assert!(!listed.contains("NoGuest") && listed.contains("--handled lists"), "{listed}");
    let listed = files.ok(&["list", "FILE", "--handled"]);
    assert!(listed.contains("NoGuest") && !listed.contains("OrderError"), "{listed}");
    let listed = files.json(&["list", "FILE", "--handled", "--json"]);
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

#[test]
fn a_list_is_filtered_sorted_and_limited() {
    let files = Files::with_three_issues();
    let listed = |options: &[&str]| {
        let issues = files.json(&[&["list", "FILE", "--json"], options].concat());
        issues
            .as_array()
            .unwrap()
            .iter()
            .map(|issue| issue["hash"].as_str().unwrap()[..8].to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(&[]), [NEGATIVE, PANIC, PARSE]);
    assert_eq!(listed(&["--kind", "panic"]), [PANIC]);
    assert_eq!(listed(&["--type", "parseint"]), [PARSE]);
    assert_eq!(listed(&["--text", "quantity"]), [NEGATIVE]);
    assert_eq!(listed(&["--status", "resolved"]), [""; 0]);
    assert_eq!(listed(&["--since", "2026-09-21T14:13:24Z"]), [NEGATIVE]);
    for since in ["2026-09-21T16:13:24+02:00", "2026-09-21 14:13:24", "2026-09-21T09:13:24-0500"] {
        assert_eq!(listed(&["--since", since]), [NEGATIVE], "{since}");
    }
    assert_eq!(listed(&["--since", "2026-09-21"]).len(), 3);
    assert_eq!(listed(&["--since", "2026-09-22"]), [""; 0]);
    assert_eq!(listed(&["--since", "9000 days ago"]).len(), 3);
    assert_eq!(listed(&["--limit", "1"]), [NEGATIVE]);
    assert_eq!(listed(&["--sort", "last_seen", "--ascending", "--all"]), [PARSE, PANIC, NEGATIVE]);
    assert_eq!(files.ok(&["list", "FILE", "--status", "muted"]), "no issues\n");
}

#[test]
fn show_prints_the_traceback() {
    let files = Files::with_three_issues();
    insta::assert_snapshot!(redacted(&files.ok(&["show", NEGATIVE, "FILE"])));
    let older = files.ok(&[
        "show",
        NEGATIVE,
        "FILE",
        "--occurrence",
        "01934d5e-0000-7000-8000-000000000001",
    ]);
    assert!(older.contains("shop::OrderError: quantity is -3\n"), "{older}");
    assert_eq!(files.ok(&["show", NEGATIVE, "FILE", "--first"]), older);
}

#[test]
fn show_mentions_a_first_event_with_more_variables() {
    let files = Files::with_three_issues();
    let mut bare = event(NEGATIVE, 9, "shop::OrderError", "quantity is -9");
    bare.frames[0].arguments.clear();
    SqliteStore::open(&files.db).unwrap().record(&[Sighting::new(bare)]).unwrap();
    let hint = "the first event has more variables: --first shows it";
    assert!(files.ok(&["show", NEGATIVE, "FILE"]).contains(hint));
    assert!(!files.ok(&["show", NEGATIVE, "FILE", "--first"]).contains(hint));
}

#[test]
fn show_json_is_the_issue_with_its_event() {
    let files = Files::with_three_issues();
    let shown = files.json(&["show", NEGATIVE, "FILE", "--json"]);
    assert_eq!((&shown["count"], &shown["type"]), (&2.into(), &"shop::OrderError".into()));
    let frame = &shown["event"]["frames"][0];
    for name in
        ["function", "module", "file", "line", "column", "expression", "arguments", "locals"]
    {
        assert!(frame.get(name).is_some(), "{name}");
    }
    for name in ["name", "type", "value", "taken", "masked"] {
        assert!(frame["arguments"][0].get(name).is_some(), "{name}");
    }
}

#[test]
fn a_hash_may_be_shortened_to_what_is_unique() {
    let files = Files::with_three_issues();
    assert!(
        files.ok(&["show", "BBBBBB", "FILE"]).contains("panic: index out of bounds\\u{1b}[31m\n")
    );
    let several = files.run(&["show", "aaaaaa", "FILE"]);
    assert_eq!(code(&several), 2);
    assert!(stderr(&several).contains(NEGATIVE) && stderr(&several).contains(PARSE));
    assert_eq!(code(&files.run(&["show", "bbbbb", "FILE"])), 2);
    let none = files.run(&["show", "cccccc", "FILE"]);
    assert_eq!(
        (code(&none), stderr(&none).as_str()),
        (1, "error-tracker: no issue's hash starts with cccccc\n")
    );
    let gone = files.run(&["show", PANIC, "FILE", "--occurrence", "x"]);
    assert_eq!(code(&gone), 1);
}

#[test]
fn issues_are_resolved_muted_and_reopened() {
    let files = Files::with_three_issues();
    let status =
        |hash: &str| files.statuses().into_iter().find(|(known, _)| known == hash).unwrap().1;
    assert!(
        files
            .ok(&["resolve", NEGATIVE, PANIC, "FILE"])
            .starts_with("resolved aaaaaa11  OrderError")
    );
    files.ok(&["mute", PARSE, "FILE"]);
    assert_eq!([NEGATIVE, PANIC, PARSE].map(status), ["resolved", "resolved", "muted"]);
    files.ok(&["reopen", NEGATIVE, "FILE"]);
    assert_eq!(status(NEGATIVE), "unresolved");
    assert_eq!(code(&files.run(&["reopen", PANIC, "cccccc", "FILE"])), 1);
    assert_eq!(status(PANIC), "resolved", "one wrong hash changes nothing");
}

#[test]
fn deleting_asks_and_without_a_terminal_refuses() {
    let files = Files::with_three_issues();
    let refused = files.run(&["delete", PANIC, "FILE"]);
    assert_eq!(code(&refused), 2);
    assert!(stderr(&refused).contains("--yes"), "{}", stderr(&refused));
    assert_eq!(files.statuses().len(), 3);
    files.ok(&["delete", PANIC, PARSE, "FILE", "--yes"]);
    assert_eq!(files.statuses().len(), 1);
}

#[test]
fn pruning_keeps_to_the_given_limits() {
    let files = Files::with_three_issues();
    assert_eq!(
        files.ok(&["prune", "FILE", "--max-occurrences", "1"]),
        "deleted 0 issues and 1 events\n"
    );
    assert_eq!(
        files.ok(&["prune", "FILE", "--max-issues", "2"]),
        "deleted 1 issues and 1 events\n"
    );
    assert_eq!(files.ok(&["prune", "FILE", "--older-than", "1s"]).split(' ').nth(1), Some("2"));
    assert_eq!(files.ok(&["list", "FILE", "--json"]), "[]\n");
}

#[test]
fn export_gives_every_issue_and_event() {
    let files = Files::with_three_issues();
    let lines = files.ok(&["export", "FILE"]);
    let issues: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(issues.len(), 3);
    let messages =
        issues[0]["events"].as_array().unwrap().iter().map(|event| event["message"].clone());
    assert_eq!(messages.collect::<Vec<_>>(), ["quantity is -1", "quantity is -3"]);
    insta::assert_snapshot!(files.ok(&["export", "FILE", "--format", "md"]));
}

#[test]
fn check_distinguishes_an_intact_file_from_a_damaged_one() {
    let files = Files::with_three_issues();
    assert!(files.ok(&["check", "FILE"]).ends_with("is whole\n"));
    let mut bytes = fs::read(&files.db).unwrap();
    assert!(bytes.len() > 3 * 4096, "{}", bytes.len());
    bytes[4096..].fill(0x5a);
    fs::write(&files.db, bytes).unwrap();
    assert_eq!(code(&files.run(&["check", "FILE"])), 1);
}

#[test]
fn a_missing_file_is_named_and_never_created() {
    let mut files = Files::with_three_issues();
    files.db.set_file_name("eror.db");
    for command in [
        &["list", "FILE"][..],
        &["show", PANIC, "FILE"],
        &["export", "FILE"],
        &["resolve", PANIC, "FILE"],
        &["delete", "--yes", PANIC, "FILE"],
        &["prune", "FILE"],
        &["check", "FILE"],
        &["view", "FILE"],
    ] {
        let output = files.run(command);
        assert_eq!(code(&output), 2, "{command:?}");
        assert!(
            stderr(&output).contains("eror.db does not exist"),
            "{command:?}: {}",
            stderr(&output)
        );
        assert!(!files.db.exists(), "{command:?}");
    }
    let text = files.db.with_file_name("notes.txt");
    fs::write(&text, "no database".repeat(100)).unwrap();
    files.db = text;
    assert_eq!(code(&files.run(&["list", "FILE"])), 2);
}

#[test]
fn wrong_usage_shows_what_is_allowed() {
    let files = Files::with_three_issues();
    for (arguments, expected) in [
        (&["list", "FILE", "--status", "open"][..], "resolved"),
        (&["list", "FILE", "--sort", "name"], "last_seen"),
        (&["list", "FILE", "--since", "yesterday"], "2h or 30d"),
        (&["list", "FILE", "--since", "2026-02-30"], "2026-11-24T09:00:00+01:00"),
        (&["list", "FILE", "--since", "0h"], "2h or 30d"),
        (&["list", "FILE", "--limit", "0"], "1.."),
        (&["resolve", PANIC], "FILE"),
    ] {
        let output = files.run(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(stderr(&output).contains(expected), "{arguments:?}: {}", stderr(&output));
    }
    assert!(files.ok(&["--help"]).contains("Exit codes"));
}

#[test]
fn a_reader_that_goes_away_is_not_a_failure() {
    let files = Files::with_three_issues();
    let said = files.db.with_extension("said");
    let mut child = Command::new(env!("CARGO_BIN_EXE_error-tracker"))
        .args([Path::new("export"), &files.db])
        .stdout(Stdio::piped())
        .stderr(fs::File::create(&said).unwrap())
        .start();
    drop(child.stdout());
    assert_eq!(child.wait().code(), Some(0));
    assert_eq!(fs::read_to_string(&said).unwrap(), "");
}

/// Whatever is closed or full, what was done is told by the exit code.
#[cfg(unix)]
#[test]
fn closed_or_full_outputs_do_not_panic() {
    let files = Files::with_three_issues();
    let program = env!("CARGO_BIN_EXE_error-tracker");
    let run = |command: &str| {
        let script =
            command.replace("TRACKER", program).replace("FILE", files.db.to_str().unwrap());
        let mut shell = Command::new("bash");
        let output = shell.args(["-c", &format!("set -o pipefail; {script}")]).run();
        (code(&output), stderr(&output))
    };
    for (command, expected) in [
        ("TRACKER list nowhere.db 2>&-", 2),
        ("TRACKER list nowhere.db 2>/dev/full", 2),
        ("TRACKER show cccccc FILE 2> >(true)", 1),
        ("TRACKER list nowhere.db 2> >(true)", 2),
        ("TRACKER list FILE --since odd 2>&-", 2),
        ("TRACKER list FILE | true", 0),
        ("TRACKER export FILE | head -c 1 > /dev/null", 0),
        ("TRACKER --help | true", 0),
        ("TRACKER list FILE >&-", 0),
        ("TRACKER list FILE > /dev/full", 2),
    ] {
        let (code, stderr) = run(command);
        assert!(!stderr.contains("panicked"), "{command}: {stderr}");
        assert_eq!(code, expected, "{command}: {stderr}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_list_fits_the_width_of_the_terminal() {
    let files = Files::with_three_issues();
    let mut wide = event("cccccc44", 9, "shop::OrderError", &"数量が足りません 👩‍👩‍👧‍👦 ".repeat(20));
    wide.frames[0].file = format!("src/{}/orders.rs", "very_long_folder/".repeat(8));
    SqliteStore::open(&files.db).unwrap().record(&[Sighting::new(wide)]).unwrap();
    let program = env!("CARGO_BIN_EXE_error-tracker");
    // `script` gives it a terminal.
    let list = |columns: usize, variable: &str| {
        let command = format!(
            "stty cols {columns}; {variable} {program} list --color never {}",
            files.db.display()
        );
        let output = Command::new("script").args(["-qec", &command, "/dev/null"]).run();
        String::from_utf8(output.stdout).unwrap()
    };
    for columns in [10, 17, 40, 60, 80, 132, 400] {
        let listed = list(columns, "env -u COLUMNS");
        assert_eq!(listed.lines().count(), 5, "{listed}");
        for line in listed.lines() {
            let chars: usize =
                line.chars().filter_map(unicode_width::UnicodeWidthChar::width).sum();
            assert!(chars <= columns, "{columns}: {chars} in {line}");
        }
        assert!(listed.contains("cccccc44") == (columns >= 8), "{listed}");
        assert!(columns < 40 || listed.contains("OrderErr"), "the title stays: {listed}");
    }
    assert!(list(80, "COLUMNS=30").lines().all(|line| line.chars().count() <= 30));
    assert_eq!(list(80, "COLUMNS=odd"), list(80, "env -u COLUMNS"));
    let whole = files.ok(&["list", "FILE"]);
    assert!(
        whole.contains(&"very_long_folder/".repeat(8))
            && whole.contains(&"数量が足りません 👩‍👩‍👧‍👦 ".repeat(20))
    );
}

#[test]
fn issues_are_merged_into_the_first_one_and_separated_again() {
    let files = Files::with_three_issues();
    let printed = files.ok(&["merge", NEGATIVE, PARSE, PANIC, "FILE"]);
    assert!(
        printed.contains("merged aaaaaa22") && printed.contains("into   aaaaaa11"),
        "{printed}"
    );
    assert_eq!(files.statuses().len(), 1);
    let shown = files.json(&["show", NEGATIVE, "FILE", "--json"]);
    assert_eq!((&shown["count"], &shown["parts"]), (&4.into(), &2.into()));
    assert_eq!(shown["merged"].as_array().unwrap().len(), 2);
    let shown = files.ok(&["show", NEGATIVE, "FILE"]);
    assert!(shown.contains("merged   bbbbbb33 panic"), "{shown}");
    assert_eq!(code(&files.run(&["unmerge", NEGATIVE, "FILE"])), 1, "it is no part");
    files.ok(&["unmerge", PARSE, PANIC, "FILE"]);
    assert_eq!(files.statuses().len(), 3);
    assert_eq!(code(&files.run(&["merge", NEGATIVE, NEGATIVE, "FILE"])), 2);
}

#[test]
fn issues_are_listed_by_release_and_route_and_within_a_time() {
    let files = Files::with_three_issues();
    let store = SqliteStore::open(&files.db).unwrap();
    let mut released = event("cccccc44", 900, "shop::Late", "late");
    released.origin.release = "shop@2".into();
    released.context.user.insert("id".into(), "7".into());
    let request = error_tracker::event::Request::default().method("GET").route("/late/{id}");
    released.context.request = Some(request);
    store.record(&[Sighting::new(released)]).unwrap();
    drop(store);
    let listed = |arguments: &[&str]| {
        let all = files.json(&[&["list", "FILE", "--json"], arguments].concat());
        all.as_array().unwrap().len()
    };
    assert_eq!((listed(&["--release", "shop@2"]), listed(&["--release", "shop@1"])), (1, 0));
    assert_eq!(listed(&["--route", "GET /late/{id}"]), 1);
    assert_eq!(listed(&["--until", "2026-09-21T14:20:00Z"]), 3);
    assert_eq!(listed(&["--since", "2026-09-21T14:20:00Z", "--until", "2026-09-22"]), 1);
    let shown = files.ok(&["show", "cccccc44", "FILE"]);
    assert!(shown.contains("users    1"), "{shown}");
    let shown = files.json(&["show", "cccccc44", "FILE", "--json"]);
    assert_eq!(shown["facets"]["routes"][0]["value"], "GET /late/{id}");
}
