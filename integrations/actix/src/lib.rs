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
//! - Failed requests, with or without attributes on the handlers: a response with a
//!   [tracked status](TrackerMiddleware::track_status), an error in place of a response, and a
//!   panic.
//! - The error that a response was made of: see [`TrackerMiddleware::errors`].
//! - The request, in every event that is captured while it is handled, with the matched route, and
//!   with forms and JSON as far as the handler has read them. This includes events in tasks that
//!   [`spawn`], [`spawn_blocking`] and [`block`] start. Other ways to start work need
//!   [`FutureScopeExt`](error_tracker::scope::FutureScopeExt) or
//!   [`propagate`](error_tracker::scope::propagate).
//!
//! Each failure is one event, even if an attribute or a capture has recorded it before.
//!
//! An error that leaves annotated functions is held until the response is known. It becomes an
//! event if the request failed. If the response has another status from 400 to 599 the error is
//! dropped and counted, or kept: see [`TrackerMiddleware::untracked_errors`].
//!
//! Without the middleware, actix closes the connection when a handler panics. The middleware
//! catches the panic and returns an error, whose response has the status 500.
//!
//! # The error that a response was made of
//!
//! actix stores the `Err` of a handler in the response that it makes of it. Register the type, so
//! that the middleware can read the error:
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
//! Alternatively, `#[error_tracker::track_exception(error = self)]` on
//! `fn error_response(&self) -> HttpResponse` records the error where it becomes a response, with
//! the variables of that function.
//!
//! # Where to put the middleware
//!
//! Pass it to the last call of [`App::wrap`](actix_web::App::wrap), so that it is the outermost
//! middleware: failures of middlewares around it are not recorded. It can also wrap a scope or a
//! resource, and then tracks the requests of these. If several of these middlewares are around one
//! handler, the outermost one tracks the request. An inner one adds the errors of its service
//! before a middleware such as `ErrorHandlers` replaces their responses.
//!
//! [`NormalizePath`](actix_web::middleware::NormalizePath) must be inside this middleware.
//! Otherwise it removes the slash that the links of the pages need; the pages then write a warning
//! to standard error.

mod error_answer;
mod error_types;
mod http_request;
mod middleware;
mod recorded_payload;
mod response;
mod service;
mod task;
mod tracked_body;
#[cfg(feature = "viewer")]
mod viewer_routes;

pub use error_tracker::web::{
    EventId, ParseNetworkError, ProxyNetwork, StatusError, StatusSet, TrackedRequest,
    UntrackedErrors, WebSettings,
};
pub use middleware::{TrackerMiddleware, middleware};
pub use service::{TrackerFuture, TrackerService};
pub use task::{block, spawn, spawn_blocking};
#[cfg(feature = "viewer")]
pub use viewer_routes::{ViewerRoutes, viewer};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
