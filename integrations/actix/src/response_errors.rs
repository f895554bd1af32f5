//! The types of errors that a middleware was told.

use std::any::type_name;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use actix_web::error::{
    BlockingError, InternalError, JsonPayloadError, PathError, PayloadError, QueryPayloadError,
    UrlencodedError,
};
use actix_web::{Error, ResponseError};
use error_tracker::web::observe_error;

/// Readers of the types of errors that responses are made of.
#[derive(Clone, Default)]
pub(crate) struct ResponseErrors {
    readers: Arc<Vec<ErrorReader>>,
}

type ErrorObserver = Arc<dyn Fn(&Error) -> bool + Send + Sync>;

#[derive(Clone)]
struct ErrorReader {
    type_name: &'static str,
    /// Observes the error if it is of the type.
    observe: ErrorObserver,
}

impl ResponseErrors {
    /// Adds a type, which `read` shows as an error.
    pub(crate) fn add<T: ResponseError + 'static>(
        &mut self,
        read: impl for<'a> Fn(&'a T) -> &'a (dyn StdError + 'static) + Send + Sync + 'static,
    ) {
        Arc::make_mut(&mut self.readers).push(ErrorReader {
            type_name: type_name::<T>(),
            observe: Arc::new(move |error| {
                if let Some(error) = error.as_error::<T>() {
                    observe_error(read(error), type_name::<T>());
                } else if let Some(error) = error.as_error::<InternalError<T>>() {
                    observe_error(&ShownError(error), type_name::<T>());
                } else {
                    return false;
                }
                true
            }),
        });
    }

    /// Observes the error of a response, or one in place of a response. Of a type that is not known
    /// here only its texts are known.
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

/// An error in one of actix's, such as `ErrorBadGateway` makes, which shows nothing but its texts.
struct ShownError<'a, T>(&'a InternalError<T>);

impl<T: fmt::Debug> fmt::Debug for ShownError<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for ShownError<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Debug + fmt::Display> StdError for ShownError<'_, T> {}

/// Returns an error that actix itself makes a response of, with the name of its type.
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

impl fmt::Debug for ResponseErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.readers.iter().map(|reader| reader.type_name)).finish()
    }
}
