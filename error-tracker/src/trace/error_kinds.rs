//! The kinds of errors, and the order in which method lookup tries them.

use std::any::type_name;
use std::fmt::{Debug, Display};
use std::ops::Deref;

use super::error_ref::ErrorRef;
use super::inspect_outcome::{
    FallibleValue, GivenError, InspectError, InspectGiven, InspectOutcome, impl_inspect_outcome,
};
use super::observation::{Observation, ObservationSource};
use super::observe;
use super::opaque::OpaqueError;
use super::outcome_probe::{LastProbe, OutcomeProbe, SecondProbe, ThirdProbe};
use super::pointer::ErrorObject;
use crate::error_report;

/// A pointer to a trait object: `Box<dyn Error>`, `Arc<dyn Error + Send + Sync + 'a>`, `&dyn Error`; reports of anyhow
/// and eyre.
#[derive(Clone, Copy, Debug)]
pub struct ErrorPointer;

impl_inspect_outcome!([] [] ErrorPointer = true where [Deref<Target: ErrorObject>]);

impl<E: Deref<Target: ErrorObject>> InspectError<E> for ErrorPointer {
    fn inspect_error(error: &E, visit: &mut dyn FnMut(&ErrorRef<'_>)) {
        error_report::register::<E>(|error, f| error_report::write(error.as_error(), f));
        let error = error.as_error();
        visit(&ErrorRef {
            type_name: type_name::<E>(),
            display: Some(&error),
            debug: Some(&error),
            error: &|| Some(error),
        });
    }
}

/// Defines kinds without parameters, by what they show of an error.
macro_rules! error_kinds {
    ($(
        $(#[$doc:meta])* $kind:ident = $is:literal where [$($bound:tt)*]:
            |$e:ident| $display:expr, $debug:expr, $error:expr;
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $kind;

        impl_inspect_outcome!([] [] $kind = $is where [$($bound)*]);

        impl<E> InspectError<E> for $kind where E: $($bound)* {
            fn inspect_error($e: &E, visit: &mut dyn FnMut(&ErrorRef<'_>)) {
                visit(&ErrorRef { type_name: type_name::<E>(), display: $display, debug: $debug, error: &|| $error });
            }
        }
    )+};
}

error_kinds! {
    /// A pointer to such a pointer: `Arc<anyhow::Error>`.
    NestedErrorPointer = true where [Deref<Target: Deref<Target: ErrorObject>>]:
        |e| Some(&e.deref().as_error()), Some(&e.deref().as_error()), Some(e.deref().as_error());
    /// A value with `Display` and `Debug` that need not be an error, such as a `String`.
    Shown = false where [Display + Debug]: |e| Some(e), Some(e), None;
    /// A value with `Display` only.
    Displayed = false where [Display]: |e| Some(e), None, None;
    /// A value with `Debug` only.
    Debugged = false where [Debug]: |e| None, Some(e), None;
}

/// A `None`, which has no error.
#[derive(Clone, Copy, Debug)]
pub struct NoValue;

impl<T> InspectOutcome<Option<T>> for NoValue {
    const NONE: bool = true;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn failed(value: &Option<T>) -> bool {
        value.is_none()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inspect<'a>(value: Option<T>, at: impl ObservationSource<'a>) -> Option<T> {
        if value.is_none() {
            observe_none::<T>(at.observation());
            return None;
        }
        value
    }
}

#[cold]
#[inline(never)]
extern "C" fn observe_none<T>(observation: Observation<'_>) {
    observe::observe_none(observation, type_name::<Option<T>>());
}

/// Any other value, which is never a failure.
#[derive(Clone, Copy, Debug)]
pub struct NeverFails;

impl<R> InspectOutcome<R> for NeverFails {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn failed(_: &R) -> bool {
        false
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inspect<'a>(value: R, _: impl ObservationSource<'a>) -> R {
        value
    }
}

/// Autoref-specialized methods that fix a probe's kind once inference has finished. Type-checked, never executed.
///
/// Each row is tried before the next one. A probe has more kinds than there are forms of `self`, so the rows go on in
/// the probe that it dereferences to. `__error_tracker_close_unasked` is called where the standard trait must not be
/// tried: see `StdError`. `standard` and `pointer` have the kinds with parameters.
macro_rules! impl_probes {
    ($($asked:ident [$($by:tt)*], [$($refs:tt)*] $kind:ident where [$($bound:tt)*];)+) => {$(
        impl<R: FallibleValue> $asked<R, $kind> where R::Error: $($bound)* {
            pub fn __error_tracker_close($($by)* self) {}
            pub fn __error_tracker_close_unasked($($by)* self) {}
        }

        impl<E: $($bound)*> InspectGiven for $($refs)* GivenError<'_, E> {
            fn __error_tracker_look(&self, visit: &mut dyn FnMut(&ErrorRef<'_>)) {
                <$kind as InspectError<E>>::inspect_error(self.0, visit);
            }
        }
    )+};
}

impl_probes! {
    OutcomeProbe [], [&&&&&&&] ErrorPointer where [Deref<Target: ErrorObject>];
    OutcomeProbe [&mut], [&&&&&] NestedErrorPointer where [Deref<Target: Deref<Target: ErrorObject>>];
    SecondProbe [&], [&&&] Shown where [Display + Debug];
    SecondProbe [&mut], [&&] Displayed where [Display];
    ThirdProbe [], [&] Debugged where [Debug];
    ThirdProbe [&], [] OpaqueError where [Sized];
}

/// Comes after the errors, since an `Option` may contain a `Result`.
impl<T> ThirdProbe<Option<T>, NoValue> {
    pub fn __error_tracker_close(&mut self) {}
    pub fn __error_tracker_close_unasked(&mut self) {}
}

impl<R> LastProbe<R, NeverFails> {
    pub fn __error_tracker_close(self) {}
    pub fn __error_tracker_close_unasked(self) {}
    pub fn __error_tracker_close_inside(self) {}
}
