//! No connection is open at a fork. SQLite's locks belong to the process, and what it remembers of them would be
//! wrong in the child; its files may be closed there by a daemon, whose next files get their numbers. So a fork waits
//! a moment for what is being read or written, what starts meanwhile waits for it, and each connection is closed, to
//! be opened again when it is wanted.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, TryLockError, Weak};

use super::connections::StoreConnections;
use super::size_limit::BlockedSignal;
use crate::fork::{CriticalSection, INSTALLATION, PerProcess, SectionGuard};

static IN_USE: CriticalSection = CriticalSection::new();
static ALL: PerProcess<Mutex<Vec<Weak<StoreConnections>>>> =
    PerProcess::new(Mutex::new(Vec::new()), Mutex::default);

/// Returns whether somebody forks, and waits for what uses SQLite.
pub(super) fn waits() -> bool {
    IN_USE.is_awaited()
}

/// Returns whether SQLite must not be used in this process: a connection of the parent's was in use at the fork and
/// could not be closed. What SQLite remembers may be wrong, and a lock of its own may be held for ever.
pub(super) fn was_in_use() -> bool {
    IN_USE.was_interrupted()
}

/// Has these closed at each fork.
pub(super) fn register(connections: &Arc<StoreConnections>) {
    register_handlers();
    let _in_use = InUse::enter();
    let mut all = super::connections::locked(ALL.get());
    all.retain(|connections| connections.strong_count() > 0);
    all.push(Arc::downgrade(connections));
}

/// SQLite is being used, for as long as this lives.
pub(super) struct InUse {
    _section: SectionGuard,
    _signal: BlockedSignal,
}

impl InUse {
    pub(super) fn enter() -> Self {
        Self { _section: IN_USE.enter(), _signal: BlockedSignal::new() }
    }
}

/// Waits until SQLite is at rest, and closes all connections.
#[cfg(unix)]
fn close_all() {
    if !IN_USE.begin_fork() {
        return;
    }
    let all = match ALL.get().try_lock() {
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
        // One that began would wait for SQLite, and so for this fork.
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
    // As in `fork::count`; to close the connections twice does nothing.
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
