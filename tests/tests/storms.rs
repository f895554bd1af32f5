//! Errors as control flow: a failure that is repeated is counted, whatever its text says, and costs little.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use error_tracker::event::{Event, Issue};
use error_tracker::scope::with_scope;
use error_tracker::store::{EventSelector, IssueQuery, MemoryStore, Retention};
use error_tracker::{Tracker, TrackerGuard, auto_track_exception, capture_exception};
use error_tracker_tests::{SOON, value};

const STORM: u64 = 20_000;

/// One that has no hooks which look at the text.
fn tracker() -> &'static Tracker {
    static TRACKER: OnceLock<TrackerGuard> = OnceLock::new();
    // The first events of a storm are looked at after it.
    let mut retention = Retention::default();
    retention.max_occurrences = STORM;
    let store = MemoryStore::with_retention(retention);
    TRACKER.get_or_init(|| error_tracker::builder().store(store).install().unwrap())
}

/// The issues that rose in a function, the most frequent first.
fn issues(function: &str) -> Vec<Issue> {
    tracker().flush(SOON).unwrap();
    let mut query = IssueQuery::default();
    query.limit = 1000;
    let mut issues = tracker().issues(&query).unwrap().items;
    issues.retain(|issue| issue.function == function);
    issues.sort_by_key(|issue| std::cmp::Reverse(issue.count));
    issues
}

fn counts(function: &str) -> Vec<u64> {
    issues(function).iter().map(|issue| issue.count).collect()
}

fn events(issue: &Issue) -> Vec<Event> {
    let store = tracker().store();
    let mut events = Vec::from_iter(store.event(&issue.hash, &EventSelector::Oldest).unwrap());
    while let Some(event) =
        store.event(&issue.hash, &EventSelector::After(events.last().unwrap().id.clone())).unwrap()
    {
        events.push(event);
    }
    events
}

/// How often a variable was asked for its `Debug` text.
static SHOWN: AtomicU64 = AtomicU64::new(0);

struct Shown(u64);

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SHOWN.fetch_add(1, Relaxed);
        write!(f, "{}", self.0)
    }
}

#[derive(Debug, thiserror::Error)]
enum ParseError {
    #[error("expected a name at {0}")]
    Name(u64),
    #[error("expected a number at {0}")]
    Number(u64),
}

#[auto_track_exception]
fn name(at: &Shown) -> Result<(), ParseError> {
    let error = ParseError::Number(at.0);
    Err(error)
}

#[auto_track_exception]
fn alternatives(at: &Shown) -> bool {
    name(at).is_ok()
}

#[test]
fn failures_that_differ_in_their_text_are_counted_on_their_issue_each_one() {
    tracker();
    assert!(!alternatives(&Shown(0)));
    let first = &events(&issues("name")[0])[0];
    assert_eq!((&*first.message, first.handled), ("expected a number at 0", true));
    assert_eq!((value(&first.frames[0], "at"), first.debug.as_deref()), ("0", Some("Number(0)")));
    assert_eq!(value(&first.callers[0], "at"), "0");
    assert!((1..STORM).all(|at| !alternatives(&Shown(at))));
    let issues = issues("name");
    let found: Vec<_> = issues.iter().map(|issue| (issue.count, &issue.variant)).collect();
    assert_eq!(issues.len(), 1, "{found:?}");
    assert_eq!(issues[0].count, STORM);
    let health = tracker().health();
    assert!(health.dropped.is_empty(), "{health:?}");
    // Variables are read while the budget lasts.
    let shown = SHOWN.load(Relaxed);
    assert!((1..STORM / 2).contains(&shown), "{shown} times");
}

#[auto_track_exception]
fn one_of_two(at: u64) -> Result<(), ParseError> {
    Err(if at.is_multiple_of(4) { ParseError::Name(at) } else { ParseError::Number(at) })
}

#[test]
fn variants_that_storm_at_one_place_stay_apart() {
    tracker();
    assert!((0..STORM).all(|at| one_of_two(at).is_err()));
    assert_eq!(counts("one_of_two"), [STORM / 4 * 3, STORM / 4]);
}

#[auto_track_exception]
fn text(at: u64, kind: &str) -> Result<(), String> {
    Err(format!("no {kind} at {at}"))
}

#[test]
fn texts_are_counted_by_their_grouping_text() {
    tracker();
    for at in 0..STORM / 2 {
        text(at, "name").unwrap_err();
        text(at, "number").unwrap_err();
    }
    assert_eq!(counts("text"), [STORM / 2, STORM / 2]);
}

#[auto_track_exception]
fn two_texts(at: u64, rare: bool) -> Result<(), ParseError> {
    let at = if rare { STORM } else { at % 2 };
    Err(ParseError::Number(at))
}

#[test]
fn a_new_text_within_a_storm_is_shown() {
    tracker();
    for at in 0..STORM {
        two_texts(at, at == STORM / 2).unwrap_err();
    }
    let issue = &issues("two_texts")[0];
    assert_eq!(issue.count, STORM);
    let texts: Vec<_> = events(issue).into_iter().map(|event| event.message).collect();
    assert!(texts.contains(&format!("expected a number at {STORM}")), "{texts:?}");
}

#[auto_track_exception]
fn tried(at: u64) -> Result<(), ParseError> {
    Err(ParseError::Number(at))
}

#[auto_track_exception]
fn tries(at: u64) -> Result<(), ParseError> {
    if tried(at).is_ok() || at < STORM {
        return Ok(());
    }
    tried(at)
}

#[test]
fn a_returned_error_is_an_event_even_if_equal_handled_ones_storm() {
    tracker();
    assert!((0..STORM).all(|at| tries(at).is_ok()));
    tries(STORM).unwrap_err();
    let issue = &issues("tried")[0];
    assert_eq!(issue.count, STORM + 2);
    let left: Vec<_> = events(issue).into_iter().filter(|event| !event.handled).collect();
    assert_eq!(left.len(), 1);
    let functions: Vec<_> =
        left[0].frames.iter().map(|frame| (&*frame.function, &*frame.expression)).collect();
    assert_eq!(functions, [("tried", "Err(ParseError::Number(at))"), ("tries", "tried(at)")]);
}

#[auto_track_exception]
fn scoped(at: u64) -> Result<(), ParseError> {
    Err(ParseError::Number(at))
}

#[test]
fn custom_grouping_applies_within_a_storm() {
    tracker();
    for at in 0..STORM {
        let tenant = if at.is_multiple_of(4) { "acme" } else { "emca" };
        with_scope(|scope| scope.set_fingerprint([tenant]), || scoped(at).unwrap_err());
    }
    assert_eq!(counts("scoped"), [STORM / 4 * 3, STORM / 4]);
}

#[auto_track_exception]
fn captured(at: u64) -> Result<(), ParseError> {
    Err(ParseError::Number(at))
}

#[test]
fn explicit_captures_are_counted_once_within_a_storm() {
    tracker();
    for at in 0..STORM {
        let error = captured(at).unwrap_err();
        assert!(capture_exception!(error).is_some());
    }
    assert_eq!(counts("captured"), [STORM]);
}
