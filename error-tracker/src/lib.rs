//! Tracebacks for Rust.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod event;
#[allow(dead_code, reason = "the tracker starts it")]
mod fingerprint;
#[allow(dead_code, reason = "the tracker starts it")]
mod pipeline;
pub mod store;

pub use pipeline::{Health, Partial};
