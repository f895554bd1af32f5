//! Functions that an expansion calls where a value can be a failure: each inspects the value and
//! returns it unchanged.

use std::convert::Infallible;

use super::error_ref::ShowError;
use super::guard::{CallGuard, ObservationPlace};
use super::inspect_outcome::InspectOutcome;
use super::observation::{ErrorFate, ObservationSource};
use super::outcome_probe::OutcomeProbe;
use super::{explicit, inside};

/// Inspects the operand of a `?` in a function with the option `none`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn inspect_none<R, K: InspectOutcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &CallGuard<N, TASK>,
    site: u32,
) -> (R, OutcomeProbe<R, K>) {
    (
        if K::IN_OPTION {
            value
        } else {
            K::inspect(value, ObservationPlace { guard, site, fate: ErrorFate::Propagated })
        },
        OutcomeProbe::new(),
    )
}

/// Inspects the operand of a `?` and returns it with the probe of its kind.
///
/// The probe is returned, not passed by reference: a probe that lives across a loop would extend
/// the borrows of the value.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn inspect<R, K: InspectOutcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &CallGuard<N, TASK>,
    site: u32,
) -> (R, OutcomeProbe<R, K>) {
    (
        if K::NONE || K::IN_OPTION {
            value
        } else {
            K::inspect(value, ObservationPlace { guard, site, fate: ErrorFate::Propagated })
        },
        OutcomeProbe::new(),
    )
}

/// Inspects the error that `?` will return once `.context(..)`, `.map_err(..)` and the like have
/// converted it.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn inspect_converted<R, K: InspectOutcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &CallGuard<N, TASK>,
    site: u32,
) -> (R, OutcomeProbe<R, K>) {
    (
        if K::NONE {
            value
        } else {
            K::inspect(value, ObservationPlace { guard, site, fate: ErrorFate::Converted })
        },
        OutcomeProbe::new(),
    )
}

/// Inspects the operand of a `match` or the like, which handles its error.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn inspect_handled<R, K: InspectOutcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &CallGuard<N, TASK>,
    site: u32,
) -> (R, OutcomeProbe<R, K>) {
    (
        if K::NONE {
            value
        } else {
            K::inspect(value, ObservationPlace { guard, site, fate: ErrorFate::Handled })
        },
        OutcomeProbe::new(),
    )
}

/// Inspects the receiver of `.ok()` and the like, which discard its error.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn inspect_discarded<R, K: InspectOutcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &CallGuard<N, TASK>,
    site: u32,
) -> (R, OutcomeProbe<R, K>) {
    (
        if K::NONE {
            value
        } else {
            K::inspect(value, ObservationPlace { guard, site, fate: ErrorFate::Discarded })
        },
        OutcomeProbe::new(),
    )
}

/// A `Result`, or a place of one, whose `Ok` contains a further outcome.
pub trait NestedOutcome: Sized {
    type Inner;
    /// Replaces the inner outcome of an `Ok` by what `inspect` returns for it.
    fn with(self, inspect: impl FnOnce(Self::Inner) -> Self::Inner) -> Self;
}

impl<R, E> NestedOutcome for Result<R, E> {
    type Inner = R;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn with(self, inspect: impl FnOnce(R) -> R) -> Self {
        self.map(inspect)
    }
}

impl<'a, R, E> NestedOutcome for &'a Result<R, E> {
    type Inner = &'a R;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn with(self, inspect: impl FnOnce(&'a R) -> &'a R) -> Self {
        if let Ok(inner) = self {
            inspect(inner);
        }
        self
    }
}

macro_rules! not_inspected {
    ($($reference:ty,)+) => {$(
        impl<T> NestedOutcome for $reference {
            type Inner = ();

            #[cfg_attr(not(debug_assertions), inline(always))]
            fn with(self, _: impl FnOnce(())) -> Self {
                self
            }
        }
    )+};
}

not_inspected!(&mut T, &&T, &&mut T,);

/// Inspects the `Result` within the operand of a `match` or the like.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn inspect_handled_nested<
    W: NestedOutcome,
    K: InspectOutcome<W::Inner>,
    const N: usize,
    const TASK: bool,
>(
    value: W,
    guard: &CallGuard<N, TASK>,
    site: u32,
) -> (W, OutcomeProbe<W::Inner, K>) {
    let inspect = |inner| {
        if K::NONE {
            inner
        } else {
            K::inspect(inner, ObservationPlace { guard, site, fate: ErrorFate::Handled })
        }
    };
    (value.with(inspect), OutcomeProbe::new())
}

/// Returns the operand after the place that it reads was inspected, with the probe of that place.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn with_probe<R, K, T>(probe: OutcomeProbe<R, K>, value: T) -> (T, OutcomeProbe<R, K>) {
    (value, probe)
}

/// Inspects a value that a function returns. All such places of a function share a probe.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn inspect_returned<R, K: InspectOutcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &CallGuard<N, TASK>,
    site: u32,
    _: &OutcomeProbe<R, K>,
) -> R {
    if K::NONE {
        value
    } else {
        K::inspect(value, ObservationPlace { guard, site, fate: ErrorFate::Propagated })
    }
}

/// Inspects a value that a function with the option `none` returns.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn inspect_returned_none<R, K: InspectOutcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &CallGuard<N, TASK>,
    site: u32,
    _: &OutcomeProbe<R, K>,
) -> R {
    K::inspect(value, ObservationPlace { guard, site, fate: ErrorFate::Propagated })
}

/// An error that is converted into a box or a report, as an outcome that always fails.
type BoxedError<E> = Result<Infallible, E>;

/// Inspects an error that is converted into a box or a report, which leaves at this site.
pub fn inspect_boxed<E, K: InspectOutcome<BoxedError<E>>, const N: usize, const TASK: bool>(
    error: E,
    guard: &CallGuard<N, TASK>,
    site: u32,
) -> (E, OutcomeProbe<BoxedError<E>, K>) {
    (
        observe_boxed::<E, K>(error, ObservationPlace { guard, site, fate: ErrorFate::Converted }),
        OutcomeProbe::new(),
    )
}

/// Inspects such an error in a closure, which cannot assign a probe.
pub fn inspect_boxed_in_closure<
    E,
    K: InspectOutcome<BoxedError<E>>,
    const N: usize,
    const TASK: bool,
>(
    error: E,
    guard: &CallGuard<N, TASK>,
    site: u32,
    _: &OutcomeProbe<BoxedError<E>, K>,
) -> E {
    observe_boxed::<E, K>(error, ObservationPlace { guard, site, fate: ErrorFate::Converted })
}

/// Inspects an error whose box or report is bound to a variable, by which it leaves later.
pub fn inspect_bound<E, K: InspectOutcome<BoxedError<E>>, const N: usize, const TASK: bool>(
    error: E,
    guard: &CallGuard<N, TASK>,
    site: u32,
) -> (E, OutcomeProbe<BoxedError<E>, K>) {
    (
        observe_boxed::<E, K>(error, ObservationPlace { guard, site, fate: ErrorFate::Handled }),
        OutcomeProbe::new(),
    )
}

/// Inspects an error that is converted into a box or a report in a closure or an async block, which
/// has no access to the guard. The kind of the returned probe is fixed in the same expression.
pub fn inspect_inside<E, K: InspectOutcome<BoxedError<E>>>(
    error: E,
) -> (E, OutcomeProbe<BoxedError<E>, K>) {
    if !K::IS_ERROR {
        return (error, OutcomeProbe::new());
    }
    let made = Err(error);
    inside::observe_inside(&|visit| K::show(&made, visit));
    let Err(error) = made;
    (error, OutcomeProbe::new())
}

/// Observes an error that is converted into a box or a report. A number or a text is not observed:
/// the error that is made of it is.
fn observe_boxed<'a, E, K: InspectOutcome<BoxedError<E>>>(
    error: E,
    at: impl ObservationSource<'a>,
) -> E {
    if !K::IS_ERROR {
        return error;
    }
    let Err(error) = K::inspect(Err(error), at);
    error
}

/// Returns whether a value that was inspected is a failure; for the option `silent`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn is_failure<R, K: InspectOutcome<R>>(value: &R, _: &OutcomeProbe<R, K>) -> bool {
    K::failed(value)
}

/// Returns the value of a function, or what the option `silent` gives in place of an error.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn replace_error<R, K: InspectOutcome<R>>(
    value: R,
    probe: &OutcomeProbe<R, K>,
    instead: impl FnOnce() -> R,
) -> R {
    if is_failure(&value, probe) { instead() } else { value }
}

/// Returns the value that the option `silent` gives in place of an error.
pub fn silent_value<T, E>(value: T) -> Result<T, E> {
    Ok(value)
}

/// Returns a value of the type of an async body, for inference; never called.
#[must_use]
pub fn never<T>() -> T {
    unreachable!("written behind `if false`")
}

/// Reports an error that is passed to an annotated error handler.
pub fn record_given<const N: usize, const TASK: bool>(
    show: ShowError<'_>,
    guard: &CallGuard<N, TASK>,
) {
    show(&mut |error| explicit::observe_given(guard.observation(0, ErrorFate::Propagated), error));
}
