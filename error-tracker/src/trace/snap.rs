//! The calls by which an expansion keeps variables.

use super::guard::Entered;
use crate::snapshot::keep::{Keep, Link, Place};

/// A link whose type is found out later.
#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn link<T: ?Sized, K>() -> Link<T, K> {
    Link::new()
}

/// Keeps a variable that was just bound or assigned.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn keep<T, K: Keep<T>, const N: usize, const TASK: bool>(
    value: &T,
    guard: Entered<'_, N, TASK>,
    index: usize,
) -> Link<T, K> {
    K::keep(value, guard.place(index));
    Link::new()
}

/// Where the snapshot of an argument goes.
#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn place<const N: usize, const TASK: bool>(guard: Entered<'_, N, TASK>, index: usize) -> Place<'_> {
    guard.place(index)
}
