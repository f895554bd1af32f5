//! A program that fails all the time and has no tracker does not spend its time on traces that nobody will see.

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use error_tracker::auto_track_exception;

const FAILURES: u32 = 50_000;

/// How often the error's text was asked for.
static SHOWN: AtomicU32 = AtomicU32::new(0);

#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SHOWN.fetch_add(1, Ordering::Relaxed);
        f.write_str("refused")
    }
}

impl Error for Refused {}

#[auto_track_exception]
fn refuse(number: u32) -> Result<u32, Refused> {
    let limit = FAILURES;
    if number < limit {
        return Err(Refused);
    }
    Ok(number)
}

#[auto_track_exception]
fn ask(number: u32) -> Result<u32, Refused> {
    let answer = refuse(number)?;
    Ok(answer)
}

#[test]
fn most_failures_of_a_storm_are_not_inspected_without_a_tracker() {
    let failed = (0..FAILURES).filter(|number| ask(*number).is_err()).count();
    assert_eq!(failed, FAILURES as usize);
    let shown = SHOWN.load(Ordering::Relaxed);
    assert!((1..FAILURES).contains(&shown), "{shown} texts");
}
