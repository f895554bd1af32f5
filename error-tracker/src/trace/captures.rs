//! Functions by which an expansion captures variables.

use std::fmt::Debug;
use std::marker::PhantomData;

use super::function_meta::FunctionMeta;
use super::guard::CallGuard;
use crate::frame::{CallArgument, PendingText, PendingValue};
use crate::snapshot::at_binding;
use crate::snapshot::budget::FunctionBudget;
use crate::snapshot::capture_kind::{
    self, CaptureBits, CaptureDebug, CaptureReference, CaptureText, CaptureType, CaptureValue,
    TrackedFunction, VariableInfo, VariableRef,
};
use crate::snapshot::known_types::{KnownType, PrimitiveType};
use crate::snapshot::type_probe::{CaptureKnown, TypeProbe};

/// Returns a probe whose type is inferred later.
#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn type_probe<T: ?Sized, K>() -> TypeProbe<T, K> {
    TypeProbe::new()
}

/// Captures a variable that was just bound or assigned, if this call is tracked.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn capture<T, K: CaptureValue<T>, const N: usize, const TASK: bool>(
    value: &T,
    guard: &CallGuard<N, TASK>,
    index: usize,
) -> TypeProbe<T, K> {
    if let Some(variable) = guard.variable(index) {
        K::capture(value, variable);
    }
    TypeProbe::new()
}

/// An argument to capture. Its kind is selected like that of a `TypeProbe`; its type is known at once.
pub struct OpenArgument<'a, T, K>(&'a T, PhantomData<K>);

/// An argument that is a reference, and is read when the call fails.
pub struct OpenReference<'a, T: ?Sized, K>(&'a T, PhantomData<K>);

/// Wraps an argument, so that its kind can be selected.
#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn argument<T, K>(value: &T) -> OpenArgument<'_, T, K> {
    OpenArgument(value, PhantomData)
}

/// Wraps an argument that is a reference, so that its kind can be selected.
#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn reference<'a, T: ?Sized, K>(value: &&'a T) -> OpenReference<'a, T, K> {
    OpenReference(value, PhantomData)
}

/// Captures an argument whose type is written out as a number or another primitive type.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn primitive<T: PrimitiveType>(value: &T) -> CallArgument<'_> {
    <CaptureBits as CaptureValue<T>>::argument(value)
}

/// Captures an argument whose type is written out as `&str`.
#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn text<'a>(value: &&'a str) -> CallArgument<'a> {
    CallArgument::content(<CaptureText as CaptureReference<str>>::content(value))
}

/// Captures an argument that was just assigned.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn capture_argument<const N: usize, const TASK: bool>(
    argument: CallArgument<'_>,
    guard: &CallGuard<N, TASK>,
    index: usize,
) {
    if let Some(variable) = guard.variable(index) {
        capture_kind::capture_argument(argument, variable);
    }
}

macro_rules! impl_arguments {
    ($([$($by:tt)*] $this:ident $kind:ident where [$($captured:tt)*], [$($bound:tt)*];)+) => {$(
        impl<'a, T: $($captured)*> OpenArgument<'a, T, $kind> {
            #[cfg_attr(not(debug_assertions), inline(always))]
            pub fn __error_tracker_found($($by)* $this) -> CallArgument<'a> {
                <$kind as CaptureValue<T>>::argument($this.0)
            }
        }

        impl<'a, T: $($bound)*> OpenReference<'a, T, $kind> {
            #[cfg_attr(not(debug_assertions), inline(always))]
            pub fn __error_tracker_found($($by)* $this) -> CallArgument<'a> {
                CallArgument::content(<$kind as CaptureReference<T>>::content($this.0))
            }
        }
    )+};
}

impl_arguments! {
    [] self CaptureKnown where [KnownType<Kind: CaptureValue<T>>], [KnownType + ?Sized];
    [&] self CaptureDebug where [Debug], [Debug + ?Sized];
    [&mut] self CaptureType where [], [?Sized];
}

impl TrackedFunction for FunctionMeta {
    fn budget(&self) -> &FunctionBudget {
        &self.budget
    }

    fn variable(&self, index: usize) -> Option<VariableInfo> {
        self.variables().nth(index)
    }

    #[cold]
    #[inline(never)]
    #[expect(improper_ctypes_definitions, reason = "only Rust calls it")]
    extern "C" fn capture_text(variable: VariableRef<'_, Self>, text: PendingText<'_>) {
        at_binding::text(variable, text);
    }

    #[cold]
    #[inline(never)]
    #[expect(improper_ctypes_definitions, reason = "as above")]
    extern "C" fn capture_value(variable: VariableRef<'_, Self>, value: PendingValue<'_>) {
        at_binding::value(variable, value);
    }
}
