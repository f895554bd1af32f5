//! Tracebacks for Rust.
#![cfg_attr(test, allow(clippy::unwrap_used))]

#[cfg(feature = "log")]
pub use capture::log_exception;
#[cfg(feature = "tracing")]
pub use capture::trace_exception;
pub use capture::{
    capture_exception, capture_message, exception_event, format_exception, print_exception,
    print_exception_to,
};
pub use error_tracker_macros::{auto_track_exception, track_exception};
pub use scope::{configure_scope, with_scope};

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[allow(missing_docs)]
mod capture;
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
#[cfg(feature = "viewer")]
pub mod viewer;
