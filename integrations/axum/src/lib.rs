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
//! [`layer()`] returns the layer of [`error_tracker_tower`], adapted to the types of axum. That
//! crate describes what is recorded. With axum, events also contain the matched route, and forms
//! and JSON as far as the handler has read them. `viewer()` (feature `viewer`) returns the routes
//! of the pages.
//!
//! # The error that a response was made of
//!
//! Put the error into the extensions of the response, and register its type:
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
//! Alternatively, `#[error_tracker::track_exception(error = self)]` on `fn into_response(self)`
//! records the error where it becomes a response, with the variables of that function.
//!
//! # Where to put the layer
//!
//! Call [`Router::layer`](axum::Router::layer) after all routes are added: it applies only to
//! those that were added before. A layer around a whole `Router` does not know the matched routes,
//! and writes a warning to standard error. An additional layer inside a `HandleErrorLayer` records
//! the errors of services before they become responses.

mod axum_types;
#[cfg(feature = "viewer")]
mod viewer_routes;

pub use axum_types::AxumTypes;
pub use error_tracker_tower::{
    EventId, ParseNetworkError, ProxyNetwork, StatusError, StatusSet, TrackedRequest, TrackerLayer,
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
