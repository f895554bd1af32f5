//! The identity of this process, and values that a forked child does not share with its parent. A
//! lock that a thread of the parent holds at the fork stays locked in the child, which has no such
//! thread.

mod critical_section;

pub(crate) use critical_section::CriticalSection;
#[cfg(feature = "sqlite")]
pub(crate) use critical_section::SectionGuard;

use std::fmt;
use std::marker::PhantomData;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The setting up of what a program has once: the global tracker, the panic hook.
pub(crate) static INSTALLATION: CriticalSection = CriticalSection::new();

/// Returns how many forks are between this process and the program's start, or the first call of
/// [`count`]. Asking the system for the process would take longer than counting a failure.
pub(crate) fn generation() -> u32 {
    GENERATION.load(Relaxed)
}

/// Counts forks from now on. A later call has no effect.
#[cfg(unix)]
pub(crate) fn count() {
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
        INSTALLATION.begin_fork();
    }
    unsafe extern "C" fn in_parent() {
        INSTALLATION.end_fork();
    }
    unsafe extern "C" fn in_child() {
        INSTALLATION.end_fork_in_child();
        GENERATION.fetch_add(1, Relaxed);
    }
    // Set after forks are counted, not before: a thread that returned earlier could take a lock
    // that a child would not know to be held. No thread waits for another one, since a forked child
    // would not have that one. Two threads that begin at once count each fork twice, which is
    // harmless.
    static COUNTS: AtomicBool = AtomicBool::new(false);
    if !COUNTS.load(Acquire) {
        // SAFETY: the handlers live as long as the program and do not unwind. What runs in the
        // child only uses atomics.
        unsafe { pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
        COUNTS.store(true, Release);
    }
}

#[cfg(not(unix))]
pub(crate) fn count() {}

/// A value that is set once. Unlike with `OnceLock`, readers never wait for a thread that sets it:
/// a child that is forked meanwhile has no such thread.
pub(crate) struct SetOnce<T> {
    at: AtomicPtr<T>,
    /// Makes the type `Send` and `Sync` under the conditions of this one.
    owned: PhantomData<OnceLock<Box<T>>>,
}

impl<T> SetOnce<T> {
    pub(crate) const fn new() -> Self {
        Self { at: AtomicPtr::new(ptr::null_mut()), owned: PhantomData }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        // SAFETY: null, or a leaked box that is not changed until `self` is dropped.
        unsafe { self.at.load(Acquire).as_ref() }
    }

    /// Sets the value unless there is one. Returns the value, and whether it is the one passed
    /// here.
    pub(crate) fn get_or_set(&self, value: T) -> (&T, bool) {
        let ours = Box::into_raw(Box::new(value));
        let set = self.at.compare_exchange(ptr::null_mut(), ours, AcqRel, Acquire);
        if set.is_err() {
            // SAFETY: the box from above, which was not stored.
            drop(unsafe { Box::from_raw(ours) });
        }
        let at = set.map_or_else(|before| before, |_| ours);
        // SAFETY: as in `get`; it is not null.
        (unsafe { &*at }, set.is_ok())
    }
}

impl<T> Drop for SetOnce<T> {
    fn drop(&mut self) {
        let at = *self.at.get_mut();
        if !at.is_null() {
            // SAFETY: the leaked box, which is not borrowed any more.
            drop(unsafe { Box::from_raw(at) });
        }
    }
}

impl<T> Default for SetOnce<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for SetOnce<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SetOnce").field(&self.get()).finish()
    }
}

/// A value that each process creates for itself.
#[derive(Debug)]
pub(crate) struct PerProcess<T> {
    generation: u32,
    value: T,
    make: fn() -> T,
    /// The value of a forked child, in the child.
    child: SetOnce<PerProcess<T>>,
}

impl<T> PerProcess<T> {
    /// `value` is the one of the program's first process; children call `make`.
    pub(crate) const fn new(value: T, make: fn() -> T) -> Self {
        Self { generation: 0, value, make, child: SetOnce::new() }
    }

    /// Returns the value of this process. Counts forks first: in a program without a tracker
    /// nothing else may have begun to.
    pub(crate) fn get(&self) -> &T {
        count();
        let generation = generation();
        let mut this = self;
        while this.generation != generation {
            let make = || Self {
                generation,
                value: (this.make)(),
                make: this.make,
                child: SetOnce::new(),
            };
            this = this.child.get().unwrap_or_else(|| this.child.get_or_set(make()).0);
        }
        &this.value
    }
}

/// A value that is created on first use.
pub(crate) struct LazyPerProcess<T> {
    cells: PerProcess<OnceLock<T>>,
    make: fn() -> T,
}

impl<T> LazyPerProcess<T> {
    pub(crate) const fn new(make: fn() -> T) -> Self {
        Self { cells: PerProcess::new(OnceLock::new(), OnceLock::new), make }
    }

    /// Returns the value. A forked child uses the value of its parent, unless that was being
    /// created at the fork.
    pub(crate) fn get(&self) -> &T {
        self.cells.value.get().unwrap_or_else(|| self.cells.get().get_or_init(self.make))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_child_takes_no_lock_that_a_thread_of_its_parent_holds() {
        static LOCKED: PerProcess<Mutex<u32>> = PerProcess::new(Mutex::new(1), || Mutex::new(2));
        static MADE: LazyPerProcess<u32> = LazyPerProcess::new(|| 3);
        static BEING_MADE: LazyPerProcess<u32> = LazyPerProcess::new(|| {
            if generation() == 0 {
                AT_FORK.wait();
                AT_FORK.wait();
            }
            4
        });
        static AT_FORK: std::sync::Barrier = std::sync::Barrier::new(2);

        let before = generation();
        assert_eq!((*LOCKED.get().lock().unwrap(), *MADE.get()), (1, 3));
        let held = std::thread::spawn(|| {
            let _held = LOCKED.get().lock();
            BEING_MADE.get()
        });
        AT_FORK.wait();
        // SAFETY: the child only takes locks of its own, and ends.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: the signal ends a child that hangs.
            unsafe { libc::alarm(300) };
            let is_anew =
                *LOCKED.get().lock().unwrap() == 2 && *MADE.get() == 3 && *BEING_MADE.get() == 4;
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(if is_anew && generation() > before { 0 } else { 1 }) };
        }
        let mut status = 0;
        // SAFETY: waits for the child just made.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0);
        AT_FORK.wait();
        assert_eq!(held.join().unwrap(), &4);
    }
}
