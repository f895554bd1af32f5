//! Which process this is. To ask the system would take longer than to count a failure.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

static GENERATION: AtomicU32 = AtomicU32::new(0);

/// How many forks lie between this process and the program's start, or the first call of [`count`].
pub(super) fn generation() -> u32 {
    GENERATION.load(Relaxed)
}

/// Counts forks from now on.
#[cfg(unix)]
pub(super) fn count() {
    use std::ffi::c_int;
    use std::sync::Once;

    type Handler = unsafe extern "C" fn();
    unsafe extern "C" {
        fn pthread_atfork(prepare: Option<Handler>, parent: Option<Handler>, child: Option<Handler>)
        -> c_int;
    }
    unsafe extern "C" fn in_child() {
        GENERATION.fetch_add(1, Relaxed);
    }
    static COUNTING: Once = Once::new();
    COUNTING.call_once(|| {
        // SAFETY: the handler lives as long as the program, and only uses an atomic.
        unsafe { pthread_atfork(None, None, Some(in_child)) };
    });
}

#[cfg(not(unix))]
pub(super) fn count() {}
