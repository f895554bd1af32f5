//! Which failures are one issue: grouping `g1` through whole failures.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::num::ParseIntError;

use error_tracker::event::Event;
use error_tracker::scope::with_scope;
use error_tracker::{auto_track_exception, capture_exception, capture_message};
use error_tracker_tests::{event_of, events_of, tracker};

fn hash<R: Send + 'static>(run: impl FnOnce() -> R + Send + 'static) -> String {
    event_of(run).grouping.hash
}

fn components(event: &Event) -> Vec<(&str, &str)> {
    event.grouping.components.iter().map(|part| (part.label.as_str(), part.value.as_str())).collect()
}

#[auto_track_exception]
fn parse(text: &str) -> Result<u32, ParseIntError> {
    let number = text.parse()?;
    Ok(number)
}

#[auto_track_exception]
fn parse_elsewhere(text: &str) -> Result<u32, ParseIntError> {
    let number = text.parse()?;
    Ok(number)
}

#[auto_track_exception]
fn first_caller(text: &str) -> Result<u32, ParseIntError> {
    parse(text)
}

#[auto_track_exception]
fn second_caller(text: &str) -> anyhow::Result<u32> {
    Ok(parse(text)?)
}

#[auto_track_exception]
fn equal_texts(left: &str, right: &str) -> Result<u32, ParseIntError> {
    let parse = |text: &str| text.parse::<u32>();
    let mut text = left;
    let mut sum = parse(text)?;
    text = right;
    sum += parse(text)?;
    Ok(sum)
}

#[derive(Debug, thiserror::Error)]
enum ShopError {
    #[error("order {0} is gone")]
    Gone(u32),
    #[error("order {0} is late")]
    Late(u32),
}

#[auto_track_exception]
fn by_variant(late: bool, id: u32) -> Result<(), ShopError> {
    let error = if late { ShopError::Late(id) } else { ShopError::Gone(id) };
    Err(error)?;
    Ok(())
}

#[auto_track_exception]
fn opaque(message: String) -> anyhow::Result<()> {
    let error = anyhow::Error::msg(message);
    Err(error)
}

#[auto_track_exception]
fn generic<T: std::fmt::Debug>(value: T) -> Result<(), Wrong<T>> {
    Err(Wrong(value))
}

#[derive(Debug)]
struct Wrong<T>(T);

impl<T> std::fmt::Display for Wrong<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("wrong")
    }
}

#[auto_track_exception]
fn panics(at: usize) -> u32 {
    [1, 2, 3][at]
}

#[test]
fn the_same_place_and_type_are_one_issue_whatever_the_values_and_callers() {
    let one = hash(|| parse("x"));
    assert_eq!(one, hash(|| parse("")), "another message");
    assert_eq!(one, hash(|| first_caller("y")));
    assert_eq!(one, hash(|| second_caller("z")));
    assert_ne!(one, hash(|| parse_elsewhere("x")), "another function");
    assert_ne!(
        hash(|| equal_texts("x", "1")),
        hash(|| equal_texts("1", "x")),
        "another of equal expressions"
    );
}

#[test]
fn another_variant_or_kind_is_another_issue() {
    assert_eq!(hash(|| by_variant(false, 1)), hash(|| by_variant(false, 2)));
    assert_ne!(hash(|| by_variant(false, 1)), hash(|| by_variant(true, 1)));
    assert_eq!(hash(|| generic(1_u8)), hash(|| generic("text")), "generics do not count");
}

#[test]
fn opaque_errors_are_told_apart_by_their_message_without_its_values() {
    let of = |message: &str| {
        let message = message.to_owned();
        hash(|| opaque(message))
    };
    assert_eq!(of("user 17 has no cart"), of("user 18 has no cart"));
    assert_ne!(of("user 17 has no cart"), of("user 17 has no name"));
    let (first, second) = ("01a20ce5-00c9-74d8-9dc5-7875214316e0", "91b20ce5-00c9-74d8-9dc5-7875214316ef");
    assert_eq!(of(&format!("no session {first}")), of(&format!("no session {second}")));
}

#[test]
fn panics_group_by_place_and_message_without_its_values() {
    assert_eq!(hash(|| panics(7)), hash(|| panics(9)));
}

#[test]
fn messages_group_by_their_template() {
    let of = |id: u32, name: &'static str| hash(move || capture_message!("user {id} of {name} has no cart"));
    assert_eq!(of(1, "north"), of(2, "south"));
    assert_ne!(
        hash(|| capture_message!("user {} has no cart", 1)),
        hash(|| capture_message!("user {} has a cart", 1))
    );
}

#[test]
fn the_own_fingerprint_groups_alone() {
    let of = |parts: [&'static str; 2], text: &'static str| {
        hash(move || {
            with_scope(
                |scope| scope.set_fingerprint(parts),
                || capture_exception!(text.parse::<f64>().unwrap_err()),
            )
        })
    };
    assert_eq!(of(["payment", "down"], "x"), of(["payment", "down"], ""));
    assert_ne!(of(["payment", "down"], "x"), of(["paymentdown", ""], "x"));
}

#[test]
fn the_components_are_kept_and_hold_neither_lines_nor_folders() {
    let event = event_of(|| parse("x"));
    assert_eq!(event.grouping.version, "g1");
    assert_eq!(
        components(&event),
        [
            ("kind", "error"),
            ("type", "core::num::error::ParseIntError"),
            ("function", "grouping::parse"),
            ("expression", "text.parse()?")
        ]
    );
}

#[auto_track_exception]
fn storms(text: &str) -> Result<u32, ParseIntError> {
    let number = text.parse()?;
    Ok(number)
}

#[test]
fn a_storm_of_equal_failures_is_counted_exactly_on_one_issue() {
    let events = events_of(|| (0..5_000).for_each(|_| assert!(storms("x").is_err())));
    let (issue, _) = tracker().get_exception(&events[0].grouping.hash).unwrap().unwrap();
    assert_eq!(issue.count, 5_000);
    assert!(events.len() <= 50, "{} are kept", events.len());
}
