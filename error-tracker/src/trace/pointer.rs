//! Pointers to trait objects of errors, which may borrow: `Box<dyn Error + 'a>`.
//!
//! A bound `AsRef<dyn Error>` cannot select them: it means `dyn Error + 'static`, and the error about the lifetime
//! comes only after the selection. The target of `Deref` carries the lifetime, so `ErrorObject` is implemented for
//! that.

use std::any::type_name;
use std::error::Error;
use std::marker::PhantomData;

use super::error_ref::ErrorRef;
use super::inspect_outcome::{
    FallibleValue, GivenError, InspectError, InspectGiven, InspectOutcome, impl_inspect_outcome,
};
use super::observation::ObservationSource;
use super::outcome_probe::SecondProbe;

/// A trait object of an error, with any auto traits and any lifetime.
pub trait ErrorObject {
    fn as_error(&self) -> &(dyn Error + '_);
}

macro_rules! impl_error_object {
    ($($($auto:ident)*),+) => {$(
        impl<'a> ErrorObject for dyn Error $(+ $auto)* + 'a {
            fn as_error(&self) -> &(dyn Error + '_) {
                self
            }
        }
    )+};
}

impl_error_object!(, Send, Sync, Send Sync);

/// A type that gives an error only by `AsRef`; `'x` is the lifetime of what that error borrows.
#[derive(Clone, Copy, Debug)]
pub struct ErrorAsRef<'x>(PhantomData<&'x ()>);

impl_inspect_outcome!(['x] [] ErrorAsRef<'x> = true where [AsRef<dyn Error + 'x>]);

impl<'x, E: AsRef<dyn Error + 'x>> InspectError<E> for ErrorAsRef<'x> {
    fn inspect_error(error: &E, visit: &mut dyn FnMut(&ErrorRef<'_>)) {
        let error = error.as_ref();
        visit(&ErrorRef {
            type_name: type_name::<E>(),
            display: Some(&error),
            debug: Some(&error),
            error: &|| Some(error),
        });
    }
}

impl<'x, R: FallibleValue> SecondProbe<R, ErrorAsRef<'x>>
where
    R::Error: AsRef<dyn Error + 'x>,
{
    pub fn __error_tracker_close(self) {}
    pub fn __error_tracker_close_unasked(self) {}
}

impl<'x, E: AsRef<dyn Error + 'x>> InspectGiven for &&&&GivenError<'_, E> {
    fn __error_tracker_look(&self, visit: &mut dyn FnMut(&ErrorRef<'_>)) {
        <ErrorAsRef<'x> as InspectError<E>>::inspect_error(self.0, visit);
    }
}
