//! The service that tracks requests, and the future of its responses.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, forward_ready};
use error_tracker::scope::{FutureScopeExt as _, ScopedFuture};
use error_tracker::web::{RequestGuard, RequestOutcome, TrackedRequest, WebSettings};
use pin_project_lite::pin_project;

use crate::error_answer::{panic_answer, settle_when_answered};
use crate::error_types::ErrorTypes;
use crate::http_request::RequestHead;
use crate::recorded_payload::record;
use crate::response::settle;

/// A service whose requests are tracked. It is created by
/// [`TrackerMiddleware`](crate::TrackerMiddleware).
#[derive(Clone, Debug)]
pub struct TrackerService<S> {
    pub(crate) inner: S,
    pub(crate) rules: TrackingRules,
}

/// The settings and the registered error types of a middleware.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrackingRules {
    pub(crate) settings: Arc<WebSettings>,
    pub(crate) errors: ErrorTypes,
}

impl<S, B> Service<ServiceRequest> for TrackerService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Future = TrackerFuture<S::Future>;

    forward_ready!(inner);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let Self { inner, rules } = self;
        if let Some(outer) = TrackedRequest::current() {
            set_route(&outer, || request.match_pattern());
            let future = inner.call(request);
            return TrackerFuture { kind: FutureKind::Inner { future, rules: rules.clone() } };
        }
        let guard = TrackedRequest::begin(&rules.settings, || RequestHead::new(&request));
        if let Some(recorder) = guard.as_ref().and_then(|guard| guard.body_recorder()) {
            record(&mut request, recorder);
        }
        let scope = guard.as_ref().map(RequestGuard::scope);
        let call = || inner.call(request);
        let call = || match rules.settings.catches_panics() {
            true => catch_unwind(AssertUnwindSafe(call)).map_err(PanicPayload),
            false => Ok(call()),
        };
        let handling = |called: Result<S::Future, PanicPayload>| {
            let (future, panic) =
                called.map_or_else(|panic| (None, Some(panic)), |it| (Some(it), None));
            HandlingFuture { future, panic, guard, rules: rules.clone() }
        };
        let kind = match scope {
            Some(mut scope) => {
                let called = scope.run_mut(call);
                FutureKind::Tracked { future: handling(called).in_scope(scope) }
            }
            None => FutureKind::Untracked { future: handling(call()) },
        };
        TrackerFuture { kind }
    }
}

/// Sets the route of a request to the result of `find`, if the route is not known yet.
fn set_route(request: &TrackedRequest, find: impl FnOnce() -> Option<String>) {
    if request.route().is_none()
        && let Some(route) = find()
    {
        request.set_route(&route);
    }
}

pin_project! {
    /// The future of the response to a tracked request.
    pub struct TrackerFuture<F> {
        #[pin]
        kind: FutureKind<F>,
    }
}

pin_project! {
    #[project = FutureKindProjection]
    enum FutureKind<F> {
        /// Runs in the scope of its request.
        Tracked { #[pin] future: ScopedFuture<HandlingFuture<F>> },
        /// No tracker was installed when the request arrived.
        Untracked { #[pin] future: HandlingFuture<F> },
        /// The request is tracked by an outer middleware.
        Inner { #[pin] future: F, rules: TrackingRules },
    }
}

impl<F, B> Future for TrackerFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody + 'static,
{
    type Output = Result<ServiceResponse, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            FutureKindProjection::Tracked { future } => future.poll(context),
            FutureKindProjection::Untracked { future } => future.poll(context),
            FutureKindProjection::Inner { future, rules } => {
                let result = ready!(future.poll(context));
                let error = match &result {
                    Ok(response) => response.response().error(),
                    Err(error) => Some(error),
                };
                if let Some(error) = error {
                    rules.errors.observe(error);
                }
                Poll::Ready(result.map(ServiceResponse::map_into_boxed_body))
            }
        }
    }
}

/// The value with which a handler panicked.
struct PanicPayload(Box<dyn Any + Send>);

impl PanicPayload {
    fn message(&self) -> &str {
        let text = self.0.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| self.0.downcast_ref::<&str>().copied()).unwrap_or_default()
    }
}

pin_project! {
    /// The future of the handler, which settles the request by the handler's result.
    struct HandlingFuture<F> {
        // `None` if `call` of the service panicked.
        #[pin]
        future: Option<F>,
        panic: Option<PanicPayload>,
        // Declared after the future, so that it is dropped later: dropping the future may report
        // errors, which belong to the request. `None` without a tracker, or when it is settled.
        guard: Option<RequestGuard>,
        rules: TrackingRules,
    }
}

impl<F, B> Future for HandlingFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody + 'static,
{
    type Output = Result<ServiceResponse, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = match (this.panic.take(), this.future.as_pin_mut()) {
            (None, Some(future)) if this.rules.settings.catches_panics() => {
                catch_unwind(AssertUnwindSafe(|| future.poll(context))).map_err(PanicPayload)
            }
            (None, Some(future)) => Ok(future.poll(context)),
            (Some(panic), _) => Err(panic),
            (None, None) => return Poll::Pending,
        };
        Poll::Ready(match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(response))) => {
                let Some(guard) = this.guard.take() else {
                    return Poll::Ready(Ok(response.map_into_boxed_body()));
                };
                set_route(&guard, || response.request().match_pattern());
                let (request, response) = response.map_into_boxed_body().into_parts();
                Ok(ServiceResponse::new(request, settle(this.rules, guard, response)))
            }
            Ok(Poll::Ready(Err(mut error))) => {
                if let Some(guard) = this.guard.take() {
                    settle_when_answered(this.rules, guard, &mut error);
                }
                Err(error)
            }
            Err(panic) => {
                let outcome = RequestOutcome::Panicked { message: panic.message() };
                let id = this.guard.take().and_then(|guard| guard.settle(outcome));
                Err(panic_answer(this.rules, id))
            }
        })
    }
}
