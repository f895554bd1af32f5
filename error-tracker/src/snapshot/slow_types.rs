//! The types whose values took too long to render, for all functions together: else each variable
//! would find out for itself.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use crate::frame::SlotDescriptor;

/// How many types are remembered at most.
const MAX_TYPES: usize = 16;

static SLOW: [AtomicPtr<()>; MAX_TYPES] = [const { AtomicPtr::new(ptr::null_mut()) }; MAX_TYPES];

/// Returns whether values with this descriptor are slow.
pub(crate) fn is_slow(descriptor: SlotDescriptor) -> bool {
    SLOW.iter().any(|slow| ptr::eq(slow.load(Relaxed), descriptor as *mut ()))
}

/// Remembers that a value with this descriptor took too long.
pub(crate) fn note(descriptor: SlotDescriptor) {
    if is_slow(descriptor) {
        return;
    }
    let takes = |slow: &AtomicPtr<()>| {
        slow.compare_exchange(ptr::null_mut(), descriptor as *mut (), Relaxed, Relaxed)
    };
    let _ = SLOW.iter().find(|slow| takes(slow).is_ok());
}

/// Forgets all types, so that they are tried again.
pub(crate) fn forget() {
    SLOW.iter().for_each(|slow| slow.store(ptr::null_mut(), Relaxed));
}
