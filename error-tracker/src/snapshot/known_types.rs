//! The types that are captured in a kind of their own.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::fmt::{self, Debug};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
    NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize, Wrapping,
};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::capture_kind::{
    CaptureBits, CaptureBitsBehind, CaptureDebug, CaptureList, CaptureReference, CaptureText,
    ShowValue,
};
use crate::frame::SliceElements;
use crate::{byte_text, cast};

/// A type whose kind of capture is known. One trait for all kinds, so that method lookup needs one
/// trait query.
pub trait KnownType {
    type Kind: CaptureReference<Self> + ShowValue<Self>;
}

/// A type that is copied as bits, and that only the standard library's code shows.
pub trait PrimitiveType: Copy + Debug + 'static {}

macro_rules! impl_primitives {
    ($([$($generics:tt)*] $t:ty),+ $(,)?) => {$(
        impl<$($generics)*> PrimitiveType for $t {}

        impl<$($generics)*> KnownType for $t {
            type Kind = CaptureBits;
        }
    )+};
}

impl_primitives!(
    [] (),
    [] bool,
    [] char,
    [] u8,
    [] u16,
    [] u32,
    [] u64,
    [] u128,
    [] usize,
    [] i8,
    [] i16,
    [] i32,
    [] i64,
    [] i128,
    [] isize,
    [] f32,
    [] f64,
    [] Duration,
    [] std::cmp::Ordering,
    [] std::net::Ipv4Addr,
    [] std::any::TypeId,
    [] NonZeroI8,
    [] NonZeroI16,
    [] NonZeroI32,
    [] NonZeroI64,
    [] NonZeroI128,
    [] NonZeroIsize,
    [] NonZeroU8,
    [] NonZeroU16,
    [] NonZeroU32,
    [] NonZeroU64,
    [] NonZeroU128,
    [] NonZeroUsize,
    [T: PrimitiveType] Option<T>,
    [T: PrimitiveType] Wrapping<T>,
    [T: PrimitiveType, const N: usize] [T; N],
    [A: PrimitiveType] (A,),
    [A: PrimitiveType, B: PrimitiveType] (A, B),
    [A: PrimitiveType, B: PrimitiveType, C: PrimitiveType] (A, B, C),
    [A: PrimitiveType, B: PrimitiveType, C: PrimitiveType, D: PrimitiveType] (A, B, C, D),
);

/// A type with a text whose start is copied.
pub trait TextType {
    fn text(&self) -> &str;
}

impl KnownType for str {
    type Kind = CaptureText;
}

impl TextType for str {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn text(&self) -> &str {
        self
    }
}

impl KnownType for String {
    type Kind = CaptureText;
}

impl TextType for String {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn text(&self) -> &str {
        self
    }
}

impl KnownType for Cow<'_, str> {
    type Kind = CaptureText;
}

impl TextType for Cow<'_, str> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn text(&self) -> &str {
        self
    }
}

macro_rules! impl_through_pointer {
    ($trait:ident, $($t:ty),+) => { $(impl<T: $trait + ?Sized> $trait for $t { impl_through_pointer!(@$trait); })+ };
    (@TextType) => {
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn text(&self) -> &str {
            (**self).text()
        }
    };
    (@ListType) => {
        fn fmt_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (**self).fmt_head(f)
        }
    };
}

impl_through_pointer!(TextType, &T, &mut T, Box<T>, Rc<T>, Arc<T>);
impl_through_pointer!(ListType, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: ListType + ?Sized> ListType for &T {
    fn fmt_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt_head(f)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn lend(&self, to: impl FnOnce(&Self)) {
        let copy = *self;
        to(&copy);
    }
}

/// A kind of capture, with the kind for pointers to its values.
///
/// Every kind has one: a pointer to a literal whose type is inferred last (`Box::new(5)`) counts as
/// a known type before the compiler can tell that it is none.
pub trait PointerCapture {
    /// The kind of capture for a pointer.
    type Behind;
}

impl PointerCapture for CaptureText {
    type Behind = Self;
}

impl PointerCapture for CaptureList {
    type Behind = Self;
}

impl PointerCapture for CaptureBits {
    type Behind = CaptureBitsBehind;
}

impl PointerCapture for CaptureBitsBehind {
    type Behind = CaptureDebug;
}

impl PointerCapture for CaptureDebug {
    type Behind = Self;
}

macro_rules! impl_known_pointer {
    ($($t:ty),+) => {$(
        impl<T: KnownType<Kind: PointerCapture<Behind: CaptureReference<Self> + ShowValue<Self>>> + ?Sized> KnownType for $t {
            type Kind = <T::Kind as PointerCapture>::Behind;
        }
    )+};
}

impl_known_pointer!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

/// A collection whose first elements are rendered. `Debug` of a large one goes through all
/// elements, even after the output has reached its limit.
pub trait ListType {
    /// Writes the first elements, and how many more there are.
    fn fmt_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// Calls `to` with the value, or with a copy where that is cheap: a variable whose address is
    /// taken stays in memory, where the optimizer would otherwise keep it in registers.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn lend(&self, to: impl FnOnce(&Self)) {
        to(self);
    }
}

/// How many elements of a collection are rendered: one less than `RenderLimits` allows, which
/// leaves room for the note of how many more there are.
const MAX_ELEMENTS: usize = 19;

/// Shows the first elements of a collection.
pub(crate) struct ListHead<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: ListType + ?Sized> Debug for ListHead<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_head(f)
    }
}

/// The note of how many elements are not shown.
struct MoreElements(usize);

impl Debug for MoreElements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "… {} more", self.0)
    }
}

impl<T: Debug> KnownType for [T] {
    type Kind = CaptureList;
}

impl<T: Debug> KnownType for Vec<T> {
    type Kind = CaptureList;
}

impl<T: Debug> ListType for [T] {
    fn fmt_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match cast::known_slice(self).and_then(byte_text::ByteText::of) {
            Some(text) => text.fmt(f),
            None => fmt_elements(SliceElements::of(self), f),
        }
    }
}

impl<T: Debug> ListType for Vec<T> {
    fn fmt_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt_head(f)
    }
}

/// Writes elements without knowledge of their type: code for each type of slice would be a good
/// part of a program.
fn fmt_elements(mut elements: SliceElements<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut list = f.debug_list();
    list.entries(elements.by_ref().take(MAX_ELEMENTS));
    if elements.len() > 0 {
        list.entry(&MoreElements(elements.len()));
    }
    list.finish()
}

macro_rules! impl_lists {
    ($builder:ident, $($t:ty where [$($generics:tt)*]),+ $(,)?) => {$(
        impl<$($generics)*> KnownType for $t {
            type Kind = CaptureList;
        }

        impl<$($generics)*> ListType for $t {
            fn fmt_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut list = f.$builder();
                list.entries(self.iter().take(MAX_ELEMENTS));
                if self.len() > MAX_ELEMENTS {
                    list.entry(&MoreElements(self.len() - MAX_ELEMENTS));
                }
                list.finish()
            }
        }
    )+};
}

impl_lists!(debug_list, VecDeque<T> where [T: Debug], LinkedList<T> where [T: Debug]);
impl_lists!(debug_list, BinaryHeap<T> where [T: Debug]);
impl_lists!(debug_set, HashSet<T, S> where [T: Debug, S], BTreeSet<T> where [T: Debug]);

macro_rules! impl_maps {
    ($($t:ty where [$($generics:tt)*]),+ $(,)?) => {$(
        impl<$($generics)*> KnownType for $t {
            type Kind = CaptureList;
        }

        impl<$($generics)*> ListType for $t {
            fn fmt_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut map = f.debug_map();
                map.entries(self.iter().take(MAX_ELEMENTS));
                if self.len() > MAX_ELEMENTS {
                    map.entry(&format_args!("…"), &MoreElements(self.len() - MAX_ELEMENTS));
                }
                map.finish()
            }
        }
    )+};
}

impl_maps!(HashMap<K, V, S> where [K: Debug, V: Debug, S], BTreeMap<K, V> where [K: Debug, V: Debug]);
