//! What is kept of variables, and how values are rendered.

pub(crate) mod budget;
pub(crate) mod chunk;
pub(crate) mod debug;
mod eager;
pub(crate) mod keep;
pub(crate) mod late;
pub(crate) mod policy;
pub(crate) mod read;
pub(crate) mod slot;
pub(crate) mod types;
