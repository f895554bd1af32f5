//! Tracebacks for Rust.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub use error_tracker_macros::{auto_track_exception, track_exception};

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod event;
#[allow(dead_code, reason = "the tracker starts it")]
mod fingerprint;
pub mod format;
pub mod mask;
pub mod scope;
#[allow(missing_docs)]
mod snapshot;
pub mod store;
#[allow(missing_docs)]
mod trace;
