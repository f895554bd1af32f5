//! The calls by which an expansion keeps variables.

use super::guard::Guard;
use super::meta::See;
use crate::snapshot::keep::{Keep, KeepReference, Link, Show};

/// A link whose type is found out later.
#[inline(always)]
#[must_use]
pub fn link<T: ?Sized, K>() -> Link<T, K> {
    Link::new()
}

/// Keeps a variable that was just bound or assigned.
#[inline(always)]
pub fn keep<T, K: Keep<T>, const N: usize>(value: &T, guard: &Guard<N>, index: usize, _: &Link<T, K>) {
    K::keep(value, guard.place(index));
}

/// Keeps an argument that is a reference, to be read at a failure.
#[inline(always)]
pub fn keep_reference<T: ?Sized, K: KeepReference<T>, const N: usize>(
    value: &&T,
    guard: &Guard<N>,
    index: usize,
    _: K,
) {
    K::keep_reference(value, guard.place(index));
}

/// Keeps another argument; its kind is known at once.
#[inline(always)]
pub fn keep_argument<T, K: Keep<T>, const N: usize>(value: &T, guard: &Guard<N>, index: usize, _: K) {
    K::keep(value, guard.place(index));
}

/// Shows a global.
pub fn read_global<T: ?Sized, K: Show<T>>(value: &T, _: K, see: See<'_>) {
    K::show(value, see);
}
