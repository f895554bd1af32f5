//! The ticker, a thread that sleeps until there is deferred work: budgets to renew, and pending
//! failures to settle that were not observed again.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::background;
use crate::fork::PerProcess;

static WORK: OnceLock<fn()> = OnceLock::new();
static TICKER: PerProcess<Ticker> = PerProcess::new(Ticker::new(), Ticker::new);

/// The state of the thread of one process.
struct Ticker {
    is_started: AtomicBool,
    /// Whether it was woken since it slept last.
    woken: Mutex<bool>,
    wakes: Condvar,
}

impl Ticker {
    const fn new() -> Self {
        Self { is_started: AtomicBool::new(false), woken: Mutex::new(false), wakes: Condvar::new() }
    }

    fn woken(&self) -> MutexGuard<'_, bool> {
        self.woken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the thread, which calls `work` in a loop. If the system cannot start one, spent budgets
/// are not renewed, and pending failures of idle threads are reported when these end.
pub(crate) fn start(work: fn()) {
    let _ = WORK.set(work);
    wake();
}

/// Wakes the thread. In a forked child it starts a new one.
pub(crate) fn wake() {
    let Some(work) = WORK.get() else { return };
    let ticker = TICKER.get();
    *ticker.woken() = true;
    ticker.wakes.notify_one();
    if !ticker.is_started.swap(true, Relaxed) {
        let run = || {
            loop {
                work();
            }
        };
        let _ = background::start("error-tracker-tick", run);
    }
}

/// Sleeps until the thread is woken, `most` at most. It alone calls this.
pub(crate) fn sleep(most: Option<Duration>) {
    let ticker = TICKER.get();
    let mut woken = ticker.woken();
    while !*woken {
        let Some(most) = most else {
            woken = ticker.wakes.wait(woken).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let is_asleep = |woken: &mut bool| !*woken;
        let waited = ticker.wakes.wait_timeout_while(woken, most, is_asleep);
        woken = waited.unwrap_or_else(PoisonError::into_inner).0;
        break;
    }
    *woken = false;
}
