//! Functions that an expansion calls around macros that return, such as `bail!` and `ensure!`.

use std::convert::Infallible;
use std::fmt;

use super::error_ref::ErrorRef;
use super::guard::{CallGuard, ObservationPlace};
use super::inspect_outcome::InspectOutcome;
use super::observation::{ErrorFate, Observation};
use super::observe;
use super::outcome_probe::OutcomeProbe;
use crate::error_report::is_report;

/// Notes that a macro is about to return an error that cannot be inspected. `message` is a guess of its text.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn note_return<R, K: InspectOutcome<R>, const N: usize, const TASK: bool>(
    guard: &CallGuard<N, TASK>,
    site: u32,
    _: &OutcomeProbe<R, K>,
    message: fmt::Arguments<'_>,
    noted: &mut bool,
) {
    *noted = true;
    return_unseen(guard.observation(site, ErrorFate::Propagated), K::error_type(), message);
}

/// Notes that a macro is about to return an error with this text, and returns the text.
pub fn note_return_with<'a, R, K: InspectOutcome<R>, const N: usize, const TASK: bool>(
    guard: &CallGuard<N, TASK>,
    site: u32,
    probe: &OutcomeProbe<R, K>,
    message: fmt::Arguments<'a>,
    noted: &mut bool,
) -> fmt::Arguments<'a> {
    note_return(guard, site, probe, message, noted);
    message
}

/// The condition that such a macro checks before it returns.
pub struct MacroCondition<'a, C>(pub &'a C);

impl MacroCondition<'_, bool> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[must_use]
    pub fn __error_tracker_fails(&self) -> bool {
        !*self.0
    }
}

/// A first argument that is no `bool`, of a macro of the program. It never counts as failed.
pub trait OtherCondition {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn __error_tracker_fails(&self) -> bool {
        false
    }
}

impl<C> OtherCondition for MacroCondition<'_, C> {}

/// Lives while an `ensure!` without a text runs. If it is dropped, the macro has returned.
pub struct ReturnWatch<'a, const N: usize, const TASK: bool> {
    guard: &'a CallGuard<N, TASK>,
    site: u32,
    error_type: &'static str,
    condition: &'static str,
}

/// Begins to watch an `ensure!` without a text, whose report shows the condition.
#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn watch_return<'a, R, K: InspectOutcome<R>, const N: usize, const TASK: bool>(
    guard: &'a CallGuard<N, TASK>,
    site: u32,
    _: &OutcomeProbe<R, K>,
    condition: &'static str,
) -> ReturnWatch<'a, N, TASK> {
    ReturnWatch { guard, site, error_type: K::error_type(), condition }
}

impl<const N: usize, const TASK: bool> ReturnWatch<'_, N, TASK> {
    /// Ends the watch: the macro has not returned.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn holds(self) {
        std::mem::forget(self);
    }
}

impl<const N: usize, const TASK: bool> Drop for ReturnWatch<'_, N, TASK> {
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        if !is_report(self.error_type) || std::thread::panicking() {
            return;
        }
        // The macro may add values to the text, so this is a guess; the caller that observes the error replaces it.
        let text = format_args!("Condition failed: `{}`", self.condition);
        let error = ErrorRef {
            type_name: self.error_type,
            display: None,
            debug: Some(&text),
            error: &|| None,
        };
        observe::observe_unseen(self.guard.observation(self.site, ErrorFate::Propagated), &error);
    }
}

/// Takes back `note_return`: the macro has not returned.
pub fn note_no_return<const N: usize, const TASK: bool>(guard: &CallGuard<N, TASK>, site: u32) {
    observe::cancel_unseen(guard.observation(site, ErrorFate::Propagated));
}

/// Inspects the operand of such a macro, which returns it if it is a failure.
pub fn inspect_source<R, K: InspectOutcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &CallGuard<N, TASK>,
    site: u32,
    noted: &mut bool,
) -> (R, OutcomeProbe<R, K>) {
    *noted = !K::NONE && K::failed(&value);
    (
        if *noted {
            K::inspect(value, ObservationPlace { guard, site, fate: ErrorFate::Propagated })
        } else {
            value
        },
        OutcomeProbe::new(),
    )
}

/// Inspects the error that such a macro is given.
pub fn inspect_built<
    E,
    K: InspectOutcome<Result<Infallible, E>>,
    const N: usize,
    const TASK: bool,
>(
    error: E,
    guard: &CallGuard<N, TASK>,
    site: u32,
    noted: &mut bool,
) -> (E, OutcomeProbe<Result<Infallible, E>, K>) {
    *noted = true;
    let Err(error) =
        K::inspect(Err(error), ObservationPlace { guard, site, fate: ErrorFate::Propagated });
    (error, OutcomeProbe::new())
}

/// Replaces a context selector of `snafu` whose error was built before the macro.
pub struct SelectedError<E>(pub E);

impl<E> SelectedError<E> {
    pub fn fail<T>(self) -> Result<T, E> {
        Err(self.0)
    }
}

#[cold]
#[inline(never)]
fn return_unseen(
    observation: Observation<'_>,
    type_name: &'static str,
    message: fmt::Arguments<'_>,
) {
    let error = ErrorRef { type_name, display: Some(&message), debug: None, error: &|| None };
    observe::observe_unseen(observation, &error);
}
