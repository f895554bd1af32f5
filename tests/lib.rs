//! What the integration tests share: the one tracker of a test program, and the events that a piece of it makes.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test stops at what it does not expect"
)]

pub mod answer;
#[path = "fixtures/canaries.rs"]
pub mod canaries;
pub mod chromium;
pub mod mounted_pages;
pub mod process;
pub mod shop;
pub mod shop_pages;

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use error_tracker::event::{Event, Frame, Kind, Variable};
use error_tracker::store::{EventSelector, IssueQuery, MemoryStore, Store};
use error_tracker::{Tracker, TrackerBuilder, TrackerGuard};
use process::LIMIT;

const _: () = assert!(
    !error_tracker::__private::DISABLED,
    "with error-tracker's feature `disabled` there is nothing to test: name features in place of `--all-features`"
);

/// Longest wait for anything: only what hangs takes so long, on whichever machine.
pub const SOON: Duration = Duration::from_secs(300);

static TRACKER: OnceLock<TrackerGuard> = OnceLock::new();

/// The program's tracker, with a store in memory.
pub fn tracker() -> &'static Tracker {
    tracker_with(|builder| builder)
}

/// The program's tracker, with a store in memory; the first call sets it up.
pub fn tracker_with(set_up: impl FnOnce(TrackerBuilder) -> TrackerBuilder) -> &'static Tracker {
    // A test that fails is no event of the others.
    let ours = |event: &Event| event.kind == Kind::Panic && is_assertion(&event.message);
    let builder = || error_tracker::builder().store(MemoryStore::new()).ignore(ours);
    TRACKER.get_or_init(|| set_up(builder()).install().unwrap())
}

/// Runs `run` on a thread of its own, and gives what was recorded until that thread had ended, oldest first. What runs
/// in other tests meanwhile waits.
pub fn events_of<R: Send + 'static>(run: impl FnOnce() -> R + Send + 'static) -> Vec<Event> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _only = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let store = tracker().store();
    tracker().flush(SOON).unwrap();
    let known: Vec<String> = events_in(store).into_iter().map(|event| event.id).collect();
    let worker = thread::Builder::new().name("worker".into()).spawn(run).unwrap();
    let begun = Instant::now();
    while !worker.is_finished() {
        assert!(begun.elapsed() < LIMIT, "it does not end");
        thread::yield_now();
    }
    let ended = worker.join();
    // Other panics of `run` are what some tests are about.
    if let Err(panic) = ended
        && panic.downcast_ref::<String>().is_some_and(|text| is_assertion(text))
    {
        std::panic::resume_unwind(panic);
    }
    tracker().flush(SOON).unwrap();
    let mut events = events_in(store);
    events.retain(|event| !known.contains(&event.id));
    events
}

fn is_assertion(message: &str) -> bool {
    message.starts_with("assertion ")
}

/// The one event that `run` makes.
#[track_caller]
pub fn event_of<R: Send + 'static>(run: impl FnOnce() -> R + Send + 'static) -> Event {
    let mut events = events_of(run);
    assert_eq!(
        events.len(),
        1,
        "{:#?}",
        events.iter().map(|e| (&e.message, e.handled)).collect::<Vec<_>>()
    );
    events.remove(0)
}

/// The innermost frame of the one event that `run` makes.
#[track_caller]
pub fn frame_of<R: Send + 'static>(run: impl FnOnce() -> R + Send + 'static) -> Frame {
    event_of(run).frames.remove(0)
}

/// Waits until something happens, for which there is no other sign.
#[track_caller]
pub fn until(happens: impl Fn() -> bool) {
    let begun = Instant::now();
    while !happens() {
        assert!(begun.elapsed() < LIMIT, "it does not happen");
        thread::sleep(Duration::from_millis(1));
    }
}

/// An error with a number, of the tests' own.
#[derive(Debug, PartialEq, Eq)]
pub struct NoMoney(pub u32);

impl fmt::Display for NoMoney {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no money left for {}", self.0)
    }
}

impl std::error::Error for NoMoney {}

/// All events that a store keeps, oldest first.
pub fn events_in(store: &Arc<dyn Store>) -> Vec<Event> {
    let mut query = IssueQuery::default();
    query.limit = 1000;
    let mut events = Vec::new();
    for issue in store.issues(&query).unwrap().items {
        let mut next = store.event(&issue.hash, &EventSelector::Oldest).unwrap();
        while let Some(event) = next {
            next = store.event(&issue.hash, &EventSelector::After(event.id.clone())).unwrap();
            events.push(event);
        }
    }
    // Version 7 ids are in the order of their making.
    events.sort_by(|a, b| a.id.cmp(&b.id));
    events
}

/// Functions of the return trace, innermost first.
pub fn functions(event: &Event) -> Vec<&str> {
    event.frames.iter().map(|frame| frame.function.as_str()).collect()
}

/// An argument or local of a frame.
#[track_caller]
pub fn variable<'a>(frame: &'a Frame, name: &str) -> &'a Variable {
    find(frame, name).unwrap_or_else(|| panic!("no `{name}` in {frame:#?}"))
}

/// An argument or local of a frame, if it shows.
pub fn find<'a>(frame: &'a Frame, name: &str) -> Option<&'a Variable> {
    frame.arguments.iter().chain(&frame.locals).find(|variable| variable.name == name)
}

/// The value of an argument or local, empty when none was kept.
#[track_caller]
pub fn value<'a>(frame: &'a Frame, name: &str) -> &'a str {
    variable(frame, name).value.as_deref().unwrap_or_default()
}

/// `name = value` of variables, in order.
pub fn shown(variables: &[Variable]) -> Vec<String> {
    variables
        .iter()
        .map(|v| format!("{} = {}", v.name, v.value.as_deref().unwrap_or("?")))
        .collect()
}

/// Line and column, from 1, where `text` stands in `source` for the only time.
#[track_caller]
pub fn place_of(source: &str, text: &str) -> (u32, u32) {
    assert_eq!(source.matches(text).count(), 1, "{text:?} stands there just once");
    let before = &source[..source.find(text).unwrap()];
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    (u32::try_from(before.matches('\n').count() + 1).unwrap(), u32::try_from(column).unwrap())
}
