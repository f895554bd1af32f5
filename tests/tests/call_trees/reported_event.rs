//! What an event tells, and what the model says that it should.

use error_tracker::event::{Event, Kind};

/// As much of an event as the model knows; functions from where it rose outward.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReportedEvent {
    pub message: String,
    pub kind: String,
    pub functions: Vec<String>,
    pub handled: bool,
}

impl ReportedEvent {
    pub fn new(kind: Kind, message: &str, functions: &[&str], handled: bool) -> Self {
        let functions = functions.iter().map(|&name| name.into()).collect();
        Self { message: message.into(), kind: format!("{kind:?}"), functions, handled }
    }

    pub fn of(event: &Event) -> Self {
        let functions: Vec<_> = event.frames.iter().map(|frame| frame.function.as_str()).collect();
        Self::new(event.kind, &event.message, &functions, event.handled)
    }
}
