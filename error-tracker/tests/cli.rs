//! The `error-tracker` program, run on real files.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use error_tracker::event::{Component, Event, Frame, Kind, Snippet, Taken, Timestamp, Variable};
use error_tracker::store::{Sighting, SqliteStore, Store};
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
        command.args(arguments.iter().map(|argument| if *argument == "FILE" { db } else { *argument }));
        command.env_clear().stdin(Stdio::null()).output().unwrap()
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
    let mut component = Component::default();
    (component.label, component.value) = ("type".into(), type_name.into());
    event.grouping.components = vec![component];
    let mut frame = Frame::default();
    (frame.function, frame.module, frame.file) = ("price".into(), "shop".into(), "src/orders.rs".into());
    (frame.line, frame.column, frame.expression) = (41, 13, "check(quantity)?".into());
    let mut snippet = Snippet::default();
    snippet.first_line = 40;
    snippet.lines = vec!["fn price() {".into(), "    let n = check(quantity)?;".into()];
    frame.snippet = Some(snippet);
    let mut quantity = Variable::default();
    (quantity.name, quantity.type_name) = ("quantity".into(), "i32".into());
    (quantity.value, quantity.taken) = (Some("-3".into()), Taken::Failure);
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
    assert_eq!(listed(&["--limit", "1"]), [NEGATIVE]);
    assert_eq!(listed(&["--sort", "last_seen", "--ascending", "--all"]), [PARSE, PANIC, NEGATIVE]);
    assert_eq!(files.ok(&["list", "FILE", "--status", "muted"]), "no issues\n");
}

#[test]
fn show_prints_the_traceback() {
    let files = Files::with_three_issues();
    insta::assert_snapshot!(redacted(&files.ok(&["show", NEGATIVE, "FILE"])));
    let older = files.ok(&["show", NEGATIVE, "FILE", "--occurrence", "01934d5e-0000-7000-8000-000000000001"]);
    assert!(older.contains("shop::OrderError: quantity is -3\n"), "{older}");
    assert_eq!(files.ok(&["show", NEGATIVE, "FILE", "--first"]), older);
}

#[test]
fn show_tells_of_a_first_event_with_more_variables() {
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
    for name in ["function", "module", "file", "line", "column", "expression", "arguments", "locals"] {
        assert!(frame.get(name).is_some(), "{name}");
    }
    for name in ["name", "type", "value", "taken", "masked"] {
        assert!(frame["arguments"][0].get(name).is_some(), "{name}");
    }
}

#[test]
fn a_hash_may_be_shortened_to_what_is_unique() {
    let files = Files::with_three_issues();
    assert!(files.ok(&["show", "BBBBBB", "FILE"]).contains("panic: index out of bounds\\u{1b}[31m\n"));
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
    let status = |hash: &str| files.statuses().into_iter().find(|(known, _)| known == hash).unwrap().1;
    assert!(files.ok(&["resolve", NEGATIVE, PANIC, "FILE"]).starts_with("resolved aaaaaa11  OrderError"));
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
    assert_eq!(files.ok(&["prune", "FILE", "--max-occurrences", "1"]), "deleted 0 issues and 1 events\n");
    assert_eq!(files.ok(&["prune", "FILE", "--max-issues", "2"]), "deleted 1 issues and 1 events\n");
    assert_eq!(files.ok(&["prune", "FILE", "--older-than", "1s"]).split(' ').nth(1), Some("2"));
    assert_eq!(files.ok(&["list", "FILE", "--json"]), "[]\n");
}

#[test]
fn export_gives_every_issue_and_event() {
    let files = Files::with_three_issues();
    let lines = files.ok(&["export", "FILE"]);
    let issues: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(issues.len(), 3);
    let messages = issues[0]["events"].as_array().unwrap().iter().map(|event| event["message"].clone());
    assert_eq!(messages.collect::<Vec<_>>(), ["quantity is -1", "quantity is -3"]);
    insta::assert_snapshot!(files.ok(&["export", "FILE", "--format", "md"]));
}

#[test]
fn check_tells_a_whole_file_from_a_damaged_one() {
    let files = Files::with_three_issues();
    assert!(files.ok(&["check", "FILE"]).ends_with("is whole\n"));
    let mut bytes = fs::read(&files.db).unwrap();
    assert!(bytes.len() > 3 * 4096, "{}", bytes.len());
    bytes[4096..].fill(0x5a);
    fs::write(&files.db, bytes).unwrap();
    assert_eq!(code(&files.run(&["check", "FILE"])), 1);
}

#[test]
fn a_missing_file_is_named_and_never_made() {
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
        assert!(stderr(&output).contains("eror.db does not exist"), "{command:?}: {}", stderr(&output));
        assert!(!files.db.exists(), "{command:?}");
    }
    let text = files.db.with_file_name("notes.txt");
    fs::write(&text, "no database".repeat(100)).unwrap();
    files.db = text;
    assert_eq!(code(&files.run(&["list", "FILE"])), 2);
}

#[test]
fn wrong_usage_says_what_is_allowed() {
    let files = Files::with_three_issues();
    for (arguments, expected) in [
        (&["list", "FILE", "--status", "open"][..], "`resolved`"),
        (&["list", "FILE", "--sort", "name"], "`last_seen`"),
        (&["list", "FILE", "--since", "yesterday"], "2h or 30d"),
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
fn a_reader_that_goes_away_is_no_failure() {
    let files = Files::with_three_issues();
    let mut child = Command::new(env!("CARGO_BIN_EXE_error-tracker"))
        .args([Path::new("export"), &files.db])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
}

#[test]
fn view_serves_the_page_at_the_printed_address() {
    let files = Files::with_three_issues();
    struct Running(Child);
    impl Drop for Running {
        fn drop(&mut self) {
            let _ = self.0.kill().and_then(|()| self.0.wait());
        }
    }
    let child = Command::new(env!("CARGO_BIN_EXE_error-tracker"))
        .args(["view".as_ref(), files.db.as_os_str(), "--port".as_ref(), "0".as_ref()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut child = Running(child);
    let mut url = String::new();
    BufReader::new(child.0.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
    let address = url.trim().strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("OrderError"), "{page}");
}
