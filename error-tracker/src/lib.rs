//! Tracebacks for Rust.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod event;
pub mod mask;
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[allow(missing_docs)]
mod snapshot;
pub mod store;
#[allow(missing_docs)]
mod trace;
