//! An error that was handled is not taken for an equal one that rises later, and one that is made of it goes on with its
//! trace.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]
#![allow(
    clippy::redundant_pattern_matching,
    clippy::single_match,
    reason = "so may a user write it"
)]

use std::fmt;

use error_tracker::auto_track_exception;
use error_tracker_tests::{event_of, events_of, functions};

#[derive(Clone, Debug, PartialEq)]
struct NoMoney;

impl fmt::Display for NoMoney {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no money left")
    }
}

impl std::error::Error for NoMoney {}

#[derive(Debug, thiserror::Error)]
#[error("closed for today")]
struct Closed;

#[auto_track_exception]
fn child() -> Result<u32, NoMoney> {
    Err(NoMoney)
}

/// Not annotated, and fails with what looks like the child's error.
fn other() -> Result<u32, NoMoney> {
    Err(NoMoney)
}

macro_rules! loses {
    ($($name:ident: $body:block)+) => {
        // A module for each, since an issue that comes often is only counted.
        $(mod $name {
            use super::*;

            #[auto_track_exception]
            fn child() -> Result<u32, NoMoney> {
                Err(NoMoney)
            }

            #[auto_track_exception]
            pub(super) fn $name() -> Result<u32, NoMoney> {
                $body
                Ok(other()?)
            }
        })+

        #[test]
        fn a_lost_error_is_not_continued_by_an_equal_one() {
            $(let events = events_of($name::$name);
            let reported: Vec<_> = events.iter().map(|event| (functions(event), event.handled)).collect();
            let name = stringify!($name);
            assert_eq!(reported, [(vec!["child"], true), (vec![name], false)]);)+
        }
    };
}

loses! {
    let_underscore: { let _ = child(); }
    assigned_to_underscore: { _ = child(); }
    dropped: { drop(child()); }
    ok: { child().ok(); }
    ok_in_a_chain: { let _number = child().map_err(|_| Closed).ok().unwrap_or(3); }
    unwrap_or: { let _number = child().unwrap_or(1); }
    unwrap_or_default: { let _number = child().unwrap_or_default(); }
    unwrap_or_else: { let _number = child().unwrap_or_else(|_| 2); }
    is_ok: { if child().is_ok() { return Ok(1) } }
    is_err: { let _failed = child().is_err(); }
    if_let: { if let Ok(number) = child() { return Ok(number) } }
    let_else: { for _ in 0..1 { let Ok(_) = child() else { continue }; } }
    while_let: { while let Ok(_) = child() {} }
    let_chain: { if true && let Ok(number) = child() && number > 3 { return Ok(number) } }
    matched: { match child() { Ok(number) => return Ok(number), Err(_) => {} } }
    matched_by_name: { let _number = match child() { Ok(number) => number, Err(NoMoney) => 0 }; }
}

macro_rules! goes_on {
    ($($name:ident: $body:expr;)+) => {
        $(#[auto_track_exception]
        fn $name() -> Result<u32, Closed> {
            $body
        })+

        #[test]
        fn an_error_made_of_another_keeps_its_trace() {
            $(let event = event_of($name);
            assert_eq!(functions(&event), ["child", stringify!($name)]);
            assert_eq!((event.message.as_str(), event.handled), ("no money left", false));
            assert_eq!(event.frames[1].error.as_ref().unwrap().message, "closed for today");)+
        }
    };
}

goes_on! {
    map_err: child().map_err(|_| Closed);
    map_err_and_question: Ok(child().map_err(|_| Closed)?);
    ok_and_ok_or: child().ok().ok_or(Closed);
    in_an_arm: match child() { Ok(number) => Ok(number), Err(_) => Err(Closed) };
    returned_from_an_arm: { let number = match child() { Ok(number) => number, Err(_) => return Err(Closed) }; Ok(number) };
    question_in_an_arm: Ok(match child() { Ok(number) => number, Err(NoMoney) => Err(Closed)? });
    in_else: if let Ok(number) = child() { Ok(number) } else { Err(Closed) };
    in_let_else: { let Ok(number) = child() else { return Err(Closed) }; Ok(number) };
    of_the_error_itself: match child() { Ok(number) => Ok(number), Err(error) => convert(error) };
    two_in_turn: match child() { Ok(_) => Ok(0), Err(_) => match other() { Ok(_) => Ok(1), Err(_) => Err(Closed) } };
}

fn convert(_: NoMoney) -> Result<u32, Closed> {
    Err(Closed)
}

#[auto_track_exception]
fn kept_and_returned() -> Result<u32, NoMoney> {
    let mut last = NoMoney;
    for _ in 0..1 {
        match child() {
            Ok(number) => return Ok(number),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[auto_track_exception]
fn kept_whole() -> Result<u32, NoMoney> {
    let result = child();
    let _length = "between".len();
    Ok(result?)
}

#[test]
fn an_error_that_was_kept_and_is_returned_later_keeps_its_trace() {
    assert_eq!(functions(&event_of(kept_and_returned)), ["child", "kept_and_returned"]);
    assert_eq!(functions(&event_of(kept_whole)), ["child", "kept_whole"]);
}

#[auto_track_exception]
fn fallback_fails() -> Result<u32, NoMoney> {
    match child() {
        Ok(number) => Ok(number),
        Err(_) => Ok(other()?),
    }
}

#[test]
fn an_own_failure_of_a_handler_is_another_error() {
    let events = events_of(fallback_fails);
    let reported: Vec<_> = events.iter().map(|event| (functions(event), event.handled)).collect();
    assert_eq!(reported, [(vec!["child"], true), (vec!["fallback_fails"], false)]);
}

#[auto_track_exception]
async fn waits_and_loses() -> Result<u32, NoMoney> {
    let _ = waits().await;
    Ok(other()?)
}

#[auto_track_exception]
async fn waits() -> Result<u32, NoMoney> {
    child()
}

#[auto_track_exception]
async fn waits_and_makes() -> Result<u32, Closed> {
    match waits().await {
        Ok(number) => Ok(number),
        Err(_) => Err(Closed),
    }
}

#[test]
fn handled_errors_of_async_functions_are_events_too() {
    let run = |future: std::pin::Pin<Box<dyn Future<Output = ()>>>| {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future);
    };
    let events = events_of(move || run(Box::pin(async { drop(waits_and_loses().await) })));
    let reported: Vec<_> = events.iter().map(|event| (functions(event), event.handled)).collect();
    assert_eq!(reported, [(vec!["child", "waits"], true), (vec!["waits_and_loses"], false)]);
    let event = event_of(move || run(Box::pin(async { drop(waits_and_makes().await) })));
    assert_eq!(functions(&event), ["child", "waits", "waits_and_makes"]);
}
