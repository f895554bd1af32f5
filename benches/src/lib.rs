//! What the benchmarks share: the functions that are measured, and how times are measured.

pub mod failing;
pub mod success;
pub mod timing;
