//! The middleware and its settings.

use std::error::Error as StdError;
use std::future::{self, Ready};
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, ResponseError};
use error_tracker::web::{ProxyNetwork, StatusSet, UntrackedErrors, WebSettings};

use crate::service::{TrackerService, TrackingRules};

/// Returns a middleware that tracks requests.
///
/// ```
/// use actix_web::App;
///
/// let middleware = error_tracker_actix::middleware().track_status(500..=599).event_id_header("x-event-id");
/// let app = App::new().wrap(middleware);
/// ```
#[must_use]
pub fn middleware() -> TrackerMiddleware {
    TrackerMiddleware::default()
}

/// A middleware that tracks requests. It is created by [`middleware()`].
#[derive(Clone, Debug, Default)]
pub struct TrackerMiddleware {
    rules: TrackingRules,
}

impl TrackerMiddleware {
    /// Registers `T` as an error type that is read from responses: actix stores the `Err` of a
    /// handler in [`HttpResponse::error`]. The event then contains the error with its causes, and
    /// the return trace of the annotated functions that it left. Can be called for several types.
    ///
    /// Of an error of another type, only the `Display` and `Debug` texts are recorded. Boxed errors
    /// and the errors of actix itself need not be registered.
    ///
    /// ```
    /// # #[derive(Debug)] struct ShopError;
    /// # impl std::fmt::Display for ShopError { fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) } }
    /// # impl std::error::Error for ShopError {}
    /// impl actix_web::ResponseError for ShopError {}
    ///
    /// let middleware = error_tracker_actix::middleware().errors::<ShopError>();
    /// ```
    ///
    /// [`HttpResponse::error`]: actix_web::HttpResponse::error
    #[must_use]
    pub fn errors<T: StdError + ResponseError + 'static>(self) -> Self {
        self.errors_by(|error: &T| error)
    }

    /// Registers a type `T` like [`errors`](Self::errors), for a `T` that does not implement
    /// [`Error`](StdError) itself but contains an error. `read` returns that error.
    ///
    /// ```
    /// #[derive(Debug)]
    /// struct AppError(Box<dyn std::error::Error>);
    /// # impl std::fmt::Display for AppError { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) } }
    ///
    /// impl actix_web::ResponseError for AppError {}
    ///
    /// let middleware = error_tracker_actix::middleware().errors_by(|error: &AppError| &*error.0);
    /// ```
    #[must_use]
    pub fn errors_by<T: ResponseError + 'static>(
        mut self,
        read: impl for<'a> Fn(&'a T) -> &'a (dyn StdError + 'static) + Send + Sync + 'static,
    ) -> Self {
        self.rules.errors.add(read);
        self
    }

    /// Sets which statuses are failures: see [`WebSettings::track_status`].
    #[must_use]
    pub fn track_status(self, statuses: impl Into<StatusSet>) -> Self {
        self.with(|settings| settings.track_status(statuses))
    }

    /// Sets how errors are treated if the status of the response is not tracked: see
    /// [`WebSettings::untracked_errors`].
    #[must_use]
    pub fn untracked_errors(self, untracked: UntrackedErrors) -> Self {
        self.with(|settings| settings.untracked_errors(untracked))
    }

    /// Sets the maximum number of recorded bytes of a form or JSON: see [`WebSettings::max_body`].
    #[must_use]
    pub fn max_body(self, bytes: usize) -> Self {
        self.with(|settings| settings.max_body(bytes))
    }

    /// Adds proxies whose forwarded headers are used: see [`WebSettings::trust_proxies`].
    #[must_use]
    pub fn trust_proxies(self, proxies: impl IntoIterator<Item = ProxyNetwork>) -> Self {
        self.with(|settings| settings.trust_proxies(proxies))
    }

    /// Sets the header that contains the request's id: see [`WebSettings::request_id_header`].
    ///
    /// # Panics
    /// If `name` is not a valid header name.
    #[must_use]
    #[track_caller]
    pub fn request_id_header(self, name: &str) -> Self {
        self.with(|settings| settings.request_id_header(name))
    }

    /// Sets the response header that gets the event's id: see [`WebSettings::event_id_header`].
    ///
    /// # Panics
    /// If `name` is not a valid header name.
    #[must_use]
    #[track_caller]
    pub fn event_id_header(self, name: &str) -> Self {
        self.with(|settings| settings.event_id_header(name))
    }

    /// Replaces plain text in the response to a failed request by `application/problem+json`: see
    /// [`WebSettings::problem_json`].
    #[must_use]
    pub fn problem_json(self) -> Self {
        self.with(WebSettings::problem_json)
    }

    /// Sets whether panics of handlers are caught: see [`WebSettings::catch_panics`].
    #[must_use]
    pub fn catch_panics(self, catches: bool) -> Self {
        self.with(|settings| settings.catch_panics(catches))
    }

    /// Replaces all settings.
    #[must_use]
    pub fn settings(self, settings: WebSettings) -> Self {
        self.with(|_| settings)
    }

    fn with(mut self, change: impl FnOnce(WebSettings) -> WebSettings) -> Self {
        self.rules.settings = Arc::new(change(WebSettings::clone(&self.rules.settings)));
        self
    }
}

impl<S, B> Transform<S, ServiceRequest> for TrackerMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Transform = TrackerService<S>;
    type InitError = ();
    type Future = Ready<Result<TrackerService<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        future::ready(Ok(TrackerService { inner: service, rules: self.rules.clone() }))
    }
}
