//! Events a second: equal ones taken with exact counts, and distinct ones stored in a SQLite file, the flush included.
//! Fails when one is missing.

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use error_tracker::auto_track_exception;
use error_tracker::store::{IssueQuery, Retention};
use error_tracker_benches::failing;

#[derive(Debug)]
struct Distinct(u64);

impl fmt::Display for Distinct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Letters, since numbers are the same to the fingerprint.
        let letters: String =
            self.0.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
        write!(f, "failure {letters}")
    }
}

/// Opaque to the fingerprint, so that the message groups.
#[auto_track_exception]
fn distinct(number: u64) -> Result<u64, String> {
    let text = Distinct(number).to_string();
    Err(text)
}

#[auto_track_exception]
fn middle(number: u64, name: &str) -> Result<u64, String> {
    let doubled = number * 2;
    let result = distinct(number)?;
    Ok(result + doubled + name.len() as u64)
}

#[auto_track_exception]
fn outer(number: u64) -> Result<u64, String> {
    let (a, b) = (number + 1, number + 2);
    let name = "a name";
    let result = middle(number, name)?;
    Ok(result + a + b)
}

const EQUAL: u64 = 500_000;
const DISTINCT: u64 = 20_000;
/// Fewer than the queue holds, so that none is dropped.
const AT_ONCE: u64 = 2_000;
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mut retention = Retention::default();
    retention.max_issues = 2 * DISTINCT;
    let path = folder.path().join("errors.db");
    let tracker = error_tracker::builder().database(path).retention(retention).install()?;
    println!("| events, from call to commit | a second |\n|---|---|");

    let begun = Instant::now();
    for _ in 0..EQUAL {
        let _ = black_box(failing::import(black_box("x"), black_box(7)));
    }
    tracker.flush(PATIENCE)?;
    let took = begun.elapsed();
    let issues = tracker.issues(&IssueQuery::default())?.items;
    let counted: u64 = issues.iter().map(|issue| issue.count).sum();
    if counted != EQUAL {
        return Err(format!("{counted} of {EQUAL} equal failures were counted").into());
    }
    println!("| equal failures, all {counted} counted | {} |", a_second(EQUAL, took));

    let before = tracker.health().stored;
    let begun = Instant::now();
    let mut caller = Duration::ZERO;
    for number in 0..DISTINCT {
        let one = Instant::now();
        let _ = black_box(outer(black_box(number)));
        caller += one.elapsed();
        if number % AT_ONCE == AT_ONCE - 1 {
            tracker.flush(PATIENCE)?;
        }
    }
    let took = begun.elapsed();
    let stored = tracker.health().stored - before;
    if stored != DISTINCT {
        return Err(format!("{stored} of {DISTINCT} distinct failures were stored").into());
    }
    println!("| distinct failures, each a new issue in SQLite | {} |", a_second(DISTINCT, took));
    let micros = caller.as_secs_f64() * 1e6 / DISTINCT as f64;
    println!(
        "\nThe thread that failed was busy {micros:.1} µs for each distinct one while the writer worked."
    );
    Ok(())
}

fn a_second(events: u64, took: Duration) -> u64 {
    (events as f64 / took.as_secs_f64()) as u64
}
