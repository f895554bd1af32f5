//! The lists of pending failures: one for each thread, and one for each suspended future that has
//! any.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::finish::finish_retained;
use super::pending_failure::PendingFailure;
use super::{ending, thread};
use crate::fork::{self, PerProcess};
use crate::ticker;

/// Limit of pending failures of one thread; beyond it the oldest are reported as handled.
const MAX_PENDING: usize = 128;

thread_local! {
    static PENDING: ThreadPending = ThreadPending::new();
}

/// The pending failures of one thread, or of one suspended future.
pub(super) struct PendingList {
    failures: Mutex<Vec<PendingFailure>>,
    /// The process that created the list.
    generation: u32,
}

impl PendingList {
    /// A list that other threads find as long as it lives.
    fn new(failures: Vec<PendingFailure>) -> Arc<Self> {
        fork::count();
        let list = Self { failures: Mutex::new(failures), generation: fork::generation() };
        let list = Arc::new(list);
        let lists = &mut *lock(LISTS.get());
        if lists.len() == lists.capacity() {
            lists.retain(|list| list.strong_count() > 0);
        }
        lists.push(Arc::downgrade(&list));
        list
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<PendingFailure>> {
        lock(&self.failures)
    }

    fn is_of_this_process(&self) -> bool {
        self.generation == fork::generation()
    }

    /// Takes all failures; those of a list of the parent only if it was not locked at the fork,
    /// since a thread that only the parent has may hold the lock for ever.
    fn take_all(&self) -> Vec<PendingFailure> {
        if self.is_of_this_process() {
            return std::mem::take(&mut *self.lock());
        }
        self.failures.try_lock().map(|mut list| std::mem::take(&mut *list)).unwrap_or_default()
    }
}

/// The list of a thread. Other threads lock it briefly, and never while code of the program runs.
struct ThreadPending {
    list: RefCell<Arc<PendingList>>,
}

static LISTS: PerProcess<Mutex<Vec<Weak<PendingList>>>> =
    PerProcess::new(Mutex::new(Vec::new()), Mutex::default);
/// Whether failures may be pending, so that the ticker has to look.
static ANY: AtomicBool = AtomicBool::new(false);

/// Returns the lists of all threads and suspended futures.
pub(super) fn all_lists() -> Vec<Arc<PendingList>> {
    lock(LISTS.get()).iter().filter_map(Weak::upgrade).collect()
}

impl ThreadPending {
    fn new() -> Self {
        Self { list: RefCell::new(PendingList::new(Vec::new())) }
    }

    /// Locks the list. In a forked child a new one replaces it first, with the failures of this
    /// thread.
    fn with<R>(&self, run: impl FnOnce(&mut Vec<PendingFailure>) -> R) -> R {
        if !self.list.borrow().is_of_this_process() {
            let failures = self.list.borrow().take_all();
            self.list.replace(PendingList::new(failures));
        }
        run(&mut self.list.borrow().lock())
    }
}

impl Drop for ThreadPending {
    /// Finishes the failures of a thread that ends.
    fn drop(&mut self) {
        let failures = self.with(std::mem::take);
        let end = if ending::ends_program() { ending::defer } else { finish_retained };
        failures.into_iter().for_each(end);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Changes the pending failures of this thread; returns `None` when the thread is ending. `change`
/// may run no user code.
pub(super) fn with_pending<R>(change: impl FnOnce(&mut Vec<PendingFailure>) -> R) -> Option<R> {
    let result = PENDING.try_with(|pending| {
        pending.with(|list| {
            let result = change(list);
            thread::with(|thread| {
                thread.pending.set(u32::try_from(list.len()).unwrap_or(u32::MAX));
            });
            result
        })
    });
    result.ok()
}

/// Returns whether any failure is pending on this thread.
pub(super) fn any_pending_here() -> bool {
    thread::with(|thread| thread.pending.get() > 0)
}

/// Takes the wanted failures of this thread.
pub(super) fn take(wanted: impl Fn(&PendingFailure) -> bool) -> Vec<PendingFailure> {
    if !any_pending_here() {
        return Vec::new();
    }
    with_pending(|list| list.extract_if(.., |pending| wanted(pending)).collect())
        .unwrap_or_default()
}

/// Adds a failure to the list of this thread.
pub(super) fn put(pending: PendingFailure) {
    // Both frames are marked, so that their guards settle it when they are dropped.
    thread::with(|thread| {
        thread.frames.mark(pending.frame);
        thread.frames.mark(pending.caller);
    });
    let oldest = with_pending(|list| {
        list.push(pending);
        (list.len() > MAX_PENDING).then(|| list.remove(0))
    });
    if !ANY.swap(true, Ordering::Release) {
        ticker::wake();
    }
    if let Some(oldest) = oldest.flatten() {
        finish_retained(oldest);
    }
}

/// Returns whether failures may be pending on some thread.
pub(super) fn any() -> bool {
    ANY.load(Ordering::Acquire)
}

/// Sets whether failures may be pending on some thread.
pub(super) fn set_any(any: bool) {
    ANY.store(any, Ordering::Release);
}

/// Takes the newest wanted failure of any thread or suspended future.
pub(super) fn take_anywhere(wanted: impl Fn(&PendingFailure) -> bool) -> Option<PendingFailure> {
    all_lists().into_iter().find_map(|list| {
        let list = &mut *list.lock();
        list.iter().rposition(&wanted).map(|index| list.remove(index))
    })
}

/// The failures that are pending in the suspended body of a future.
#[derive(Default)]
pub(super) struct SuspendedFailures(Option<Arc<PendingList>>);

impl SuspendedFailures {
    /// Takes the failures that are pending in this frame off the thread.
    pub(super) fn take(frame: usize) -> Self {
        let failures = take(|pending| pending.caller == frame && pending.unwinding.is_none());
        Self((!failures.is_empty()).then(|| PendingList::new(failures)))
    }

    /// Moves them to this thread, which polls the body now.
    pub(super) fn put_back(&mut self) {
        self.failures().into_iter().for_each(put);
    }

    /// Takes all failures.
    fn failures(&mut self) -> Vec<PendingFailure> {
        self.0.take().map(|list| list.take_all()).unwrap_or_default()
    }
}

impl Drop for SuspendedFailures {
    /// Finishes the failures of a future that is dropped before it completes.
    fn drop(&mut self) {
        self.failures().into_iter().for_each(finish_retained);
    }
}
