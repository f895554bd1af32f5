//! Arguments that are kept late: when a call is followed, or when one fails that is not.

use std::marker::PhantomData;

use super::keep::Refer;
use super::types::Primitive;
use crate::frame::{Content, FrameRef, Slots};

/// What an expansion holds of an argument, so that it can be kept when the call is followed, or fails and is not.
pub trait Late: Copy {
    /// Whether it keeps anything.
    const KEEPS: bool = true;
    fn keep(self, frame: FrameRef<'_, impl Slots>, index: usize);
}

/// Of an argument that is a reference.
pub struct LateReference<'a, T: ?Sized, K>(&'a T, PhantomData<K>);

impl<'a, T: ?Sized, K> LateReference<'a, T, K> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn new(value: &'a T) -> Self {
        Self(value, PhantomData)
    }
}

impl<T: ?Sized, K> Clone for LateReference<'_, T, K> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized, K> Copy for LateReference<'_, T, K> {}

impl<T: ?Sized, K: Refer<T>> Late for LateReference<'_, T, K> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep(self, frame: FrameRef<'_, impl Slots>, index: usize) {
        frame.fill(index, K::refer(self.0));
    }
}

/// Of a primitive.
#[derive(Clone, Copy, Debug)]
pub struct LateBits<T>(pub(super) T);

impl<T: Primitive> Late for LateBits<T> {
    const KEEPS: bool = size_of::<T>() <= 16;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep(self, frame: FrameRef<'_, impl Slots>, index: usize) {
        if let Some(content) = Content::bits(self.0) {
            frame.fill(index, content);
        }
    }
}

macro_rules! types {
    ($($(#[$doc:meta])* $late:ident<T $(: $sized:tt $bound:ident)?> $content:ident;)+) => {$(
        $(#[$doc])*
        pub struct $late<T $(: $sized $bound)?>(PhantomData<fn(PhantomData<T>)>);

        impl<T $(: $sized $bound)?> $late<T> {
            #[cfg_attr(not(debug_assertions), inline(always))]
            pub(super) fn new() -> Self {
                Self(PhantomData)
            }
        }

        impl<T $(: $sized $bound)?> Clone for $late<T> {
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T $(: $sized $bound)?> Copy for $late<T> {}

        impl<T $(: $sized $bound)?> Late for $late<T> {
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn keep(self, frame: FrameRef<'_, impl Slots>, index: usize) {
                frame.fill(index, Content::$content::<T>());
            }
        }
    )+};
}

types! {
    /// Of one whose type has no `Debug`: its type.
    LateType<T> no_debug;
    /// The same of a reference.
    LateTypeOfReference<T: ?Sized> no_debug_argument;
}

/// Of any other argument: it may be moved away meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct TooLate;

impl Late for TooLate {
    const KEEPS: bool = false;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn keep(self, _: FrameRef<'_, impl Slots>, _: usize) {}
}
