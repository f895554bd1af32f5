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
//! - Failed requests, with or without attributes on the handlers: a response with a
//!   [tracked status](TrackerLayer::track_status), an error that a service returns, a panic, and a
//!   gRPC response whose code is [tracked](TrackerLayer::track_grpc).
//! - The error that a response was made of, if it is in the extensions of the response and its type
//!   is registered by [`TrackerLayer::errors`].
//! - The request, in every event that is captured while it is handled: also after an `.await` on
//!   another thread, and in tasks that [`spawn`] and [`spawn_blocking`] start (feature `tokio`).
//!   Other ways to start work need [`FutureScopeExt`](error_tracker::scope::FutureScopeExt) or
//!   [`propagate`](error_tracker::scope::propagate).
//!
//! Each failure is one event, even if an attribute or a capture has recorded it before.
//!
//! An error that leaves annotated functions is held until the response is known. It becomes an
//! event if the request failed. If the response has another status from 400 to 599 the error is
//! dropped and counted, or kept: see [`TrackerLayer::untracked_errors`].
//!
//! # Where to put the layer
//!
//! Apply the layer last, so that it is around everything that may fail. If several layers are
//! around one service, the outermost one tracks the request. An inner layer adds the errors of its
//! service before a layer such as `HandleError` converts them to responses.

mod adapter;
mod error_types;
mod http_request;
mod layer;
mod observation;
mod recorded_body;
mod response;
mod service;
#[cfg(feature = "tokio")]
mod task;
mod tracked_body;

pub use adapter::{FrameworkAdapter, PlainBodies, RecordedBodies, RequestAdapter, ResponseAdapter};
pub use error_tracker::web::{
    EventId, ParseNetworkError, ProxyNetwork, StatusError, StatusSet, TrackedRequest,
    UntrackedErrors, WebSettings,
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
