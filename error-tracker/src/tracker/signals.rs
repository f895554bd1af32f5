//! Stores captured events when a signal ends the program. The signal then ends it as usual.
//!
//! A signal handler may do very little: it wakes a thread, which stores the events and then runs
//! the signal's default action. Only signals with the default action are handled. A handler that
//! the program sets takes precedence. It may call ours, as those of tokio do: ours then finds that
//! it is not the one that is set, and only stores the events.

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, Ordering::SeqCst};

use super::ending;
use crate::background;

/// The signals that are handled. `abort` raises `SIGABRT`.
const HANDLED_SIGNALS: [c_int; 5] =
    [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGABRT];

/// The most time that `abort` waits, in milliseconds: the same as for other ends of the program.
const MAX_WAIT: u32 = 2_000;

/// Wakes the thread that stores.
static WAKE: AtomicPtr<libc::sem_t> = AtomicPtr::new(ptr::null_mut());
/// The process that has the thread. A forked child does not have it.
static PROCESS: AtomicI32 = AtomicI32::new(0);
/// The signal that came.
static SIGNAL: AtomicI32 = AtomicI32::new(0);
/// Whether everything was stored, or storing was given up.
static DONE: AtomicBool = AtomicBool::new(false);

/// Makes signals that end the program store everything first.
pub(super) fn handle() {
    static HANDLED: AtomicBool = AtomicBool::new(false);
    if HANDLED.swap(true, SeqCst) {
        return;
    }
    let wake = Box::leak(Box::new(MaybeUninit::<libc::sem_t>::uninit())).as_mut_ptr();
    // SAFETY: memory for a semaphore, which is never freed.
    if unsafe { libc::sem_init(wake, 0, 0) } != 0 {
        return;
    }
    WAKE.store(wake, SeqCst);
    PROCESS.store(std::process::id().cast_signed(), SeqCst);
    if background::start("error-tracker-signals", store).is_ok() {
        HANDLED_SIGNALS
            .into_iter()
            .filter(|signal| action(*signal) == libc::SIG_DFL)
            .for_each(set_handler);
    }
}

/// Runs the thread that stores.
fn store() {
    let wake = WAKE.load(SeqCst);
    loop {
        // SAFETY: the semaphore lives for ever.
        while unsafe { libc::sem_wait(wake) } != 0 {}
        // `abort` is a failure; other signals may be a normal way to end the program.
        let failed = SIGNAL.load(SeqCst) == libc::SIGABRT;
        let _ =
            std::panic::catch_unwind(|| crate::trace::early_report::settle_at_end(Some(failed)));
        if let Some(tracker) = super::tracker() {
            let _ =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| ending::finish(tracker)));
        }
        DONE.store(true, SeqCst);
        let signal = SIGNAL.swap(0, SeqCst);
        // `abort` ends the program itself.
        if signal != libc::SIGABRT && is_ours(signal) {
            raise_default(signal);
        }
    }
}

/// Runs between any two instructions of the program, so it uses only atomics and async-signal-safe
/// functions.
extern "C" fn handler(signal: c_int) {
    // SAFETY: this thread's own `errno`, which the interrupted code may be about to read.
    let errno = unsafe { *libc::__errno_location() };
    // SAFETY: it only asks.
    let has_thread = unsafe { libc::getpid() } == PROCESS.load(SeqCst);
    // A second signal ends the program at once.
    if !has_thread || SIGNAL.swap(signal, SeqCst) != 0 {
        if is_ours(signal) {
            raise_default(signal);
        }
    } else {
        // SAFETY: the semaphore lives for ever, and `sem_post` is safe for signals.
        unsafe { libc::sem_post(WAKE.load(SeqCst)) };
        if signal == libc::SIGABRT {
            wait();
            if is_ours(signal) {
                raise_default(signal);
            }
        }
    }
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

/// Waits for the thread by polling, because a handler must not take a lock. If the thread needs a
/// lock that this one holds, the wait times out.
fn wait() {
    let millisecond = libc::timespec { tv_sec: 0, tv_nsec: 1_000_000 };
    for _ in 0..MAX_WAIT {
        if DONE.load(SeqCst) {
            return;
        }
        // SAFETY: it reads the time that it is given, and is safe for signals.
        unsafe { libc::nanosleep(&raw const millisecond, ptr::null_mut()) };
    }
}

/// Returns the current action of a signal.
fn action(signal: c_int) -> libc::sighandler_t {
    let mut now = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: it changes nothing, and writes to the memory that it is given. All zeros are a valid
    // value.
    unsafe {
        libc::sigaction(signal, ptr::null(), now.as_mut_ptr());
        now.assume_init().sa_sigaction
    }
}

fn is_ours(signal: c_int) -> bool {
    action(signal) == handler as *const () as libc::sighandler_t
}

fn set_handler(signal: c_int) {
    set_action(signal, handler as *const () as libc::sighandler_t);
}

/// Runs the signal's default action as soon as its handler has returned.
fn raise_default(signal: c_int) {
    set_action(signal, libc::SIG_DFL);
    // SAFETY: to send a signal is safe for signals.
    unsafe { libc::kill(libc::getpid(), signal) };
}

fn set_action(signal: c_int, action: libc::sighandler_t) {
    // SAFETY: all zeros are a valid value: no further signal is blocked.
    let mut new = unsafe { MaybeUninit::<libc::sigaction>::zeroed().assume_init() };
    new.sa_sigaction = action;
    // System calls are restarted. A thread whose stack has overflowed needs the alternate stack.
    new.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
    // SAFETY: the handler keeps to what is safe for signals; `sigaction` is.
    unsafe { libc::sigaction(signal, &raw const new, ptr::null_mut()) };
}
