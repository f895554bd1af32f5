//! Ways of keeping a variable, one for each kind of type, and how an expansion finds the right one.
//!
//! An expansion cannot name types. It keeps a variable by a [`Link`] whose kind is still open, and closes it in code
//! behind the `return`, where every type is known: `(&&&&&link).close()`. Method lookup tries the implementations below
//! in the order of their references, so a primitive is found before a `Debug` type.

use std::any::type_name;
use std::fmt::Debug;
use std::marker::PhantomData;

use super::budget::Budget;
use super::eager;
use super::types::{Head, List, Primitive, Text};
use crate::frame::{Chunk, PieceKind, Slot};

/// Where the snapshot of a variable goes.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub(crate) slot: Slot<'a>,
    pub(crate) chunk: &'a Chunk,
    pub(crate) budget: &'static Budget,
    pub(crate) function: &'static dyn Function,
    pub(crate) index: usize,
}

impl<'a> Place<'a> {
    /// What is wanted off the fast path. It is built there only: a place that is handed on would lie in memory.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn held(&self) -> Place<'a> {
        let Self { slot, chunk, budget, function, index } = *self;
        Place { slot, chunk, budget, function, index }
    }
}

/// A variable that has a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Var {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    /// Masked by the attribute's option `mask`.
    pub(crate) masked: bool,
    /// It can be named at the sites whose `order` lies in between.
    pub(crate) from: u32,
    pub(crate) to: u32,
}

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Argument,
    Local,
    /// A value of the option `context`.
    Context,
}

/// The function whose variable it is.
pub(crate) trait Function {
    fn variable(&self, index: usize) -> Option<Var>;
}

/// A way of keeping a `T` that was just bound or assigned.
pub trait Keep<T> {
    fn keep(value: &T, place: Place<'_>);
}

/// A way of keeping a reference that outlives the frame; it is read at a failure only.
pub trait KeepReference<T: ?Sized> {
    fn keep_reference(value: &&T, place: Place<'_>);
}

/// A way of showing a value that is at hand.
pub trait Show<T: ?Sized> {
    fn show(value: &T, see: &mut dyn FnMut(&'static str, Option<&dyn Debug>));
}

/// Its bits.
#[derive(Clone, Copy, Debug)]
pub struct AsBits;
/// The start of its text.
#[derive(Clone, Copy, Debug)]
pub struct AsText;
/// Its first elements, rendered.
#[derive(Clone, Copy, Debug)]
pub struct AsList;
/// Its `Debug` form.
#[derive(Clone, Copy, Debug)]
pub struct AsDebug;
/// Its type only.
#[derive(Clone, Copy, Debug)]
pub struct AsType;

impl<T: Primitive> Keep<T> for AsBits {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep(value: &T, place: Place<'_>) {
        if !place.slot.copy(value) {
            <AsDebug as Keep<T>>::keep(value, place);
        }
    }
}

impl<T: Text> Keep<T> for AsText {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep(value: &T, place: Place<'_>) {
        place.slot.not_now::<T>();
        if place.budget.is_open(place.index) {
            eager::text(value.text(), &place.held(), const { &PieceKind::text::<T>() });
        }
    }
}

impl<T: List> Keep<T> for AsList {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep(value: &T, place: Place<'_>) {
        place.slot.not_now::<T>();
        if place.budget.is_open(place.index) {
            eager::debug(&Head(value), &place.held(), const { &PieceKind::rendered::<T>() });
        }
    }
}

impl<T: Debug> Keep<T> for AsDebug {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep(value: &T, place: Place<'_>) {
        place.slot.not_now::<T>();
        if place.budget.is_open(place.index) {
            eager::debug(value, &place.held(), const { &PieceKind::rendered::<T>() });
        }
    }
}

impl<T> Keep<T> for AsType {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep(_: &T, place: Place<'_>) {
        place.slot.no_debug::<T>();
    }
}

impl<T: Primitive> KeepReference<T> for AsBits {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep_reference(value: &&T, place: Place<'_>) {
        <AsDebug as KeepReference<T>>::keep_reference(value, place);
    }
}

impl<T: Text + ?Sized> KeepReference<T> for AsText {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep_reference(value: &&T, place: Place<'_>) {
        place.slot.text_argument::<T>(value.text());
    }
}

impl<T: List + ?Sized> KeepReference<T> for AsList {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep_reference(value: &&T, place: Place<'_>) {
        place.slot.argument::<T, _>(Head(*value));
    }
}

impl<T: Debug + ?Sized> KeepReference<T> for AsDebug {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep_reference(value: &&T, place: Place<'_>) {
        place.slot.argument::<T, _>(*value);
    }
}

impl<T: ?Sized> KeepReference<T> for AsType {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep_reference(_: &&T, place: Place<'_>) {
        place.slot.no_debug_argument::<T>();
    }
}

macro_rules! shows {
    ($($kind:ident where $bound:ident: |$value:ident| $debug:expr;)+) => {$(
        impl<T: $bound + ?Sized> Show<T> for $kind {
            fn show($value: &T, see: &mut dyn FnMut(&'static str, Option<&dyn Debug>)) {
                see(type_name::<T>(), Some($debug));
            }
        }
    )+};
}

shows! {
    AsText where Text: |value| &value.text();
    AsList where List: |value| &Head(value);
    AsDebug where Debug: |value| &value;
}

impl<T: Primitive> Show<T> for AsBits {
    fn show(value: &T, see: &mut dyn FnMut(&'static str, Option<&dyn Debug>)) {
        see(type_name::<T>(), Some(value));
    }
}

impl<T: ?Sized> Show<T> for AsType {
    fn show(_: &T, see: &mut dyn FnMut(&'static str, Option<&dyn Debug>)) {
        see(type_name::<T>(), None);
    }
}

/// Ties a variable's type to the kind that keeps it, until the kind is known.
pub struct Link<T: ?Sized, K>(Open<T, K>);

/// Neither owns nor borrows anything, whatever the types are. As arguments, they may have longer lifetimes in a link
/// than in what it was made of.
type Open<T, K> = PhantomData<fn(PhantomData<T>, K)>;

impl<T: ?Sized, K> Link<T, K> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

/// Closes the kind of a link, by the number of references with which it is called: `(&&&&&link).close()`. One trait
/// for all kinds, so that method lookup asks one question for each. Never runs.
pub trait Close {
    fn __error_tracker_close(&self) {}
}

/// An argument that is to be kept; its type is known at once.
pub struct Argument<'a, T>(pub &'a T);

/// Keeps an argument in the way of its kind, found like that of a link.
pub trait KeepArgument {
    type Held: Held;
    /// Where there is a place. Answers what can be kept later.
    fn __error_tracker_keep(&self, place: Option<Place<'_>>) -> Self::Held;
}

/// What is held of an argument, so that it can be kept when its function fails.
pub trait Held: Copy {
    fn keep(self, place: Place<'_>);
}

/// An argument that is a reference.
pub struct HeldReference<'a, T: ?Sized, K>(&'a T, PhantomData<K>);

impl<T: ?Sized, K> Clone for HeldReference<'_, T, K> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized, K> Copy for HeldReference<'_, T, K> {}

impl<T: ?Sized, K: KeepReference<T>> Held for HeldReference<'_, T, K> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep(self, place: Place<'_>) {
        K::keep_reference(&self.0, place);
    }
}

/// The bits of a primitive.
#[derive(Clone, Copy, Debug)]
pub struct HeldBits<T>(T);

impl<T: Primitive> Held for HeldBits<T> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep(self, place: Place<'_>) {
        <AsBits as Keep<T>>::keep(&self.0, place);
    }
}

/// Nothing of an argument that could be kept only when it was bound.
pub struct NotHeld<T>(PhantomData<fn(T)>);

impl<T> Clone for NotHeld<T> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for NotHeld<T> {}

impl<T> Held for NotHeld<T> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep(self, place: Place<'_>) {
        place.slot.not_now::<T>();
    }
}

/// An argument that is a reference, to be read at a failure.
pub struct Reference<'a, 'b, T: ?Sized>(pub &'a &'b T);

/// A global that is to be shown.
pub struct Shown<'a, T: ?Sized>(pub &'a T);

/// Shows a global in the way of its kind.
pub trait ShowGlobal {
    fn __error_tracker_show(&self, see: &mut dyn FnMut(&'static str, Option<&dyn Debug>));
}

macro_rules! kinds {
    ($([$($refs:tt)*] $kind:ident where [$($bound:tt)*], [$($unsized:tt)*], $held:ident: |$value:ident| $hold:expr;)+) => {$(
        impl<T: $($bound)* $($unsized)*> Close for $($refs)* Link<T, $kind> {}

        impl<T: $($bound)*> KeepArgument for $($refs)* Argument<'_, T> {
            type Held = $held<T>;

            #[cfg_attr(not(debug_assertions), inline(always))]
            fn __error_tracker_keep(&self, place: Option<Place<'_>>) -> $held<T> {
                let $value = self.0;
                if let Some(place) = place {
                    <$kind as Keep<T>>::keep($value, place);
                }
                $hold
            }
        }

        impl<'a, T: $($bound)* $($unsized)*> KeepArgument for $($refs)* Reference<'_, 'a, T> {
            type Held = HeldReference<'a, T, $kind>;

            #[cfg_attr(not(debug_assertions), inline(always))]
            fn __error_tracker_keep(&self, place: Option<Place<'_>>) -> Self::Held {
                if let Some(place) = place {
                    <$kind as KeepReference<T>>::keep_reference(self.0, place);
                }
                HeldReference(self.0, PhantomData)
            }
        }

        impl<T: $($bound)* $($unsized)*> ShowGlobal for $($refs)* Shown<'_, T> {
            fn __error_tracker_show(&self, see: &mut dyn FnMut(&'static str, Option<&dyn Debug>)) {
                <$kind as Show<T>>::show(self.0, see);
            }
        }
    )+};
}

kinds! {
    [&&&&] AsBits where [Primitive], [], HeldBits: |value| HeldBits(*value);
    [&&&] AsText where [Text], [+ ?Sized], NotHeld: |_value| NotHeld(PhantomData);
    [&&] AsList where [List], [+ ?Sized], NotHeld: |_value| NotHeld(PhantomData);
    [&] AsDebug where [Debug], [+ ?Sized], NotHeld: |_value| NotHeld(PhantomData);
    [] AsType where [], [?Sized], NotHeld: |_value| NotHeld(PhantomData);
}
