//! What is kept of variables, and how values are rendered.

pub(crate) mod budget;
#[expect(unsafe_code, reason = "one cell around many, for the compiler's sake")]
pub(crate) mod cell;
pub(crate) mod debug;
pub(crate) mod eager;
pub(crate) mod found;
pub(crate) mod keep;
pub(crate) mod policy;
pub(crate) mod read;
#[expect(unsafe_code, reason = "a list without a lock")]
mod registry;
pub(crate) mod types;
