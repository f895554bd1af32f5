//! The calls by which an expansion keeps variables.

use std::fmt::Debug;
use std::marker::PhantomData;

use super::guard::Guard;
use super::meta::Meta;
use crate::frame::{Argument, Untaken, UntakenText};
use crate::snapshot::budget::Budget;
use crate::snapshot::eager;
use crate::snapshot::keep::{
    self, AsBits, AsDebug, AsKnown, AsText, AsType, Function, Held, Keep, KeepReference, Link, Var,
};
use crate::snapshot::types::{Known, Primitive};

/// A link whose type is found out later.
#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn link<T: ?Sized, K>() -> Link<T, K> {
    Link::new()
}

/// Keeps a variable that was just bound or assigned, if this call is followed.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn keep<T, K: Keep<T>, const N: usize, const TASK: bool>(
    value: &T,
    guard: &Guard<N, TASK>,
    index: usize,
) -> Link<T, K> {
    if let Some(held) = guard.place(index) {
        K::keep(value, held);
    }
    Link::new()
}

/// An argument that is to be kept, whose type is known at once: its kind is found like that of a link.
pub struct OpenArgument<'a, T, K>(&'a T, PhantomData<K>);

/// An argument that is a reference, to be read at a failure.
pub struct OpenReference<'a, T: ?Sized, K>(&'a T, PhantomData<K>);

#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn argument<T, K>(value: &T) -> OpenArgument<'_, T, K> {
    OpenArgument(value, PhantomData)
}

#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn reference<'a, T: ?Sized, K>(value: &&'a T) -> OpenReference<'a, T, K> {
    OpenReference(value, PhantomData)
}

/// An argument whose type was written out: a number or the like.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn primitive<T: Primitive>(value: &T) -> Argument<'_> {
    <AsBits as Keep<T>>::argument(value)
}

/// An argument whose type was written out, as `&str`.
#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn text<'a>(value: &&'a str) -> Argument<'a> {
    Argument::content(<AsText as KeepReference<str>>::refer(value))
}

/// Keeps an argument that was just assigned.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn keep_argument<const N: usize, const TASK: bool>(
    argument: Argument<'_>,
    guard: &Guard<N, TASK>,
    index: usize,
) {
    if let Some(held) = guard.place(index) {
        keep::keep_argument(argument, held);
    }
}

macro_rules! kinds {
    ($([$($by:tt)*] $this:ident $kind:ident where [$($kept:tt)*], [$($bound:tt)*];)+) => {$(
        impl<'a, T: $($kept)*> OpenArgument<'a, T, $kind> {
            #[cfg_attr(not(debug_assertions), inline(always))]
            pub fn __error_tracker_found($($by)* $this) -> Argument<'a> {
                <$kind as Keep<T>>::argument($this.0)
            }
        }

        impl<'a, T: $($bound)*> OpenReference<'a, T, $kind> {
            #[cfg_attr(not(debug_assertions), inline(always))]
            pub fn __error_tracker_found($($by)* $this) -> Argument<'a> {
                Argument::content(<$kind as KeepReference<T>>::refer($this.0))
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
    fn budget(&self) -> &Budget {
        &self.budget
    }

    fn variable(&self, index: usize) -> Option<Var> {
        self.variables().nth(index)
    }

    #[cold]
    #[inline(never)]
    #[expect(improper_ctypes_definitions, reason = "only Rust calls it")]
    extern "C" fn keep_text(held: Held<'_, Self>, text: UntakenText<'_>) {
        eager::text(held, text);
    }

    #[cold]
    #[inline(never)]
    #[expect(improper_ctypes_definitions, reason = "as above")]
    extern "C" fn keep_value(held: Held<'_, Self>, value: Untaken<'_>) {
        eager::value(held, value);
    }
}
