//! The calls by which an expansion keeps variables.

use super::guard::{Arguments, Entered};
use super::meta::Meta;
use crate::frame::Untaken;
use crate::snapshot::budget::Budget;
use crate::snapshot::eager;
use crate::snapshot::keep::{Function, Held, Keep, Link, Place, Var};

/// A link whose type is found out later.
#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn link<T: ?Sized, K>() -> Link<T, K> {
    Link::new()
}

/// Keeps a variable that was just bound or assigned, if this call is followed.
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
pub fn place<'a, const N: usize, A: Arguments>(
    guard: Entered<'a, N, A>,
    index: usize,
) -> Option<Place<'a, Meta>> {
    guard.place(index)
}

impl Function for Meta {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn budget(&self) -> &Budget {
        &self.budget
    }

    fn variable(&self, index: usize) -> Option<Var> {
        self.variables().nth(index)
    }

    #[inline(never)]
    #[expect(improper_ctypes_definitions, reason = "only Rust calls it")]
    extern "C" fn keep_text(held: Held<'_, Self>, text: &str) {
        eager::text(held, text);
    }

    #[cold]
    #[inline(never)]
    #[expect(improper_ctypes_definitions, reason = "as above")]
    extern "C" fn keep_value(held: Held<'_, Self>, value: Untaken<'_>) {
        eager::value(held, value);
    }
}
