//! What ties the type of an outcome to the way in which it is looked at.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// Like a [`Link`](crate::snapshot::keep::Link). Of the kinds of outcomes there are more than ways to take `self`, so method lookup
/// goes on behind a `Deref`. Links of variables do without, since each lookup begins with all that may be behind.
pub struct Tie<R, K>(Second<R, K>);

/// Asked when nothing fits the tie itself.
pub struct Second<R, K>(Third<R, K>);

/// Asked last.
pub struct Third<R, K>(PhantomData<fn(PhantomData<R>, K)>);

impl<R, K> Tie<R, K> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new() -> Self {
        Self(Second(Third(PhantomData)))
    }
}

/// A tie whose types are found out later.
#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn tie<R, K>() -> Tie<R, K> {
    Tie::new()
}

macro_rules! leads {
    ($($from:ident to $to:ident,)+) => {$(
        impl<R, K> Deref for $from<R, K> {
            type Target = $to<R, K>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl<R, K> DerefMut for $from<R, K> {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.0
            }
        }

        // Method lookup that finds a `self` behind a reference would move it out of there.
        impl<R, K> Clone for $to<R, K> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<R, K> Copy for $to<R, K> {}
    )+};
}

leads!(Tie to Second, Second to Third,);
