//! Records the errors, panics and failed responses of an [actix-web](actix_web) application with
//! [error-tracker](error_tracker), and mounts its pages.
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//!
//! # async fn home() -> &'static str { "" }
//! # #[derive(Debug)] struct AppError;
//! # impl std::fmt::Display for AppError { fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) } }
//! # impl std::error::Error for AppError {}
//! # impl actix_web::ResponseError for AppError {}
//! #[actix_web::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let _tracker = error_tracker::init()?;
//!     let app = || {
//!         App::new()
//!             .route("/", web::get().to(home))
//!             .service(error_tracker_actix::viewer().permission(|request| request.headers().contains_key("x-staff")))
//!             .wrap(error_tracker_actix::middleware().errors::<AppError>())
//!     };
//!     HttpServer::new(app).bind("127.0.0.1:8080")?.run().await?;
//!     Ok(())
//! }
//! ```
//!
//! # What is recorded
//!
//! - Every event that is captured while a request is handled has the request, with the matched
//!   route, and with forms and JSON as far as the handler has read them. So do events in tasks that
//!   [`spawn`], [`spawn_blocking`] and [`block`] start (elsewhere
//!   [`FutureScopeExt`](error_tracker::scope::FutureScopeExt) and
//!   [`propagate`](error_tracker::scope::propagate)).
//! - A response with a [tracked status](TrackerMiddleware::track_status), an error in place of a
//!   response, and a panic, each without any attribute. Of one failure there is one event: that of
//!   the attribute or capture which saw it first.
//! - The error behind a response: see [`TrackerMiddleware::errors`].
//!
//! An error that leaves annotated functions is an event when the response says that the request
//! failed. One that is answered with another status from 400 to 599 is dropped and counted, or
//! kept: see [`TrackerMiddleware::untracked_errors`].
//!
//! actix itself closes the connection when a handler panics. The middleware catches the panic: it
//! goes on outward as an error that is answered with the status 500.
//!
//! # The error behind a response
//!
//! actix keeps the `Err` of a handler with the response that it makes of it. The middleware knows
//! the types that it was told:
//!
//! ```
//! use actix_web::ResponseError;
//!
//! # #[derive(Debug)] struct AppError;
//! # impl std::fmt::Display for AppError { fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) } }
//! # impl std::error::Error for AppError {}
//! impl ResponseError for AppError {}
//!
//! let middleware = error_tracker_actix::middleware().errors::<AppError>();
//! ```
//!
//! Or record it where it becomes a response, with its variables:
//! `#[error_tracker::track_exception(error = self)] fn error_response(&self) -> HttpResponse`.
//!
//! # Where to put the middleware
//!
//! Around the whole application, as the last one that [`App::wrap`](actix_web::App::wrap) gets: that
//! is the outermost. It sees nothing of what middlewares around it do. It works as well around a
//! scope or a resource, for the requests of these. Several middlewares on one request are one: an
//! inner one adds the errors that it sees, before a middleware such as `ErrorHandlers` replaces
//! their responses, and the outermost one decides.
//!
//! [`NormalizePath`](actix_web::middleware::NormalizePath) belongs within: around it removes the
//! slash that the links of the pages need, and the pages say so.

mod error_answer;
mod http_request;
mod middleware;
mod recorded_payload;
mod response;
mod response_errors;
mod service;
mod task;
#[cfg(feature = "viewer")]
mod viewer_routes;
mod watched_body;

pub use error_tracker::web::{
    EventId, NetworkError, ProxyNetwork, StatusError, StatusSet, TrackedRequest, UntrackedErrors,
    WebSettings,
};
pub use middleware::{TrackerMiddleware, middleware};
pub use service::{TrackerFuture, TrackerService};
pub use task::{block, spawn, spawn_blocking};
#[cfg(feature = "viewer")]
pub use viewer_routes::{ViewerRoutes, viewer};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
