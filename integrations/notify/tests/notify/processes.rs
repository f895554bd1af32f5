//! One store and several trackers, as several processes have it, and one that starts again.

use std::path::Path;
use std::sync::Arc;

use error_tracker::store::SqliteStore;
use error_tracker_notify::SendError;
use error_tracker_tests::until;

use crate::{MINUTE, Told};

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path).unwrap()
}

#[test]
fn a_message_that_waits_is_sent_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("errors.db");
    let first = Told::with_store(open(&path), |channel| channel);
    first.recorder.fail_with(SendError::transient("451 busy"));
    first.fail("no disk");
    drop(first);
    let second = Told::with_store(open(&path), |channel| channel);
    second.advance(MINUTE);
    until(|| second.health().sent == 1);
    assert_eq!(second.told(), ["io::Error::Other: no disk: New issue."]);
}

#[test]
fn several_processes_tell_of_an_issue_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("errors.db");
    let all: Arc<Vec<Told>> = Arc::new(
        (0..3).map(|_| Told::with_store(open(&path), |channel| channel.per_hour(1_000))).collect(),
    );
    const LETTERS: &str = "abcdefghijklmnopqrst";
    std::thread::scope(|scope| {
        for told in all.iter() {
            scope.spawn(move || {
                for a in LETTERS.chars() {
                    told.record(&format!("no disk called {a}{a}{a}"));
                }
                told.settle();
            });
        }
    });
    let sent = || all.iter().map(|told| told.health().sent).sum::<u64>();
    until(|| all.iter().all(|told| told.health().waiting == 0));
    assert_eq!(sent(), 20);
    let mut titles: Vec<String> = all.iter().flat_map(Told::told).collect();
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), 20);
}
