//! Ways of keeping a variable, one for each kind of type, and how an expansion finds the right one.
//!
//! An expansion cannot name types. It keeps a variable by a [`Link`] whose kind is still open, and closes it in code
//! behind the body, where every type is known: `link.close()`. The kinds have a method of that name each, which take `self`,
//! `&self` and `&mut self`: method lookup tries them in this order, so a primitive is found before a `Debug` type. This takes the
//! compiler a fraction of what a trait for references to references would take.

use std::any::type_name;
use std::fmt::{self, Debug};
use std::marker::PhantomData;

use super::budget::Budget;
use super::types::{Head, Known, List, Primitive, Text};
use crate::frame::{Argument, Content, FrameRef, Given, Slots, Untaken, UntakenText, Written};

/// A variable of a running function, as it is named off the fast path. Two words, which go in registers.
#[repr(C)]
pub struct Held<'a, M: 'static> {
    pub(crate) frame: FrameRef<'a, M>,
    pub(crate) index: usize,
}

impl<M> Clone for Held<'_, M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Held<'_, M> {}

/// A variable that has a slot.
#[derive(Clone, Copy, Debug)]
pub struct Var {
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

/// What is known of the function whose variable it is, and how its variables are taken: not generic, so that the program has
/// these calls once. By their ABI they do not unwind, so an annotated function needs no code for the case that they do.
pub trait Function: Slots + Sized {
    fn budget(&self) -> &Budget;
    fn variable(&self, index: usize) -> Option<Var>;
    extern "C" fn keep_text(held: Held<'_, Self>, text: UntakenText<'_>);
    extern "C" fn keep_value(held: Held<'_, Self>, value: Untaken<'_>);
}

/// Keeps an argument of a call that begins.
pub(crate) fn keep_argument<M: Function>(argument: Argument<'_>, held: Held<'_, M>) {
    match argument.given() {
        Given::Content(content) => held.frame.fill(held.index, content),
        Given::Text(text) => M::keep_text(held, text),
        Given::Value(value) => M::keep_value(held, value),
    }
}

/// A way of keeping a `T` that was just bound or assigned.
pub trait Keep<T> {
    /// As an argument of a call that begins.
    fn argument(value: &T) -> Argument<'_>;
    fn keep<M: Function>(value: &T, held: Held<'_, M>);
}

/// A way of keeping a reference that outlives the frame; it is read at a failure only.
pub trait KeepReference<T: ?Sized> {
    fn refer(value: &T) -> Content;
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

impl<T: Debug> Written<T> for AsDebug {
    const FMT: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result = T::fmt;
}

impl<T: List> Written<T> for AsList {
    const FMT: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result = T::fmt_head;
}

impl<T: Primitive> Keep<T> for AsBits {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn argument(value: &T) -> Argument<'_> {
        match Content::bits(*value) {
            Some(content) => Argument::content(content),
            None => Argument::value(Untaken::new::<T, AsDebug>(value)),
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep<M: Function>(value: &T, held: Held<'_, M>) {
        match Content::bits(*value) {
            Some(content) => held.frame.fill(held.index, content),
            None => M::keep_value(held, Untaken::new::<T, AsDebug>(value)),
        }
    }
}

impl<T: Text> Keep<T> for AsText {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn argument(value: &T) -> Argument<'_> {
        Argument::text(UntakenText::new::<T>(value.text()))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep<M: Function>(value: &T, held: Held<'_, M>) {
        M::keep_text(held, UntakenText::new::<T>(value.text()));
    }
}

impl<T: List> Keep<T> for AsList {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn argument(value: &T) -> Argument<'_> {
        Argument::value(Untaken::new::<T, Self>(value))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep<M: Function>(value: &T, held: Held<'_, M>) {
        value.lend(|value| M::keep_value(held, Untaken::new::<T, Self>(value)));
    }
}

impl<T: Debug> Keep<T> for AsDebug {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn argument(value: &T) -> Argument<'_> {
        Argument::value(Untaken::new::<T, Self>(value))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep<M: Function>(value: &T, held: Held<'_, M>) {
        M::keep_value(held, Untaken::new::<T, Self>(value));
    }
}

impl<T> Keep<T> for AsType {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn argument(_: &T) -> Argument<'_> {
        Argument::content(Content::no_debug::<T>())
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep<M: Function>(_: &T, held: Held<'_, M>) {
        held.frame.fill(held.index, Content::no_debug::<T>());
    }
}

macro_rules! refers {
    ($($kind:ident where $bound:ident: |$value:ident| $content:expr;)+) => {$(
        impl<T: $bound + ?Sized> KeepReference<T> for $kind {
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn refer($value: &T) -> Content {
                $content
            }
        }
    )+};
}

refers! {
    AsBits where Primitive: |value| Content::argument::<T, AsDebug>(value);
    AsText where Text: |value| Content::text_argument::<T>(value.text());
    AsList where List: |value| Content::argument::<T, Self>(value);
    AsDebug where Debug: |value| Content::argument::<T, Self>(value);
}

impl<T: ?Sized> KeepReference<T> for AsType {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn refer(_: &T) -> Content {
        Content::no_debug_argument::<T>()
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

/// In the way that is known of its type.
#[derive(Clone, Copy, Debug)]
pub struct AsKnown;

impl<T: Known<Kind: Keep<T>>> Keep<T> for AsKnown {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn argument(value: &T) -> Argument<'_> {
        <T::Kind as Keep<T>>::argument(value)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep<M: Function>(value: &T, held: Held<'_, M>) {
        <T::Kind as Keep<T>>::keep(value, held);
    }
}

impl<T: Known + ?Sized> KeepReference<T> for AsKnown {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn refer(value: &T) -> Content {
        <T::Kind as KeepReference<T>>::refer(value)
    }
}

impl<T: Known + ?Sized> Show<T> for AsKnown {
    fn show(value: &T, see: &mut dyn FnMut(&'static str, Option<&dyn Debug>)) {
        <T::Kind as Show<T>>::show(value, see);
    }
}

/// A global that is to be shown.
pub struct Shown<'a, T: ?Sized, K>(&'a T, PhantomData<K>);

#[must_use]
pub fn shown<T: ?Sized, K>(value: &T) -> Shown<'_, T, K> {
    Shown(value, PhantomData)
}

macro_rules! kinds {
    ($([$($by:tt)*] $this:ident $kind:ident where [$($bound:tt)*];)+) => {$(
        impl<T: $($bound)*> Link<T, $kind> {
            pub fn __error_tracker_close($($by)* $this) {}
        }

        impl<T: $($bound)*> Shown<'_, T, $kind> {
            pub fn __error_tracker_show($($by)* $this, see: &mut dyn FnMut(&'static str, Option<&dyn Debug>)) {
                <$kind as Show<T>>::show($this.0, see);
            }
        }
    )+};
}

kinds! {
    [] self AsKnown where [Known + ?Sized];
    [&] self AsDebug where [Debug + ?Sized];
    [&mut] self AsType where [?Sized];
}
