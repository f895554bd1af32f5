//! Functions that macros make: the file that is shown is the one whose lines are shown.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::num::ParseIntError;

use error_tracker::{auto_track_exception, capture_exception};
use error_tracker_tests::{event_of, place_of};

#[macro_use]
#[path = "../fixtures/made.rs"]
mod made;

const HERE: &str = include_str!("macros.rs");
const THERE: &str = include_str!("../fixtures/made.rs");

made!(parses);
made_around!(parses_here(text) {
    let here = text.parse()?;
    Ok(here)
});
made_of!(parses_what_it_is_given "given".parse());
made_to_capture!(captures);
made_to_panic!(panics);

/// File, line, column and text of the site of the innermost frame, as those who read the event see it.
fn place<R: Send + 'static>(
    run: impl FnOnce() -> R + Send + 'static,
) -> (String, u32, u32, String) {
    let mut event = event_of(run);
    error_tracker::Symbolizer::default().add_names(&mut event);
    let frame = event.frames.swap_remove(0);
    let file = frame.file.rsplit('/').next().unwrap().to_owned();
    (file, frame.line, frame.column, frame.expression)
}

fn expected(file: &str, (line, column): (u32, u32), text: &str) -> (String, u32, u32, String) {
    (file.into(), line, column, text.into())
}

#[test]
fn a_function_of_a_macro_in_another_file_is_shown_there() {
    let at = place_of(THERE, "trimmed.parse()?");
    assert_eq!(place(|| parses("x")), expected("made.rs", at, "trimmed.parse()?"));
}

#[test]
fn a_body_passed_to_a_macro_is_shown_where_it_is_written() {
    let at = place_of(HERE, "text.parse()?;\n    Ok(here)");
    assert_eq!(place(|| parses_here("x")), expected("macros.rs", at, "text.parse()?"));
}

#[test]
fn a_body_passed_to_a_macro_in_pieces_is_shown_at_the_start_of_the_function() {
    let (line, _) = place_of(THERE, "fn $name() -> Result<u32, ParseIntError> {");
    assert_eq!(
        place(parses_what_it_is_given),
        expected("made.rs", (line, 0), "\"given\".parse()?")
    );
}

#[test]
fn captures_and_panics_in_functions_of_macros_are_shown_in_the_functions_file() {
    let (line, _) = place_of(THERE, "fn $name(text: &str) {\n            let error");
    assert_eq!(place(|| captures("x")), expected("made.rs", (line, 0), ""));
    // The call stack tells.
    let (line, _) = place_of(THERE, "panic!(");
    let panicked = place(|| std::panic::catch_unwind(|| panics("x")));
    assert_eq!(panicked, expected("made.rs", (line, 0), ""));
}
