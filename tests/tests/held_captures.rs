//! A capture that is held is recorded when it is committed, and otherwise not at all.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::num::ParseIntError;

use error_tracker::{HeldCapture, auto_track_exception, capture_exception, hold_exception};
use error_tracker_tests::{event_of, events_of};

const _: fn() = || {
    fn is_sent_and_cloned<T: Send + Sync + Clone + 'static>() {}
    is_sent_and_cloned::<HeldCapture>();
};

#[auto_track_exception]
fn parse(text: &str) -> Result<u32, ParseIntError> {
    let pieces = text.parse()?;
    Ok(pieces)
}

/// Answers with a held capture of its error, as a handler does.
#[auto_track_exception]
fn answer(text: &str) -> Result<u32, HeldCapture> {
    parse(text).map_err(|error| hold_exception!(error, text = text))
}

/// Holds its error and returns it.
#[auto_track_exception]
fn held_and_returned(text: &str, held: &mut Option<HeldCapture>) -> Result<u32, ParseIntError> {
    let pieces = parse(text);
    if let Err(error) = &pieces {
        *held = Some(hold_exception(error));
    }
    pieces
}

#[test]
fn a_held_capture_is_recorded_when_it_is_committed_with_everything_known_before() {
    let event = event_of(|| {
        error_tracker::with_scope(
            |scope| scope.set_tag("request", "7"),
            || {
                let mut held = None;
                assert!(held_and_returned("x", &mut held).is_err());
                held.unwrap()
            },
        )
        .commit()
        .unwrap()
    });
    assert_eq!(event.type_name, "core::num::error::ParseIntError");
    let functions: Vec<_> = event.frames.iter().map(|frame| frame.function.as_str()).collect();
    assert_eq!(functions, ["parse", "held_and_returned"]);
    assert_eq!(event.frames[0].arguments[0].value.as_deref(), Some("\"x\""));
    assert_eq!(event.context.tags["request"], "7");
}

#[test]
fn a_held_capture_that_is_dropped_leaves_no_event_of_its_error() {
    let events = events_of(|| {
        let mut held = None;
        assert!(held_and_returned("x", &mut held).is_err());
        drop(held);
        assert!(answer("y").is_err());
        drop(hold_exception(&"z".parse::<u32>().unwrap_err()));
    });
    let reported: Vec<_> = events.iter().map(|event| (&event.type_name, &event.frames)).collect();
    assert!(events.is_empty(), "{reported:#?}");
}

#[test]
fn a_held_capture_is_committed_once_by_any_clone_on_any_thread() {
    let event = event_of(|| {
        let error = "x".parse::<u32>().unwrap_err();
        let held = hold_exception!(error, order = 7);
        let sent = held.clone();
        let id = std::thread::spawn(move || sent.commit()).join().unwrap();
        assert!(id.is_some());
        assert_eq!(held.commit(), id);
        id
    });
    assert_eq!(event.context.extras["order"], 7);
    assert!(event.captured && event.handled);
}

#[test]
fn a_recorded_error_stays_one_event_and_gets_the_context_of_a_committed_capture() {
    let event = event_of(|| {
        let error = parse("x").unwrap_err();
        let id = hold_exception!(error, attempt = 3).commit();
        drop(hold_exception!(error));
        assert_eq!(capture_exception!(error), id);
    });
    assert_eq!(event.context.extras["attempt"], 3);
}

#[test]
fn a_macro_holds_errors_of_other_types() {
    let event = event_of(|| {
        let error = anyhow::anyhow!("no route");
        hold_exception!(error).commit()
    });
    assert_eq!(event.message, "no route");
}
