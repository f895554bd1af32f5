//! Closes all connections at a fork. SQLite's locks belong to the process, so its state would be
//! wrong in the child; and a daemon may close its files there, whose descriptors other files would
//! get. A fork waits a moment for running reads and writes, new ones wait for the fork, and each
//! connection is closed and opened again when it is needed.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError, TryLockError, Weak};

use crate::blocked_signals::BlockedSignals;
use crate::fork::{CriticalSection, INSTALLATION, PerProcess, SectionGuard};

static IN_USE: CriticalSection = CriticalSection::new();
static REGISTERED_CONNECTIONS: PerProcess<Mutex<Vec<Weak<dyn ForkAware>>>> =
    PerProcess::new(Mutex::new(Vec::new()), Mutex::default);

/// Returns whether a thread is about to fork, and waits for the uses of SQLite to end.
pub(super) fn is_forking() -> bool {
    IN_USE.is_awaited()
}

/// Returns whether SQLite must not be used in this process: a connection of the parent was in use
/// at the fork and could not be closed. SQLite's state may be wrong, and a lock of its own may be
/// held forever.
pub(super) fn was_in_use() -> bool {
    IN_USE.was_interrupted()
}

/// Connections that have to be closed at a fork.
pub(super) trait ForkAware: Send + Sync {
    /// Closes the connections before a fork, while none is in use.
    fn close_at_fork(&self);
}

/// Makes each fork close these connections.
pub(super) fn register(connections: Weak<dyn ForkAware>) {
    register_handlers();
    let _in_use = InUse::enter();
    let mut all = REGISTERED_CONNECTIONS.get().lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|connections| connections.strong_count() > 0);
    all.push(connections);
}

/// Marks SQLite as in use until it is dropped.
pub(super) struct InUse {
    _section: SectionGuard,
    _signals: BlockedSignals,
}

impl InUse {
    pub(super) fn enter() -> Self {
        Self { _section: IN_USE.enter(), _signals: BlockedSignals::of_writes() }
    }
}

/// Waits until SQLite is not in use, and closes all connections.
#[cfg(unix)]
fn close_all() {
    if !IN_USE.begin_fork() {
        return;
    }
    let all = match REGISTERED_CONNECTIONS.get().try_lock() {
        Ok(all) => all,
        Err(TryLockError::Poisoned(all)) => all.into_inner(),
        Err(TryLockError::WouldBlock) => return,
    };
    all.iter().filter_map(Weak::upgrade).for_each(|connections| connections.close_at_fork());
}

#[cfg(unix)]
fn register_handlers() {
    use std::ffi::c_int;

    type Handler = unsafe extern "C" fn();
    unsafe extern "C" {
        fn pthread_atfork(
            prepare: Option<Handler>,
            parent: Option<Handler>,
            child: Option<Handler>,
        ) -> c_int;
    }
    unsafe extern "C" fn before() {
        // An installation that began now would wait for SQLite, and so for this fork.
        INSTALLATION.begin_fork();
        let _ = std::panic::catch_unwind(close_all);
    }
    unsafe extern "C" fn in_parent() {
        IN_USE.end_fork();
        INSTALLATION.end_fork();
    }
    unsafe extern "C" fn in_child() {
        IN_USE.end_fork_in_child();
        INSTALLATION.end_fork_in_child();
    }
    crate::fork::count();
    // Like in `fork::count`. Closing the connections twice has no effect.
    static REGISTERED: AtomicBool = AtomicBool::new(false);
    if !REGISTERED.load(SeqCst) {
        // SAFETY: the handlers live as long as the program and do not unwind. What runs before the fork is on the
        // forking thread in a process that is whole; what runs in the child only uses atomics.
        unsafe { pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
        REGISTERED.store(true, SeqCst);
    }
}

#[cfg(not(unix))]
fn register_handlers() {}
