//! Keeps signals away from code of the library.
//!
//! A write beyond the limit of file sizes sends SIGXFSZ to the thread that writes, and a write to a
//! closed pipe SIGPIPE; both end a program that has not changed what they do. While a signal is
//! blocked, such a write returns an error instead.

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

    /// The signals that a write sends to the thread that writes.
    const OF_WRITES: [c_int; 2] = [libc::SIGXFSZ, libc::SIGPIPE];

    /// The signals of faulty instructions. A program is ended all the same where they are blocked,
    /// without its own handlers, such as that which reports a stack overflow.
    const OF_FAULTS: [c_int; 6] =
        [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGABRT];

    /// Blocks signals for this thread until it is dropped.
    pub(crate) struct BlockedSignals {
        /// The signals that were blocked before.
        before: sigset_t,
        /// Those whose pending instances are discarded.
        discarded: &'static [c_int],
    }

    impl BlockedSignals {
        /// Blocks the signals that a write sends, and discards them.
        pub(crate) fn of_writes() -> Self {
            Self::block(&set_of(&OF_WRITES), &OF_WRITES)
        }

        /// Blocks all signals but those of faulty instructions. A thread that is started meanwhile
        /// blocks them as well, so that the program's signals go to its own threads: a program may
        /// block a signal in each of them, in order to wait for it.
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
                    // One that was blocked before may be the program's.
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

    /// Does not wait, because another thread may have received the signal meanwhile.
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
