//! Prints tracebacks without storing anything.

use std::error::Error;
use std::io::{self, Write};

use super::explicit::CallSite;
use super::symbolizer::Symbolizer;
use super::{build, source::SourceFiles};
use crate::event::Event;
use crate::format::Format;
use crate::mask;
use crate::snapshot::policy;
use crate::trace::error_ref::{ErrorRef, ShowError};
use crate::trace::explicit::{self, ExplicitFailure};

/// Returns the event that capturing an error here would store, or has stored: with the trace of the
/// annotated functions that the error has passed through on this thread, and their source lines.
///
/// ```
/// let error = "12,50".parse::<f64>().unwrap_err();
/// let event = error_tracker::event_from_error(&error);
/// assert_eq!(event.message, "invalid float literal");
/// ```
#[track_caller]
pub fn event_from_error<E: Error + ?Sized>(error: &E) -> Event {
    event_of(error, CallSite::caller())
}

/// Prints an error's traceback to standard error, with colours on a terminal.
///
/// The traceback has the annotated functions that the error has passed through. If there are none,
/// it has the call stack, provided that the environment variable `RUST_BACKTRACE` is set and not
/// `0`: finding the names of calls takes tenths of a second. The macro
/// [`print_exception!`](crate::print_exception!) accepts every type of error, such as
/// `anyhow::Error`.
///
/// ```
/// if let Err(error) = "12,50".parse::<f64>() {
///     error_tracker::print_exception(&error);
/// }
/// ```
#[track_caller]
pub fn print_exception<E: Error + ?Sized>(error: &E) {
    print(&event_of(error, CallSite::caller()));
}

/// Writes an error's traceback to any writer, such as a file, without colours.
///
/// # Errors
/// Returns the error of the writer.
#[track_caller]
pub fn print_exception_to<E: Error + ?Sized>(error: &E, to: &mut impl Write) -> io::Result<()> {
    Format::new().write(&event_of(error, CallSite::caller()), to)
}

/// Returns an error's traceback as text. For another [`Format`]:
/// `format.event(&event_from_error(&error))`.
///
/// ```
/// let error = "12,50".parse::<f64>().unwrap_err();
/// let text = error_tracker::format_exception(&error);
/// assert!(text.contains("ParseFloatError: invalid float literal"));
/// ```
#[track_caller]
pub fn format_exception<E: Error + ?Sized>(error: &E) -> String {
    Format::new().event(&event_of(error, CallSite::caller()))
}

/// Writes an error's traceback to the `log` facade, at level error and target `error_tracker`.
#[cfg(feature = "log")]
#[track_caller]
pub fn log_exception<E: Error + ?Sized>(error: &E) {
    let event = event_of(error, CallSite::caller());
    log::error!(target: "error_tracker", "{}", Format::new().event(&event).trim_end());
}

/// Writes an error's traceback to `tracing`, at level error and target `error_tracker`, with the
/// type in the field `exception`.
#[cfg(feature = "tracing")]
#[track_caller]
pub fn trace_exception<E: Error + ?Sized>(error: &E) {
    let event = event_of(error, CallSite::caller());
    tracing::error!(
        target: "error_tracker",
        exception = event.type_name,

        "{}",
        Format::new().event(&event).trim_end()
    );
}

/// Prints an error of any type for the macro.
pub fn print_given(look: ShowError<'_>, here: CallSite) {
    look(&mut |error| print(&event_at(error, here)));
}

/// Formats an error of any type for the macro.
pub fn format_given(look: ShowError<'_>, here: CallSite) -> String {
    let mut text = String::new();
    look(&mut |error| text = Format::new().event(&event_at(error, here)));
    text
}

fn print(event: &Event) {
    // A closed standard error is not a failure.
    let _ = Format::new().print(event, &mut io::stderr().lock());
}

fn event_of<E: Error + ?Sized>(error: &E, here: CallSite) -> Event {
    let type_name = std::any::type_name::<E>();
    event_at(
        &ErrorRef {
            type_name,
            display: Some(&error),
            debug: Some(&error),
            error: &|| Some(&error),
        },
        here,
    )
}

fn event_at(error: &ErrorRef<'_>, here: CallSite) -> Event {
    let failure = match here
        .with_enclosing_frame(|frame| explicit::explicit_failure(frame, None, error, true))
    {
        ExplicitFailure::New(mut failure) => {
            here.set_in(&mut failure);
            failure
        }
        ExplicitFailure::Reported(failure) => failure,
    };
    let mut event = build::event(&failure, failure.report.id().unwrap_or_default());
    mask::event(&policy::get().masking, &mut event, failure.values.taint);
    SourceFiles::new(policy::get().masking.clone()).add_to(&mut event);
    if wants_calls() {
        Symbolizer::default().add_names(&mut event);
    }
    event
}

/// Returns whether the names of a call stack are wanted, according to the variable of the standard
/// library. Finding them takes too long to do it for each print.
fn wants_calls() -> bool {
    std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0")
}

/// Prints the traceback of an error of any type to standard error, like
/// [`print_exception()`](crate::print_exception()).
///
/// ```
/// let error = anyhow::anyhow!("no cart").context("checkout");
/// error_tracker::print_exception!(error);
/// ```
#[macro_export]
macro_rules! print_exception {
    ($error:expr $(,)?) => {
        $crate::__with_error!(print_given, $error)
    };
}

/// Returns the traceback of an error of any type, like
/// [`format_exception()`](crate::format_exception()).
///
/// ```
/// let error = anyhow::anyhow!("no cart").context("checkout");
/// assert!(error_tracker::format_exception!(error).contains("no cart"));
/// ```
#[macro_export]
macro_rules! format_exception {
    ($error:expr $(,)?) => {
        $crate::__with_error!(format_given, $error)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __with_error {
    ($call:ident, $error:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::InspectGiven as _;
        match &$error {
            error => $crate::__private::$call(
                &|see: &mut dyn FnMut(&$crate::__private::ErrorRef<'_>)| {
                    (&&&&&&&&$crate::__private::GivenError(error)).__error_tracker_look(see)
                },
                $crate::__private::CallSite {
                    file: ::core::file!(),
                    line: ::core::line!(),
                    column: ::core::column!(),
                },
            ),
        }
    }};
}
