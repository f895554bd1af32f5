//! The calls by which an expansion keeps variables.

use super::guard::{Arguments, Entered};
use crate::snapshot::keep::{Keep, Link, Place};

/// A link whose type is found out later.
#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn link<T: ?Sized, K>() -> Link<T, K> {
    Link::new()
}

/// Keeps a variable that was just bound or assigned.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn keep<T, K: Keep<T>, const N: usize, A: Arguments>(
    value: &T,
    guard: Entered<'_, N, A>,
    index: usize,
) -> Link<T, K> {
    if let Some(place) = guard.place(index) {
        K::keep(value, place);
    }
    Link::new()
}

/// Where the snapshot of an argument goes, if this call is followed.
#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn place<'a, const N: usize, A: Arguments>(guard: Entered<'a, N, A>, index: usize) -> Option<Place<'a>> {
    guard.place(index)
}
