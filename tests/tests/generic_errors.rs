//! Errors whose type is a parameter: the first function that knows the type tells what there is to tell of it.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::fmt::{Debug, Display};
use std::num::ParseIntError;
use std::str::FromStr;

use error_tracker::auto_track_exception;
use error_tracker::event::Event;
use error_tracker_tests::{event_of, functions};

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
enum PortError {
    #[error("{0:?} is no port")]
    Unreadable(String, #[source] ParseIntError),
}

#[derive(Debug)]
struct Port(#[expect(dead_code, reason = "only made")] u16);

impl FromStr for Port {
    type Err = PortError;

    fn from_str(text: &str) -> Result<Self, PortError> {
        text.parse().map(Self).map_err(|error| PortError::Unreadable(text.into(), error))
    }
}

trait Source {
    type Item;
    type Error;
    fn next(&mut self) -> Result<Self::Item, Self::Error>;
}

struct Ports;

impl Source for Ports {
    type Item = Port;
    type Error = PortError;

    fn next(&mut self) -> Result<Port, PortError> {
        "x".parse()
    }
}

#[auto_track_exception]
fn parse<T: FromStr>(text: &str) -> Result<T, T::Err> {
    let trimmed = text.trim();
    trimmed.parse()
}

#[auto_track_exception]
fn parse_all<T: FromStr>(texts: &str) -> Result<Vec<T>, T::Err> {
    let mut all = Vec::new();
    for text in texts.split(',') {
        all.push(parse(text)?);
    }
    Ok(all)
}

#[auto_track_exception]
fn drain<S: Source>(mut source: S) -> Result<Vec<S::Item>, <S as Source>::Error> {
    let item = source.next()?;
    Ok(vec![item])
}

#[auto_track_exception]
fn attempt<T, E>(call: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let value = call()?;
    Ok(value)
}

#[auto_track_exception]
fn shown<T: FromStr<Err: Display>>(text: &str) -> Result<T, T::Err> {
    let all = parse_all::<T>(text)?;
    all.into_iter().next().map(Ok).unwrap()
}

#[auto_track_exception]
fn debugged<T: FromStr<Err: Debug>>(text: &str) -> Result<T, T::Err> {
    let all = parse_all::<T>(text)?;
    all.into_iter().next().map(Ok).unwrap()
}

#[auto_track_exception]
fn by_into<T: FromStr<Err: Into<Box<dyn std::error::Error>>>>(
    text: &str,
) -> Result<T, Box<dyn std::error::Error>> {
    match parse_all::<T>(text) {
        Ok(mut all) => Ok(all.remove(0)),
        Err(error) => Err(error.into()),
    }
}

#[auto_track_exception]
fn by_from<E: From<PortError>>(text: &str) -> Result<Port, E> {
    Ok(parse::<Port>(text)?)
}

macro_rules! knows {
    ($($name:ident by [$($generic:literal),*]: $body:expr;)+) => {
        $(#[auto_track_exception]
        fn $name() -> Result<(), PortError> {
            let _value = $body;
            Ok(())
        })+

        #[test]
        fn an_error_whose_type_is_a_parameter_is_one_event_with_what_outer_functions_know_of_it() {
            $(let event = event_of($name);
            assert_eq!(names(&event), [$($generic,)* stringify!($name)]);
            assert_eq!(event.message, "\"x\" is no port");
            assert!(event.type_name.ends_with("PortError") && !event.handled);
            assert_eq!(event.variant.as_deref(), Some("Unreadable"), stringify!($name));
            assert!(event.debug.as_deref().unwrap().starts_with("Unreadable("));
            assert!(event.frames.iter().all(|frame| frame.error.is_none()), "it stayed the same error");
            let causes: Vec<_> = event.chain.iter().map(|cause| cause.message.as_str()).collect();
            assert_eq!(causes, ["\"x\" is no port", "invalid digit found in string"]);)+
        }
    };
}

fn names(event: &Event) -> Vec<&str> {
    functions(event)
}

knows! {
    knows_one by ["parse"]: parse::<Port>("x")?;
    knows_two by ["parse", "parse_all"]: parse_all::<Port>("x")?;
    knows_source by ["drain"]: drain(Ports)?;
    knows_closure by ["parse", "attempt"]: attempt(|| parse::<Port>("x"))?;
    knows_shown by ["parse", "parse_all", "shown"]: shown::<Port>("x")?;
    knows_debugged by ["parse", "parse_all", "debugged"]: debugged::<Port>("x")?;
    knows_from by ["parse", "by_from"]: by_from::<PortError>("x")?;
}

#[auto_track_exception]
fn boxes() -> Result<(), Box<dyn std::error::Error>> {
    by_into::<Port>("x")?;
    Ok(())
}

#[test]
fn an_error_whose_type_is_a_parameter_is_one_event_if_it_is_boxed_or_converted() {
    let event = event_of(|| assert!(boxes().is_err()));
    assert_eq!(functions(&event), ["parse", "parse_all", "by_into", "boxes"]);
    assert!(event.type_name.ends_with("PortError"));
    let event = event_of(|| assert!(by_from::<Other>("x").is_err()));
    assert_eq!(functions(&event), ["parse", "by_from"]);
    assert_eq!(event.message, "\"x\" is no port");
}

struct Other;

impl From<PortError> for Other {
    fn from(_: PortError) -> Self {
        Self
    }
}

#[test]
fn an_error_without_text_shows_its_type_and_that_its_text_is_not_known() {
    let event = event_of(|| assert!(parse_all::<Port>("x").is_err()));
    assert_eq!(functions(&event), ["parse", "parse_all"]);
    assert!(event.type_name.ends_with("generic_errors::PortError"));
    assert_eq!(event.message, "PortError (its text is not known)");
}

#[test]
fn an_error_of_the_standard_library_is_known_where_its_type_is_a_parameter() {
    let event = event_of(|| assert!(parse_all::<u16>("x").is_err()));
    assert_eq!(functions(&event), ["parse", "parse_all"]);
    assert_eq!(
        (event.type_name.as_str(), event.message.as_str()),
        ("core::num::error::ParseIntError", "invalid digit found in string")
    );
    let event = event_of(|| attempt(|| Err::<(), _>(String::from("no money"))).unwrap_err());
    assert_eq!(event.message, "no money");
}

#[auto_track_exception]
fn captures() {
    if let Err(error) = parse_all::<Port>("x") {
        error_tracker::capture_exception!(error);
    }
}

#[test]
fn an_error_that_is_captured_where_its_type_is_known_is_reported_once() {
    let event = event_of(captures);
    assert_eq!(functions(&event), ["parse", "parse_all", "captures"]);
    assert_eq!(event.message, "\"x\" is no port");
}
