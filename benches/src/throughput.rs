//! Events a second: equal ones taken with exact counts, distinct ones stored in a SQLite file, and how long the calling
//! thread takes for a distinct failure, with and without a backtrace.

use std::fmt;
use std::time::{Duration, Instant};

use error_tracker::auto_track_exception;
use error_tracker::store::IssueQuery;

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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("errors.db");
    let mut retention = error_tracker::store::Retention::default();
    retention.max_issues = 1_000_000;
    let tracker = error_tracker::builder().database(&path).retention(retention).queue(1_000_000).install()?;

    const EQUAL: u64 = 500_000;
    let begun = Instant::now();
    for _ in 0..EQUAL {
        let _ = error_tracker_benches::failing::import("x", 7);
    }
    tracker.flush(Duration::from_secs(60))?;
    let seconds = begun.elapsed().as_secs_f64();
    let counted: u64 =
        tracker.get_exceptions(&IssueQuery::default())?.items.iter().map(|issue| issue.count).sum();
    println!(
        "| equal failures, 3 frames, taken and counted | {:.0} /s | {counted} of {EQUAL} counted |",
        EQUAL as f64 / seconds
    );

    const DISTINCT: u64 = 20_000;
    let stored_before = tracker.health().stored;
    let begun = Instant::now();
    let mut caller = Duration::ZERO;
    for number in 0..DISTINCT {
        let one = Instant::now();
        let _ = outer(number);
        caller += one.elapsed();
        // A queue that overflows would count what is dropped.
        if number % 2_000 == 1_999 {
            tracker.flush(Duration::from_secs(60))?;
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let health = tracker.health();
    println!(
        "| distinct failures, 3 frames, stored in SQLite | {:.0} /s | {} stored, {} dropped |",
        DISTINCT as f64 / seconds,
        health.stored - stored_before,
        health.dropped.values().sum::<u64>()
    );
    println!(
        "| a distinct failure on the caller's thread, while the writer works | {:.1} µs | mean of {DISTINCT} |",
        caller.as_secs_f64() * 1e6 / DISTINCT as f64
    );

    // Within the hundred backtraces of a second.
    std::thread::sleep(Duration::from_millis(1100));
    let begun = Instant::now();
    for number in 0..90 {
        let _ = outer(DISTINCT + number);
    }
    println!(
        "| the same with a backtrace | {:.1} µs | mean of 90 |",
        begun.elapsed().as_secs_f64() * 1e6 / 90.0
    );
    Ok(())
}
