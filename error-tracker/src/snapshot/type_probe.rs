//! How an expansion finds the kind of capture for a variable whose type it cannot name.
//!
//! The expansion captures the variable by a [`TypeProbe`] whose kind is still open, and closes the
//! probe in code after the body, where every type is known: `probe.__error_tracker_close()`. There
//! is one method of that name for each kind: it takes `self`, `&self` or `&mut self`. Method lookup
//! tries them in this order, so a known type is found before a `Debug` type. This costs the
//! compiler a fraction of what a trait for references to references would cost.

use std::fmt::Debug;
use std::marker::PhantomData;

use super::capture_kind::{
    CaptureDebug, CaptureReference, CaptureType, CaptureValue, ShowValue, TrackedFunction,
    VariableRef,
};
use super::known_types::KnownType;
use crate::frame::{CallArgument, SlotContent};

/// Carries a variable's type until its kind of capture is known.
pub struct TypeProbe<T: ?Sized, K>(ProbedType<T, K>);

/// Owns and borrows nothing of these types. They are parameters of a function type, so that a probe
/// with longer lifetimes can be made from it.
type ProbedType<T, K> = PhantomData<fn(PhantomData<T>, K)>;

impl<T: ?Sized, K> TypeProbe<T, K> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

/// Captures a value by the kind of its known type.
#[derive(Clone, Copy, Debug)]
pub struct CaptureKnown;

impl<T: KnownType<Kind: CaptureValue<T>>> CaptureValue<T> for CaptureKnown {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn argument(value: &T) -> CallArgument<'_> {
        <T::Kind as CaptureValue<T>>::argument(value)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn capture<M: TrackedFunction>(value: &T, variable: VariableRef<'_, M>) {
        <T::Kind as CaptureValue<T>>::capture(value, variable);
    }
}

impl<T: KnownType + ?Sized> CaptureReference<T> for CaptureKnown {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn content(value: &T) -> SlotContent {
        <T::Kind as CaptureReference<T>>::content(value)
    }
}

impl<T: KnownType + ?Sized> ShowValue<T> for CaptureKnown {
    fn show(value: &T, visit: &mut dyn FnMut(&'static str, Option<&dyn Debug>)) {
        <T::Kind as ShowValue<T>>::show(value, visit);
    }
}

/// A global variable to show, whose kind of capture is not known yet.
pub struct ShownGlobal<'a, T: ?Sized, K>(&'a T, PhantomData<K>);

/// Wraps a global variable; method lookup then finds how it is shown.
#[must_use]
pub fn shown<T: ?Sized, K>(value: &T) -> ShownGlobal<'_, T, K> {
    ShownGlobal(value, PhantomData)
}

macro_rules! impl_lookup {
    ($([$($by:tt)*] $this:ident $kind:ident where [$($bound:tt)*];)+) => {$(
        impl<T: $($bound)*> TypeProbe<T, $kind> {
            pub fn __error_tracker_close($($by)* $this) {}
        }

        impl<T: $($bound)*> ShownGlobal<'_, T, $kind> {
            pub fn __error_tracker_show($($by)* $this, visit: &mut dyn FnMut(&'static str, Option<&dyn Debug>)) {
                <$kind as ShowValue<T>>::show($this.0, visit);
            }
        }
    )+};
}

impl_lookup! {
    [] self CaptureKnown where [KnownType + ?Sized];
    [&] self CaptureDebug where [Debug + ?Sized];
    [&mut] self CaptureType where [?Sized];
}
