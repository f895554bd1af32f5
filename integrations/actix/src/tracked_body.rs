//! The body of a response, if it is a stream.

use std::any::type_name;
use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::Error;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use error_tracker::scope::Scope;
use error_tracker::web::observe_error;

use crate::error_types::ErrorTypes;

type BoxError = Box<dyn StdError>;

/// The stream of a handler. It passes on the chunks, and records an error with the request.
pub(crate) struct TrackedBody {
    body: BoxBody,
    scope: Scope,
    errors: ErrorTypes,
}

impl TrackedBody {
    /// Wraps `body`, which is then polled in the current scope.
    pub(crate) fn new(body: BoxBody, errors: ErrorTypes) -> Self {
        Self { body, scope: Scope::current(), errors }
    }
}

/// Observes an error of a body. Must be called in the scope of the body.
fn observe(error: &BoxError, known: &ErrorTypes) {
    match error.downcast_ref::<Error>() {
        Some(error) => known.observe(error),
        None => observe_error(&**error, type_name::<BoxError>()),
    }
}

impl MessageBody for TrackedBody {
    type Error = BoxError;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BoxError>>> {
        let Self { body, scope, errors } = &mut *self;
        scope.run_mut(|| {
            let polled = Pin::new(body).poll_next(context);
            if let Poll::Ready(Some(Err(error))) = &polled {
                observe(error, errors);
            }
            polled
        })
    }
}
