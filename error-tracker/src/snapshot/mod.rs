//! Snapshots of variables: how each type is captured, when, and how values are rendered.

pub(crate) mod at_binding;
pub(crate) mod at_failure;
pub(crate) mod budget;
pub(crate) mod capture_kind;
mod changed;
pub(crate) mod debug;
#[expect(unsafe_code, reason = "a system call")]
mod effort;
mod kind_impls;
pub(crate) mod known_types;
pub(crate) mod late_kind;
pub(crate) mod policy;
pub(crate) mod read_budget;
#[expect(unsafe_code, reason = "a list without a lock")]
mod registry;
mod slow_types;
#[expect(unsafe_code, reason = "one cell around many, to save compile time")]
pub(crate) mod static_cell;
pub(crate) mod type_probe;
mod work;
