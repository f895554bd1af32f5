//! What a program captures itself.

use std::error::Error;
use std::fmt::Debug;
use std::panic::Location;

use serde::Serialize;

use crate::DISABLED;
use crate::event;
use crate::json::{Map, Value};
use crate::mask::{Taint, rendering};
use crate::snapshot::policy;
use crate::trace::failure::{Failure, Place};
use crate::trace::guard::FrameRef;
use crate::trace::outcome::{ErrorRef, ShowError};
use crate::trace::record;
use crate::trace::thread;
use crate::trace::told::{self, Given};

/// Where a macro was called.
#[derive(Clone, Copy, Debug)]
pub struct Here {
    pub file: &'static str,
    pub line: u32,
    pub column: u32,
}

impl Here {
    #[track_caller]
    pub(super) fn caller() -> Self {
        Self::at(Location::caller())
    }

    fn at(at: &Location<'static>) -> Self {
        Self { file: at.file(), line: at.line(), column: at.column() }
    }

    fn place(self) -> Place {
        (self.file, self.line, self.column)
    }

    fn location(self) -> event::Location {
        event::Location { file: self.file.into(), line: self.line, column: self.column }
    }

    /// Notes the place in a failure, and in its frame around the call.
    pub(super) fn note_in(self, failure: &mut Failure) {
        failure.location = Some(self.location());
        let mut frames = failure.frames.iter_mut();
        if let Some(frame) = frames.rfind(|frame| frame.exit == Some(event::Exit::Captured)) {
            frame.set_place(self.file, self.line, self.column);
        }
    }

    /// Reads the running annotated function in whose text the call stands.
    pub(super) fn around<R>(self, read: impl FnOnce(Option<FrameRef<'_>>) -> R) -> R {
        thread::read(|mut frames| {
            read(frames.find(|frame| {
                let meta = frame.meta();
                meta.known().head.holds(self.file, self.line)
                    || meta.made_at.is_some_and(|at| (at.file(), at.line()) == (self.file, self.line))
            }))
        })
    }
}

/// Records an error that the program has met, and went on.
///
/// Inside an annotated function the event has the trace of the error so far, and the arguments and locals of that
/// function; the macro [`capture_exception!`](crate::capture_exception!) does the same, takes additional context, and
/// takes every type of error, `anyhow::Error` included. An error that became an event already, because it has left
/// the outermost annotated function, is not recorded again; additional context is added to that event.
///
/// Answers the event's id, or `None` when it was not accepted: no tracker is installed, or a rule ignores it.
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
    let error = ErrorRef { type_name, display: Some(&error), debug: Some(&error), error: &|| Some(&error) };
    capture(&error, Here::caller(), Map::new())
}

/// Records a message; equal texts are one issue.
///
/// The macro [`capture_message!`](crate::capture_message!) groups by the literal before its values are filled in.
///
/// ```
/// error_tracker::capture_message("the cache is cold");
/// ```
#[track_caller]
pub fn capture_message(text: impl Into<String>) -> Option<String> {
    if DISABLED {
        return None;
    }
    message(text.into(), None, Here::caller())
}

/// Records an error for the macro.
pub fn given(look: ShowError<'_>, here: Here, extras: &[(&str, Value)]) -> Option<String> {
    let mut id = None;
    look(&mut |error| {
        let extras = extras.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        id = capture(error, here, extras);
    });
    id
}

fn capture(error: &ErrorRef<'_>, here: Here, extras: Map) -> Option<String> {
    if rendering() {
        return None;
    }
    match here.around(|frame| told::by_hand(frame, Some(here.place()), error, false)) {
        Given::New(mut failure) => {
            here.note_in(&mut failure);
            failure.extras = extras;
            told::tell(failure, |_| ()).id()
        }
        Given::Told(mut failure) => {
            failure.extras = extras;
            // These the event has.
            failure.frames.clear();
            if let Some(sink) = record::SINK.get()
                && !failure.extras.is_empty()
            {
                (sink.amend)(&failure);
            }
            failure.told.id()
        }
    }
}

/// The failure that an error is, for a tracker that is not the global one.
pub(crate) fn failure_of<E: Error + ?Sized>(error: &E, at: &Location<'static>) -> Option<Box<Failure>> {
    if DISABLED || rendering() {
        return None;
    }
    let type_name = std::any::type_name::<E>();
    let error = ErrorRef { type_name, display: Some(&error), debug: Some(&error), error: &|| Some(&error) };
    let here = Here::at(at);
    let (Given::New(mut failure) | Given::Told(mut failure)) =
        here.around(|frame| told::by_hand(frame, None, &error, true));
    here.note_in(&mut failure);
    failure.handled = true;
    Some(failure)
}

/// The failure that a message is, for a tracker that is not the global one.
pub(crate) fn failure_of_message(text: String, at: &Location<'static>) -> Option<Box<Failure>> {
    if DISABLED || rendering() {
        return None;
    }
    let here = Here::at(at);
    let mut failure = here.around(|frame| told::message(frame, text));
    here.note_in(&mut failure);
    Some(failure)
}

/// Records an error that a scope's `run_handled` has met.
pub(crate) fn record_handled(error: &(dyn Error + 'static), type_name: &'static str) {
    if rendering() {
        return;
    }
    let error = ErrorRef { type_name, display: Some(&error), debug: Some(&error), error: &|| Some(error) };
    let place = ("run_handled", 0, 0);
    if let Given::New(failure) = told::by_hand(None, Some(place), &error, false) {
        told::tell(failure, |_| ());
    }
}

/// Records a message for the macro.
pub fn message(text: String, template: Option<&'static str>, here: Here) -> Option<String> {
    if rendering() {
        return None;
    }
    let mut failure: Box<Failure> = here.around(|frame| told::message(frame, text));
    here.note_in(&mut failure);
    failure.template = template;
    told::tell(failure, |_| ()).id()
}

/// A value of additional context, for the macro: what serde makes of it, else its `Debug` text.
pub mod extra {
    use super::{Debug, Serialize, Taint, Value, policy};
    use crate::snapshot::debug;

    pub struct Extra<'a, T: ?Sized>(pub &'a T);

    pub trait Serialized {
        fn __error_tracker_extra(&self) -> Value;
    }

    impl<T: Serialize + ?Sized> Serialized for &Extra<'_, T> {
        fn __error_tracker_extra(&self) -> Value {
            crate::json::to_value(self.0)
                .unwrap_or_else(|error| format!("<not serializable: {error}>").into())
        }
    }

    pub trait Debugged {
        fn __error_tracker_extra(&self) -> Value;
    }

    impl<T: Debug> Debugged for Extra<'_, T> {
        fn __error_tracker_extra(&self) -> Value {
            let policy = policy::get();
            let mut text = String::new();
            debug::render(self.0, &policy.limits, &policy.masking, &mut Taint::default(), &mut text);
            text.into()
        }
    }
}

/// Records an error that the program has met, and went on: `capture_exception!(error)`, or with additional context
/// `capture_exception!(error, order = id, attempt = 3)`.
///
/// Takes every type of error: of the standard trait, `anyhow::Error`, `eyre::Report`, boxes, strings. Values of
/// additional context are serialized with serde where they can be, else shown by `Debug`, and masked by name.
/// Answers the event's id like [`capture_exception()`](crate::capture_exception()). The error is evaluated once, and in any case.
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
        use $crate::__private::{Debugged as _, LookAt as _, Serialized as _};
        match &$error {
            _ if $crate::__private::DISABLED => ::core::option::Option::None,
            error => $crate::__private::given(
                &|see: &mut dyn FnMut(&$crate::__private::ErrorRef<'_>)| {
                    (&&&&&&&$crate::__private::Given(error)).__error_tracker_look(see)
                },
                $crate::__private::Here { file: ::core::file!(), line: ::core::line!(), column: ::core::column!() },
                &[$((::core::stringify!($name), (&&$crate::__private::Extra(&$value)).__error_tracker_extra())),*],
            ),
        }
    }};
}

/// Records a message: `capture_message!("user {id} has no cart")`. The literal groups, the rendered text shows.
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
                $crate::__private::Here {
                    file: ::core::file!(),
                    line: ::core::line!(),
                    column: ::core::column!(),
                },
            )
        }
    };
}
