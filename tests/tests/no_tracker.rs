//! What a program sees that annotates and prints, but never installs a tracker. Nothing here may install one.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::num::ParseIntError;

use error_tracker::{auto_track_exception, event_from_error};
use error_tracker_tests::variable;

#[auto_track_exception]
fn quantity(text: &str) -> Result<u32, ParseIntError> {
    let digits = text.trim();
    let length = digits.len();
    digits[..length].parse()
}

#[test]
fn a_value_that_only_a_tracker_would_use_says_so_instead_of_too_costly() {
    let error = quantity(" x ").unwrap_err();
    let event = event_from_error(&error);
    let digits = variable(&event.frames[0], "digits");
    assert_eq!(
        (digits.value.as_deref(), digits.note.as_deref()),
        (None, Some("captured only when a tracker is installed"))
    );
    assert_eq!(variable(&event.frames[0], "length").value.as_deref(), Some("1"));
    assert_eq!(variable(&event.frames[0], "text").value.as_deref(), Some("\" x \""));
}
