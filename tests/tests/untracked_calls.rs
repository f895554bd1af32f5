//! A function that is called all the time is not followed in each call. Its failures are events as before, with the arguments
//! that can be had then.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::num::ParseIntError;

use error_tracker::auto_track_exception;
use error_tracker::event::{Event, Exit, Kind};
use error_tracker_tests::{event_of, events_of, find, functions, value, variable};

/// More than are followed at once, and in some ticks behind that.
const CALLS: u32 = 150_000;

/// Calls a function until it is not followed. The budget may have been renewed just at the end, so a failure that was followed
/// is no failure of the test: then it is tried again.
fn until_unfollowed(run: impl Fn() -> Event, local: (&str, usize)) -> Event {
    for _ in 0..10 {
        let event = run();
        if variable(&event.frames[local.1], local.0).value.is_none() {
            return event;
        }
    }
    panic!("every call was followed");
}

#[auto_track_exception]
fn price(text: &str, factor: u32, name: String) -> Result<u32, ParseIntError> {
    let trimmed = text.trim();
    let price: u32 = trimmed.parse()?;
    Ok(price * factor + u32::from(name.is_empty()))
}

#[auto_track_exception]
fn total(texts: &[&str]) -> Result<u32, ParseIntError> {
    let mut sum = 0_u32;
    for call in 0..CALLS {
        sum = sum.wrapping_add(price(texts[0], call, String::new())?);
    }
    sum = sum.wrapping_add(price(texts[1], 7, "pears".to_owned())?);
    Ok(sum)
}

#[test]
fn an_untracked_call_is_in_the_trace_with_its_available_arguments() {
    let event = until_unfollowed(|| event_of(|| total(&["1", "x"])), ("trimmed", 0));
    assert_eq!(functions(&event), ["price", "total"]);
    let [inner, outer] = &event.frames[..] else { panic!("two frames") };
    assert_eq!((value(inner, "text"), value(inner, "factor")), ("\"x\"", "7"));
    let untracked = Some("this call was not tracked (see error_tracker::guide)");
    assert_eq!(
        variable(inner, "name").note.as_deref(),
        untracked,
        "a text that may have been moved away"
    );
    assert_eq!(variable(inner, "trimmed").note.as_deref(), untracked);
    assert!(find(inner, "price").is_none(), "it cannot be named at that place");
    assert_eq!((inner.exit, inner.expression.as_str()), (Exit::Question, "trimmed.parse()?"));
    // The outermost one is always followed.
    assert!(value(outer, "sum").parse::<u32>().is_ok());
    assert!(!event.handled && event.callers.is_empty());
}

/// As `price`, but for one test: of the failures of a place, so many become events in a second, and other tests have theirs.
#[auto_track_exception]
fn cost(text: &str) -> Result<u32, ParseIntError> {
    let trimmed = text.trim();
    let cost: u32 = trimmed.parse()?;
    Ok(cost)
}

#[auto_track_exception]
fn fails_twice() -> (Result<u32, ParseIntError>, Result<u32, ParseIntError>) {
    (0..CALLS).for_each(|_| assert!(cost("1").is_ok()));
    let first = cost("y");
    let second = cost("z");
    (first, second)
}

#[test]
fn a_function_that_has_failed_is_tracked_again() {
    for _ in 0..10 {
        let events = events_of(fails_twice);
        let of = |text: &str| {
            events.iter().find(|event| value(&event.frames[0], "text") == text).unwrap()
        };
        assert_eq!(events.len(), 2);
        assert_eq!(value(&of("\"z\"").frames[0], "trimmed"), "\"z\"");
        if variable(&of("\"y\"").frames[0], "trimmed").value.is_none() {
            return;
        }
    }
    panic!("every call was followed");
}

#[auto_track_exception]
fn descends(depth: u32, text: &str) -> Result<u32, ParseIntError> {
    let below = depth.saturating_sub(1);
    if depth == 0 {
        return text.parse();
    }
    descends(below, text)
}

#[auto_track_exception]
fn starts(text: &str) -> Result<u32, ParseIntError> {
    let mut sum = 0_u32;
    for _ in 0..CALLS / 4 {
        sum = sum.wrapping_add(descends(4, "1")?);
    }
    sum = sum.wrapping_add(descends(4, text)?);
    Ok(sum)
}

#[test]
fn one_error_through_an_untracked_recursion_is_one_event() {
    let event = until_unfollowed(|| event_of(|| starts("x")), ("below", 0));
    assert_eq!(
        functions(&event),
        ["descends", "descends", "descends", "descends", "descends", "starts"]
    );
    let depths: Vec<_> =
        event.frames[..5].iter().map(|frame| value(frame, "depth").to_owned()).collect();
    assert_eq!(depths, ["0", "1", "2", "3", "4"]);
}

#[auto_track_exception]
fn handles(text: &str) -> Result<u32, ParseIntError> {
    let mut sum = 0_u32;
    for call in 0..CALLS {
        sum = sum.wrapping_add(or_nothing("1", call)?);
    }
    sum = sum.wrapping_add(or_nothing(text, 9)?);
    Ok(sum)
}

#[auto_track_exception]
fn or_nothing(text: &str, factor: u32) -> Result<u32, ParseIntError> {
    let longer = text.len() + 1;
    match price(text, factor, String::new()) {
        Ok(price) => Ok(price),
        Err(_) if longer > 1 => Ok(0),
        Err(error) => Err(error),
    }
}

#[test]
fn an_error_handled_by_an_untracked_call_is_handled() {
    let event = until_unfollowed(|| event_of(|| handles("x")), ("trimmed", 0));
    assert!(event.handled);
    assert_eq!(functions(&event), ["price"]);
    assert_eq!(event.callers.last().unwrap().function, "handles");
}

/// Hands on, and so is small.
#[auto_track_exception]
fn hands_on(text: &str, factor: u32) -> Result<u32, ParseIntError> {
    price(text, factor, String::new())
}

#[auto_track_exception]
fn asks(text: &str) -> Result<u32, ParseIntError> {
    let asked = hands_on(text, 3)?;
    Ok(asked)
}

#[test]
fn a_small_function_is_in_the_trace_with_its_arguments() {
    let event = event_of(|| asks("x"));
    assert_eq!(functions(&event), ["price", "hands_on", "asks"]);
    assert_eq!(
        (value(&event.frames[1], "text"), value(&event.frames[1], "factor")),
        ("\"x\"", "3")
    );
    let outermost = event_of(|| hands_on("y", 4));
    assert_eq!(functions(&outermost), ["price", "hands_on"]);
    assert!(!outermost.handled);
}

/// Small, and not public.
#[auto_track_exception]
fn hands_over(into: &mut Vec<u32>, text: &str) -> Result<(), ParseIntError> {
    adds(into, text)
}

#[auto_track_exception]
pub fn adds(into: &mut Vec<u32>, text: &str) -> Result<(), ParseIntError> {
    into.push(hands_on(text, 1)?);
    Ok(())
}

/// Small, and called first by who has no attribute.
#[auto_track_exception]
pub fn adds_in_one(into: &mut Vec<u32>, text: &str) -> Result<(), ParseIntError> {
    hands_over(into, text)
}

#[test]
fn a_public_small_function_is_tracked_if_it_is_outermost() {
    let event = event_of(|| adds_in_one(&mut vec![1], "x"));
    assert_eq!(functions(&event), ["price", "hands_on", "adds", "hands_over", "adds_in_one"]);
    let outermost = event.frames.last().unwrap();
    assert_eq!((value(outermost, "into"), value(outermost, "text")), ("[1]", "\"x\""));
    assert!(!event.handled);
}

mod program {
    use super::{ParseIntError, auto_track_exception, reads_number};

    #[auto_track_exception]
    pub(super) fn main() -> Result<u32, ParseIntError> {
        reads_number("x")
    }
}

fn reads_number(text: &str) -> Result<u32, ParseIntError> {
    Ok(text.parse::<u32>().expect("a number"))
}

#[test]
fn a_small_main_is_a_frame_of_a_panic() {
    let event = events_of(|| drop(program::main())).pop().unwrap();
    assert_eq!((event.kind, functions(&event)), (Kind::Panic, vec!["main"]));
}

#[auto_track_exception]
fn panics(text: &str) -> u32 {
    let digit = hands_on("1", 1).unwrap_or(0);
    text.parse::<u32>().unwrap() + digit
}

#[test]
fn a_panic_has_the_outermost_function_even_if_it_is_untracked() {
    let event =
        events_of(|| panics("x")).into_iter().find(|event| event.kind == Kind::Panic).unwrap();
    assert_eq!(functions(&event), ["panics"]);
    assert_eq!(value(&event.frames[0], "text"), "\"x\"");
}

#[auto_track_exception]
fn outer(text: &str, factor: u32) -> Result<u32, ParseIntError> {
    let asked = price(text, factor, String::new())?;
    Ok(asked)
}

#[test]
fn an_error_that_leaves_several_untracked_functions_is_one_event() {
    let event = until_unfollowed(
        || {
            event_of(|| {
                (0..CALLS).for_each(|call| assert_eq!(outer("1", call), Ok(call + 1)));
                outer("x", 5)
            })
        },
        ("trimmed", 0),
    );
    assert_eq!(functions(&event), ["price", "outer"]);
    assert_eq!((value(&event.frames[1], "factor"), event.handled), ("5", false));
}

#[test]
fn equal_errors_of_an_untracked_function_are_as_many_events() {
    let events = events_of(|| {
        (0..CALLS).for_each(|call| assert!(price("1", call, String::new()).is_ok()));
        for _ in 0..3 {
            let _lost = price("x", 5, String::new());
        }
    });
    assert_eq!(events.len(), 3);
}

#[auto_track_exception(locals = "always")]
fn always(text: &str) -> Result<u32, ParseIntError> {
    let trimmed = text.trim();
    let price: u32 = trimmed.parse()?;
    Ok(price)
}

#[test]
fn with_locals_always_every_call_is_tracked() {
    let event = event_of(|| {
        (0..CALLS).for_each(|_| assert_eq!(always("1"), Ok(1)));
        always("x")
    });
    assert_eq!(value(&event.frames[0], "trimmed"), "\"x\"");
}
