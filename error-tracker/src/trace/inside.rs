//! Observes errors that closures and async blocks convert into boxes and reports. Such code may run anywhere, so it has
//! no access to the guard of the function around it: the error is pending, provisionally, in the innermost tracked
//! call, and is resumed where the box leaves a function.

use super::error_facts::ObservedError;
use super::error_ref::{ErrorRef, ShowError};
use super::failure::Failure;
use super::observation::Observation;
use super::pending_failure::{PendingFailure, PendingStage};
use super::pending_list::{put, with_pending};
use super::thread::TrackedFrame;
use super::{observation_rate, reported, thread};
use crate::event::Kind;
use crate::user_code::{contain_panics, in_user_code};

/// Limit of such errors for one function; the newest are kept, since most are handled where they are made.
const MAX_INSIDE: usize = 2;

/// Observes an error that is put into a box or a report. By its ABI this does not unwind.
#[cold]
#[inline(never)]
#[expect(improper_ctypes_definitions, reason = "only Rust calls it")]
pub(super) extern "C" fn observe_inside(show: ShowError<'_>) {
    if !thread::is_inside() || in_user_code() || !observation_rate::admits() {
        return;
    }
    let note = |error: &ErrorRef<'_>| {
        thread::read(|mut frames| {
            if let Some(frame) = frames.next() {
                begin_inside(frame, error);
            }
        });
    };
    contain_panics(|| show(&mut |error| note(error)));
}

/// Begins a provisional failure in this frame, unless one is pending there that the error carries.
fn begin_inside(frame: TrackedFrame<'_>, error: &ErrorRef<'_>) {
    let (key, observed) = (frame.key(), ObservedError::new(error));
    if observed.has_no_information() {
        return;
    }
    observed.sources();
    let is_inside = |pending: &PendingFailure| pending.caller == key && pending.is_made_inside();
    let spare = with_pending(|list| {
        let is_known = |pending: &PendingFailure| {
            pending.caller == key && observed.carries(pending.failure.outermost())
        };
        if list.iter().any(is_known) {
            return None;
        }
        let is_full = list.iter().filter(|pending| is_inside(pending)).count() >= MAX_INSIDE;
        let oldest = if is_full { list.iter().position(is_inside) } else { None };
        Some(oldest.map(|oldest| list.remove(oldest).failure))
    });
    let Some(spare) = spare.flatten() else { return };
    let spare = spare.or_else(reported::spare_failure);
    let mut failure = Failure::begin(spare, Kind::Error, &observed);
    failure.read_error(frame, &observed);
    put(PendingFailure { stage: PendingStage::Provisional, ..PendingFailure::at(key, failure) });
}

/// Takes the newest such failure of the observing function whose error the observed one carries.
pub(super) fn take(
    observation: Observation<'_>,
    observed: &ObservedError<'_, '_>,
) -> Option<PendingFailure> {
    let key = observation.frame.key();
    let is_it = |pending: &PendingFailure| {
        pending.caller == key
            && pending.is_made_inside()
            && observed.carries(pending.failure.outermost())
    };
    with_pending(|list| list.iter().rposition(is_it).map(|index| list.remove(index)))?
}
