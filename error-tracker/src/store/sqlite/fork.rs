//! No connection is open at a fork. SQLite's locks belong to the process, and what it remembers of them would be
//! wrong in the child; its files may be closed there by a daemon, whose next files get their numbers. So a fork waits
//! a moment for what is being read or written, what starts meanwhile waits for it, and each connection is closed, to
//! be opened again when it is wanted.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, TryLockError, Weak};
use std::thread;
use std::time::Duration;

use super::connections::StoreConnections;
use super::size_limit::BlockedSignal;
use crate::fork::PerProcess;

/// How many uses of SQLite there are now, and `FORK` for each thread that is about to fork. One number, so that none
/// begins once a fork waits.
static USES: AtomicUsize = AtomicUsize::new(0);
const FORK: usize = 1 << (usize::BITS / 2);
/// A connection was in use at the fork that made this process.
static WAS_IN_USE: AtomicBool = AtomicBool::new(false);
static ALL: PerProcess<Mutex<Vec<Weak<StoreConnections>>>> =
    PerProcess::new(Mutex::new(Vec::new()), Mutex::default);

/// How often, and how many times, a fork looks whether SQLite is at rest: 1 s, the time of a batch on a disk that is
/// slow and busy. Nothing waits for a lock meanwhile.
const STEP: Duration = Duration::from_micros(200);
const STEPS: u32 = 5_000;

/// Returns whether somebody forks, and waits for what uses SQLite.
pub(super) fn waits() -> bool {
    USES.load(SeqCst) >= FORK
}

fn is_in_use() -> bool {
    !USES.load(SeqCst).is_multiple_of(FORK)
}

/// Returns whether SQLite must not be used in this process: a connection of the parent's was in use at the fork and
/// could not be closed. What SQLite remembers may be wrong, and a lock of its own may be held for ever.
pub(super) fn was_in_use() -> bool {
    WAS_IN_USE.load(SeqCst)
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
    _signal: BlockedSignal,
}

impl InUse {
    pub(super) fn enter() -> Self {
        let begin = |uses| (uses < FORK).then_some(uses + 1);
        while USES.fetch_update(SeqCst, SeqCst, begin).is_err() {
            thread::sleep(STEP);
        }
        Self { _signal: BlockedSignal::new() }
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        USES.fetch_sub(1, SeqCst);
    }
}

/// Waits until SQLite is at rest, and closes all connections.
#[cfg(unix)]
fn close_all() {
    USES.fetch_add(FORK, SeqCst);
    for _ in 0..STEPS {
        if !is_in_use() {
            break;
        }
        thread::sleep(STEP);
    }
    if is_in_use() {
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
        let _ = std::panic::catch_unwind(close_all);
    }
    unsafe extern "C" fn in_parent() {
        USES.fetch_sub(FORK, SeqCst);
    }
    unsafe extern "C" fn in_child() {
        // The threads that used it are not in this process.
        WAS_IN_USE.fetch_or(!USES.swap(0, SeqCst).is_multiple_of(FORK), SeqCst);
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
