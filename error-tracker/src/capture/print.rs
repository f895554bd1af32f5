//! Tracebacks as text, without anything being stored.

use std::error::Error;
use std::io::{self, Write};

use super::by_hand::Here;
use super::{build, source::Sources};
use crate::event::Event;
use crate::format::Format;
use crate::mask;
use crate::snapshot::policy;
use crate::trace::outcome::{ErrorRef, ShowError};
use crate::trace::told::{self, Given};

/// The event that an error would become here, or has become: with the trace of the annotated functions that it has
/// passed on this thread, and their source lines.
#[track_caller]
pub fn exception_event<E: Error + ?Sized>(error: &E) -> Event {
    event_of(error, Here::caller())
}

/// Prints an error's traceback to standard error, with colours on a terminal.
///
/// What the functions that the error has passed were doing is known when they are annotated. The macro
/// [`print_exception!`](crate::print_exception!) takes every type of error, `anyhow::Error` included.
///
/// ```
/// if let Err(error) = "12,50".parse::<f64>() {
///     error_tracker::print_exception(&error);
/// }
/// ```
#[track_caller]
pub fn print_exception<E: Error + ?Sized>(error: &E) {
    print(&event_of(error, Here::caller()));
}

/// Writes an error's traceback to any writer, such as a file; without colours.
///
/// # Errors
/// The writer's.
#[track_caller]
pub fn print_exception_to<E: Error + ?Sized>(error: &E, to: &mut impl Write) -> io::Result<()> {
    Format::new().write(&event_of(error, Here::caller()), to)
}

/// An error's traceback as text. With a [`Format`] of its own: `format.event(&exception_event(&error))`.
///
/// ```
/// let error = "12,50".parse::<f64>().unwrap_err();
/// let text = error_tracker::format_exception(&error);
/// assert!(text.contains("ParseFloatError: invalid float literal"));
/// ```
#[track_caller]
pub fn format_exception<E: Error + ?Sized>(error: &E) -> String {
    Format::new().event(&event_of(error, Here::caller()))
}

/// Writes an error's traceback to the `log` facade, at level error and target `error_tracker`.
#[cfg(feature = "log")]
#[track_caller]
pub fn log_exception<E: Error + ?Sized>(error: &E) {
    let event = event_of(error, Here::caller());
    log::error!(target: "error_tracker", "{}", Format::new().event(&event).trim_end());
}

/// Writes an error's traceback to `tracing`, at level error and target `error_tracker`, with the field
/// `exception`, the type.
#[cfg(feature = "tracing")]
#[track_caller]
pub fn trace_exception<E: Error + ?Sized>(error: &E) {
    let event = event_of(error, Here::caller());
    tracing::error!(
        target: "error_tracker",
        exception = event.type_name,

        "{}",
        Format::new().event(&event).trim_end()
    );
}

/// Prints an error of any type for the macro.
pub fn print_given(look: ShowError<'_>, here: Here) {
    look(&mut |error| print(&event_at(error, here)));
}

/// The text of an error of any type for the macro.
pub fn format_given(look: ShowError<'_>, here: Here) -> String {
    let mut text = String::new();
    look(&mut |error| text = Format::new().event(&event_at(error, here)));
    text
}

fn print(event: &Event) {
    // Standard error that is closed is no reason to fail.
    let _ = Format::new().print(event, &mut io::stderr().lock());
}

fn event_of<E: Error + ?Sized>(error: &E, here: Here) -> Event {
    let type_name = std::any::type_name::<E>();
    event_at(
        &ErrorRef { type_name, display: Some(&error), debug: Some(&error), error: &|| Some(&error) },
        here,
    )
}

fn event_at(error: &ErrorRef<'_>, here: Here) -> Event {
    let failure = match here.around(|frame| told::by_hand(frame, None, error, true)) {
        Given::New(mut failure) => {
            here.note_in(&mut failure);
            failure
        }
        Given::Told(failure) => failure,
    };
    let mut event = build::event(&failure, failure.told.id().unwrap_or_default());
    mask::event(&policy::get().masking, &mut event, failure.taint);
    Sources::default().add_to(&mut event);
    event
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

/// The traceback of an error of any type, like [`format_exception()`](crate::format_exception()).
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
        use $crate::__private::LookAt as _;
        match &$error {
            error => $crate::__private::$call(
                &|see: &mut dyn FnMut(&$crate::__private::ErrorRef<'_>)| {
                    (&&&&&&&$crate::__private::Given(error)).__error_tracker_look(see)
                },
                $crate::__private::Here {
                    file: ::core::file!(),
                    line: ::core::line!(),
                    column: ::core::column!(),
                },
            ),
        }
    }};
}
