//! The error types that are registered for a middleware.

use std::any::type_name;
use std::error::Error as StdError;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use actix_web::error::{
    BlockingError, InternalError, JsonPayloadError, PathError, PayloadError, QueryPayloadError,
    UrlencodedError,
};
use actix_web::{Error, ResponseError};
use error_tracker::web::observe_error;

/// The registered error types. Errors of these types are found in responses, and in place of them.
#[derive(Clone, Default)]
pub(crate) struct ErrorTypes {
    readers: Arc<Vec<ErrorReader>>,
}

type ErrorObserver = Arc<dyn Fn(&Error) -> bool + Send + Sync>;

#[derive(Clone)]
struct ErrorReader {
    type_name: &'static str,
    /// Observes the error if it is of the type. Returns whether it is.
    observe: ErrorObserver,
}

impl ErrorTypes {
    /// Registers a type; `read` returns the error of a value of this type.
    pub(crate) fn add<T: ResponseError + 'static>(
        &mut self,
        read: impl for<'a> Fn(&'a T) -> &'a (dyn StdError + 'static) + Send + Sync + 'static,
    ) {
        Arc::make_mut(&mut self.readers).push(ErrorReader {
            type_name: type_name::<T>(),
            observe: Arc::new(move |error| {
                if let Some(error) = error.as_error::<T>() {
                    let observe = || observe_error(read(error), type_name::<T>());
                    // A panic of `read`, or of the error, is recorded as every panic; the response stays.
                    drop(catch_unwind(AssertUnwindSafe(observe)));
                } else if let Some(error) = error.as_error::<InternalError<T>>() {
                    observe_error(&OpaqueError(error), type_name::<T>());
                } else {
                    return false;
                }
                true
            }),
        });
    }

    /// Observes the error of a response, or one in place of a response. If its type is neither
    /// registered nor one of actix, only its texts are recorded.
    pub(crate) fn observe(&self, error: &Error) {
        let is_known = self.readers.iter().any(|reader| (reader.observe)(error))
            || of_actix(error).is_some_and(|(error, type_name)| {
                observe_error(error, type_name);
                true
            });
        if !is_known {
            observe_error(error, type_name::<Error>());
        }
    }
}

/// An error that is wrapped by actix, for example by `ErrorBadGateway`. The wrapper gives access
/// only to its texts.
struct OpaqueError<'a, T>(&'a InternalError<T>);

impl<T: fmt::Debug> fmt::Debug for OpaqueError<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for OpaqueError<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Debug + fmt::Display> StdError for OpaqueError<'_, T> {}

/// Returns the error and the name of its type, if it is boxed or of a type for which actix
/// implements [`ResponseError`].
fn of_actix(error: &Error) -> Option<(&(dyn StdError + 'static), &'static str)> {
    fn known<T: StdError + ResponseError + 'static>(
        error: &Error,
    ) -> Option<(&(dyn StdError + 'static), &'static str)> {
        Some((error.as_error::<T>()?, type_name::<T>()))
    }
    let boxed = || error.as_error::<Box<dyn StdError>>();
    boxed()
        .map(|boxed| (&**boxed, type_name::<Box<dyn StdError>>()))
        .or_else(|| known::<std::io::Error>(error))
        .or_else(|| known::<BlockingError>(error))
        .or_else(|| known::<JsonPayloadError>(error))
        .or_else(|| known::<UrlencodedError>(error))
        .or_else(|| known::<PathError>(error))
        .or_else(|| known::<QueryPayloadError>(error))
        .or_else(|| known::<PayloadError>(error))
}

impl fmt::Debug for ErrorTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.readers.iter().map(|reader| reader.type_name)).finish()
    }
}
