//! What a program has flushed is there when it is killed.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

#[path = "../fixtures/unharmed.rs"]
mod unharmed;

use std::io::{BufRead as _, BufReader};
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::{ChildStdout, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use error_tracker::event::Kind;
use error_tracker::store::{IssueQuery, SqliteStore, Store};
use error_tracker_tests::events_in;
use error_tracker_tests::process::{BoundedChild, BoundedCommand as _};
use unharmed::{database, harm};

/// A program with failures in a burst, which says up to which it has flushed.
struct Burst {
    process: BoundedChild,
    lines: BufReader<ChildStdout>,
    flushed: Option<u64>,
}

impl Burst {
    fn start(database: &Path) -> Self {
        let mut process = harm("burst", database).stdout(Stdio::piped()).start();
        let lines = BufReader::new(process.stdout());
        Self { process, lines, flushed: None }
    }

    /// Waits until it has flushed once more. Answers whether it was alive.
    fn flushes(&mut self) -> bool {
        let mut line = String::new();
        let is_alive = self.lines.read_line(&mut line).unwrap() > 0;
        if is_alive {
            self.flushed = Some(line.trim_end().parse().unwrap());
        }
        is_alive
    }

    /// Kills it. Gives how many failures of each kind are to be in the file.
    fn kill(self) -> RangeInclusive<u64> {
        let Self { process, lines, mut flushed } = self;
        process.kill();
        // What was still said before the end was flushed as well.
        flushed = lines.lines().last().map(|line| line.unwrap().parse().unwrap()).or(flushed);
        // The first flush is behind the first failure, the others behind 50 more, of which any may be in the file.
        flushed.map_or(0..=1, |last| last + 1..=last + 51)
    }
}

/// The file is sound, and has what was flushed, once.
#[track_caller]
fn holds(path: &Path, wanted: &RangeInclusive<u64>) {
    if *wanted.start() == 0 && !path.exists() {
        return;
    }
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(path).unwrap());
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    let issues = store.issues(&IssueQuery::default()).unwrap().items;
    for kind in [Kind::Error, Kind::Message] {
        let count: u64 =
            issues.iter().filter(|issue| issue.kind == kind).map(|issue| issue.count).sum();
        assert!(wanted.contains(&count), "{kind:?}: {count}, not {wanted:?}");
    }
    let mut ids: Vec<_> = events_in(&store).into_iter().map(|event| event.id).collect();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "no event is there twice");
}

#[test]
fn a_program_that_is_killed_in_a_burst_loses_nothing_that_was_flushed() {
    const ROUNDS: u64 = 5;
    for round in 1..=ROUNDS {
        let (_folder, path) = database();
        let mut burst = Burst::start(&path);
        assert!((0..round).all(|_| burst.flushes()));
        holds(&path, &burst.kill());
    }
}

#[test]
#[ignore = "needs a minute: ./run-tests"]
fn three_programs_that_are_killed_at_any_moment_lose_nothing_that_was_flushed() {
    const ROUNDS: u64 = 100;
    /// Rounds on one file: those behind the first begin with what a killed program has left.
    const ON_ONE_FILE: u64 = 5;
    /// A program has begun to write after some 30 ms.
    const LONGEST: u64 = 400;
    let mut moment = (SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64) | 1;
    let mut draw = || {
        // Marsaglia's xorshift.
        moment ^= moment << 13;
        moment ^= moment >> 7;
        moment ^= moment << 17;
        Duration::from_millis(moment % LONGEST)
    };
    for _ in 0..ROUNDS / ON_ONE_FILE {
        let (_folder, path) = database();
        let (mut least, mut most) = (0, 0);
        for _ in 0..ON_ONE_FILE {
            let run = |lives: Duration| {
                let path = &path;
                move || {
                    let burst = Burst::start(path);
                    thread::sleep(lives);
                    burst.kill()
                }
            };
            let moments = [draw(), draw(), draw()];
            let flushed = thread::scope(|scope| {
                moments.map(|lives| scope.spawn(run(lives))).map(|program| program.join().unwrap())
            });
            for range in flushed {
                least += range.start();
                most += range.end();
            }
            holds(&path, &(least..=most));
        }
    }
}
