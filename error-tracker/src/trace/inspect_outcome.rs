//! What an outcome is: which values are failures, and how the error of one is inspected.

use std::task::Poll;

use super::error_ref::ErrorRef;
use super::observation::{Observation, ObservationSource};
use super::observe;

/// A value that carries an error when it is a failure.
pub trait FallibleValue: Sized {
    type Error;
    /// Whether a `?` moves the error into the value that it yields (`Option<Result>`), instead of
    /// returning it.
    const IN_OPTION: bool = false;
    /// Returns the error of a failure.
    fn error(&self) -> Option<&Self::Error>;
    /// Observes the error of a failure as `K` shows it, and returns the value unchanged.
    fn inspected<'a, K: InspectError<Self::Error>>(self, at: impl ObservationSource<'a>) -> Self;
}

impl<T, E> FallibleValue for Result<T, E> {
    type Error = E;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inspected<'a, K: InspectError<E>>(self, at: impl ObservationSource<'a>) -> Self {
        match self {
            Err(error) => Err(observe_moved::<E, K>(error, at.observation())),
            Ok(value) => Ok(value),
        }
    }
}

/// A place expression, which is inspected by reference before it is used.
impl<T, E> FallibleValue for &Result<T, E> {
    type Error = E;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inspected<'a, K: InspectError<E>>(self, at: impl ObservationSource<'a>) -> Self {
        if let Err(error) = self {
            observe_ref::<E, K>(error, at.observation());
        }
        self
    }
}

impl<T, E> FallibleValue for Option<Result<T, E>> {
    type Error = E;
    const IN_OPTION: bool = true;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn error(&self) -> Option<&E> {
        self.as_ref()?.as_ref().err()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inspected<'a, K: InspectError<E>>(self, at: impl ObservationSource<'a>) -> Self {
        match self {
            Some(Err(error)) => Some(Err(observe_moved::<E, K>(error, at.observation()))),
            fine => fine,
        }
    }
}

impl<T, E> FallibleValue for Poll<Result<T, E>> {
    type Error = E;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn error(&self) -> Option<&E> {
        match self {
            Poll::Ready(Err(error)) => Some(error),
            _ => None,
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inspected<'a, K: InspectError<E>>(self, at: impl ObservationSource<'a>) -> Self {
        match self {
            Poll::Ready(Err(error)) => {
                Poll::Ready(Err(observe_moved::<E, K>(error, at.observation())))
            }
            fine => fine,
        }
    }
}

impl<T, E> FallibleValue for Poll<Option<Result<T, E>>> {
    type Error = E;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn error(&self) -> Option<&E> {
        match self {
            Poll::Ready(Some(Err(error))) => Some(error),
            _ => None,
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inspected<'a, K: InspectError<E>>(self, at: impl ObservationSource<'a>) -> Self {
        match self {
            Poll::Ready(Some(Err(error))) => {
                Poll::Ready(Some(Err(observe_moved::<E, K>(error, at.observation()))))
            }
            fine => fine,
        }
    }
}

/// Largest value that is passed in registers, in bytes.
const MAX_IN_REGISTERS: usize = 2 * size_of::<usize>();

/// Observes an error that was moved out of its `Result`. A reference into the `Result` would force
/// every success through memory.
#[cfg_attr(not(debug_assertions), inline(always))]
fn observe_moved<E, K: InspectError<E>>(error: E, observation: Observation<'_>) -> E {
    if size_of::<E>() <= MAX_IN_REGISTERS {
        return observe_value::<E, K>(error, observation);
    }
    observe_ref::<E, K>(&error, observation);
    error
}

/// Observes an error that is passed in registers. By their ABI this and `observe_ref` do not
/// unwind, so an annotated function needs no landing pads for them.
#[cold]
#[inline(never)]
extern "C" fn observe_value<E, K: InspectError<E>>(error: E, observation: Observation<'_>) -> E {
    observe::observe(observation, &|visit| K::inspect_error(&error, visit));
    error
}

/// Observes an error by reference.
#[cold]
#[inline(never)]
extern "C" fn observe_ref<E, K: InspectError<E>>(error: &E, observation: Observation<'_>) {
    observe::observe(observation, &|visit| K::inspect_error(error, visit));
}

/// How an outcome of type `R` is inspected. Each type that implements it reads another kind of
/// error; a probe selects one for each expression.
pub trait InspectOutcome<R> {
    /// Whether it is a failure only in functions with the option `none`.
    const NONE: bool = false;
    /// Whether the error implements the standard trait, or points to one that does.
    const IS_ERROR: bool = false;
    /// Whether a `?` moves the error into the value that it yields, instead of returning it.
    const IN_OPTION: bool = false;
    /// Returns the name of the error's type; empty if there is no error.
    fn error_type() -> &'static str {
        ""
    }
    /// Returns whether a value is a failure.
    fn failed(value: &R) -> bool;
    /// Observes the value if it is a failure, and returns it unchanged.
    fn inspect<'a>(value: R, at: impl ObservationSource<'a>) -> R;
    /// Calls `visit` with the error of a failure.
    fn show(_: &R, _visit: &mut dyn FnMut(&ErrorRef<'_>)) {}
}

/// Shows an error of type `E`.
pub trait InspectError<E> {
    /// Calls `visit` with a view of the error.
    fn inspect_error(error: &E, visit: &mut dyn FnMut(&ErrorRef<'_>));
}

/// Implements `InspectOutcome` for a kind that implements `InspectError`.
macro_rules! impl_inspect_outcome {
    ([$($lifetime:lifetime)?] [$($other:ident)?] $kind:ty = $is:literal where [$($bound:tt)*]) => {
        impl<$($lifetime,)? R: FallibleValue, $($other: Error)?> InspectOutcome<R> for $kind where R::Error: $($bound)* {
            const IS_ERROR: bool = $is;
            const IN_OPTION: bool = R::IN_OPTION;

            fn error_type() -> &'static str {
                type_name::<R::Error>()
            }

            #[cfg_attr(not(debug_assertions), inline(always))]
            fn failed(value: &R) -> bool {
                value.error().is_some()
            }

            #[cfg_attr(not(debug_assertions), inline(always))]
            fn inspect<'a>(value: R, at: impl ObservationSource<'a>) -> R {
                // Rebuilds the value per variant, so that the `?` behind it needs no second check.
                value.inspected::<Self>(at)
            }

            fn show(value: &R, visit: &mut dyn FnMut(&ErrorRef<'_>)) {
                if let Some(error) = value.error() {
                    Self::inspect_error(error, visit);
                }
            }
        }
    };
}

pub(super) use impl_inspect_outcome;

/// An error that is passed to an annotated handler or a capture macro.
pub struct GivenError<'a, E>(pub &'a E);

/// Selects, by autoref specialization, how a given error is shown.
pub trait InspectGiven {
    fn __error_tracker_look(&self, visit: &mut dyn FnMut(&ErrorRef<'_>));
}
