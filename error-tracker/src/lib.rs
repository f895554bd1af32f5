//! Tracebacks for Rust.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod event;
#[allow(dead_code, reason = "the tracker starts it")]
mod fingerprint;
pub mod store;
#[cfg(feature = "viewer")]
pub mod viewer;
