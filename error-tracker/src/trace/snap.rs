//! The calls by which an expansion keeps variables.

use std::fmt::Debug;
use std::marker::PhantomData;

use super::guard::{Arguments, Entered};
use super::meta::Meta;
use crate::frame::Untaken;
use crate::snapshot::budget::Budget;
use crate::snapshot::eager;
use crate::snapshot::keep::{
    AsDebug, AsKnown, AsType, Function, Held, Keep, KeepReference, LateReference, Link, Place, Var,
};
use crate::snapshot::types::Known;

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

/// An argument that is to be kept, whose type is known at once: its kind is found like that of a link.
pub struct Argument<'a, T, K>(&'a T, Option<Place<'a, Meta>>, PhantomData<K>);

/// An argument that is a reference, to be read at a failure.
pub struct Reference<'a, 'b, T: ?Sized, K>(&'a &'b T, Option<Place<'a, Meta>>, PhantomData<K>);

#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn argument<'a, T, K, const N: usize, A: Arguments>(
    value: &'a T,
    guard: Entered<'a, N, A>,
    index: usize,
) -> Argument<'a, T, K> {
    Argument(value, guard.place(index), PhantomData)
}

#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn reference<'a, 'b, T: ?Sized, K, const N: usize, A: Arguments>(
    value: &'a &'b T,
    guard: Entered<'a, N, A>,
    index: usize,
) -> Reference<'a, 'b, T, K> {
    Reference(value, guard.place(index), PhantomData)
}

macro_rules! kinds {
    ($([$($by:tt)*] $this:ident $kind:ident where [$($kept:tt)*], [$($bound:tt)*];)+) => {$(
        impl<T: $($kept)*> Argument<'_, T, $kind> {
            /// Where there is a place. Answers what can be kept later.
            #[cfg_attr(not(debug_assertions), inline(always))]
            pub fn __error_tracker_keep($($by)* $this) -> <$kind as Keep<T>>::Late {
                if let Some(place) = $this.1 {
                    <$kind as Keep<T>>::keep($this.0, place);
                }
                <$kind as Keep<T>>::late($this.0)
            }
        }

        impl<'b, T: $($bound)*> Reference<'_, 'b, T, $kind> {
            /// The same.
            #[cfg_attr(not(debug_assertions), inline(always))]
            pub fn __error_tracker_keep($($by)* $this) -> LateReference<'b, T, $kind> {
                if let Some(place) = &$this.1 {
                    <$kind as KeepReference<T>>::keep_reference($this.0, place.slot);
                }
                LateReference::new($this.0)
            }
        }
    )+};
}

kinds! {
    [] self AsKnown where [Known<Kind: Keep<T>>], [Known + ?Sized];
    [&] self AsDebug where [Debug], [Debug + ?Sized];
    [&mut] self AsType where [], [?Sized];
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
    fn keep_text(held: Held<'_, Self>, text: &str) {
        eager::text(held, text);
    }

    #[cold]
    #[inline(never)]
    fn keep_value(held: Held<'_, Self>, value: Untaken<'_>) {
        eager::value(held, value);
    }
}
