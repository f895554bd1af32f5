//! A thread of ours that sleeps until there is something to do later: budgets to renew, failures to settle that
//! nobody met again.

use std::sync::OnceLock;
use std::thread::{self, Thread};

static TICKER: OnceLock<Thread> = OnceLock::new();

/// Starts the thread, which calls `work` for ever. Without it budgets that are spent stay spent, and failures of
/// threads that do nothing more are told when these end.
pub(crate) fn start(work: impl Fn() + Send + 'static) {
    let ticker = thread::Builder::new().name("error-tracker-tick".into()).spawn(move || {
        loop {
            work();
        }
    });
    if let Ok(ticker) = ticker {
        let _ = TICKER.set(ticker.thread().clone());
    }
}

/// Ends a `park` of the thread.
pub(crate) fn wake() {
    if let Some(ticker) = TICKER.get() {
        ticker.unpark();
    }
}
