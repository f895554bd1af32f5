//! The probe that connects the type of an outcome with the kind by which it is inspected.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// Finds the kind of an outcome by autoref specialization, like a `TypeProbe` does for variables. There are more
/// kinds of outcomes than forms of `self`, so method lookup goes on in the probe that this one dereferences to.
/// Probes of variables avoid that, since each lookup collects all types of the chain first.
pub struct OutcomeProbe<R, K>(SecondProbe<R, K>);

/// Tried when no method of `OutcomeProbe` fits.
pub struct SecondProbe<R, K>(ThirdProbe<R, K>);

/// Tried when no method of `SecondProbe` fits.
pub struct ThirdProbe<R, K>(LastProbe<R, K>);

/// Tried last.
pub struct LastProbe<R, K>(PhantomData<fn(PhantomData<R>, K)>);

impl<R, K> OutcomeProbe<R, K> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new() -> Self {
        Self(SecondProbe(ThirdProbe(LastProbe(PhantomData))))
    }
}

/// Returns a probe whose types are inferred later.
#[cfg_attr(not(debug_assertions), inline(always))]
#[must_use]
pub fn outcome_probe<R, K>() -> OutcomeProbe<R, K> {
    OutcomeProbe::new()
}

macro_rules! impl_deref {
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

        // `Copy`, since a method that takes `self` is called through a `Deref`.
        impl<R, K> Clone for $to<R, K> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<R, K> Copy for $to<R, K> {}
    )+};
}

impl_deref!(OutcomeProbe to SecondProbe, SecondProbe to ThirdProbe, ThirdProbe to LastProbe,);
