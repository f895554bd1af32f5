//! Exits inside macros: seen where the macro is known, and where it is not, the frame says so.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::fmt::{self, Write as _};

use error_tracker::auto_track_exception;
use error_tracker::event::{Event, Exit};
use error_tracker_tests::{event_of, functions};

#[derive(Debug, PartialEq)]
struct NoMoney;

impl fmt::Display for NoMoney {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no money left")
    }
}

impl std::error::Error for NoMoney {}

#[auto_track_exception]
fn child() -> Result<u32, NoMoney> {
    Err(NoMoney)
}

fn exits(event: &Event) -> Vec<(&str, Exit)> {
    event.frames.iter().map(|frame| (frame.function.as_str(), frame.exit)).collect()
}

macro_rules! seen {
    ($($name:ident: $body:expr;)+) => {
        $(#[auto_track_exception]
        fn $name() -> Result<(), NoMoney> {
            let _ = $body;
            Ok(())
        })+

        #[test]
        fn a_question_mark_in_the_arguments_of_a_common_macro_is_a_site() {
            $(let event = event_of($name);
            assert_eq!(exits(&event), [("child", Exit::Tail), (stringify!($name), Exit::Question)]);
            assert_eq!(event.frames[1].expression, "child()?");
            assert_eq!(event.frames[1].line as usize, line_of(stringify!($name)));)+
        }
    };
}

fn line_of(name: &str) -> usize {
    include_str!("hidden_exits.rs")
        .lines()
        .position(|line| line.contains(&format!(" {name}:")))
        .unwrap()
        + 1
}

seen! {
    in_vec: vec![1, child()?, 3];
    in_repeat: vec![child()?; 3];
    in_format: format!("{} of {total}", child()?, total = 4);
    in_println: println!("{}", child()?);
    in_write: write!(String::new(), "{}", child()?);
    in_matches: matches!(child()?, 3 | 4 if true);
    in_assert_eq: assert_eq!(child()?, 3, "as it was");
    in_macros_inside: vec![format!("{}", child()?)];
    in_try_join: try_join!(child()?, 3);
}

/// As that of tokio and futures, as far as its arguments are evaluated.
macro_rules! try_join {
    ($($value:expr),+) => { ($($value),+) };
}
use try_join;

/// As `tokio::select!`: its arguments are no list of expressions.
macro_rules! select {
    ($pat:pat = $value:expr => $then:expr) => {
        match $value {
            $pat => $then,
        }
    };
}

/// Returns, and does not show it.
macro_rules! pass {
    ($value:expr) => {
        match $value {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}

#[auto_track_exception]
fn selects(id: u32) -> Result<u32, NoMoney> {
    let got = select!(result = child() => result? + id);
    Ok(got)
}

#[auto_track_exception]
fn above(id: u32) -> Result<u32, NoMoney> {
    Ok(selects(id)? + 1)
}

#[auto_track_exception]
fn passes() -> Result<u32, NoMoney> {
    let got = pass!(child());
    Ok(got)
}

#[auto_track_exception]
fn above_passes() -> Result<u32, NoMoney> {
    Ok(passes()? + 1)
}

#[auto_track_exception]
fn below_an_attribute() -> Result<u32, NoMoney> {
    #[allow(unused_variables)]
    let number = child()?;
    Ok(1)
}

#[test]
fn a_hidden_exit_is_marked_in_its_frame() {
    let event = event_of(|| above(3));
    assert_eq!(
        exits(&event),
        [("child", Exit::Tail), ("selects", Exit::Hidden), ("above", Exit::Question)]
    );
    assert!(!event.handled);
    assert_eq!(event.frames[1].arguments[0].value.as_deref(), Some("3"));
    let event = event_of(above_passes);
    assert_eq!(
        exits(&event),
        [("child", Exit::Tail), ("passes", Exit::Hidden), ("above_passes", Exit::Question)]
    );
}

#[test]
fn a_hidden_exit_is_marked_in_the_outermost_function() {
    let event = event_of(|| selects(4));
    assert_eq!(exits(&event), [("child", Exit::Tail), ("selects", Exit::Hidden)]);
    assert!(!event.handled);
    let event = event_of(below_an_attribute);
    assert_eq!(exits(&event), [("child", Exit::Tail), ("below_an_attribute", Exit::Hidden)]);
}

macro_rules! unknown {
    ($($any:tt)*) => {};
}

#[auto_track_exception]
fn keeps_it_for_itself() -> Result<u32, NoMoney> {
    unknown!(1);
    let result = child();
    Ok(if result == Err(NoMoney) { 3 } else { 4 })
}

#[auto_track_exception]
fn above_who_keeps_it() -> Result<u32, NoMoney> {
    let kept = keeps_it_for_itself()?;
    Ok(kept + 1)
}

#[test]
fn an_error_that_was_handled_beside_an_unknown_macro_is_handled() {
    for (function, callers) in [
        (keeps_it_for_itself as fn() -> _, vec!["keeps_it_for_itself"]),
        (above_who_keeps_it, vec!["keeps_it_for_itself", "above_who_keeps_it"]),
    ] {
        let event = event_of(function);
        assert_eq!(functions(&event), ["child"]);
        assert!(event.handled);
        let running: Vec<_> = event.callers.iter().map(|frame| frame.function.as_str()).collect();
        assert_eq!(running, callers);
    }
}
