//! Which types are kept in which way.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::fmt::{self, Debug};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8, NonZeroU16,
    NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize, Wrapping,
};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::keep::{AsBits, AsList, AsText, KeepReference, Show};
use crate::frame::Elements;

/// A type of which it is known how it is kept. One trait for all kinds, so that method lookup asks one question.
pub trait Known {
    type Kind: KeepReference<Self> + Show<Self>;
}

/// Copied as bits, and shown by the standard library's code alone.
pub trait Primitive: Copy + Debug + 'static {}

macro_rules! primitives {
    ($([$($generics:tt)*] $t:ty),+ $(,)?) => {$(
        impl<$($generics)*> Primitive for $t {}

        impl<$($generics)*> Known for $t {
            type Kind = AsBits;
        }
    )+};
}

primitives!(
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
    [T: Primitive] Option<T>,
    [T: Primitive] Wrapping<T>,
    [T: Primitive, const N: usize] [T; N],
    [A: Primitive] (A,),
    [A: Primitive, B: Primitive] (A, B),
    [A: Primitive, B: Primitive, C: Primitive] (A, B, C),
    [A: Primitive, B: Primitive, C: Primitive, D: Primitive] (A, B, C, D),
);

/// Text whose start is copied.
pub trait Text {
    fn text(&self) -> &str;
}

impl Known for str {
    type Kind = AsText;
}

impl Text for str {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn text(&self) -> &str {
        self
    }
}

impl Known for String {
    type Kind = AsText;
}

impl Text for String {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn text(&self) -> &str {
        self
    }
}

impl Known for Cow<'_, str> {
    type Kind = AsText;
}

impl Text for Cow<'_, str> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn text(&self) -> &str {
        self
    }
}

macro_rules! through {
    ($trait:ident, $($t:ty),+) => { $(impl<T: $trait + ?Sized> $trait for $t { through!(@$trait); })+ };
    (@Text) => {
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn text(&self) -> &str {
            (**self).text()
        }
    };
    (@List) => {
        fn fmt_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (**self).fmt_head(f)
        }
    };
}

through!(Text, &T, &mut T, Box<T>, Rc<T>, Arc<T>);
through!(List, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: List + ?Sized> List for &T {
    fn fmt_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt_head(f)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn lend(&self, to: impl FnOnce(&Self)) {
        let copy = *self;
        to(&copy);
    }
}

/// Kinds in which a pointer to a value is kept like the value.
pub trait Followed {}

impl Followed for AsText {}
impl Followed for AsList {}

macro_rules! followed {
    ($($t:ty),+) => {$(
        impl<T: Known<Kind: Followed + KeepReference<Self> + Show<Self>> + ?Sized> Known for $t {
            type Kind = T::Kind;
        }
    )+};
}

followed!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

/// A collection of which only the first elements are rendered: `Debug` of a large one goes through all of them,
/// even when nobody takes its output any more.
pub trait List {
    fn fmt_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// Lends the value, or a copy where that is cheap: a variable that was lent itself lies in memory from then on, also where the
    /// optimizer would have it in registers.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn lend(&self, to: impl FnOnce(&Self)) {
        to(self);
    }
}

/// How many elements of a collection are rendered; with the note of how many more there are, what `Limits` lets through.
const MOST: usize = 19;

/// Shows the first elements of a collection.
pub(crate) struct Head<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: List + ?Sized> Debug for Head<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_head(f)
    }
}

/// Stands for the elements that are not shown.
struct More(usize);

impl Debug for More {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "… {} more", self.0)
    }
}

impl<T: Debug> Known for [T] {
    type Kind = AsList;
}

impl<T: Debug> Known for Vec<T> {
    type Kind = AsList;
}

impl<T: Debug> List for [T] {
    fn fmt_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_elements(Elements::of(self), f)
    }
}

impl<T: Debug> List for Vec<T> {
    fn fmt_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_elements(Elements::of(self), f)
    }
}

/// For any type of element: slices are so common that code for each is a good part of a program.
fn fmt_elements(mut elements: Elements<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut list = f.debug_list();
    list.entries(elements.by_ref().take(MOST));
    if elements.len() > 0 {
        list.entry(&More(elements.len()));
    }
    list.finish()
}

macro_rules! lists {
    ($builder:ident, $($t:ty where [$($generics:tt)*]),+ $(,)?) => {$(
        impl<$($generics)*> Known for $t {
            type Kind = AsList;
        }

        impl<$($generics)*> List for $t {
            fn fmt_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut list = f.$builder();
                list.entries(self.iter().take(MOST));
                if self.len() > MOST {
                    list.entry(&More(self.len() - MOST));
                }
                list.finish()
            }
        }
    )+};
}

lists!(debug_list, VecDeque<T> where [T: Debug], LinkedList<T> where [T: Debug]);
lists!(debug_list, BinaryHeap<T> where [T: Debug]);
lists!(debug_set, HashSet<T, S> where [T: Debug, S], BTreeSet<T> where [T: Debug]);

macro_rules! maps {
    ($($t:ty where [$($generics:tt)*]),+ $(,)?) => {$(
        impl<$($generics)*> Known for $t {
            type Kind = AsList;
        }

        impl<$($generics)*> List for $t {
            fn fmt_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut map = f.debug_map();
                map.entries(self.iter().take(MOST));
                if self.len() > MOST {
                    map.entry(&format_args!("…"), &More(self.len() - MOST));
                }
                map.finish()
            }
        }
    )+};
}

maps!(HashMap<K, V, S> where [K: Debug, V: Debug, S], BTreeMap<K, V> where [K: Debug, V: Debug]);
