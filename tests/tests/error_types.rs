//! An error tells what it is, whatever its type borrows or hides.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::error::Error;
use std::fmt::{self, Display};
use std::rc::Rc;
use std::sync::Arc;

use error_tracker::event::Event;
use error_tracker::{auto_track_exception, track_exception};
use error_tracker_tests::{event_of, events_of, functions, value};

#[derive(Debug)]
struct Borrowed<'a>(&'a str, fmt::Error);

impl Display for Borrowed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no {}", self.0)
    }
}

impl Error for Borrowed<'_> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.1)
    }
}

fn borrowed(text: &str) -> Borrowed<'_> {
    Borrowed(text, fmt::Error)
}

/// Returns whether an event tells of a `Borrowed` behind some pointer.
#[track_caller]
fn assert_reports(event: &Event, type_name: &str, trace: &[&str]) {
    assert_reports_of("kettle", event, type_name, trace);
}

#[track_caller]
fn assert_reports_of(what: &str, event: &Event, type_name: &str, trace: &[&str]) {
    let message = format!("no {what}");
    assert_eq!((&*event.type_name, &event.message), (type_name, &message));
    let causes: Vec<_> = event.chain.iter().map(|cause| cause.message.as_str()).collect();
    assert_eq!(causes, [&message, &fmt::Error.to_string()]);
    assert_eq!(event.chain[1].type_name.as_deref(), Some("core::fmt::Error"));
    let functions: Vec<_> =
        functions(event).into_iter().map(|name| name.rsplit("::").next().unwrap()).collect();
    assert_eq!(functions, trace);
}

macro_rules! pointers {
    ($($test:ident: $pointer:ident<$bounds:path $(, $auto:path)*> = $name:literal;)+) => {$(
        #[test]
        fn $test() {
            type Pointer<'a> = $pointer<dyn $bounds $(+ $auto)* + 'a>;

            #[auto_track_exception]
            fn inner(text: &str) -> Result<u8, Pointer<'_>> {
                if text.is_empty() { Ok(0) } else { Err($pointer::new(borrowed(text))) }
            }

            #[auto_track_exception]
            fn outer(text: &str) -> Result<u8, Pointer<'_>> {
                let text = text.trim();
                let number = inner(text)?;
                Ok(number)
            }

            #[auto_track_exception]
            fn handles(text: &str) -> u8 {
                match inner(text) {
                    Ok(number) => number,
                    Err(_) => 7,
                }
            }

            #[track_exception]
            fn handler(error: Pointer<'_>) -> usize {
                error.to_string().len()
            }

            // What was put behind the pointer where the error was made has its own type.
            let own = "error_types::Borrowed<'_>";
            assert_reports(&event_of(|| drop(outer(&String::from(" kettle ")))), own, &["inner", "outer"]);
            let event = event_of(|| handles(&String::from("kettle")));
            assert_reports(&event, own, &["inner"]);
            assert!(event.handled);
            // With texts of their own: an error behind a pointer is known again by its text and
            // where it lies.
            let event = event_of(|| handler($pointer::new(borrowed(&String::from("pot")))));
            assert_reports_of("pot", &event, $name, &["handler"]);
            let event = event_of(|| {
                let text = String::from("cup");
                let error: Pointer<'_> = $pointer::new(borrowed(&text));
                error_tracker::capture_exception!(error, order = 7);
                let shown = error_tracker::format_exception!(error);
                assert!(shown.contains("no cup") && shown.contains("Caused by"), "{shown}");
            });
            assert_reports_of("cup", &event, $name, &[]);
        }
    )+};
}

pointers! {
    a_box_reports_an_error_that_borrows: Box<Error> = "alloc::boxed::Box<dyn core::error::Error>";
    a_box_that_is_sent_reports_it: Box<Error, Send> = "alloc::boxed::Box<dyn core::error::Error + core::marker::Send>";
    a_box_that_is_shared_reports_it:
        Box<Error, Send, Sync> = "alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>";
    an_rc_reports_it: Rc<Error> = "alloc::rc::Rc<dyn core::error::Error>";
    an_arc_reports_it: Arc<Error> = "alloc::sync::Arc<dyn core::error::Error>";
    an_arc_that_is_shared_reports_it:
        Arc<Error, Send, Sync> = "alloc::sync::Arc<dyn core::error::Error + core::marker::Send + core::marker::Sync>";
}

#[auto_track_exception]
fn refers<'a>(error: &'a (dyn Error + 'a), text: &str) -> Result<u8, &'a (dyn Error + 'a)> {
    if text.is_empty() { Ok(1) } else { Err(error) }
}

#[test]
fn a_reference_to_an_error_is_reported() {
    let event = event_of(|| refers(&borrowed(&String::from("kettle")), "x").is_err());
    assert_reports(&event, "dyn core::error::Error", &["refers"]);
}

#[auto_track_exception]
fn shares(text: &str) -> Result<u8, Arc<anyhow::Error>> {
    if text.is_empty() {
        Ok(1)
    } else {
        Err(Arc::new(anyhow::Error::new(fmt::Error).context("no kettle")))
    }
}

#[test]
fn an_error_in_two_pointers_shows_its_causes() {
    let event = event_of(|| shares("x"));
    assert_reports(&event, "anyhow::Error", &["shares"]);
}

/// An error that gives another by `AsRef` only.
#[derive(Debug)]
struct Wrapped<'a>(Box<dyn Error + 'a>);

impl<'a> AsRef<dyn Error + 'a> for Wrapped<'a> {
    fn as_ref(&self) -> &(dyn Error + 'a) {
        &*self.0
    }
}

#[auto_track_exception]
fn wraps(text: &str) -> Result<u8, Wrapped<'_>> {
    if text.is_empty() { Ok(1) } else { Err(Wrapped(Box::new(borrowed(text)))) }
}

#[test]
fn a_value_that_gives_an_error_by_as_ref_is_reported() {
    let event = event_of(|| wraps(&String::from("kettle")).is_err());
    assert_reports(&event, "error_types::Wrapped<'_>", &["wraps"]);
}

#[derive(Debug)]
struct OutOfStock {
    sku: &'static str,
}

impl Display for OutOfStock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is out of stock", self.sku)
    }
}

impl Error for OutOfStock {}

impl OutOfStock {
    #[track_exception(error = self)]
    fn by_reference(&self, order: u32) -> u32 {
        order + 1
    }

    #[track_exception(error = self)]
    fn by_value(self) -> &'static str {
        self.sku
    }

    #[track_exception(error = self)]
    fn boxed(self: Box<Self>, order: u32) -> u32 {
        order
    }

    #[auto_track_exception(error = self, skip(order))]
    async fn later(&mut self, order: u32) -> u32 {
        order
    }
}

#[test]
fn a_method_of_an_error_records_the_error() {
    let error = || OutOfStock { sku: "kettle" };
    let runs: [fn(OutOfStock); 4] = [
        |error| assert_eq!(error.by_reference(1007), 1008),
        |error| assert_eq!(error.by_value(), "kettle"),
        |error| assert_eq!(Box::new(error).boxed(1007), 1007),
        |mut error| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async { error.later(1007).await });
        },
    ];
    for (run, name) in runs.into_iter().zip(["by_reference", "by_value", "boxed", "later"]) {
        let event = event_of(move || run(error()));
        assert_eq!(event.message, "kettle is out of stock");
        assert_eq!(functions(&event), [format!("OutOfStock::{name}")]);
        assert!(event.type_name.contains("error_types::OutOfStock"), "{}", event.type_name);
        assert!(event.handled);
        assert_eq!(value(&event.frames[0], "self"), "OutOfStock { sku: \"kettle\" }");
    }
}

#[auto_track_exception]
fn literals(text: &str) -> Result<i32, Box<dyn Error>> {
    let boxed = Box::new(5);
    let (shared, counted) = (Arc::new(6), Rc::new(7.5));
    let (one, many, list) = (&8, &[9, 10], vec![Box::new(11)]);
    let nested = Some(Box::new((12, 13.5)));
    let number: i32 = text.parse()?;
    println!("{boxed} {shared} {counted} {one} {many:?} {list:?} {nested:?}");
    Ok(number)
}

#[test]
fn a_literal_in_a_pointer_is_shown() {
    let event = events_of(|| literals("x").map_err(drop)).remove(0);
    let shown = |name: &str| value(&event.frames[0], name).to_owned();
    let names = ["boxed", "shared", "counted", "one", "many", "list", "nested"];
    let values = ["5", "6", "7.5", "8", "[9, 10]", "[11]", "Some((12, 13.5))"];
    assert_eq!(names.map(shown), values);
}

/// Counts how often a report is asked for its `Debug`, which would look up the names of its
/// backtrace.
struct Counted;

static DEBUG: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

impl eyre::EyreHandler for Counted {
    fn debug(&self, error: &(dyn Error + 'static), f: &mut fmt::Formatter<'_>) -> fmt::Result {
        DEBUG.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        write!(f, "{error}")
    }
}

/// Only the first hook is taken.
fn count_debug() {
    let _ = eyre::set_hook(Box::new(|_| Box::new(Counted)));
}

/// Not annotated.
fn report(text: &str) -> eyre::Report {
    eyre::Report::new(fmt::Error).wrap_err(format!("Reading {text}"))
}

#[auto_track_exception]
fn reports(text: &str) -> eyre::Result<u8> {
    Err(report(text))
}

#[auto_track_exception]
fn reports_further(text: &str) -> eyre::Result<u8> {
    let number = reports(text)?;
    Ok(number)
}

#[test]
fn a_report_is_shown_by_its_text_and_causes_without_calling_its_debug() {
    count_debug();
    let event = event_of(|| reports_further("kettle").is_err());
    assert_eq!(
        (event.type_name.as_str(), event.message.as_str()),
        ("eyre::Report", "Reading kettle")
    );
    assert_eq!(functions(&event), ["reports", "reports_further"]);
    assert_eq!(event.headline(), format!("Reading kettle: {}", fmt::Error));
    assert!(DEBUG.load(std::sync::atomic::Ordering::Relaxed) == 0 && event.debug.is_none());
}

#[auto_track_exception]
fn reports_in_words(text: &str) -> Result<u8, String> {
    match reports(text) {
        Ok(number) => Ok(number),
        Err(report) => Err(format!("{report:#}")),
    }
}

#[test]
fn a_variable_that_is_a_report_shows_text_and_causes_without_calling_its_debug() {
    count_debug();
    let event = event_of(|| reports_in_words("pan").is_err());
    assert_eq!(functions(&event), ["reports", "reports_in_words"]);
    assert_eq!(value(&event.frames[1], "report"), format!("Reading pan: {}", fmt::Error));
    assert_eq!(DEBUG.load(std::sync::atomic::Ordering::Relaxed), 0);
}
