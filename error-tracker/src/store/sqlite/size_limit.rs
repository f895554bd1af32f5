//! A limit of file sizes (`ulimit -f`) fails what is written beyond it, and ends nobody's program.
//!
//! The system sends SIGXFSZ to the thread that writes, which may be one of the program's own. So it is blocked there
//! while SQLite is used, and one that came meanwhile is taken away.

/// Returns how many bytes a file of this process may have.
#[cfg(unix)]
pub(super) fn of_files() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the structure is initialized, and lives as long as the call.
    let found = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) } == 0;
    #[allow(clippy::unnecessary_cast, reason = "its size differs between systems")]
    if found && limit.rlim_cur != libc::RLIM_INFINITY { limit.rlim_cur as u64 } else { u64::MAX }
}

#[cfg(not(unix))]
pub(super) fn of_files() -> u64 {
    u64::MAX
}

/// SIGXFSZ does not reach this thread for as long as this lives.
#[cfg(unix)]
pub(super) struct BlockedSignal {
    /// What to go back to, unless it was blocked before.
    before: Option<libc::sigset_t>,
}

#[cfg(unix)]
impl BlockedSignal {
    pub(super) fn new() -> Self {
        let signal = signal();
        let mut before = none();
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
        let mut waiting = none();
        // SAFETY: the sets are initialized, and live as long as the calls.
        unsafe {
            if libc::sigpending(&raw mut waiting) == 0
                && libc::sigismember(&raw const waiting, libc::SIGXFSZ) == 1
            {
                take_away(&signal());
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
        }
    }
}

#[cfg(unix)]
fn none() -> libc::sigset_t {
    let mut set = std::mem::MaybeUninit::uninit();
    // SAFETY: the call initializes the set.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    }
}

#[cfg(unix)]
fn signal() -> libc::sigset_t {
    let mut set = none();
    // SAFETY: the set is initialized.
    unsafe { libc::sigaddset(&raw mut set, libc::SIGXFSZ) };
    set
}

/// Waits for nothing, since another thread may have been given the signal meanwhile.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn take_away(signal: &libc::sigset_t) {
    let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the set and the time live as long as the call.
    unsafe { libc::sigtimedwait(signal, std::ptr::null_mut(), &raw const at_once) };
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
fn take_away(signal: &libc::sigset_t) {
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
