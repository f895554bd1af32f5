//! Tracebacks for Rust.
#![cfg_attr(test, allow(clippy::unwrap_used))]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[allow(missing_docs)]
mod capture;
pub mod event;
mod fingerprint;
pub mod format;
pub mod json;
pub mod mask;
mod pipeline;
pub mod scope;
#[allow(missing_docs)]
mod snapshot;
pub mod store;
mod ticker;
#[allow(missing_docs)]
mod trace;
mod tracker;
#[cfg(feature = "viewer")]
pub mod viewer;

#[cfg(feature = "log")]
pub use capture::log_exception;
#[cfg(feature = "tracing")]
pub use capture::trace_exception;
pub use capture::{
    capture_exception, capture_message, exception_event, format_exception, print_exception,
    print_exception_to,
};
pub use error_tracker_macros::{auto_track_exception, track_exception, untracked};
pub use pipeline::{Health, Partial};
pub use scope::{configure_scope, with_scope};
pub use tracker::{Builder, ContextBuilder, InitError, Installed, Settings, Tracker, builder, init, tracker};
