//! The ticker, a thread that sleeps until there is deferred work: budgets to renew, and pending
//! failures to settle that were not observed again.

use std::sync::OnceLock;
use std::thread::{self, Thread};

use crate::fork::PerProcess;

static WORK: OnceLock<fn()> = OnceLock::new();
/// The thread; `None` if the system could not start one.
static TICKER: PerProcess<OnceLock<Option<Thread>>> =
    PerProcess::new(OnceLock::new(), OnceLock::new);

/// Starts the thread, which calls `work` in a loop. Without it spent budgets are not renewed, and
/// pending failures of idle threads are reported when these end.
pub(crate) fn start(work: fn()) {
    let _ = WORK.set(work);
    wake();
}

/// Unparks the thread. In a forked child it starts a new one.
pub(crate) fn wake() {
    let Some(work) = WORK.get() else { return };
    let run = || {
        loop {
            work();
        }
    };
    let spawn = || thread::Builder::new().name("error-tracker-tick".into()).spawn(run).ok();
    let ticker = TICKER.get().get_or_init(|| spawn().map(|ticker| ticker.thread().clone()));
    if let Some(ticker) = ticker {
        ticker.unpark();
    }
}
