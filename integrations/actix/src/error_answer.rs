//! Errors in place of a response, which actix converts to a response after all middlewares.

use std::cell::RefCell;
use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{Error, HttpResponse, ResponseError};
use error_tracker::scope::Scope;
use error_tracker::web::{EventId, RequestGuard, RequestOutcome};

use crate::response::{add_event_id, settle};
use crate::service::TrackingRules;

/// Adds a response mapper to `error` that settles the request by the response that actix will make
/// of the error, in the current scope.
///
/// The status is not known before that: it may differ from [`ResponseError::status_code`], and
/// [`Error::error_response`] may be called only once.
pub(crate) fn settle_when_answered(rules: &TrackingRules, guard: RequestGuard, error: &mut Error) {
    rules.errors.observe(error);
    let answer = UnknownAnswer {
        rules: rules.clone(),
        scope: Scope::current(),
        guard: RefCell::new(Some(guard)),
        status: error.as_response_error().status_code(),
    };
    error.add_response_mapper(move |response| answer.settle(response));
}

/// The state that is needed to settle a request by the response of an error.
struct UnknownAnswer {
    rules: TrackingRules,
    scope: Scope,
    /// The request, until it is settled.
    guard: RefCell<Option<RequestGuard>>,
    /// The status code of the error, which is used if no response is made of it.
    status: StatusCode,
}

impl UnknownAnswer {
    fn settle(&self, response: HttpResponse) -> HttpResponse {
        let Some(guard) = self.guard.take() else { return response };
        self.scope.clone().run(|| settle(&self.rules, guard, response))
    }
}

impl Drop for UnknownAnswer {
    /// Settles the request if an outer middleware has replaced the error by a response of its own.
    fn drop(&mut self) {
        if let Some(guard) = self.guard.take() {
            let (status, reason) = (self.status.as_u16(), self.status.canonical_reason());
            let reason = reason.unwrap_or_default();
            self.scope.clone().run(|| {
                guard.settle(RequestOutcome::Response { status, reason, text: "" });
            });
        }
    }
}

/// Returns the error that is the result of a request whose handler panicked. Its response has the
/// status 500 and the event's id.
pub(crate) fn panic_answer(rules: &TrackingRules, id: Option<EventId>) -> Error {
    let mut error = Error::from(HandlerPanic);
    if let Some(id) = id {
        let rules = rules.clone();
        error.add_response_mapper(move |response| {
            let (mut head, body) = response.into_parts();
            let body = add_event_id(&rules.settings, &mut head, &id).unwrap_or(body);
            head.set_body(body)
        });
    }
    error
}

/// The error that replaces the response of a handler that panicked. The panic has dropped the
/// request, without which actix cannot make a response.
#[derive(Debug)]
struct HandlerPanic;

impl fmt::Display for HandlerPanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the handler panicked")
    }
}

impl ResponseError for HandlerPanic {
    fn error_response(&self) -> HttpResponse {
        HttpResponse::InternalServerError()
            .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
            .body("Internal Server Error")
    }
}
