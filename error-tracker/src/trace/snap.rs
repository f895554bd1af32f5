//! The calls by which an expansion keeps variables.

use super::guard::Guard;
use crate::snapshot::keep::{Keep, KeepReference, Link};

/// A link whose type is found out later.
#[inline(always)]
#[must_use]
pub fn link<T: ?Sized, K>() -> Link<T, K> {
    Link::new()
}

/// Keeps a variable that was just bound.
#[inline(always)]
pub fn keep<T, K: Keep<T>, const N: usize>(value: &T, guard: &Guard<N>, index: usize, _: &Link<T, K>) {
    K::keep(value, guard.place(index));
}

/// Keeps a variable again that was just assigned.
#[inline(always)]
pub fn update<T, K: Keep<T>, const N: usize>(value: &T, guard: &Guard<N>, index: usize, _: &Link<T, K>) {
    K::update(value, guard.place(index));
}

/// Keeps an argument that is a reference, to be read at a failure.
#[inline(always)]
pub fn keep_reference<T: ?Sized, K: KeepReference<T>, const N: usize>(
    value: &&T,
    guard: &Guard<N>,
    index: usize,
    _: &Link<T, K>,
) {
    K::keep_reference(value, guard.place(index));
}
