//! Takes the call stack of a failing thread.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use super::{CallAddresses, native};
use crate::fork::LazyPerProcess;

/// How many calls are taken at most. More than are shown, since those of this crate and of the
/// standard library are removed.
const MAX_TAKEN: usize = 110;
/// How many call stacks are taken per second at most: one costs more than all the rest of a
/// failure.
const MAX_PER_SECOND: u64 = 100;

/// Takes the call stack, unless too many were taken in this second.
pub(crate) fn take() -> CallAddresses {
    let mut addresses = CallAddresses::new();
    if admitted() {
        addresses.reserve_exact(32);
        let objects = native::objects();
        native::walk(&mut |address, _| {
            if objects.iter().any(|object| object.holds(address)) {
                addresses.push(address);
            }
            addresses.len() < MAX_TAKEN
        });
    }
    addresses
}

/// Counts a call stack, and returns whether it is within the limit.
fn admitted() -> bool {
    static START: LazyPerProcess<Instant> = LazyPerProcess::new(Instant::now);
    /// The second in the upper half, how many were taken in it in the lower.
    static TAKEN: AtomicU64 = AtomicU64::new(0);
    let second = START.get().elapsed().as_secs() << 32;
    let taken = TAKEN.fetch_update(Relaxed, Relaxed, |taken| {
        if taken & !0xffff_ffff != second {
            Some(second | 1)
        } else {
            (taken & 0xffff_ffff < MAX_PER_SECOND).then_some(taken + 1)
        }
    });
    taken.is_ok()
}
