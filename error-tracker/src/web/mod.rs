//! Support for integrations of web frameworks. An integration reads the types of its framework;
//! this module does everything else. Applications use the crate of their framework instead, such as
//! `error-tracker-axum`.
//!
//! A middleware begins a [`TrackedRequest`] for each request, runs the handler in its
//! [`scope`](RequestGuard::scope), and [settles](RequestGuard::settle) it when the response is
//! known. Until then, errors that leave annotated functions are held; the response decides whether
//! they become events.
//!
//! ```
//! use std::sync::Arc;
//!
//! use error_tracker::web::{IncomingRequest, RequestOutcome, TrackedRequest, WebSettings};
//!
//! struct Incoming {
//!     path: String,
//! }
//!
//! impl IncomingRequest for Incoming {
//!     fn method(&self) -> &str {
//!         "GET"
//!     }
//!     fn path(&self) -> &str {
//!         &self.path
//!     }
//!     fn headers(&self, _: &mut dyn FnMut(&str, &[u8])) {}
//! }
//!
//! fn serve(settings: &Arc<WebSettings>, path: &str, handler: impl FnOnce() -> u16) -> u16 {
//!     let request = TrackedRequest::begin(settings, || Incoming { path: path.to_owned() });
//!     let Some(request) = request else { return handler() };
//!     request.scope().run(|| {
//!         let status = handler();
//!         request.settle(RequestOutcome::Response { status, reason: "", text: "" });
//!         status
//!     })
//! }
//! # assert_eq!(serve(&Arc::default(), "/", || 204), 204);
//! ```

mod event_id;
mod forwarded;
mod incoming_request;
mod recorded_body;
mod settings;
mod status_error;
mod status_set;
mod trace_parent;
mod tracked_request;
mod warning;

pub use event_id::EventId;
pub use forwarded::{ParseNetworkError, ProxyNetwork};
pub use incoming_request::IncomingRequest;
pub use recorded_body::BodyRecorder;
pub use settings::{UntrackedErrors, WebSettings};
pub use status_error::StatusError;
pub use status_set::StatusSet;
pub use tracked_request::{RequestGuard, RequestOutcome, TrackedRequest, observe_error};
pub use warning::warn;
