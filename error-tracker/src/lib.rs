//! Tracebacks for Rust.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod event;
pub mod store;
#[cfg(feature = "viewer")]
pub mod viewer;
