//! Blocks signals of the current thread while code of the library runs.
//!
//! A write beyond the limit of file sizes sends SIGXFSZ to the thread that writes, and a write to a
//! closed pipe sends SIGPIPE. By default both end the program. While the signal is blocked, such a
//! write only returns an error.

#[cfg(unix)]
pub(crate) use system::BlockedSignals;

#[cfg(not(unix))]
pub(crate) struct BlockedSignals;

#[cfg(not(unix))]
impl BlockedSignals {
    pub(crate) fn of_writes() -> Self {
        Self
    }
}

#[cfg(unix)]
mod system {
    use std::mem::MaybeUninit;
    use std::ptr;

    use libc::{c_int, sigset_t};

    /// The signals that a failed write sends to its thread.
    const OF_WRITES: [c_int; 2] = [libc::SIGXFSZ, libc::SIGPIPE];

    /// The signals of faults such as an invalid memory access. They are never blocked: the fault
    /// would still end the program, but without calling its handlers, such as the one that reports
    /// a stack overflow.
    const OF_FAULTS: [c_int; 6] =
        [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGABRT];

    /// A guard that blocks signals for the current thread until it is dropped.
    pub(crate) struct BlockedSignals {
        /// The signal mask that is restored.
        before: sigset_t,
        /// The signals that are discarded before, if they are pending.
        discarded: &'static [c_int],
    }

    impl BlockedSignals {
        /// Blocks SIGXFSZ and SIGPIPE. Those that a write sends meanwhile are discarded.
        pub(crate) fn of_writes() -> Self {
            Self::block(&set_of(&OF_WRITES), &OF_WRITES)
        }

        /// Blocks all signals except those of faults. A thread that is started meanwhile inherits
        /// the mask, so the program's signals are only delivered to its own threads. A program may
        /// rely on this: it may block a signal in all its threads, in order to wait for it.
        pub(crate) fn all() -> Self {
            let mut set = MaybeUninit::uninit();
            // SAFETY: the first call initializes the set.
            let mut all = unsafe {
                libc::sigfillset(set.as_mut_ptr());
                set.assume_init()
            };
            for signal in OF_FAULTS {
                // SAFETY: the set is initialized.
                unsafe { libc::sigdelset(&raw mut all, signal) };
            }
            Self::block(&all, &[])
        }

        fn block(signals: &sigset_t, discarded: &'static [c_int]) -> Self {
            let mut before = set_of(&[]);
            // SAFETY: both sets are initialized, and live as long as the call.
            let failed =
                unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, signals, &raw mut before) } != 0;
            Self { before, discarded: if failed { &[] } else { discarded } }
        }
    }

    impl Drop for BlockedSignals {
        fn drop(&mut self) {
            let mut pending = set_of(&[]);
            for &signal in self.discarded {
                // SAFETY: the sets are initialized, and live as long as the calls.
                unsafe {
                    // A signal that was blocked before may be one that the program waits for.
                    if libc::sigismember(&raw const self.before, signal) == 0
                        && libc::sigpending(&raw mut pending) == 0
                        && libc::sigismember(&raw const pending, signal) == 1
                    {
                        discard_pending(&set_of(&[signal]));
                    }
                }
            }
            // SAFETY: the set is initialized, and lives as long as the call.
            unsafe {
                libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut());
            }
        }
    }

    fn set_of(signals: &[c_int]) -> sigset_t {
        let mut set = MaybeUninit::uninit();
        // SAFETY: the first call initializes the set.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            signals.iter().for_each(|signal| {
                libc::sigaddset(set.as_mut_ptr(), *signal);
            });
            set.assume_init()
        }
    }

    /// Discards a pending signal. Does not wait, because another thread may have received the
    /// signal meanwhile.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn discard_pending(signal: &sigset_t) {
        let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the set and the time live as long as the call.
        unsafe { libc::sigtimedwait(signal, ptr::null_mut(), &raw const at_once) };
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn discard_pending(signal: &sigset_t) {
        let mut taken = 0;
        // SAFETY: the set and the number live as long as the call.
        unsafe { libc::sigwait(signal, &raw mut taken) };
    }
}
