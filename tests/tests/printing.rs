//! The traceback of an error goes to a writer, to text, to the `log` facade and to `tracing`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::fmt::{self, Write as _};
use std::num::ParseIntError;
use std::sync::Mutex;

use error_tracker::{
    auto_track_exception, format_exception, log_exception, print_exception_to, trace_exception,
};

#[auto_track_exception]
fn number(text: &str, password: &str) -> Result<u32, ParseIntError> {
    let trimmed = text.trim();
    Ok(trimmed.parse::<u32>()? + password.len() as u32)
}

fn failure() -> ParseIntError {
    number(" x ", "hunter2").unwrap_err()
}

/// What every form of the traceback holds.
fn assert_is_traceback(text: &str) {
    for part in [
        "Traceback (most recent call last):",
        "tests/tests/printing.rs:15:8, in printing::number",
        "trimmed.parse::<u32>()?",
        "text:     &str = \" x \"",
        "password: &str = **************",
        "core::num::error::ParseIntError: invalid digit found in string",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "no colours where there is no terminal");
}

#[test]
fn a_writer_and_a_text_get_the_traceback_of_an_error_that_has_left_its_functions() {
    let error = failure();
    assert_is_traceback(&format_exception(&error));
    let mut bytes = Vec::new();
    print_exception_to(&error, &mut bytes).unwrap();
    assert_is_traceback(std::str::from_utf8(&bytes).unwrap());
}

static LOGGED: Mutex<Vec<(log::Level, String, String)>> = Mutex::new(Vec::new());

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let entry = (record.level(), record.target().to_owned(), record.args().to_string());
        LOGGED.lock().unwrap().push(entry);
    }

    fn flush(&self) {}
}

#[test]
fn the_log_facade_gets_it_as_one_error_record() {
    log::set_logger(&Logger).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    log_exception(&failure());
    let logged = LOGGED.lock().unwrap();
    let ours: Vec<_> = logged.iter().filter(|(_, target, _)| target == "error_tracker").collect();
    let [(level, _, text)] = ours.as_slice() else { panic!("{ours:?}") };
    assert_eq!(*level, log::Level::Error);
    assert_is_traceback(text);
}

struct Subscriber(&'static Mutex<Vec<(String, String)>>);

#[derive(Default)]
struct Fields {
    message: String,
    exception: String,
}

impl tracing::field::Visit for Fields {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        let text = match field.name() {
            "message" => &mut self.message,
            "exception" => &mut self.exception,
            _ => return,
        };
        write!(text, "{value:?}").unwrap();
    }
}

impl tracing::Subscriber for Subscriber {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        assert_eq!(*event.metadata().level(), tracing::Level::ERROR);
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.lock().unwrap().push((fields.exception, fields.message));
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn tracing_gets_it_as_one_error_event_with_the_type_as_a_field() {
    static SEEN: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());
    tracing::subscriber::with_default(Subscriber(&SEEN), || trace_exception(&failure()));
    let seen = SEEN.lock().unwrap();
    let [(exception, message)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(exception, "\"core::num::error::ParseIntError\"");
    assert_is_traceback(message);
}
