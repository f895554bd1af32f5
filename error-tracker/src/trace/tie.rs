//! What ties the type of an outcome to the way in which it is looked at.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// Like a [`Link`](crate::snapshot::keep::Link). Of the kinds of outcomes there are more than ways to take `self`, so method lookup
/// goes on behind a `Deref`. Links of variables do without, since each lookup begins with all that may be behind.
pub struct Tie<R: ?Sized, K: ?Sized>(Second<R, K>);

/// Asked when nothing fits the tie itself.
pub struct Second<R: ?Sized, K: ?Sized>(Third<R, K>);

/// Asked last.
pub struct Third<R: ?Sized, K: ?Sized>(PhantomData<fn(PhantomData<R>, K)>);

impl<R: ?Sized, K: ?Sized> Tie<R, K> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new() -> Self {
        Self(Second(Third(PhantomData)))
    }
}

/// A tie whose types are found out later. They need not be `Sized`, here and below: the compiler would ask for that again and again
/// until it knows them.
#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn tie<R: ?Sized, K: ?Sized>() -> Tie<R, K> {
    Tie::new()
}

macro_rules! leads {
    ($($from:ident to $to:ident,)+) => {$(
        impl<R: ?Sized, K: ?Sized> Deref for $from<R, K> {
            type Target = $to<R, K>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl<R: ?Sized, K: ?Sized> DerefMut for $from<R, K> {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.0
            }
        }

        // Method lookup that finds a `self` behind a reference would move it out of there.
        impl<R: ?Sized, K: ?Sized> Clone for $to<R, K> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<R: ?Sized, K: ?Sized> Copy for $to<R, K> {}
    )+};
}

leads!(Tie to Second, Second to Third,);
