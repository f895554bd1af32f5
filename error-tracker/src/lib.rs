//! Tracebacks for Rust.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod event;
#[allow(dead_code, reason = "the tracker starts it")]
mod fingerprint;
pub mod format;
pub mod scope;
pub mod store;
#[cfg(feature = "viewer")]
pub mod viewer;
