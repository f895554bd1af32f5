//! Observes errors of services and bodies, of any type.

use std::any::{Any, type_name};
use std::error::Error;
use std::fmt::{self, Debug, Display};

use error_tracker::web::observe_error;

use crate::error_types::ErrorTypes;

/// The error type of most layers of tower.
type BoxError = Box<dyn Error + Send + Sync>;

/// Observes an error of a service or a body as the failure of the current request. The event has
/// its causes if the error is boxed, an I/O error, or of a registered type.
pub(crate) fn observe<E: Debug + Display + 'static>(error: &E, known: &ErrorTypes) {
    let any: &dyn Any = error;
    if known.observe_value(any) {
    } else if let Some(boxed) = any.downcast_ref::<BoxError>() {
        observe_error(&**boxed, type_name::<BoxError>());
    } else if let Some(error) = any.downcast_ref::<std::io::Error>() {
        observe_error(error, type_name::<E>());
    } else {
        observe_error(&OpaqueError(error), type_name::<E>());
    }
}

/// An error of unknown type. Its causes cannot be read, because `E` need not implement `Error`.
struct OpaqueError<'a, E>(&'a E);

impl<E: Debug> Debug for OpaqueError<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: Display> Display for OpaqueError<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: Debug + Display> Error for OpaqueError<'_, E> {}
