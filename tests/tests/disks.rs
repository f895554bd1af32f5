//! Disks that are full, and files that are cut, overwritten, deleted or replaced under a program.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

#[path = "../fixtures/unharmed.rs"]
mod unharmed;

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use error_tracker::Tracker;
use error_tracker::event::Event;
use error_tracker::store::{
    IssueChange, IssueQuery, Retention, Sighting, SqliteStore, Store, StoreError,
};
use error_tracker_tests::process::{BoundedCommand as _, LIMIT};
use error_tracker_tests::{SOON, until};
use unharmed::{counted, database, harm, is_as_without, run, run_unharmed, stderr, text};

#[test]
fn a_limit_of_file_sizes_ends_no_program_and_events_that_fit_are_stored() {
    let (_folder, path) = database();
    let stderr = stderr(&run_unharmed("size_limit", &path));
    assert_eq!(counted(&path), 200, "all but one that was deleted: {stderr}");
    let (_folder, path) = database();
    run_unharmed("small_size_limit", &path);
}

#[test]
fn a_program_whose_file_is_truncated_continues_and_writes_it_again() {
    let (_folder, path) = database();
    let stderr = stderr(&run_unharmed("cut_file", &path));
    assert_eq!(counted(&path), 70, "{stderr}");
    assert!(stderr.contains("it was cut to 0 bytes"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "it is said once: {stderr}");
}

type Tamper = fn(&Path);

/// What somebody does to a file.
const TAMPERS: [(&str, Tamper); 4] =
    [("cut", cut), ("overwrite", overwrite), ("delete", delete), ("replace", replace)];

fn cut(path: &Path) {
    File::create(path).unwrap();
}

/// All pages behind the first.
fn overwrite(path: &Path) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xa5; usize::try_from(length).unwrap() - 4096]).unwrap();
}

fn delete(path: &Path) {
    std::fs::remove_file(path).unwrap();
}

fn replace(path: &Path) {
    let other = path.with_extension("other");
    drop(SqliteStore::open(&other).unwrap());
    std::fs::rename(other, path).unwrap();
}

/// A tracker with 70 events that a flush has acknowledged, in a file that is taken from it when it writes no more.
fn tampered(path: &Path, tamper: Tamper) -> Tracker {
    let tracker = error_tracker::builder().database(path).build().unwrap();
    for id in 0..70 {
        tracker.capture_message(format!("message {}", "abcdefg".repeat(id % 10)));
    }
    tracker.flush(SOON).unwrap();
    // Until all is in the file, and the writer has nothing to do.
    until(|| {
        std::fs::metadata(path.with_extension("db-wal")).is_ok_and(|journal| journal.len() == 0)
    });
    tracker.flush(SOON).unwrap();
    // Until a change gets another time than this one: the clock of the file system is coarse.
    let written = std::fs::metadata(path).unwrap().modified().unwrap();
    until(|| written.elapsed().is_ok_and(|passed| passed > Duration::from_millis(20)));
    tamper(path);
    tracker
}

#[test]
fn an_idle_writer_detects_the_loss_of_its_file_and_writes_it_again() {
    thread::scope(|scope| {
        for (name, tamper) in TAMPERS {
            scope.spawn(move || {
                let (_folder, path) = database();
                let tracker = tampered(&path, tamper);
                until(|| tracker.health().last_error.is_some());
                assert_eq!(counted(&path), 70, "{name}: {:?}", tracker.health().last_error);
            });
        }
    });
}

#[test]
fn a_flush_is_ok_only_for_what_is_in_the_file_now_at_the_path() {
    for (name, tamper) in TAMPERS {
        let (_folder, path) = database();
        let tracker = tampered(&path, tamper);
        tracker.flush(SOON).unwrap();
        assert_eq!(counted(&path), 70, "{name}");
    }
}

#[test]
fn further_events_go_into_the_new_file_with_those_before() {
    for (name, tamper) in TAMPERS {
        let (_folder, path) = database();
        let tracker = tampered(&path, tamper);
        for id in 0..30 {
            tracker.capture_message(format!("further {}", "abcdefg".repeat(id)));
        }
        tracker.flush(SOON).unwrap();
        assert_eq!(counted(&path), 100, "{name}");
        drop(tracker);
        assert_eq!(counted(&path), 100, "{name}");
    }
}

/// A file system of its own, of so many MiB.
struct Disk(tempfile::TempDir);

impl Disk {
    fn of_megabytes(size: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}M"), "tmpfs"]).arg(folder.path());
        assert!(mount.run().status.success());
        Self(folder)
    }

    /// Somebody else takes all the room that is left.
    fn fill(&self) {
        std::fs::write(self.0.path().join("ballast"), vec![1; 64 << 20]).expect_err("it is larger");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg(self.0.path()).run();
    }
}

fn sighting(nth: usize, bytes: usize) -> Sighting {
    let mut event = Event::default();
    event.id = format!("event {nth}");
    event.at = error_tracker::event::Timestamp::now();
    event.grouping.hash = format!("{:064}", nth % 20);
    event.message = format!("message {nth}");
    event.debug = Some("x".repeat(bytes));
    Sighting::new(event)
}

/// A store with 20 issues of 10 events each, on a disk that is full.
fn on_full_disk(megabytes: u32, bytes: usize) -> (Disk, SqliteStore) {
    let disk = Disk::of_megabytes(megabytes);
    let store = SqliteStore::open(disk.0.path().join("errors.db")).unwrap();
    for nth in 0..20 {
        let batch: Vec<_> = (0..10).map(|at| sighting(nth + at * 20, bytes)).collect();
        store.record(&batch).unwrap();
        store.idle().unwrap();
    }
    disk.fill();
    (disk, store)
}

fn issues(store: &SqliteStore) -> Vec<String> {
    let mut query = IssueQuery::default();
    query.limit = 1000;
    store.issues(&query).unwrap().items.into_iter().map(|issue| issue.hash).collect()
}

#[test]
#[ignore = "needs root, to mount a tmpfs: ./run-tests"]
fn on_a_full_disk_issues_are_deleted_resolved_and_pruned() {
    for (megabytes, bytes) in [(1, 100), (8, 2_000), (32, 60_000)] {
        let (_disk, store) = on_full_disk(megabytes, bytes);
        let hashes = issues(&store);
        assert!(
            matches!(store.record(&[sighting(0, 200_000)]), Err(StoreError::Full(_))),
            "it is full"
        );
        let first: Vec<&str> = hashes[..5].iter().map(String::as_str).collect();
        assert_eq!(
            store
                .change(
                    &first[..1],
                    &IssueChange::SetStatus(error_tracker::event::Status::Resolved)
                )
                .unwrap(),
            1
        );
        assert_eq!(store.delete(&first).unwrap(), 5);
        assert_eq!(issues(&store).len(), 15, "{bytes}");
        let mut keep = Retention::default();
        keep.max_issues = 2;
        assert_eq!(store.prune(&keep).unwrap().issues, 13);
        assert_eq!(store.check().unwrap(), Vec::<String>::new());
        store.record(&[sighting(0, 1_000)]).unwrap();
    }
}

#[test]
#[ignore = "needs root, to mount a tmpfs: ./run-tests"]
fn on_a_full_disk_the_command_line_deletes_and_prunes() {
    for is_running in [false, true] {
        let (disk, store) = on_full_disk(8, 10_000);
        let path = disk.0.path().join("errors.db");
        let hashes = issues(&store);
        let _running = is_running.then_some(store);
        disk.fill();
        let cli = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_error-tracker-cli"));
            let output = command.args(arguments).arg(&path).run();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        cli(&["delete", "--yes", &hashes[3]]);
        cli(&["prune", "--max-issues", "4"]);
        assert_eq!(counted(&path), 40);
    }
}

#[test]
#[ignore = "needs root, to mount a tmpfs: ./run-tests"]
fn on_a_full_disk_the_page_deletes() {
    let (disk, store) = on_full_disk(8, 10_000);
    let hash = issues(&store).remove(3);
    let tracker = error_tracker::builder().store(store).build().unwrap();
    let server = tracker.serve("127.0.0.1:0").unwrap();
    let ask = |request: &str, body: &str| {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let headers =
            format!("Host: localhost\r\nConnection: close\r\nContent-Length: {}", body.len());
        write!(stream, "{request} HTTP/1.1\r\n{headers}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let page = ask(&format!("GET /{hash}"), "");
    let token = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let answer = ask("POST /action", &format!("csrf={token}&do=delete&hash={hash}"));
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    assert!(tracker.issue(&hash).unwrap().is_none());
    drop(server);
    drop(tracker);
    assert_eq!(counted(&disk.0.path().join("errors.db")), 190);
}

/// Runs a command with the folder of `database` mounted read-only, in a namespace of its own.
fn read_only(database: &Path, command: &Command) -> Output {
    const MOUNT: &str = r#"mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@""#;
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "sh", "-c", MOUNT]).arg(database.parent().unwrap());
    unshare.arg(command.get_program()).args(command.get_args()).env("RUST_BACKTRACE", "0").run()
}

/// The command line lists the issues of a file in a folder that is mounted read-only.
fn listed(database: &Path) -> String {
    let mut list = Command::new(env!("CARGO_BIN_EXE_error-tracker-cli"));
    let output = read_only(database, list.arg("list").arg(database));
    assert!(output.status.success(), "{}", stderr(&output));
    text(&output)
}

#[test]
#[ignore = "needs root, to mount a folder: ./run-tests"]
fn a_read_only_folder_is_one_warning_and_counted_drops_until_it_is_writable_again() {
    for is_new in [true, false] {
        let (_folder, path) = database();
        if !is_new {
            run("return", &path);
        }
        let before = u64::from(!is_new);
        let output = read_only(&path, &harm("read_only", &path));
        is_as_without("read_only", &output);
        let reported = stderr(&output);
        let [warning, meanwhile, again] = reported.lines().collect::<Vec<_>>().try_into().unwrap();
        assert!(
            warning.starts_with("error-tracker: ") && warning.contains(path.to_str().unwrap()),
            "{reported}"
        );
        assert_eq!(meanwhile, r#"stored: 0, dropped: {"store fails": 5}"#);
        assert_eq!(again, r#"stored: 5, dropped: {"store fails": 5}"#);
        assert_eq!(counted(&path), before + 5);
    }
}

#[test]
#[ignore = "needs root, to mount a folder: ./run-tests"]
fn a_file_in_a_read_only_folder_is_listed_by_the_command_line() {
    let (_folder, path) = database();
    run("return", &path);
    assert!(listed(&path).contains("failure 44"), "{}", listed(&path));
    // The program that writes it sees the folder as it is.
    let tracker = error_tracker::builder().database(&path).build().unwrap();
    tracker.capture_message("of a program that runs");
    tracker.flush(SOON).unwrap();
    assert!(listed(&path).contains("of a program that runs"), "{}", listed(&path));
    drop(tracker);
    // A program that is killed in a burst leaves a part of it in the journal.
    let mut killed = harm("burst", &path).stdout(Stdio::piped()).start();
    BufReader::new(killed.stdout()).lines().nth(5).unwrap().unwrap();
    killed.kill();
    assert!(std::fs::metadata(path.with_extension("db-wal")).unwrap().len() > 0);
    assert!(listed(&path).contains("message: burst"), "{}", listed(&path));
}
