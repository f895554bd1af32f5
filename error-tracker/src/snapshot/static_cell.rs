//! One cell around a value of many cells.

use std::cell::UnsafeCell;
use std::ops::Deref;
use std::panic::RefUnwindSafe;

/// A value with interior mutability, for statics. For each annotated function's static the compiler
/// proves several times that it may change and is `Sync`; with one cell around it, the proof does
/// not descend into its fields.
#[derive(Debug)]
pub(crate) struct StaticCell<T>(UnsafeCell<T>);

impl<T> StaticCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }
}

impl<T> Deref for StaticCell<T> {
    type Target = T;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn deref(&self) -> &T {
        // SAFETY: no exclusive reference to the value exists: the field is private.
        unsafe { &*self.0.get() }
    }
}

// SAFETY: threads get shared references to the value and nothing else, as `T: Sync` allows.
unsafe impl<T: Sync> Sync for StaticCell<T> {}

impl<T: RefUnwindSafe> RefUnwindSafe for StaticCell<T> {}
