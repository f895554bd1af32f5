//! The value of a masked variable is searched for in all else that an event tells.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use error_tracker::auto_track_exception;
use error_tracker::event::{CaptureTime, Event};
use error_tracker_tests::{event_of, value, variable};

const SECRET: &str = "Tr0ub4dor&3";

fn reported(event: &Event) -> String {
    error_tracker::json::to_string(event).unwrap()
}

#[auto_track_exception(mask(pw), locals = "always")]
fn borrowed(pw: &str) -> Result<(), String> {
    let copy = pw.to_owned();
    let shown = format!("pw is {pw}");
    Err(format!("refused {copy} ({})", shown.len()))
}

#[auto_track_exception(mask(pw), locals = "always")]
fn owned(pw: String) -> Result<(), String> {
    let copy = pw.clone();
    let list = Vec::from([pw.as_str(), "other"]);
    Err(format!("refused {copy} ({})", list.len()))
}

#[auto_track_exception(mask(code), locals = "always")]
fn number(code: u64) -> Result<(), String> {
    let copy = code;
    Err(format!("refused {copy}"))
}

#[auto_track_exception(mask(held), locals = "always")]
fn local() -> Result<(), String> {
    let held = String::from(SECRET);
    let copy = held.clone();
    Err(format!("refused {copy}"))
}

#[auto_track_exception(mask(pw), locals = "always")]
async fn in_a_future(pw: String) -> Result<(), String> {
    std::future::ready(()).await;
    let copy = pw.clone();
    Err(format!("refused {copy}"))
}

#[auto_track_exception(locals = "always")]
fn by_its_name(password: &str) -> Result<(), String> {
    let copy = password.to_owned();
    Err(format!("refused {copy}"))
}

#[auto_track_exception(mask(pw), locals = "always")]
fn of_a_caller(pw: &str) -> Result<(), String> {
    called(pw)
}

#[auto_track_exception(locals = "always")]
fn called(given: &str) -> Result<(), String> {
    Err(format!("refused {given}"))
}

#[test]
fn the_value_of_a_masked_variable_is_masked_in_other_variables_and_in_the_error() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let events = [
        event_of(|| borrowed(SECRET)),
        event_of(|| owned(SECRET.to_owned())),
        event_of(local),
        event_of(move || runtime.block_on(in_a_future(SECRET.to_owned()))),
        event_of(|| by_its_name(SECRET)),
        event_of(|| of_a_caller(SECRET)),
    ];
    for event in events {
        assert!(!reported(&event).contains("Tr0ub4dor"), "{event:#?}");
        assert!(event.message.starts_with("refused **************"), "{}", event.message);
    }
    let event = event_of(|| number(493_817_205));
    assert!(!reported(&event).contains("493817205"), "{event:#?}");
}

#[test]
fn each_call_has_its_value_searched_for() {
    for round in 0..5 {
        let secret = format!("{SECRET}-{round}");
        let event = event_of(move || owned(secret));
        assert!(!reported(&event).contains("Tr0ub4dor"), "{round}: {event:#?}");
    }
}

#[test]
fn short_values_and_plain_words_of_a_masked_variable_are_not_masked_elsewhere() {
    for shown in ["x7", "client"] {
        let event = event_of(|| borrowed(shown));
        assert!(event.message.starts_with(&format!("refused {shown} ")), "{}", event.message);
        let pw = variable(&event.frames[0], "pw");
        assert!(pw.masked && pw.taken == CaptureTime::Never, "{pw:?}");
        assert_eq!(value(&event.frames[0], "copy"), format!("{shown:?}"));
    }
}

static RUNS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

impl fmt::Debug for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        RUNS.fetch_add(1, Ordering::SeqCst);
        f.write_str("Counting")
    }
}

#[auto_track_exception(mask(lent, given), locals = "always")]
fn with_debug(lent: &Counting, given: Counting, password: Counting) -> Result<(), String> {
    let secret = Counting;
    let _used = (lent, &given, &password, &secret);
    Err("refused".into())
}

#[test]
fn the_debug_of_a_masked_variable_does_not_run() {
    let event = event_of(|| with_debug(&Counting, Counting, Counting));
    assert!(event.frames[0].arguments.iter().all(|argument| argument.masked), "{event:#?}");
    // `_used` has a name that is not kept.
    assert_eq!(RUNS.load(Ordering::SeqCst), 0);
}

#[auto_track_exception]
fn with_a_key_in_its_source(text: &str) -> Result<u32, std::num::ParseIntError> {
    let key = "ghp_0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R";
    let number = text.parse::<u32>()?;
    Ok(number + u32::from(key.starts_with(text)))
}

#[test]
fn secrets_in_the_source_around_a_failure_are_masked() {
    let (send, printed) = std::sync::mpsc::channel();
    let event = event_of(move || {
        let error = with_a_key_in_its_source("x").unwrap_err();
        send.send(error_tracker::format_exception(&error)).unwrap();
    });
    let lines = &event.frames[0].snippet.as_ref().unwrap().lines;
    assert!(lines.iter().any(|line| line.contains("let key = \"**")), "{lines:#?}");
    assert!(!reported(&event).contains("0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R"));
    let printed = printed.recv().unwrap();
    assert!(!printed.contains("0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R"), "{printed}");
}
