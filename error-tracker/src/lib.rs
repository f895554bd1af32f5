//! Tracebacks for Rust.

pub mod event;
pub mod store;
