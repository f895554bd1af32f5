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

/// A middleware that tracks requests; made by [`middleware()`].
#[derive(Clone, Debug, Default)]
pub struct TrackerMiddleware {
    rules: TrackingRules,
}

impl TrackerMiddleware {
    /// Knows the error behind a response where it is a `T`: that of [`HttpResponse::error`], which
    /// actix makes of the `Err` of a handler. The event has the error with its causes, and the
    /// trace of the annotated functions that it left. Can be called for several types. Of other
    /// types only the texts are known.
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

    /// The same of a type that is no error itself: `read` returns the error in it.
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

    /// Sets what becomes of errors that are answered with a status that is not tracked: see
    /// [`WebSettings::untracked_errors`].
    #[must_use]
    pub fn untracked_errors(self, untracked: UntrackedErrors) -> Self {
        self.with(|settings| settings.untracked_errors(untracked))
    }

    /// Sets how many bytes of a form or of JSON are recorded: see [`WebSettings::max_body`].
    #[must_use]
    pub fn max_body(self, bytes: usize) -> Self {
        self.with(|settings| settings.max_body(bytes))
    }

    /// Believes the forwarded headers of these proxies: see [`WebSettings::trust_proxies`].
    #[must_use]
    pub fn trust_proxies(self, proxies: impl IntoIterator<Item = ProxyNetwork>) -> Self {
        self.with(|settings| settings.trust_proxies(proxies))
    }

    /// Sets the header that has the request's id: see [`WebSettings::request_id_header`].
    ///
    /// # Panics
    /// The name is not that of a header.
    #[must_use]
    #[track_caller]
    pub fn request_id_header(self, name: &str) -> Self {
        self.with(|settings| settings.request_id_header(name))
    }

    /// Puts the event's id into this header of the response: see [`WebSettings::event_id_header`].
    ///
    /// # Panics
    /// The name is not that of a header.
    #[must_use]
    #[track_caller]
    pub fn event_id_header(self, name: &str) -> Self {
        self.with(|settings| settings.event_id_header(name))
    }

    /// Answers a request that failed with `application/problem+json`: see
    /// [`WebSettings::problem_json`].
    #[must_use]
    pub fn problem_json(self) -> Self {
        self.with(WebSettings::problem_json)
    }

    /// Sets whether panics are caught: see [`WebSettings::catch_panics`].
    #[must_use]
    pub fn catch_panics(self, catches: bool) -> Self {
        self.with(|settings| settings.catch_panics(catches))
    }

    /// Sets all settings at once.
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
