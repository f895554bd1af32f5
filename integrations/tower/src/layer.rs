//! The layer and its settings.

use std::error::Error;
use std::sync::Arc;

use error_tracker::web::{ProxyNetwork, StatusSet, UntrackedErrors, WebSettings};
use tower_layer::Layer;

use crate::adapter::{FrameworkAdapter, PlainBodies, RecordedBodies};
use crate::service::{TrackerService, TrackingRules};

/// Returns a layer that tracks requests.
///
/// ```
/// let layer = error_tracker_tower::layer().event_id_header("x-event-id");
/// ```
#[must_use]
pub fn layer() -> TrackerLayer {
    TrackerLayer::default()
}

/// A layer that tracks requests. It is created by [`layer()`], or by the function `layer` of an
/// integration such as `error-tracker-axum`.
#[derive(Clone, Debug, Default)]
pub struct TrackerLayer<A = PlainBodies> {
    rules: TrackingRules,
    adapter: A,
}

impl<A> TrackerLayer<A> {
    /// Registers `T` as an error type that is looked for in the extensions of responses, as `T` or
    /// `Arc<T>`. The event then contains the error with its causes, and the return trace of the
    /// annotated functions that it left. Can be called for several types.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use http::{Response, StatusCode};
    ///
    /// # #[derive(Debug)] struct ShopError;
    /// # impl std::fmt::Display for ShopError { fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) } }
    /// # impl std::error::Error for ShopError {}
    /// fn response(error: ShopError) -> Response<String> {
    ///     let mut response = Response::new(String::from("This did not work."));
    ///     *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    ///     response.extensions_mut().insert(Arc::new(error));
    ///     response
    /// }
    ///
    /// let layer = error_tracker_tower::layer().errors::<ShopError>();
    /// ```
    #[must_use]
    pub fn errors<T: Error + Send + Sync + 'static>(self) -> Self {
        self.errors_by(|error: &T| error)
    }

    /// Registers a type `T` like [`errors`](Self::errors), for a `T` that does not implement
    /// [`Error`] itself but contains an error. `read` returns that error.
    ///
    /// ```
    /// struct AppError(Box<dyn std::error::Error + Send + Sync>);
    ///
    /// let layer = error_tracker_tower::layer().errors_by(|error: &AppError| &*error.0);
    /// ```
    #[must_use]
    pub fn errors_by<T: Send + Sync + 'static>(
        mut self,
        read: impl for<'a> Fn(&'a T) -> &'a (dyn Error + 'static) + Send + Sync + 'static,
    ) -> Self {
        self.rules.errors.add(read);
        self
    }

    /// Sets which statuses are failures: see [`WebSettings::track_status`].
    #[must_use]
    pub fn track_status(self, statuses: impl Into<StatusSet>) -> Self {
        self.with(|settings| settings.track_status(statuses))
    }

    /// Sets which status codes of gRPC are failures: see [`WebSettings::track_grpc`].
    #[must_use]
    pub fn track_grpc(self, codes: impl Into<StatusSet>) -> Self {
        self.with(|settings| settings.track_grpc(codes))
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

    /// Sets the adapter that reads requests and converts bodies, for a framework with types of its
    /// own.
    #[must_use]
    pub fn adapter<B>(self, adapter: B) -> TrackerLayer<B> {
        TrackerLayer { rules: self.rules, adapter }
    }

    /// Records forms and JSON while the handler reads them. The handler receives a
    /// [`RecordedBody`](crate::RecordedBody) in place of the request's own body.
    #[must_use]
    pub fn record_bodies(self) -> TrackerLayer<RecordedBodies> {
        self.adapter(RecordedBodies)
    }

    fn with(mut self, change: impl FnOnce(WebSettings) -> WebSettings) -> Self {
        self.rules.settings = Arc::new(change(WebSettings::clone(&self.rules.settings)));
        self
    }
}

impl<S, A: FrameworkAdapter> Layer<S> for TrackerLayer<A> {
    type Service = TrackerService<S, A>;

    fn layer(&self, inner: S) -> Self::Service {
        self.adapter.note_service(std::any::type_name::<S>());
        TrackerService { inner, rules: self.rules.clone(), adapter: self.adapter.clone() }
    }
}
