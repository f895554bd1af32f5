//! Explicit captures: errors and messages that the program records itself.

use std::error::Error;
use std::fmt::Debug;
use std::panic::Location;

use serde::Serialize;

use crate::DISABLED;
use crate::event;
use crate::json::{Map, Value};
use crate::mask::EventTaint;
use crate::snapshot::policy;
use crate::trace::error_ref::{ErrorRef, ShowError};
use crate::trace::explicit::{self, ExplicitFailure};
use crate::trace::failure::{CapturePlace, Failure};
use crate::trace::thread::{self, TrackedFrame};
use crate::trace::{reported, sink};
use crate::user_code::in_user_code;

/// The place where a macro was called.
#[derive(Clone, Copy, Debug)]
pub struct CallSite {
    pub file: &'static str,
    pub line: u32,
    pub column: u32,
}

impl CallSite {
    #[track_caller]
    pub(super) fn caller() -> Self {
        Self::at(Location::caller())
    }

    fn at(at: &Location<'static>) -> Self {
        Self { file: at.file(), line: at.line(), column: at.column() }
    }

    fn place(self) -> CapturePlace {
        (self.file, self.line, self.column)
    }

    fn location(self) -> event::Location {
        event::Location { file: self.file.into(), line: self.line, column: self.column }
    }

    /// Sets the place in a failure, and in the frame that contains the call.
    pub(super) fn set_in(self, failure: &mut Failure) {
        failure.location = Some(self.location());
        let mut frames = failure.frames.iter_mut();
        if let Some(frame) = frames.rfind(|frame| frame.exit == Some(event::Exit::Captured)) {
            frame.set_place(self.file, self.line, self.column);
        }
    }

    /// Calls `read` with the running annotated function whose source text contains the call.
    pub(super) fn with_enclosing_frame<R>(
        self,
        read: impl FnOnce(Option<TrackedFrame<'_>>) -> R,
    ) -> R {
        thread::read(|mut frames| {
            read(frames.find(|frame| {
                let meta = frame.meta();
                meta.parsed().head.holds(self.file, self.line)
                    || meta
                        .made_at
                        .is_some_and(|at| (at.file(), at.line()) == (self.file, self.line))
            }))
        })
    }
}

/// Records an error after which the program continues.
///
/// Inside an annotated function the event has the trace of the error so far, and the arguments and
/// locals of that function. An error that was already recorded, because it has left the outermost
/// annotated function, is not recorded again. The macro
/// [`capture_exception!`](crate::capture_exception!) accepts every type of error, such as
/// `anyhow::Error`, and additional context, which is also added to an existing event.
///
/// Returns the event's id, or `None` if it was not accepted: no tracker is installed, or a rule
/// ignores it.
///
/// ```
/// if let Err(error) = "12,50".parse::<f64>() {
///     error_tracker::capture_exception(&error);
/// }
/// ```
#[track_caller]
pub fn capture_exception<E: Error + ?Sized>(error: &E) -> Option<String> {
    if DISABLED {
        return None;
    }
    let type_name = std::any::type_name::<E>();
    let error =
        ErrorRef { type_name, display: Some(&error), debug: Some(&error), error: &|| Some(&error) };
    capture(&error, CallSite::caller(), Map::new())
}

/// Records a message; equal texts are one issue.
///
/// The macro [`capture_message!`](crate::capture_message!) groups by the literal, without its
/// values. Returns the event's id, or `None` if it was not accepted.
///
/// ```
/// error_tracker::capture_message("the cache is cold");
/// ```
#[track_caller]
pub fn capture_message(text: impl Into<String>) -> Option<String> {
    if DISABLED {
        return None;
    }
    message(text.into(), None, CallSite::caller())
}

/// Records an error for the macro.
pub fn capture_given(
    look: ShowError<'_>,
    here: CallSite,
    extras: &[(&str, Value)],
) -> Option<String> {
    let mut id = None;
    look(&mut |error| {
        id = capture(error, here, extras_of(extras));
    });
    id
}

/// Collects the additional context of a macro call.
pub(super) fn extras_of(extras: &[(&str, Value)]) -> Map {
    extras.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn capture(error: &ErrorRef<'_>, here: CallSite, extras: Map) -> Option<String> {
    record(read(error, here, extras)?)
}

/// Reads an error at this place. Takes over a pending failure of the error, so that only [`record`]
/// can record it. Returns `None` in user code that the tracker calls.
pub(super) fn read(error: &ErrorRef<'_>, here: CallSite, extras: Map) -> Option<ExplicitFailure> {
    if in_user_code() {
        return None;
    }
    let mut given = here.with_enclosing_frame(|frame| {
        explicit::explicit_failure(frame, Some(here.place()), error, false)
    });
    match &mut given {
        ExplicitFailure::New(failure) => {
            here.set_in(failure);
            failure.extras = extras;
        }
        ExplicitFailure::Reported(failure) => {
            failure.extras = extras;
            (failure.handled, failure.explicit) = (true, true);
            // The event has the frames already.
            failure.frames.clear();
        }
    }
    Some(given)
}

/// Records the result of [`read`], and returns the id of the event.
pub(super) fn record(given: ExplicitFailure) -> Option<String> {
    match given {
        ExplicitFailure::New(failure) => reported::report(failure, |_| ()).id(),
        ExplicitFailure::Reported(failure) => sink::amend(*failure).id(),
    }
}

/// Returns the failure of an error, for a tracker that is not the global one. Returns `None` in
/// user code that the tracker calls.
pub(crate) fn failure_of<E: Error + ?Sized>(
    error: &E,
    at: &Location<'static>,
) -> Option<Box<Failure>> {
    if DISABLED || in_user_code() {
        return None;
    }
    let type_name = std::any::type_name::<E>();
    let error =
        ErrorRef { type_name, display: Some(&error), debug: Some(&error), error: &|| Some(&error) };
    let here = CallSite::at(at);
    let (ExplicitFailure::New(mut failure) | ExplicitFailure::Reported(mut failure)) =
        here.with_enclosing_frame(|frame| explicit::explicit_failure(frame, None, &error, true));
    here.set_in(&mut failure);
    failure.handled = true;
    Some(failure)
}

/// Returns the failure of a message, for a tracker that is not the global one. Returns `None` in
/// user code that the tracker calls.
pub(crate) fn failure_of_message(text: String, at: &Location<'static>) -> Option<Box<Failure>> {
    if DISABLED || in_user_code() {
        return None;
    }
    let here = CallSite::at(at);
    let mut failure = here.with_enclosing_frame(|frame| explicit::message_failure(frame, text));
    here.set_in(&mut failure);
    Some(failure)
}

/// Records an error that a scope's `run_handled` has handled.
pub(crate) fn record_handled(
    error: &(dyn Error + 'static),
    type_name: &'static str,
    at: &'static Location<'static>,
) {
    if in_user_code() {
        return;
    }
    let error =
        ErrorRef { type_name, display: Some(&error), debug: Some(&error), error: &|| Some(error) };
    let here = CallSite::at(at);
    if let ExplicitFailure::New(mut failure) =
        explicit::explicit_failure(None, Some(here.place()), &error, false)
    {
        here.set_in(&mut failure);
        reported::report(failure, |_| ());
    }
}

/// Records a message for the macro.
pub fn message(text: String, template: Option<&'static str>, here: CallSite) -> Option<String> {
    if in_user_code() {
        return None;
    }
    let mut failure: Box<Failure> =
        here.with_enclosing_frame(|frame| explicit::message_failure(frame, text));
    here.set_in(&mut failure);
    failure.template = template;
    reported::report(failure, |_| ()).id()
}

/// Values of additional context, for the macro: serialized by serde, or else their `Debug` text.
pub(crate) mod extra {
    use super::{Debug, EventTaint, Serialize, Value, policy};
    use crate::snapshot::debug;

    pub struct ExtraValue<'a, T: ?Sized>(pub &'a T);

    pub trait SerializeExtra {
        fn __error_tracker_extra(&self) -> Value;
    }

    impl<T: Serialize + ?Sized> SerializeExtra for &ExtraValue<'_, T> {
        fn __error_tracker_extra(&self) -> Value {
            crate::json::to_value(self.0)
                .unwrap_or_else(|error| format!("<not serializable: {error}>").into())
        }
    }

    pub trait DebugExtra {
        fn __error_tracker_extra(&self) -> Value;
    }

    impl<T: Debug> DebugExtra for ExtraValue<'_, T> {
        fn __error_tracker_extra(&self) -> Value {
            let policy = policy::get();
            let mut text = String::new();
            debug::render(
                self.0,
                &policy.limits,
                &policy.masking,
                &mut EventTaint::default(),
                &mut text,
            );
            text.into()
        }
    }
}

/// Records an error after which the program continues: `capture_exception!(error)`, or with
/// additional context `capture_exception!(error, order = id, attempt = 3)`.
///
/// Accepts every type of error: implementations of the standard trait, `anyhow::Error`,
/// `eyre::Report`, boxes, strings. Values of additional context are serialized with serde if
/// possible, else formatted by `Debug`, and masked by name. Returns the event's id like
/// [`capture_exception()`](crate::capture_exception()). The error is always evaluated exactly once.
///
/// ```
/// let order = 1007;
/// if let Err(error) = "12,50".parse::<f64>() {
///     error_tracker::capture_exception!(error, order = order);
/// }
/// ```
#[macro_export]
macro_rules! capture_exception {
    ($error:expr $(, $name:ident = $value:expr)* $(,)?) => {{
        #[allow(unused_imports)]
        use $crate::__private::{DebugExtra as _, InspectGiven as _, SerializeExtra as _};
        match &$error {
            _ if $crate::__private::DISABLED => ::core::option::Option::None,
            error => $crate::__private::capture_given(
                &|see: &mut dyn FnMut(&$crate::__private::ErrorRef<'_>)| {
                    (&&&&&&&&$crate::__private::GivenError(error)).__error_tracker_look(see)
                },
                $crate::__private::CallSite { file: ::core::file!(), line: ::core::line!(), column: ::core::column!() },
                &[$((::core::stringify!($name), (&&$crate::__private::ExtraValue(&$value)).__error_tracker_extra())),*],
            ),
        }
    }};
}

/// Records a message: `capture_message!("user {id} has no cart")`. Messages are grouped by the
/// literal and show the formatted text. Returns the event's id, or `None` if it was not accepted.
///
/// ```
/// let id = 7;
/// error_tracker::capture_message!("user {id} has no cart");
/// error_tracker::capture_message!("{} of {} orders failed", 3, 10);
/// ```
#[macro_export]
macro_rules! capture_message {
    ($literal:literal $($values:tt)*) => {
        $crate::__message!(::std::format!($literal $($values)*), ::core::option::Option::Some($literal))
    };
    ($text:expr) => {
        $crate::__message!(::std::string::String::from($text), ::core::option::Option::None)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __message {
    ($text:expr, $template:expr) => {
        if $crate::__private::DISABLED {
            ::core::option::Option::None
        } else {
            $crate::__private::message(
                $text,
                $template,
                $crate::__private::CallSite {
                    file: ::core::file!(),
                    line: ::core::line!(),
                    column: ::core::column!(),
                },
            )
        }
    };
}
