//! The functions that are measured.

pub mod failing;
pub mod success;
