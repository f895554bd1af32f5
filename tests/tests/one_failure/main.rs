//! One failure is one event, whatever it becomes on its way: what a `?`, a mapping or an arm makes of an error goes on with its
//! trace, and tells what it became.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]
#![allow(
    unused_braces,
    clippy::question_mark,
    clippy::needless_question_mark,
    clippy::needless_late_init,
    clippy::useless_conversion,
    clippy::nonminimal_bool,
    clippy::never_loop,
    clippy::manual_map,
    clippy::option_map_or_none,
    clippy::bind_instead_of_map,
    clippy::map_identity,
    clippy::manual_let_else,
    clippy::redundant_pattern_matching,
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    clippy::let_and_return,
    clippy::single_match_else,
    clippy::redundant_closure_call,
    clippy::unnecessary_lazy_evaluations,
    reason = "so may a user write it"
)]

use std::fs::File;
use std::future::Future;
use std::io::{self, Read as _};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use error_tracker::auto_track_exception;
use error_tracker::event::Event;
use error_tracker_tests::{event_of, events_of, functions};

/// An error that keeps nothing of the one that it is made of.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("status {0}")]
struct Status(u16);

impl From<io::Error> for Status {
    fn from(_: io::Error) -> Self {
        Self(500)
    }
}

impl From<Status> for Closed {
    fn from(_: Status) -> Self {
        Self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("closed for today")]
struct Closed;

/// Not annotated.
fn open() -> io::Result<File> {
    File::open("/no/such/file")
}

#[auto_track_exception]
fn load() -> io::Result<u32> {
    open().map(|_| 1)
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// Function and what the error had become there, innermost first.
fn became(event: &Event) -> Vec<(&str, &str)> {
    let error =
        |frame: &error_tracker::event::Frame| frame.error.as_ref().map(|e| e.message.clone());
    let errors: Vec<_> = event.frames.iter().map(error).collect();
    let errors = errors.into_iter().map(|error| error.unwrap_or_default().leak() as &str);
    functions(event).into_iter().zip(errors).collect()
}

fn messages(events: &[Event]) -> Vec<(&str, bool, Vec<&str>)> {
    events.iter().map(|event| (event.message.as_str(), event.handled, functions(event))).collect()
}

#[track_caller]
fn assert_io(event: &Event) {
    assert_eq!(event.type_name, "std::io::error::Error");
    assert!(event.message.starts_with("No such file") && !event.handled, "{}", event.message);
}

macro_rules! one {
    ($test:ident, $source:ident: $($name:ident: $body:expr;)+) => {
        mod $test {
            use super::*;

            // A module for each, since an issue that comes often is only counted.
            $(mod $name {
                use super::*;

                #[auto_track_exception]
                #[allow(dead_code, reason = "only half of the lists call it")]
                fn load() -> io::Result<u32> {
                    open().map(|_| 1)
                }

                #[auto_track_exception]
                pub(super) fn $name() -> Result<u32, Closed> {
                    $body
                }
            })+

            #[test]
            fn $test() {
                $(let mut events = events_of($name::$name);
                assert_eq!(events.len(), 1, "{}: {:?}", stringify!($name), messages(&events));
                let event = events.remove(0);
                assert_io(&event);
                let passed: Vec<_> =
                    functions(&event).into_iter().map(|name| name.rsplit("::").next().unwrap()).collect();
                let expected: &[&str] = match stringify!($source) {
                    "open" => &[stringify!($name)],
                    source => &[source, stringify!($name)],
                };
                assert_eq!(passed, expected);
                let became = event.frames.last().unwrap().error.as_ref().map(|e| e.message.as_str());
                assert_eq!(became, Some("closed for today"), stringify!($name));)+
            }
        }
    };
}

fn number(_: File) -> u32 {
    1
}

mod by_arm;
mod by_mapping;
mod by_question_mark;
mod kept;
mod nothing_leaves;
mod results_in_other_types;
