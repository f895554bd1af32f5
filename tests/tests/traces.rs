//! One failure is one event, however far it goes, and what was handled on the way is one of its own.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::fmt;
use std::io;
use std::num::ParseIntError;

use anyhow::Context as _;
use error_tracker::event::{Event, Exit};
use error_tracker::{auto_track_exception, capture_exception, capture_message};
use error_tracker_tests::{event_of, events_of, functions, value};

macro_rules! step {
    ($($name:ident calls $next:ident;)+) => {$(
        #[auto_track_exception]
        fn $name(depth: u32) -> Result<u32, ParseIntError> {
            let number = $next(depth + 1)?;
            Ok(number)
        }
    )+};
}

step! {
    one calls two; two calls three; three calls four; four calls five; five calls six; six calls seven;
    seven calls eight; eight calls nine; nine calls ten;
}

#[auto_track_exception]
fn ten(depth: u32) -> Result<u32, ParseIntError> {
    let text = format!("{depth} deep");
    text.parse()
}

#[test]
fn one_error_through_ten_annotated_functions_is_one_event_with_ten_frames() {
    let event = event_of(|| one(1));
    let names = ["ten", "nine", "eight", "seven", "six", "five", "four", "three", "two", "one"];
    assert_eq!(functions(&event), names);
    let depths: Vec<_> =
        event.frames.iter().map(|frame| value(frame, "depth").to_owned()).collect();
    assert_eq!(depths, ["10", "9", "8", "7", "6", "5", "4", "3", "2", "1"]);
    assert!(event.frames.iter().all(|frame| frame.error.is_none()), "it stayed the same error");
    assert!(event.chain.is_empty() && event.callers.is_empty() && !event.handled);
}

#[derive(Debug, thiserror::Error)]
enum ShopError {
    #[error("the price is no number")]
    Price(#[from] ParseIntError),
    #[error("order {id} cannot be read")]
    Unreadable { id: u32, source: io::Error },
    #[error("nothing to do")]
    Nothing,
}

#[auto_track_exception]
fn by_from(text: &str) -> Result<u32, ShopError> {
    Ok(one_of(text)?)
}

#[auto_track_exception]
fn one_of(text: &str) -> Result<u32, ParseIntError> {
    text.parse()
}

#[auto_track_exception]
fn by_map_err(id: u32) -> Result<String, ShopError> {
    read(id).map_err(|source| ShopError::Unreadable { id, source })
}

#[auto_track_exception]
fn read(id: u32) -> io::Result<String> {
    Err(io::Error::other(format!("disk {id} is gone")))
}

#[auto_track_exception]
fn by_context(id: u32) -> anyhow::Result<String> {
    by_map_err(id).with_context(|| format!("importing {id}"))
}

#[auto_track_exception]
fn by_text(id: u32) -> Result<String, String> {
    by_context(id).map_err(|error| format!("the night's work: {error:#}"))
}

#[auto_track_exception]
fn by_box(id: u32) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    Ok(by_text(id)?)
}

#[auto_track_exception]
fn by_wrap_err(text: &str) -> eyre::Result<u32> {
    eyre::WrapErr::wrap_err(by_from(text), "pricing")
}

#[test]
fn conversions_are_one_event_and_each_frame_shows_its_converted_error() {
    let event = event_of(|| by_box(3));
    assert_eq!(functions(&event), ["read", "by_map_err", "by_context", "by_text", "by_box"]);
    assert_eq!(event.type_name, "std::io::error::Error");
    assert_eq!(event.message, "disk 3 is gone");
    let errors: Vec<_> =
        event.frames.iter().map(|frame| frame.error.as_ref().map(|e| e.message.as_str())).collect();
    let text = "the night's work: importing 3: order 3 cannot be read: disk 3 is gone";
    assert_eq!(
        errors[..4],
        [None, Some("order 3 cannot be read"), Some("importing 3"), Some(text)]
    );
    let types: Vec<_> = event
        .frames
        .iter()
        .map(|f| f.error.as_ref().and_then(|e| e.type_name.as_deref()))
        .collect();
    let known =
        [None, Some("traces::ShopError"), Some("anyhow::Error"), Some("alloc::string::String")];
    assert_eq!(types[..4], known);
    assert!(!event.handled);
}

#[test]
fn the_chain_goes_from_the_outermost_error_to_its_root() {
    let event = event_of(|| by_context(4));
    let messages: Vec<_> = event.chain.iter().map(|cause| cause.message.as_str()).collect();
    assert_eq!(messages, ["importing 4", "order 4 cannot be read", "disk 4 is gone"]);
    assert_eq!(event.chain[0].type_name.as_deref(), Some("anyhow::Error"));
    assert_eq!(event.chain[2].type_name.as_deref(), Some("std::io::error::Error"));
    let event = event_of(|| by_wrap_err("x"));
    assert_eq!(functions(&event), ["one_of", "by_from", "by_wrap_err"]);
    let messages: Vec<_> = event.chain.iter().map(|cause| cause.message.as_str()).collect();
    assert_eq!(messages, ["pricing", "the price is no number", "invalid digit found in string"]);
}

#[auto_track_exception]
fn made_in_tail(kind: u8) -> Result<(), ShopError> {
    match kind {
        0 => Err(ShopError::Nothing),
        _ => Err(io::Error::other("no disk"))
            .map_err(|source| ShopError::Unreadable { id: 5, source })?,
    }
}

#[test]
fn the_innermost_type_is_that_of_the_value_before_it_was_changed_with_its_variant() {
    let event = event_of(|| made_in_tail(0));
    assert_eq!(
        (event.type_name.as_str(), event.variant.as_deref()),
        ("traces::ShopError", Some("Nothing"))
    );
    let event = event_of(|| made_in_tail(1));
    assert_eq!(
        (event.type_name.as_str(), event.message.as_str()),
        ("std::io::error::Error", "no disk")
    );
    assert_eq!(event.frames.len(), 1);
    assert_eq!(
        event.frames[0].error.as_ref().map(|e| e.message.as_str()),
        Some("order 5 cannot be read")
    );
}

#[auto_track_exception]
fn child(id: u32) -> Result<u32, ShopError> {
    if id == 0 { Err(ShopError::Nothing) } else { Ok(id) }
}

#[auto_track_exception]
fn handles(text: &str) -> Result<u32, ShopError> {
    let found = child(0).unwrap_or(3);
    Ok(found + u32::try_from(text.len()).unwrap())
}

#[auto_track_exception]
fn handles_then_fails(text: &str) -> Result<u32, ShopError> {
    let _ = child(0);
    let number = one_of(text)?;
    Ok(number)
}

#[auto_track_exception]
fn retries(texts: &[&str]) -> Result<u32, ParseIntError> {
    let mut last = one_of("1");
    for text in texts {
        last = one_of(text);
        if last.is_ok() {
            return last;
        }
    }
    last
}

fn reported(events: &[Event]) -> Vec<(&str, bool, Vec<&str>)> {
    events.iter().map(|event| (event.message.as_str(), event.handled, functions(event))).collect()
}

#[test]
fn a_handled_error_is_an_event_with_the_function_that_observed_it() {
    let event = event_of(|| handles("text"));
    assert!(event.handled);
    assert_eq!(functions(&event), ["child"]);
    assert_eq!(event.callers.len(), 1);
    assert_eq!(
        (event.callers[0].function.as_str(), event.callers[0].exit),
        ("handles", Exit::Running)
    );
    assert_eq!(value(&event.callers[0], "text"), "\"text\"");
}

#[test]
fn a_discarded_error_is_not_continued_by_another_one() {
    let events = events_of(|| handles_then_fails("x"));
    let mut seen = reported(&events);
    seen.sort_unstable();
    let other = ("invalid digit found in string", false, vec!["one_of", "handles_then_fails"]);
    assert_eq!(seen, [other, ("nothing to do", true, vec!["child"])]);
}

#[test]
fn of_several_attempts_the_returned_one_continues_and_the_others_were_handled() {
    let events = events_of(|| retries(&["a", "-1", ""]));
    let mut seen: Vec<_> =
        events.iter().map(|e| (value(&e.frames[0], "text"), e.handled, e.frames.len())).collect();
    seen.sort_unstable();
    assert_eq!(seen, [("\"\"", false, 2), ("\"-1\"", true, 1), ("\"a\"", true, 1)]);
}

#[auto_track_exception]
fn captures_and_returns(text: &str) -> Result<u32, ParseIntError> {
    let local = text.len();
    match one_of(text) {
        Ok(number) => Ok(number),
        Err(error) => {
            assert!(capture_exception!(error, length = local, shop = "north").is_some());
            Err(error)
        }
    }
}

#[auto_track_exception]
fn above_captured(text: &str) -> Result<u32, ShopError> {
    let number = captures_and_returns(text)?;
    Ok(number)
}

#[test]
fn an_explicitly_captured_error_is_reported_once_even_if_it_is_returned_afterwards() {
    let event = event_of(|| above_captured("x"));
    assert_eq!(functions(&event), ["one_of", "captures_and_returns"]);
    assert_eq!(event.frames[1].exit, Exit::Captured);
    assert_eq!(value(&event.frames[1], "local"), "1");
    assert_eq!(
        (&event.context.extras["length"], &event.context.extras["shop"]),
        (&1.into(), &"north".into())
    );
    assert_eq!(
        event.callers.iter().map(|frame| &frame.function).collect::<Vec<_>>(),
        ["above_captured"]
    );
    assert!(event.handled);
}

#[test]
fn the_function_and_the_macro_report_the_same_error_once() {
    let event = event_of(|| {
        let error = one_of("x").unwrap_err();
        let first = error_tracker::capture_exception(&error);
        let again = capture_exception!(error);
        assert_eq!(first, again, "the id of the event that it is already");
    });
    assert_eq!(functions(&event), ["one_of"]);
}

#[test]
fn an_error_that_no_annotated_function_observed_has_the_place_of_its_capture() {
    let event = event_of(|| capture_exception!(anyhow::anyhow!("no cart").context("checkout")));
    let line =
        include_str!("traces.rs").lines().position(|l| l.contains("anyhow!(\"no cart\")")).unwrap()
            + 1;
    let place = event.place().unwrap();
    assert_eq!((place.file.as_str(), place.line as usize), ("tests/tests/traces.rs", line));
    assert!(event.handled && event.frames.is_empty());
    assert_eq!((event.type_name.as_str(), event.message.as_str()), ("anyhow::Error", "checkout"));
    assert_eq!(event.chain[1].message, "no cart");
}

#[test]
fn the_error_given_to_a_macro_may_be_an_expression_that_moves_or_mutates_and_runs_once() {
    let failed = || "12,50".parse::<f64>();
    let event = event_of(move || {
        let (result, mut results) = (failed(), vec![failed(), failed()]);
        error_tracker::format_exception!(result.unwrap_err());
        capture_exception!(results.pop().unwrap().unwrap_err(), left = results.len());
    });
    assert_eq!(event.message, "invalid float literal");
    assert_eq!(event.context.extras["left"], 1);
}

#[auto_track_exception]
fn deep_message(id: u32) {
    let local = id * 2;
    below_deep(local);
}

fn below_deep(id: u32) {
    capture_message!("user {id} has no cart");
}

#[auto_track_exception]
fn own_message(id: u32) -> u32 {
    let local = id * 2;
    capture_message!("in {}, local {local}", "own_message");
    error_tracker::capture_message(format!("plain text {id}"));
    local
}

#[test]
fn a_message_shows_the_rendered_text_its_template_and_the_running_functions() {
    let event = event_of(|| deep_message(4));
    assert_eq!(event.message, "user 8 has no cart");
    assert_eq!(event.template.as_deref(), Some("user {id} has no cart"));
    assert!(event.frames.is_empty());
    assert_eq!(
        (event.callers[0].function.as_str(), value(&event.callers[0], "local")),
        ("deep_message", "8")
    );
    let events = events_of(|| own_message(5));
    assert_eq!(reported(&events)[0], ("in own_message, local 10", true, vec!["own_message"]));
    assert_eq!(value(&events[0].frames[0], "local"), "10");
    assert_eq!((events[1].message.as_str(), events[1].template.as_deref()), ("plain text 5", None));
}

#[derive(Debug)]
struct Plain;

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("displayed")
    }
}

#[derive(Debug)]
struct OnlyDebug(#[expect(dead_code, reason = "only shown")] u8);

struct Bare;

#[auto_track_exception]
fn fails_with<E>(error: E) -> Result<(), E> {
    Err(error)
}

#[auto_track_exception]
fn plain_error() -> Result<(), Plain> {
    Err(Plain)
}

#[auto_track_exception]
fn debug_error() -> Result<(), OnlyDebug> {
    Err(OnlyDebug(3))
}

#[auto_track_exception]
fn bare_error() -> Result<(), Bare> {
    Err(Bare)
}

#[test]
fn every_type_of_error_is_shown_as_far_as_possible() {
    let runs: [(fn(), &str, &str); 4] = [
        (|| drop(plain_error()), "traces::Plain", "displayed"),
        (|| drop(debug_error()), "traces::OnlyDebug", "OnlyDebug(3)"),
        (|| drop(bare_error()), "traces::Bare", "Bare (its text is not known)"),
        (|| assert!(fails_with(7_u8).is_err()), "u8", "7"),
    ];
    for (run, type_name, message) in runs {
        let event = event_of(run);
        assert_eq!((event.type_name.as_str(), event.message.as_str()), (type_name, message));
    }
}

#[test]
fn threads_and_their_failures_do_not_mix() {
    let events = events_of(|| {
        std::thread::scope(|scope| {
            for id in 0..6 {
                scope.spawn(move || one(id * 100));
            }
        });
    });
    assert_eq!(events.len(), 6);
    for event in events {
        let first: u32 = value(&event.frames[9], "depth").parse().unwrap();
        assert_eq!(value(&event.frames[0], "depth"), (first + 9).to_string());
    }
}

#[auto_track_exception]
fn port(text: &str) -> Result<u16, ParseIntError> {
    text.parse()
}

#[auto_track_exception]
fn count(text: &str) -> Result<u32, ParseIntError> {
    text.parse()
}

#[auto_track_exception]
fn reads_both(text: &str) -> u32 {
    let port = port(text);
    let count = count(text);
    u32::from(port.is_ok()) + u32::from(count.is_ok())
}

#[test]
fn equal_errors_of_small_functions_beside_each_other_are_as_many_failures() {
    let below_one = || assert_eq!(reads_both("x"), 0);
    let below_none = || assert!(port("x").is_err() && count("x").is_err());
    for events in [events_of(below_one), events_of(below_none)] {
        let mut functions: Vec<_> = events.iter().map(|event| functions(event).join(" ")).collect();
        functions.sort_unstable();
        assert_eq!(functions, ["count", "port"]);
    }
}
