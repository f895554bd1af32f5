//! Two processes that use one file, of which one is killed while it sends.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use error_tracker::event::Timestamp;
use error_tracker::store::SqliteStore;
use error_tracker_notify::{Notification, Notify, NotifyChannel, NotifyClock};
use error_tracker_tests::process::{BoundedChild, BoundedCommand as _};
use error_tracker_tests::{SOON, until};

use crate::MINUTE;

const ISSUES: u64 = 1_000;
/// The message at which the process that is killed holds: it was sent, but not confirmed.
const HELD: u64 = 100;
const FOLDER: &str = "NOTIFY_TEST_CHILD";
const HOLDS: &str = "NOTIFY_TEST_CHILD_HOLDS";

/// Starts a process that records all issues, and adds a line to the file `sent` for each message.
fn start(folder: &Path, holds: bool) -> BoundedChild {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "killed::one_of_the_processes", "--nocapture"]);
    command.env(FOLDER, folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    if holds {
        command.env(HOLDS, "");
    }
    command.start()
}

#[test]
fn one_of_the_processes() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = PathBuf::from(folder);
    let (count, holds) = (AtomicU64::new(0), std::env::var_os(HOLDS).is_some());
    let sent = OpenOptions::new().create(true).append(true).open(folder.join("sent")).unwrap();
    let send = move |message: &Notification| {
        let line = format!("{} {}\n", message.issue_hash(), message.repeated);
        (&sent).write_all(line.as_bytes())?;
        if holds && count.fetch_add(1, Relaxed) + 1 == HELD {
            println!("{}", message.issue_hash());
            loop {
                thread::park();
            }
        }
        Ok(())
    };
    let clock = NotifyClock::held_at(Timestamp::now());
    let channel = NotifyChannel::new("test", send).per_hour(u64::MAX);
    let notify = Notify::new().clock(clock.clone()).channel(channel).unwrap();
    let store = SqliteStore::open(folder.join("errors.db")).unwrap();
    let tracker = error_tracker::builder().store(store).observer_factory(notify).build().unwrap();
    for number in 0..ISSUES {
        let issue = number.to_string();
        let error = io::Error::other("no disk");
        error_tracker::with_scope(
            |scope| scope.set_fingerprint([&issue]),
            || tracker.capture_exception(&error),
        );
        if number % 50 == 49 {
            tracker.flush(SOON).unwrap();
        }
    }
    println!("recorded");
    // A line moves the clock; the end of the input ends the process.
    for _ in io::stdin().lines() {
        clock.advance(2 * MINUTE);
    }
}

#[test]
fn of_a_process_that_is_killed_only_what_it_held_is_told_again_and_marked() {
    let folder = tempfile::tempdir().unwrap();
    let mut killed = start(folder.path(), true);
    let mut other = start(folder.path(), false);
    let mut stdin = other.stdin();
    let output = BufReader::new(killed.stdout());
    // The test harness may have begun the line.
    let held = output.lines().map(Result::unwrap).find_map(|line| {
        let hash = line.rsplit(' ').next().unwrap_or_default();
        (hash.len() == 64).then(|| hash.to_owned())
    });
    killed.kill();
    // Open to the end, as the test harness writes to it.
    let mut output = BufReader::new(other.stdout()).lines();
    assert!(output.any(|line| line.unwrap().ends_with("recorded")));

    let sent = || fs::read_to_string(folder.path().join("sent")).unwrap();
    // The lease is over, and it is time to look for issues that nobody was told of.
    stdin.write_all(b"\n").unwrap();
    until(|| sent().lines().count() as u64 > ISSUES);
    drop(stdin);
    assert!(other.wait().success());
    let mut times = HashMap::<String, Vec<String>>::new();
    for line in sent().lines() {
        let (hash, repeated) = line.split_once(' ').unwrap();
        times.entry(hash.to_owned()).or_default().push(repeated.to_owned());
    }
    assert_eq!(times.len() as u64, ISSUES);
    assert_eq!(times.remove(&held.unwrap()).unwrap(), ["false", "true"]);
    assert!(times.values().all(|times| times == &["false"]), "{times:?}");
}
