//! A panic is one event with the functions that it unwound and their variables.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::thread::sleep;
use std::time::{Duration, Instant};

use error_tracker::event::{Exit, Kind, Level};
use error_tracker::scope::{configure_scope, propagate};
use error_tracker::{Symbolizer, auto_track_exception};
use error_tracker_tests::{
    SOON, event_of, events_in, events_of, functions, place_of, tracker, value,
};

const SOURCE: &str = include_str!("panics.rs");

#[auto_track_exception]
fn breaks(at: usize, password: &str) -> u32 {
    let items = [1_u32, 2, 3];
    let length = password.len();
    items[at + length]
}

#[auto_track_exception]
fn above(at: usize) -> Result<u32, String> {
    let doubled = at * 2;
    Ok(breaks(doubled, "hunter2-hunter2"))
}

#[auto_track_exception]
fn catches(at: usize) -> u32 {
    let caught = catch_unwind(|| above(at));
    u32::from(caught.is_err())
}

fn catches_without(at: usize) {
    let _ = catch_unwind(|| above(at));
}

#[test]
fn a_panic_shows_its_place_the_unwound_functions_and_their_variables() {
    let event = event_of(|| above(4));
    assert_eq!((event.kind, event.level, event.handled), (Kind::Panic, Level::Fatal, false));
    assert_eq!(event.message, "index out of bounds: the len is 3 but the index is 23");
    assert_eq!(functions(&event), ["breaks", "above"]);
    assert!(event.frames.iter().all(|frame| frame.exit == Exit::Panic));
    let place = place_of(SOURCE, "items[at + length]\n");
    let location = event.location.as_ref().unwrap();
    assert_eq!((location.line, location.column), place);
    assert_eq!((event.frames[0].line, event.frames[0].column), place);
    assert_eq!((value(&event.frames[0], "at"), value(&event.frames[0], "length")), ("8", "15"));
    assert_eq!(value(&event.frames[0], "items"), "[1, 2, 3]");
    assert_eq!(value(&event.frames[0], "password"), "**************");
    assert_eq!((value(&event.frames[1], "at"), value(&event.frames[1], "doubled")), ("4", "8"));
}

#[test]
fn the_line_of_an_unwound_caller_is_that_of_its_call() {
    let mut event = event_of(|| above(4));
    assert!(Symbolizer::default().add_names(&mut event) || event.backtrace[0].line.is_some());
    let (line, _) = place_of(SOURCE, "Ok(breaks(doubled, \"hunter2-hunter2\"))\n");
    assert_eq!(event.frames[1].line, line);
    let snippet = event.frames[1].snippet.as_ref().unwrap();
    assert!(snippet.lines[(line - snippet.first_line) as usize].contains("Ok(breaks(doubled"));
    assert!(event.backtrace.iter().any(|call| call.function.contains("breaks") && call.in_app));
}

#[test]
fn a_panic_that_is_caught_is_handled_and_shows_who_caught_it() {
    let event = event_of(|| catches(4));
    assert!(event.handled);
    assert_eq!(functions(&event), ["breaks", "above"]);
    assert_eq!(event.callers.len(), 1);
    assert_eq!(
        (event.callers[0].function.as_str(), value(&event.callers[0], "at")),
        ("catches", "4")
    );
}

#[auto_track_exception]
fn fails_after_a_caught_panic() -> Result<(), String> {
    let _ = catch_unwind(|| above(4));
    Err("something else".into())
}

#[test]
fn a_failure_after_a_caught_panic_is_another_event() {
    let events = events_of(fails_after_a_caught_panic);
    let mut seen: Vec<_> =
        events.iter().map(|event| (event.kind as u8, event.handled, event.frames.len())).collect();
    seen.sort_unstable();
    assert_eq!(seen, [(Kind::Error as u8, false, 1), (Kind::Panic as u8, true, 2)]);
}

#[test]
fn panics_one_after_another_are_events_of_their_own() {
    let events = events_of(|| {
        catches_without(4);
        catches_without(5);
    });
    let seen: Vec<_> = events.iter().map(|event| value(&event.frames[1], "at")).collect();
    assert_eq!(seen, ["4", "5"]);
}

#[test]
fn a_panic_in_a_thread_starts_a_trace_of_its_own_and_may_carry_the_scope() {
    let event = event_of(|| {
        configure_scope(|scope| scope.set_tag("job", "import"));
        let body = propagate(|| above(4));
        let thread = std::thread::Builder::new().name("importer".into()).spawn(body).unwrap();
        assert!(thread.join().is_err());
    });
    assert_eq!((event.thread.as_str(), functions(&event)), ("importer", vec!["breaks", "above"]));
    assert_eq!(event.context.tags["job"], "import");
}

#[test]
fn a_panic_outside_annotated_functions_has_its_place() {
    let event = event_of(|| {
        let nothing: Option<u32> = std::hint::black_box(None);
        nothing.expect("there is a number")
    });
    assert_eq!(event.message, "there is a number");
    assert!(event.frames.is_empty());
    let place = event.place().unwrap();
    let expected = place_of(SOURCE, "expect(\"there is a number\")");
    assert_eq!(
        (place.file.as_str(), place.line, place.column),
        ("tests/tests/panics.rs", expected.0, expected.1)
    );
}

#[test]
fn a_panic_with_a_value_that_is_not_text_is_recorded() {
    let event = event_of(|| catch_unwind(|| panic_any(7_u8)).is_err());
    assert_eq!(event.message, "<a value that is not text>");
}

struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        let _ = catch_unwind(|| breaks(9, ""));
    }
}

#[auto_track_exception]
fn drops_and_panics(id: u32) -> u32 {
    let _guard = PanicsInDrop;
    assert!(id > 100, "{id} is too small");
    id
}

#[test]
fn a_panic_that_is_caught_while_another_one_unwinds_does_not_hide_it() {
    let events = events_of(|| catch_unwind(AssertUnwindSafe(|| drops_and_panics(5))).is_err());
    let mut messages: Vec<_> = events.iter().map(|event| event.message.as_str()).collect();
    messages.sort_unstable();
    assert_eq!(
        messages,
        ["5 is too small", "index out of bounds: the len is 3 but the index is 9"]
    );
}

#[auto_track_exception]
fn recovers(at: usize) -> Result<u32, String> {
    match catch_unwind(|| breaks(at, "")) {
        Ok(number) => Ok(number),
        Err(_) => Err("the work panicked".into()),
    }
}

#[test]
fn an_error_made_of_a_caught_panic_is_reported_beside_it() {
    let events = events_of(|| recovers(9));
    let mut seen: Vec<_> =
        events.iter().map(|event| (event.message.as_str(), event.handled)).collect();
    seen.sort_unstable();
    assert_eq!(
        seen,
        [
            ("index out of bounds: the len is 3 but the index is 9", true),
            ("the work panicked", false)
        ]
    );
}

#[auto_track_exception]
fn catches_both(at: usize) -> u32 {
    let caught = [at, at + 1].map(|at| catch_unwind(|| above(at)).is_err());
    caught.into_iter().map(u32::from).sum()
}

#[auto_track_exception]
fn catches_and_panics(at: usize) -> u32 {
    let _ = catch_unwind(|| above(at));
    breaks(at, "")
}

#[test]
fn a_caught_panic_is_handled_even_if_another_one_comes_at_once() {
    let events = events_of(|| catches_both(4));
    let seen: Vec<_> =
        events.iter().map(|event| (event.handled, functions(event), event.callers.len())).collect();
    let caught = (true, vec!["breaks", "above"], 1);
    assert_eq!(seen, [caught.clone(), caught.clone()]);

    let events = events_of(|| catches_and_panics(4));
    let mut seen: Vec<_> =
        events.iter().map(|event| (event.handled, functions(event), event.callers.len())).collect();
    seen.sort_unstable();
    assert_eq!(seen, [(false, vec!["breaks", "catches_and_panics"], 0), caught]);
}

#[auto_track_exception]
fn serves(at: usize) -> bool {
    let reported = || events_in(tracker().store()).len();
    let (begun, before) = (Instant::now(), reported());
    catches_without(at);
    while reported() == before && begun.elapsed() < SOON {
        sleep(Duration::from_millis(50));
    }
    begun.elapsed() < SOON
}

#[test]
fn a_caught_panic_is_reported_while_the_function_that_caught_it_runs() {
    let event = event_of(|| assert!(serves(4), "it is told within {SOON:?}"));
    assert!(event.handled);
    assert_eq!(functions(&event), ["breaks", "above"]);
    assert_eq!(event.callers[0].function, "serves");
}

#[auto_track_exception]
fn drops_within(id: u32) -> u32 {
    let _guard = PanicsInDrop;
    let local = id + 1;
    breaks(usize::try_from(local).unwrap(), "outer") + id
}

#[test]
fn a_panic_that_is_caught_in_a_destructor_does_not_take_the_frames_of_the_other_one() {
    let events = events_of(|| catch_unwind(AssertUnwindSafe(|| drops_and_panics(5))).is_err());
    let mut reported: Vec<_> =
        events.iter().map(|e| (e.message.as_str(), functions(e), e.handled)).collect();
    reported.sort_unstable();
    let index = "index out of bounds: the len is 3 but the index is 9";
    assert_eq!(
        reported,
        [("5 is too small", vec!["drops_and_panics"], false), (index, vec!["breaks"], true)]
    );
    let caught = events.iter().find(|event| event.handled).unwrap();
    let callers: Vec<_> = caught.callers.iter().map(|frame| frame.function.as_str()).collect();
    assert_eq!(callers, ["drops_and_panics"]);

    let events = events_of(|| catch_unwind(AssertUnwindSafe(|| drops_within(6))).is_err());
    let mut reported: Vec<_> = events.iter().map(|e| (functions(e), e.handled)).collect();
    reported.sort_unstable();
    assert_eq!(reported, [(vec!["breaks"], true), (vec!["breaks", "drops_within"], false)]);
}
