//! A value whose `Debug` takes long slows its function once, not for ever.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread::sleep;
use std::time::{Duration, Instant};

use error_tracker::auto_track_exception;
use error_tracker_tests::{SOON, event_of, events_of, tracker, variable};

static SLOW: AtomicU32 = AtomicU32::new(0);
static QUICK: AtomicU32 = AtomicU32::new(0);

/// Counts how often it is shown, and takes its time for it.
struct Shown<'a> {
    count: &'a AtomicU32,
    takes: Duration,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.count.fetch_add(1, Relaxed);
        sleep(self.takes);
        f.write_str("shown")
    }
}

#[auto_track_exception]
fn work(fails: bool) -> Result<Duration, String> {
    let quick = Shown { count: &QUICK, takes: Duration::ZERO };
    let slow = Shown { count: &SLOW, takes: Duration::from_millis(10) };
    let both = quick.takes + slow.takes;
    if fails {
        return Err("refused".into());
    }
    Ok(both)
}

#[test]
fn a_local_with_a_slow_debug_is_shown_once_for_any_number_of_calls_and_failures() {
    tracker();
    let begun = Instant::now();
    // The slow value took all the function's budget, which is renewed again and again: then the quick one is shown.
    let mut renewed = 0;
    while renewed < 5 {
        let before = QUICK.load(Relaxed);
        work(false).unwrap();
        renewed += QUICK.load(Relaxed) - before;
        assert!(begun.elapsed() < SOON, "{renewed} times");
    }
    assert_eq!(SLOW.load(Relaxed), 1);
    for _ in 0..5 {
        let event = event_of(|| work(true));
        let slow = variable(&event.frames[0], "slow");
        assert!(slow.value.is_none() && slow.note.is_some(), "{slow:?}");
    }
    assert_eq!(SLOW.load(Relaxed), 1);
}

static ARGUMENT: AtomicU32 = AtomicU32::new(0);

#[auto_track_exception]
fn given(slow: &Shown<'_>) -> Result<(), String> {
    Err(format!("refused after {:?}", slow.takes))
}

#[test]
fn an_argument_with_a_slow_debug_is_not_shown_at_every_failure() {
    tracker();
    events_of(|| {
        let slow = Shown { count: &ARGUMENT, takes: Duration::from_millis(10) };
        for _ in 0..50 {
            given(&slow).unwrap_err();
        }
    });
    let shown = ARGUMENT.load(Relaxed);
    assert!((1..25).contains(&shown), "{shown} of 50: at first, then for a tenth of the time");
}

static LARGE: AtomicU32 = AtomicU32::new(0);

/// Takes too long, in whichever function.
struct Large;

impl fmt::Debug for Large {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown { count: &LARGE, takes: Duration::from_millis(10) }.fmt(f)
    }
}

macro_rules! each_observes_it {
    ($($name:ident)+) => {
        $(#[auto_track_exception]
        fn $name() -> usize {
            let large = Large;
            size_of_val(&large)
        })+

        const EACH: &[fn() -> usize] = &[$($name),+];
    };
}

each_observes_it!(one two three four five six seven eight nine ten);

#[test]
fn a_type_that_was_too_slow_in_one_function_is_not_tried_by_each_of_the_others() {
    tracker();
    EACH.iter().for_each(|observes_it| assert_eq!(observes_it(), 0));
    let shown = LARGE.load(Relaxed) as usize;
    assert!(
        (1..EACH.len()).contains(&shown),
        "{shown} of {}: one, and one more in a second",
        EACH.len()
    );
}

static TURNS: AtomicU32 = AtomicU32::new(0);

/// Writes so much that a function which shows it in each turn spends its budget.
struct Long;

impl fmt::Debug for Long {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        TURNS.fetch_add(1, Relaxed);
        f.write_str(&"long".repeat(1_500))
    }
}

/// Binds a value in each turn until the budget, which it spends, was renewed, and then until it is spent again.
#[auto_track_exception]
fn turn_until_renewed() -> Result<(), String> {
    let begun = Instant::now();
    // The first turn counts as one.
    let (mut shown, mut renewed, mut last) = (0, 0, 0);
    loop {
        let turn = Long;
        let now = TURNS.load(Relaxed) + size_of_val(&turn) as u32;
        renewed += u32::from(now > shown && last == shown);
        (last, shown) = (shown, now);
        if renewed > 1 && last == shown || begun.elapsed() > SOON {
            return Err(format!("refused after {renewed}"));
        }
    }
}

#[test]
fn a_value_bound_in_each_iteration_is_shown_again_when_the_budget_is_renewed_and_says_why_not_before()
 {
    tracker();
    let event = event_of(turn_until_renewed);
    assert_eq!(event.message, "refused after 2");
    let turn = variable(&event.frames[0], "turn");
    assert!(
        turn.value.is_none() && turn.note.is_some(),
        "not what an earlier turn bound: {turn:?}"
    );
}

static ERROR: AtomicU32 = AtomicU32::new(0);

struct CountedError;

impl fmt::Debug for CountedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ERROR.fetch_add(1, Relaxed);
        f.write_str("Refused { after: 3 }")
    }
}

impl fmt::Display for CountedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it was refused")
    }
}

impl std::error::Error for CountedError {}

#[auto_track_exception]
fn refuses() -> Result<(), CountedError> {
    Err(CountedError)
}

#[auto_track_exception]
fn passes_it_on() -> Result<(), CountedError> {
    refuses()?;
    Ok(())
}

#[test]
fn the_debug_of_an_error_is_written_once_and_tells_its_variant_as_well() {
    tracker();
    let event = event_of(passes_it_on);
    assert_eq!(event.variant.as_deref(), Some("Refused"));
    assert_eq!(event.debug.as_deref(), Some("Refused { after: 3 }"));
    assert_eq!(ERROR.load(Relaxed), 1);
}
