//! A tower layer that records the errors, panics and failed responses of HTTP requests with
//! [error-tracker](error_tracker).
//!
//! ```
//! use std::convert::Infallible;
//!
//! use http::{Request, Response};
//! use tower_layer::Layer as _;
//!
//! # #[derive(Debug)] struct ShopError;
//! # impl std::fmt::Display for ShopError { fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) } }
//! # impl std::error::Error for ShopError {}
//! # struct Handler;
//! let service = error_tracker_tower::layer().errors::<ShopError>().layer(Handler);
//! ```
//!
//! # What is recorded
//!
//! - Every event that is captured while a request is handled has the request, also behind an
//!   `.await` on another thread, and in tasks that [`spawn`] and [`spawn_blocking`] start (feature
//!   `tokio`; elsewhere [`FutureScopeExt`](error_tracker::scope::FutureScopeExt) and
//!   [`propagate`](error_tracker::scope::propagate)).
//! - A response with a [tracked status](TrackerLayer::track_status), an error that a service
//!   returns, a panic, and a response of gRPC whose code is tracked, each without any attribute. Of
//!   one failure there is one event: that of the attribute or capture which saw it first.
//! - The error behind a response where its extensions have it: see [`TrackerLayer::errors`].
//!
//! An error that leaves annotated functions is an event when the response says that the request
//! failed. One that is answered with another status from 400 to 599 is dropped and counted, or
//! kept: see [`TrackerLayer::untracked_errors`].
//!
//! # Where to put the layer
//!
//! Outside of everything that may fail. Several layers on one request are one: an inner layer adds
//! the errors of its service, before a layer such as `HandleError` makes responses of them, and the
//! outermost one decides.

mod adapter;
mod error_view;
mod http_request;
mod layer;
mod recorded_body;
mod response;
mod response_errors;
mod service;
#[cfg(feature = "tokio")]
mod task;
mod tracked_body;

pub use adapter::{FrameworkAdapter, PlainBodies, RecordedBodies, RequestAdapter, ResponseAdapter};
pub use error_tracker::web::{
    EventId, NetworkError, ProxyNetwork, StatusError, StatusSet, TrackedRequest, UntrackedErrors,
    WebSettings,
};
pub use layer::{TrackerLayer, layer};
pub use recorded_body::RecordedBody;
pub use service::{TrackerFuture, TrackerService};
#[cfg(feature = "tokio")]
pub use task::{spawn, spawn_blocking};
pub use tracked_body::TrackedBody;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
