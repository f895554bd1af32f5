//! Makes writes beyond the limit of file sizes (`ulimit -f`) fail, instead of ending the program.
//!
//! The system sends SIGXFSZ to the thread that writes, which may be a thread of the program. The
//! signal is blocked there while SQLite is used, and a pending one is discarded.

/// Returns the maximum size of files of this process in bytes.
#[cfg(unix)]
pub(super) fn max_file_size() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the structure is initialized, and lives as long as the call.
    let found = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) } == 0;
    #[allow(clippy::unnecessary_cast, reason = "its size differs between systems")]
    if found && limit.rlim_cur != libc::RLIM_INFINITY { limit.rlim_cur as u64 } else { u64::MAX }
}

#[cfg(not(unix))]
pub(super) fn max_file_size() -> u64 {
    u64::MAX
}

/// Blocks SIGXFSZ for this thread until it is dropped.
#[cfg(unix)]
pub(super) struct BlockedSignal {
    /// The signal mask to restore; `None` if the signal was already blocked.
    before: Option<libc::sigset_t>,
}

#[cfg(unix)]
impl BlockedSignal {
    pub(super) fn new() -> Self {
        let signal = signal();
        let mut before = empty_set();
        // SAFETY: both sets are initialized, and live as long as the calls.
        let changed = unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const signal, &raw mut before) == 0
                && libc::sigismember(&raw const before, libc::SIGXFSZ) == 0
        };
        Self { before: changed.then_some(before) }
    }
}

#[cfg(unix)]
impl Drop for BlockedSignal {
    fn drop(&mut self) {
        let Some(before) = self.before else { return };
        let mut waiting = empty_set();
        // SAFETY: the sets are initialized, and live as long as the calls.
        unsafe {
            if libc::sigpending(&raw mut waiting) == 0
                && libc::sigismember(&raw const waiting, libc::SIGXFSZ) == 1
            {
                discard_pending(&signal());
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
        }
    }
}

#[cfg(unix)]
fn empty_set() -> libc::sigset_t {
    let mut set = std::mem::MaybeUninit::uninit();
    // SAFETY: the call initializes the set.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    }
}

#[cfg(unix)]
fn signal() -> libc::sigset_t {
    let mut set = empty_set();
    // SAFETY: the set is initialized.
    unsafe { libc::sigaddset(&raw mut set, libc::SIGXFSZ) };
    set
}

/// Does not wait, because another thread may have received the signal meanwhile.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn discard_pending(signal: &libc::sigset_t) {
    let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the set and the time live as long as the call.
    unsafe { libc::sigtimedwait(signal, std::ptr::null_mut(), &raw const at_once) };
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
fn discard_pending(signal: &libc::sigset_t) {
    let mut taken = 0;
    // SAFETY: the set and the number live as long as the call.
    unsafe { libc::sigwait(signal, &raw mut taken) };
}

#[cfg(not(unix))]
pub(super) struct BlockedSignal;

#[cfg(not(unix))]
impl BlockedSignal {
    pub(super) fn new() -> Self {
        Self
    }
}
