//! What is kept of variables.

pub(crate) mod debug;
