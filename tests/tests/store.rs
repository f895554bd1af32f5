//! The file of a program: when it is opened, who may lock or read it, and what is left at the end.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use error_tracker::Tracker;
use error_tracker::event::Event;
use error_tracker::store::{IssueQuery, Retention, Sighting, SqliteStore, Store};
use error_tracker_tests::process::BoundedCommand as _;
use error_tracker_tests::{SOON, events_in, until};
use rusqlite::Connection;

/// A folder that is removed again, and a database in it.
fn database() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("errors.db");
    (folder, path)
}

fn files(folder: &Path) -> Vec<String> {
    let name =
        |file: std::io::Result<fs::DirEntry>| file.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(name).collect();
    names.sort();
    names
}

fn harm(fault: &str, database: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_harm"));
    command.arg(fault).arg(database);
    command
}

#[track_caller]
fn ran(command: &mut Command) -> Output {
    let output = command.run();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    output
}

/// The messages in this one file, without what lies beside it.
fn messages_in_copy(path: &Path) -> Vec<String> {
    let (_folder, copy) = database();
    fs::copy(path, &copy).unwrap();
    messages(&copy)
}

fn messages(path: &Path) -> Vec<String> {
    let Ok(store) = SqliteStore::open_read_only(path) else { return Vec::new() };
    let store: Arc<dyn Store> = Arc::new(store);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    events_in(&store).into_iter().map(|event| event.message).collect()
}

fn listed(tracker: &Tracker) -> Vec<String> {
    let page = tracker.issues(&IssueQuery::default()).unwrap();
    page.items.into_iter().map(|issue| issue.message).collect()
}

#[test]
fn a_program_that_captures_nothing_creates_no_file() {
    for fault in ["nothing", "reads"] {
        let (folder, path) = database();
        ran(&mut harm(fault, &path));
        assert_eq!(files(folder.path()), Vec::<String>::new(), "{fault}");
    }
}

#[test]
fn an_unused_tracker_does_not_change_a_file() {
    let (folder, path) = database();
    fs::write(&path, "no database").unwrap();
    ran(&mut harm("nothing", &path));
    assert_eq!(
        (files(folder.path()).len(), fs::read_to_string(&path).unwrap()),
        (1, "no database".into())
    );
}

#[test]
fn a_relative_path_is_resolved_when_the_tracker_is_installed() {
    let (folder, path) = database();
    ran(harm("moves", Path::new("errors.db")).current_dir(folder.path()));
    assert_eq!(messages(&path), ["failure 52"]);
}

#[test]
fn after_a_normal_end_everything_is_in_the_one_file() {
    let first: fn(&str) -> &[&str] = |fault| match fault {
        "exit" => &["failure 42"],
        "return" => &["failure 44"],
        "forgotten" => &["failure 46"],
        _ => &["failure 48", "failure 50"],
    };
    for fault in ["exit", "return", "forgotten", "early"] {
        let (folder, path) = database();
        harm(fault, &path).run();
        assert_eq!(files(folder.path()), ["errors.db"], "{fault}");
        assert_eq!(messages_in_copy(&path), first(fault), "{fault}");
        // One that only reads leaves nothing, either.
        ran(&mut harm("reads", &path));
        assert_eq!(files(folder.path()), ["errors.db"], "{fault}, read");
    }
}

#[test]
fn a_tracker_that_is_dropped_leaves_everything_in_the_one_file() {
    let (folder, path) = database();
    let tracker = error_tracker::builder().database(&path).build().unwrap();
    tracker.capture_message("a message");
    drop(tracker);
    assert_eq!(files(folder.path()), ["errors.db"]);
    assert_eq!(messages_in_copy(&path), ["a message"]);
}

#[test]
fn while_a_program_is_idle_everything_is_in_the_one_file() {
    let (_folder, path) = database();
    let tracker = error_tracker::builder().database(&path).build().unwrap();
    tracker.capture_message("a message");
    tracker.flush(SOON).unwrap();
    until(|| messages_in_copy(&path) == ["a message"]);
}

/// Events that come while another one holds the file wait for it; what was there before can be read meanwhile.
#[track_caller]
fn waits_for(lock: &str, path: &Path, there_before: Option<&[&str]>) {
    let other = Connection::open(path).unwrap();
    other.execute_batch(lock).unwrap();
    let tracker = error_tracker::builder().database(path).build().unwrap();
    if let Some(messages) = there_before {
        assert_eq!(listed(&tracker), messages, "reading does not wait");
    }
    tracker.capture_message("while it is locked");
    let missed = tracker.flush(Duration::ZERO).unwrap_err();
    assert_eq!((missed.pending, missed.dropped), (1, 0));
    until(|| tracker.health().last_error.is_some());
    let health = tracker.health();
    assert_eq!((health.raised, health.pending, health.dropped.len()), (1, 1, 0), "{health:?}");
    other.execute_batch("COMMIT").unwrap();
    drop(other);
    tracker.flush(SOON).unwrap();
    let health = tracker.health();
    assert_eq!((health.stored, health.pending, health.dropped.len()), (1, 0, 0), "{health:?}");
    assert!(messages(path).iter().any(|message| message == "while it is locked"));
}

#[test]
fn a_file_that_is_locked_at_the_start_delays_no_thread_and_loses_nothing() {
    let (_folder, path) = database();
    ran(&mut harm("return", &path));
    waits_for("BEGIN IMMEDIATE", &path, Some(&["failure 44"]));
}

#[test]
fn a_new_file_that_is_locked_at_the_start_loses_nothing() {
    let (_folder, path) = database();
    waits_for("BEGIN EXCLUSIVE", &path, None);
}

#[cfg(target_os = "linux")]
#[test]
fn an_event_that_finds_no_free_file_descriptor_waits_for_one() {
    let (_folder, path) = database();
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "ulimit -n 40; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_harm"),
        "many_files",
    ]);
    ran(command.arg(&path));
    assert_eq!(messages(&path).len(), 1);
}

/// Runs a command of the command line as a user that owns nothing and may write nowhere, in a folder that is mounted for
/// reading only if `read_only`.
fn as_nobody(arguments: &[&str], path: &Path, read_only: bool) -> (Option<i32>, String) {
    use std::os::unix::process::CommandExt;
    let mounted = read_only.then(|| ReadOnly::of(path.parent().unwrap()));
    let output = Command::new(env!("CARGO_BIN_EXE_error-tracker-cli"))
        .args(arguments)
        .arg(path)
        .uid(65_534)
        .gid(65_534)
        .run();
    drop(mounted);
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

/// A folder that nobody may write, not even root.
struct ReadOnly(PathBuf);

impl ReadOnly {
    fn of(folder: &Path) -> Self {
        let mount = |arguments: &[&str]| {
            assert!(Command::new("mount").args(arguments).arg(folder).run().status.success());
        };
        mount(&["--bind", folder.to_str().unwrap()]);
        mount(&["-o", "remount,ro,bind"]);
        Self(folder.to_owned())
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        assert!(Command::new("umount").arg(&self.0).run().status.success());
    }
}

/// A file that everybody may read, and what lies beside it. `live` leaves it as a program does that was killed.
fn readable_by_all(live: bool) -> (tempfile::TempDir, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = database();
    let allow =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    if live {
        let writer = SqliteStore::open(&path).unwrap();
        writer.record(&[Sighting::new(event("still in the journal"))]).unwrap();
        for name in files(folder.path()) {
            fs::copy(folder.path().join(&name), folder.path().join(format!("copy-{name}")))
                .unwrap();
        }
        drop(writer);
        for name in files(folder.path()).iter().filter_map(|name| name.strip_prefix("copy-")) {
            fs::rename(folder.path().join(format!("copy-{name}")), folder.path().join(name))
                .unwrap();
        }
    } else {
        ran(&mut harm("return", &path));
    }
    files(folder.path()).iter().for_each(|name| allow(&folder.path().join(name), 0o644));
    allow(folder.path(), 0o755);
    (folder, path)
}

fn event(message: &str) -> Event {
    let mut event = Event::default();
    event.message = message.to_owned();
    event.id = message.to_owned();
    event.grouping.hash = "0123456789abcdef".to_owned();
    event
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs root: ./run-tests"]
fn a_file_is_read_where_nothing_may_be_written() {
    for read_only in [false, true] {
        let (folder, path) = readable_by_all(false);
        let before = files(folder.path());
        for arguments in [&["list"][..], &["export"], &["check"], &["list", "--json"]] {
            let (code, said) = as_nobody(arguments, &path, read_only);
            assert_eq!(code, Some(0), "{arguments:?}: {said}");
            let expected = if arguments[0] == "check" { "is whole" } else { "failure 44" };
            assert!(said.contains(expected), "{arguments:?}: {said}");
        }
        let (code, said) = as_nobody(&["prune"], &path, read_only);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("check the permissions"), "{said}");
        assert_eq!(files(folder.path()), before, "nothing is made there");
    }
    // Root, too, reads what is mounted for reading only, and sees what is written later.
    let (folder, path) = readable_by_all(false);
    let store = {
        let _mounted = ReadOnly::of(folder.path());
        let store = SqliteStore::open_read_only(&path).unwrap();
        assert_eq!(store.issues(&IssueQuery::default()).unwrap().items.len(), 1);
        store
    };
    let writer = SqliteStore::open(&path).unwrap();
    writer.record(&[Sighting::new(event("written later"))]).unwrap();
    assert_eq!(store.issues(&IssueQuery::default()).unwrap().items.len(), 2);
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs root: ./run-tests"]
fn a_journal_that_cannot_be_read_is_said_and_never_an_empty_list() {
    for (read_only, without) in
        [(false, None), (true, None), (false, Some("-shm")), (true, Some("-shm"))]
    {
        let (folder, path) = readable_by_all(true);
        if let Some(suffix) = without {
            fs::remove_file(folder.path().join(format!("errors.db{suffix}"))).unwrap();
        }
        let before = files(folder.path());
        let (code, said) = as_nobody(&["list"], &path, read_only);
        if code == Some(0) {
            assert!(said.contains("still in the journal"), "{read_only} {without:?}: {said}");
        } else {
            assert_eq!(code, Some(2), "{said}");
            assert!(said.contains("errors.db-wal") && said.contains("copy both"), "{said}");
        }
        assert_eq!(files(folder.path()), before, "nothing is made there");
    }
    // Its owner reads it, of course.
    let (_folder, path) = readable_by_all(true);
    assert_eq!(messages(&path), ["still in the journal"]);
}

/// A program whose clock is wrong.
fn with_clock(time: &str, fault: &str, path: &Path) {
    let mut command = Command::new("faketime");
    command.args(["-f", time, env!("CARGO_BIN_EXE_harm"), fault]).arg(path);
    let output = command.run();
    assert!(output.status.success(), "{time}: {output:?}");
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs faketime: ./run-tests"]
fn a_clock_that_is_wrong_for_one_start_deletes_nothing() {
    for wrong in ["+183d", "-183d", "+3650d", "@1970-01-01 00:00:01", "@1965-03-04 05:06:07"] {
        let (_folder, path) = database();
        let (first, second, third) = ("return", "forgotten", "exit");
        with_clock("-5d", first, &path);
        with_clock(wrong, second, &path);
        assert_eq!(messages(&path).len(), 2, "{wrong}");
        for _ in 0..2 {
            harm(third, &path).run();
        }
        let mut messages = messages(&path);
        messages.sort();
        assert_eq!(messages, ["failure 42", "failure 42", "failure 44", "failure 46"], "{wrong}");
    }
}

/// What the files in a folder take.
fn bytes_in(folder: &Path) -> u64 {
    let length = |name: &String| fs::metadata(folder.join(name)).map_or(0, |found| found.len());
    files(folder).iter().map(length).sum()
}

#[test]
fn large_batches_stay_within_max_megabytes_even_with_a_reader() {
    let (folder, path) = database();
    let mut retention = Retention::default();
    retention.max_megabytes = 1;
    let store = SqliteStore::open(&path).unwrap().with_retention(retention);
    let batch = |batch: usize| -> Vec<Sighting> {
        let event = |nth| {
            let mut event = Event::default();
            event.id = format!("{nth:036}");
            event.grouping.hash = "g1-1".into();
            event.message = "x".repeat(23_000);
            Sighting::new(event)
        };
        (20 * batch..20 * batch + 20).map(event).collect()
    };
    store.record(&batch(100)).unwrap();
    let reader = Connection::open(&path).unwrap();
    // Without a write-ahead journal, as with an old SQLite, a reader keeps the writer waiting.
    let reads = rusqlite::version_number() >= 3_051_003;
    for nth in 0..40 {
        // It reads what the batch before has written, while three more are written.
        match nth % 4 {
            _ if !reads => {}
            1 => reader.execute_batch("BEGIN; SELECT count(*) FROM issue").unwrap(),
            0 if nth > 0 => reader.execute_batch("COMMIT").unwrap(),
            _ => {}
        }
        store.record(&batch(nth)).unwrap();
        let bytes = bytes_in(folder.path());
        // Nobody reads: the journal is given back before the next batch.
        let most = if nth % 4 == 0 { 700_000 } else { 1_000_000 };
        assert!(bytes <= most, "{bytes} after batch {nth}");
    }
}

#[test]
fn a_flood_through_the_tracker_stays_within_max_megabytes() {
    let (folder, path) = database();
    let mut retention = Retention::default();
    retention.max_megabytes = 1;
    let tracker = error_tracker::builder().database(&path).retention(retention).build().unwrap();
    let bytes = || bytes_in(folder.path());
    let mut largest = 0;
    for nth in 0..300 {
        let text = format!("{} {}", "abcdefgh".repeat(800), nth);
        error_tracker::scope::with_scope(
            |scope| scope.set_extra("body", "x".repeat(16_000)),
            || tracker.capture_message(text),
        );
        if nth % 20 == 0 {
            tracker.flush(SOON).unwrap();
        }
        largest = largest.max(bytes());
    }
    tracker.flush(SOON).unwrap();
    largest = largest.max(bytes());
    assert!(largest <= 1_000_000 && largest > 200_000, "{largest}");
    let health = tracker.health();
    assert_eq!((health.stored + health.coalesced, health.dropped.len()), (300, 0), "{health:?}");
}
