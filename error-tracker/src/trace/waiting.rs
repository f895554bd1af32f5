//! The failures of each thread that are on their way: met in one function, and not yet in the next.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::record::Record;
use super::settle::finish;
use super::told::tell;
use super::{panic, thread};
use crate::ticker;

/// So many failures may wait on one thread; the oldest are taken for handled beyond.
const MOST_WAITING: usize = 32;
/// A failure that nobody met again for so long is taken for handled.
const OVERDUE: Duration = Duration::from_secs(10);

thread_local! {
    static WAITING: Waiting = Waiting::new();
}

/// The waiting failures of one thread; the ticker looks at them as well.
struct Waiting(Arc<Mutex<Vec<Record>>>);

static THREADS: Mutex<Vec<Weak<Mutex<Vec<Record>>>>> = Mutex::new(Vec::new());
static ANY: AtomicBool = AtomicBool::new(false);

impl Waiting {
    fn new() -> Self {
        let waiting = Self(Arc::default());
        let threads = &mut *lock(&THREADS);
        threads.retain(|thread| thread.strong_count() > 0);
        threads.push(Arc::downgrade(&waiting.0));
        waiting
    }
}

impl Drop for Waiting {
    /// The thread ends.
    fn drop(&mut self) {
        for record in std::mem::take(&mut *lock(&self.0)) {
            finish(record, true);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Changes the waiting records. No user code may run inside.
pub(super) fn waiting<R>(change: impl FnOnce(&mut Vec<Record>) -> R) -> Option<R> {
    let result = WAITING.try_with(|waiting| {
        let waiting = &mut *lock(&waiting.0);
        let result = change(waiting);
        thread::with(|thread| thread.pending.set(u32::try_from(waiting.len()).unwrap_or(u32::MAX)));
        result
    });
    result.ok()
}

/// Whether any record waits on this thread.
pub(super) fn any_waits() -> bool {
    thread::with(|thread| thread.pending.get() > 0)
}

/// Takes the waiting records that `wanted` names.
pub(super) fn take(wanted: impl Fn(&Record) -> bool) -> Vec<Record> {
    if !any_waits() {
        return Vec::new();
    }
    waiting(|waiting| waiting.extract_if(.., |record| wanted(record)).collect()).unwrap_or_default()
}

pub(super) fn put(record: Record) {
    // These two look for it when they leave.
    thread::with(|thread| {
        thread.frames.mark(record.frame);
        thread.frames.mark(record.caller);
    });
    let crowded = waiting(|waiting| {
        waiting.push(record);
        (waiting.len() > MOST_WAITING).then(|| waiting.remove(0))
    });
    if !ANY.swap(true, Ordering::Release) {
        ticker::wake();
    }
    if let Some(oldest) = crowded.flatten() {
        finish(oldest, true);
    }
}

/// Called by the ticker: whether failures wait on some thread.
pub(crate) fn any_waiting() -> bool {
    ANY.load(Ordering::Acquire)
}

/// Called by the ticker: failures that nobody met again for long are told, as handled, and so are panics, which were
/// caught meanwhile. Should one be met again after all, it is not told twice.
pub(crate) fn settle_overdue() {
    ANY.store(false, Ordering::Release);
    let threads: Vec<_> = lock(&THREADS).iter().filter_map(Weak::upgrade).collect();
    for thread in threads {
        let mut overdue = Vec::new();
        for record in &mut *lock(&thread) {
            // The others have an event.
            if !record.told && !record.crossed && !record.further {
                ANY.store(true, Ordering::Release);
                if record.failure.since.elapsed() > OVERDUE {
                    overdue.push(panic::as_handled(record.failure.clone(), record.unwinding.as_ref()));
                    record.told = true;
                }
            }
        }
        overdue.into_iter().for_each(|failure| drop(tell(failure, |_| ())));
    }
}

/// Failures that wait in the suspended body of a future.
#[derive(Default)]
pub(super) struct Stash(Vec<Record>);

impl Stash {
    /// Takes what waits in this frame.
    pub(super) fn take(frame: usize) -> Self {
        Self(take(|record| record.caller == frame && record.unwinding.is_none()))
    }

    /// The body runs again, on this thread.
    pub(super) fn put_back(&mut self) {
        self.0.drain(..).for_each(put);
    }
}

impl Drop for Stash {
    /// The future is dropped before its end.
    fn drop(&mut self) {
        for record in self.0.drain(..) {
            finish(record, true);
        }
    }
}
