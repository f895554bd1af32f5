//! Tracebacks for Rust.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod event;
pub mod mask;
pub(crate) mod snapshot;
pub mod store;
