//! Captures that begin when an error is known, and are committed once it is clear that the error
//! matters.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::explicit::{self, CallSite};
use crate::DISABLED;
use crate::json::{Map, Value};
use crate::trace::error_ref::{ErrorRef, ShowError};
use crate::trace::explicit::ExplicitFailure;

/// A capture that has read its error, with trace, variables and scope, and records it when it is
/// committed: for errors that matter or not depending on something known later, such as the status
/// of the response.
///
/// Created by [`hold_exception()`] and [`hold_exception!`](crate::hold_exception!). It can be sent
/// to another thread. Clones are the same capture. If the last clone is dropped without
/// [`commit`](Self::commit), the error is not recorded, even if it leaves annotated functions
/// meanwhile. An error that was recorded before stays recorded.
///
/// ```
/// use error_tracker::{HeldCapture, hold_exception};
///
/// struct Response {
///     status: u16,
///     held: Option<HeldCapture>,
/// }
///
/// // In the handler, which has the error.
/// fn answer(error: &std::num::ParseIntError) -> Response {
///     Response { status: 400, held: Some(hold_exception(error)) }
/// }
///
/// // In the middleware, which knows the status.
/// let response = answer(&"x".parse::<u32>().unwrap_err());
/// if let Some(held) = response.held.filter(|_| response.status >= 500) {
///     held.commit();
/// }
/// ```
#[derive(Clone)]
#[must_use = "nothing is recorded unless it is committed"]
pub struct HeldCapture {
    state: Arc<Mutex<HeldState>>,
}

enum HeldState {
    Held(ExplicitFailure),
    /// Committed, with the id of the event.
    Committed(Option<String>),
    /// There is nothing to record.
    Empty,
}

impl HeldCapture {
    fn new(held: Option<ExplicitFailure>) -> Self {
        let state = held.map_or(HeldState::Empty, HeldState::Held);
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Records the error as it was when it was held. Returns the event's id, also if it is called
    /// again, or `None` if the event was not accepted: no tracker is installed, or a rule ignores
    /// it.
    pub fn commit(&self) -> Option<String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let id = match std::mem::replace(&mut *state, HeldState::Empty) {
            HeldState::Held(held) => explicit::record(held),
            HeldState::Committed(id) => id,
            HeldState::Empty => return None,
        };
        *state = HeldState::Committed(id.clone());
        id
    }
}

impl fmt::Debug for HeldCapture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldCapture").finish_non_exhaustive()
    }
}

/// Reads an error like [`capture_exception()`](crate::capture_exception()), and records it when the
/// returned capture is committed.
///
/// The macro [`hold_exception!`](crate::hold_exception!) accepts every type of error, such as
/// `anyhow::Error`, and additional context.
///
/// ```
/// let error = "12,50".parse::<f64>().unwrap_err();
/// let held = error_tracker::hold_exception(&error);
/// let status = 500;
/// if status >= 500 {
///     held.commit();
/// }
/// ```
#[track_caller]
pub fn hold_exception<E: Error + ?Sized>(error: &E) -> HeldCapture {
    if DISABLED {
        return HeldCapture::new(None);
    }
    let type_name = std::any::type_name::<E>();
    let error =
        ErrorRef { type_name, display: Some(&error), debug: Some(&error), error: &|| Some(&error) };
    HeldCapture::new(explicit::read(&error, CallSite::caller(), Map::new()))
}

/// Holds an error for the macro.
pub fn hold_given(
    look: Option<ShowError<'_>>,
    here: CallSite,
    extras: &[(&str, Value)],
) -> HeldCapture {
    let mut held = None;
    if let Some(look) = look {
        look(&mut |error| held = explicit::read(error, here, explicit::extras_of(extras)));
    }
    HeldCapture::new(held)
}

/// Reads an error like [`capture_exception!`](crate::capture_exception!), with optional additional
/// context, and records it when the returned [`HeldCapture`](crate::HeldCapture) is committed.
///
/// ```
/// let error = "12,50".parse::<f64>().unwrap_err();
/// let held = error_tracker::hold_exception!(error, order = 1007);
/// # let is_server_error = true;
/// if is_server_error {
///     held.commit();
/// }
/// ```
#[macro_export]
macro_rules! hold_exception {
    ($error:expr $(, $name:ident = $value:expr)* $(,)?) => {{
        #[allow(unused_imports)]
        use $crate::__private::{DebugExtra as _, InspectGiven as _, SerializeExtra as _};
        let here = $crate::__private::CallSite {
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
        };
        match &$error {
            _ if $crate::__private::DISABLED => {
                $crate::__private::hold_given(::core::option::Option::None, here, &[])
            }
            error => $crate::__private::hold_given(
                ::core::option::Option::Some(&|see: &mut dyn FnMut(&$crate::__private::ErrorRef<'_>)| {
                    (&&&&&&&&$crate::__private::GivenError(error)).__error_tracker_look(see)
                }),
                here,
                &[$((::core::stringify!($name), (&&$crate::__private::ExtraValue(&$value)).__error_tracker_extra())),*],
            ),
        }
    }};
}
