//! Records the errors, panics and failed responses of an [axum] application with
//! [error-tracker](error_tracker), and mounts its pages.
//!
//! ```no_run
//! use axum::Router;
//! use axum::routing::get;
//!
//! # async fn home() {}
//! # #[derive(Debug)] struct AppError;
//! # impl std::fmt::Display for AppError { fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) } }
//! # impl std::error::Error for AppError {}
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let _tracker = error_tracker::init()?;
//!     let app: Router = Router::new()
//!         .route("/", get(home))
//!         .merge(error_tracker_axum::viewer().permission(|parts| parts.headers.contains_key("x-staff")))
//!         .layer(error_tracker_axum::layer().errors::<AppError>());
//!     axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await?;
//!     Ok(())
//! }
//! ```
//!
//! [`layer()`] is that of [`error_tracker_tower`], which tells what it records. It knows axum's types: events have the
//! matched route, and forms and JSON as far as the handler has read them. `viewer()` (feature
//! `viewer`) has the pages.
//!
//! # The error behind a response
//!
//! Put it into the extensions of the response; the layer reads it there:
//!
//! ```
//! use std::sync::Arc;
//!
//! use axum::http::StatusCode;
//! use axum::response::{IntoResponse, Response};
//!
//! # #[derive(Debug)] struct AppError;
//! # impl std::fmt::Display for AppError { fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) } }
//! # impl std::error::Error for AppError {}
//! impl IntoResponse for AppError {
//!     fn into_response(self) -> Response {
//!         let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
//!         response.extensions_mut().insert(Arc::new(self));
//!         response
//!     }
//! }
//!
//! let layer = error_tracker_axum::layer().errors::<AppError>();
//! ```
//!
//! Or record it where it becomes a response, with its variables:
//! `#[error_tracker::track_exception(error = self)] fn into_response(self)`.
//!
//! # Where to put the layer
//!
//! On the `Router`, behind its routes: [`Router::layer`](axum::Router::layer) is for the routes
//! before it. Around a whole `Router` it does not know the matched routes, and says so. Within a
//! `HandleErrorLayer` a further layer sees the errors of services, before these become responses.

mod axum_types;
#[cfg(feature = "viewer")]
mod viewer_routes;

pub use axum_types::AxumTypes;
pub use error_tracker_tower::{
    EventId, NetworkError, ProxyNetwork, StatusError, StatusSet, TrackedRequest, TrackerLayer,
    TrackerService, UntrackedErrors, WebSettings, spawn, spawn_blocking,
};
#[cfg(feature = "viewer")]
pub use viewer_routes::{ViewerRoutes, viewer};

/// Returns a layer that tracks the requests of an axum application.
///
/// ```
/// let layer = error_tracker_axum::layer().track_status(500..=599).event_id_header("x-event-id");
/// ```
#[must_use]
pub fn layer() -> TrackerLayer<AxumTypes> {
    error_tracker_tower::layer().adapter(AxumTypes)
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
