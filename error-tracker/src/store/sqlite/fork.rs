//! Forking while SQLite is in the middle of something would leave the child with locks that only the parent can
//! release. So a fork waits a moment for what is being read or written, and what starts meanwhile waits for it.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static FORKING: AtomicBool = AtomicBool::new(false);

/// How often, and how many times, a fork looks whether SQLite is at rest.
const STEP: Duration = Duration::from_micros(200);
const STEPS: u32 = 500;

/// SQLite is being used, for as long as this lives.
pub(super) struct InUse;

impl InUse {
    pub(super) fn enter() -> Self {
        static REGISTERED: Once = Once::new();
        REGISTERED.call_once(register);
        loop {
            IN_USE.fetch_add(1, SeqCst);
            if !FORKING.load(SeqCst) {
                return Self;
            }
            IN_USE.fetch_sub(1, SeqCst);
            thread::sleep(STEP);
        }
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        IN_USE.fetch_sub(1, SeqCst);
    }
}

#[cfg(unix)]
fn register() {
    use std::ffi::c_int;

    type Handler = unsafe extern "C" fn();
    unsafe extern "C" {
        fn pthread_atfork(prepare: Option<Handler>, parent: Option<Handler>, child: Option<Handler>)
        -> c_int;
    }
    unsafe extern "C" fn before() {
        FORKING.store(true, SeqCst);
        for _ in 0..STEPS {
            if IN_USE.load(SeqCst) == 0 {
                break;
            }
            thread::sleep(STEP);
        }
    }
    unsafe extern "C" fn in_parent() {
        FORKING.store(false, SeqCst);
    }
    unsafe extern "C" fn in_child() {
        // The threads that used it are not in this process.
        IN_USE.store(0, SeqCst);
        FORKING.store(false, SeqCst);
    }
    // SAFETY: the handlers live as long as the program, and only use atomics and sleep.
    unsafe { pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
}

#[cfg(not(unix))]
fn register() {}
