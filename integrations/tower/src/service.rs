//! The service that tracks requests, and the future of its responses.

use std::any::Any;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use error_tracker::scope::{FutureScopeExt as _, ScopedFuture};
use error_tracker::web::{RequestGuard, RequestOutcome, TrackedRequest, WebSettings};
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::adapter::{RequestAdapter, ResponseAdapter};
use crate::error_types::ErrorTypes;
use crate::http_request::HttpRequest;
use crate::observation;
use crate::response::{panic_response, settle};
use crate::tracked_body::TrackedBody;

/// A service whose requests are tracked. It is created by [`TrackerLayer`](crate::TrackerLayer).
#[derive(Clone, Debug)]
pub struct TrackerService<S, A> {
    pub(crate) inner: S,
    pub(crate) rules: TrackingRules,
    pub(crate) adapter: A,
}

/// The settings and the registered error types of a layer.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrackingRules {
    pub(crate) settings: Arc<WebSettings>,
    pub(crate) errors: ErrorTypes,
}

impl<S, A, ReqBody, ResBody> Service<Request<ReqBody>> for TrackerService<S, A>
where
    A: RequestAdapter<ReqBody> + ResponseAdapter<ResBody>,
    S: Service<Request<<A as RequestAdapter<ReqBody>>::Body>, Response = Response<ResBody>>,
    S::Error: Debug + Display + 'static,
    ResBody: Body<Data: From<Bytes>, Error: Debug + Display + 'static>,
{
    type Response = Response<<A as ResponseAdapter<ResBody>>::Body>;
    type Error = S::Error;
    type Future = TrackerFuture<S::Future, A>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let ready = ready!(self.inner.poll_ready(context));
        if let Err(error) = &ready {
            observation::observe(error, &self.rules.errors);
        }
        Poll::Ready(ready)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let Self { inner, rules, adapter } = self;
        let (parts, body) = request.into_parts();
        if let Some(outer) = TrackedRequest::current() {
            if let Some(route) = adapter.route(&parts.extensions) {
                outer.set_route(route.as_ref());
            }
            let body = RequestAdapter::body(adapter, body, None);
            let future = inner.call(Request::from_parts(parts, body));
            let (rules, adapter) = (rules.clone(), adapter.clone());
            return TrackerFuture { kind: FutureKind::Inner { future, rules, adapter } };
        }
        let guard = TrackedRequest::begin(&rules.settings, || HttpRequest::new(&parts, &*adapter));
        let recorder = guard.as_ref().and_then(|guard| guard.body_recorder());
        let body = RequestAdapter::body(adapter, body, recorder);
        let scope = guard.as_ref().map(RequestGuard::scope);
        let call = || inner.call(Request::from_parts(parts, body));
        let call = || match rules.settings.catches_panics() {
            true => catch_unwind(AssertUnwindSafe(call)).map_err(PanicPayload),
            false => Ok(call()),
        };
        let handling = |called: Result<S::Future, PanicPayload>| {
            let (future, panic) =
                called.map_or_else(|panic| (None, Some(panic)), |it| (Some(it), None));
            HandlingFuture { future, panic, guard, rules: rules.clone(), adapter: adapter.clone() }
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

pin_project! {
    /// The future of the response to a tracked request.
    pub struct TrackerFuture<F, A> {
        #[pin]
        kind: FutureKind<F, A>,
    }
}

pin_project! {
    #[project = FutureKindProjection]
    enum FutureKind<F, A> {
        /// Runs in the scope of its request.
        Tracked { #[pin] future: ScopedFuture<HandlingFuture<F, A>> },
        /// No tracker was installed when the request arrived.
        Untracked { #[pin] future: HandlingFuture<F, A> },
        /// The request is tracked by an outer layer.
        Inner { #[pin] future: F, rules: TrackingRules, adapter: A },
    }
}

impl<F, A, ResBody, E> Future for TrackerFuture<F, A>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    A: ResponseAdapter<ResBody>,
    ResBody: Body<Data: From<Bytes>, Error: Debug + Display + 'static>,
    E: Debug + Display + 'static,
{
    type Output = Result<Response<A::Body>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            FutureKindProjection::Tracked { future } => future.poll(context),
            FutureKindProjection::Untracked { future } => future.poll(context),
            FutureKindProjection::Inner { future, rules, adapter } => {
                let result = ready!(future.poll(context));
                match &result {
                    Ok(response) => rules.errors.observe_in(response.extensions()),
                    Err(error) => observation::observe(error, &rules.errors),
                }
                Poll::Ready(
                    result
                        .map(|response| response.map(|body| adapter.body(TrackedBody::new(body)))),
                )
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
    struct HandlingFuture<F, A> {
        // `None` if `call` of the service panicked.
        #[pin]
        future: Option<F>,
        panic: Option<PanicPayload>,
        // Declared after the future, so that it is dropped later: dropping the future may report
        // errors, which belong to the request. `None` without a tracker, or when it is settled.
        guard: Option<RequestGuard>,
        rules: TrackingRules,
        adapter: A,
    }
}

impl<F, A, ResBody, E> Future for HandlingFuture<F, A>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    A: ResponseAdapter<ResBody>,
    ResBody: Body<Data: From<Bytes>, Error: Debug + Display + 'static>,
    E: Debug + Display + 'static,
{
    type Output = Result<Response<A::Body>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let settings = &this.rules.settings;
        let polled = match (this.panic.take(), this.future.as_pin_mut()) {
            (None, Some(future)) if settings.catches_panics() => {
                catch_unwind(AssertUnwindSafe(|| future.poll(context))).map_err(PanicPayload)
            }
            (None, Some(future)) => Ok(future.poll(context)),
            (Some(panic), _) => Err(panic),
            (None, None) => return Poll::Pending,
        };
        let response = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(response))) => {
                settle(this.rules, this.guard.take(), response, context)
            }
            Ok(Poll::Ready(Err(error))) => {
                if let Some(guard) = this.guard.take() {
                    observation::observe(&error, &this.rules.errors);
                    guard.settle(RequestOutcome::Failed);
                }
                return Poll::Ready(Err(error));
            }
            Err(panic) => {
                let outcome = RequestOutcome::Panicked { message: panic.message() };
                let id = this.guard.take().and_then(|guard| guard.settle(outcome));
                panic_response(settings, id)
            }
        };
        Poll::Ready(Ok(response.map(|body| this.adapter.body(body))))
    }
}
