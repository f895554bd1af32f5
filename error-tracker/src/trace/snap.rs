//! The calls by which an expansion keeps variables.

use super::guard::Entered;
use super::meta::Meta;
use super::thread;
use crate::frame::{List, Untaken};
use crate::snapshot::budget::Budget;
use crate::snapshot::eager;
use crate::snapshot::keep::{Function, Held, Keep, Link, Place, Var};

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
pub fn place<const N: usize, const TASK: bool>(guard: Entered<'_, N, TASK>, index: usize) -> Place<'_, Meta> {
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

    fn with_frames<R>(f: impl FnOnce(&List<Self>) -> R) -> R {
        thread::with(|thread| f(&thread.frames))
    }

    #[inline(never)]
    fn keep_text(held: Held<'_, Self>, text: &str) {
        eager::text(held, text);
    }

    #[cold]
    #[inline(never)]
    fn keep_value(held: Held<'_, Self>, value: Untaken<'_>) {
        eager::value(held, value);
    }
}
