//! One cell around what consists of many.

use std::cell::UnsafeCell;
use std::ops::Deref;
use std::panic::RefUnwindSafe;

/// A value whose parts may change, in a static. The compiler proves several times of each annotated function's static that it may
/// change and that threads may share it. Here it finds one cell, and looks no further into its parts.
#[derive(Debug)]
pub struct OneCell<T>(UnsafeCell<T>);

impl<T> OneCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }
}

impl<T> Deref for OneCell<T> {
    type Target = T;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn deref(&self) -> &T {
        // SAFETY: nothing makes an exclusive reference to the value, which the field's privacy keeps so.
        unsafe { &*self.0.get() }
    }
}

// SAFETY: threads get shared references to the value and nothing else, as `T: Sync` allows.
unsafe impl<T: Sync> Sync for OneCell<T> {}

impl<T: RefUnwindSafe> RefUnwindSafe for OneCell<T> {}
