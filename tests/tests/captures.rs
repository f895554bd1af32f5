//! An error that is captured by hand is told once, whatever becomes of it; another one that looks the same is told too.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::num::ParseIntError;

use anyhow::Context as _;
use error_tracker::scope::Scope;
use error_tracker::{auto_track_exception, capture_exception, track_exception};
use error_tracker_tests::{event_of, events_of, functions};

fn plain(text: &str) -> Result<u32, ParseIntError> {
    text.parse()
}

#[auto_track_exception]
fn parse(text: &str) -> Result<u32, ParseIntError> {
    text.parse()
}

#[auto_track_exception]
fn captures_each(texts: &[&str]) -> usize {
    let mut failed = 0;
    for text in texts {
        if let Err(error) = plain(text) {
            capture_exception!(error);
            failed += 1;
        }
    }
    failed
}

#[track_exception]
fn answer(error: &ParseIntError) -> u16 {
    if error.to_string().is_empty() { 500 } else { 400 }
}

#[test]
fn equal_errors_that_are_captured_at_one_place_are_events_of_their_own() {
    let in_a_plain_function = || {
        for text in ["x", "y", "z"] {
            capture_exception!(plain(text).unwrap_err());
        }
    };
    assert_eq!(events_of(in_a_plain_function).len(), 3);
    assert_eq!(events_of(|| captures_each(&["x", "y", "1", "z"])).len(), 3);
    assert_eq!(events_of(|| ["x", "y", "z"].map(captured_before_any_observation)).len(), 3);
    assert_eq!(
        events_of(|| ["x", "y", "z"].map(|text| answer(&plain(text).unwrap_err()))).len(),
        3
    );
    let in_a_scope = || ["x", "y", "z"].map(|text| Scope::current().run_handled(|| plain(text)));
    assert_eq!(events_of(in_a_scope).len(), 3);
}

fn captured<T>(result: Result<T, ParseIntError>) -> Result<T, ParseIntError> {
    if let Err(error) = &result {
        capture_exception!(error);
    }
    result
}

#[auto_track_exception]
fn captured_by_a_plain_function(text: &str) -> Result<u32, ParseIntError> {
    let number = captured(parse(text))?;
    Ok(number)
}

#[auto_track_exception]
fn captured_before_any_observation(text: &str) -> Result<u32, ParseIntError> {
    let number = captured(plain(text))?;
    Ok(number)
}

#[auto_track_exception]
fn note(error: &ParseIntError, attempt: u32) {
    capture_exception!(error, attempt = attempt);
}

#[auto_track_exception]
fn captured_by_an_annotated_function(text: &str) -> Result<u32, ParseIntError> {
    let result = parse(text);
    if let Err(error) = &result {
        note(error, 1);
    }
    result
}

/// Small, and outermost.
#[auto_track_exception]
fn captured_within_one_expression(text: &str) -> Result<u32, ParseIntError> {
    captured(parse(text))
}

#[test]
fn an_error_is_reported_once_even_if_it_is_captured_before_it_is_returned() {
    let event = event_of(|| captured_within_one_expression("x"));
    assert_eq!(functions(&event), ["parse", "captured_within_one_expression"]);
    assert_eq!(functions(&event_of(|| captured_by_a_plain_function("x"))), ["parse"]);
    assert!(functions(&event_of(|| captured_before_any_observation("x"))).is_empty());
    assert_eq!(functions(&event_of(|| captured_by_an_annotated_function("x"))), ["parse", "note"]);
}

#[auto_track_exception]
fn changes_it(text: &str) -> Result<u32, String> {
    captured(parse(text)).map_err(|_| "the order is lost".into())
}

#[auto_track_exception]
fn passes_it(text: &str) -> Result<u32, String> {
    let number = changes_it(text)?;
    Ok(number)
}

#[auto_track_exception]
fn captures_it_again(text: &str) -> Result<u32, String> {
    passes_it(text).inspect_err(|error| {
        capture_exception!(error, shop = "north");
    })
}

#[test]
fn a_captured_error_is_not_reported_again_when_it_is_converted() {
    assert_eq!(functions(&event_of(|| passes_it("x"))), ["parse"]);
    let event = event_of(|| captures_it_again("x"));
    assert_eq!(event.context.extras["shop"], "north");
}

#[auto_track_exception]
fn begins(text: &str) -> anyhow::Result<u32> {
    parse(text).context("the number is wrong")
}

fn between(text: &str) -> anyhow::Result<u32> {
    begins(text).map_err(|error| anyhow::anyhow!("{error:#}")).context("importing")
}

#[auto_track_exception]
fn above(text: &str) -> anyhow::Result<u32> {
    let number = between(text)?;
    Ok(number)
}

#[test]
fn an_error_whose_text_became_part_of_a_source_keeps_its_trace() {
    assert_eq!(functions(&event_of(|| above("x"))), ["parse", "begins", "above"]);
}

macro_rules! made_by_a_macro {
    ($name:ident) => {
        #[auto_track_exception]
        fn $name(text: &str) {
            if let Err(error) = parse(text) {
                capture_exception!(error);
            }
        }
    };
}

made_by_a_macro!(captures_in_a_macro);

#[test]
fn a_function_that_a_macro_made_is_known_around_a_capture() {
    assert_eq!(functions(&event_of(|| captures_in_a_macro("x"))), ["parse", "captures_in_a_macro"]);
}
