//! Tracebacks for Rust.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod event;
pub mod format;
pub mod scope;
pub mod store;
