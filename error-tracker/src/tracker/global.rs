use std::ops::Deref;
use std::sync::OnceLock;
use std::time::Duration;

use super::builder::{Builder, builder};
use super::error::InitError;
use super::settings::Settings;
use super::{Tracker, choose_policy};
use crate::DISABLED;
use crate::snapshot::budget;
use crate::ticker;
use crate::trace::record::{self, Sink};
use crate::trace::waiting;

/// How long the end of the program, or of [`Installed`], waits for the store.
const AT_END: Duration = Duration::from_secs(5);

/// How often waiting failures are looked at.
const SETTLE: Duration = Duration::from_secs(1);

static GLOBAL: OnceLock<Tracker> = OnceLock::new();

/// Keeps errors and panics in `errors.db` in the current folder, or as the environment says (see [`Settings`]).
///
/// What it returns flushes when it is dropped; keep it until the end of `main`.
///
/// ```no_run
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let _tracker = error_tracker::init()?;
///     // ..
///     Ok(())
/// }
/// ```
///
/// # Errors
/// A variable of the environment is wrong, or a tracker is installed already.
pub fn init() -> Result<Installed, InitError> {
    builder().settings(Settings::from_env()?).install()
}

/// The global tracker, once there is one.
#[must_use]
pub fn tracker() -> Option<&'static Tracker> {
    GLOBAL.get()
}

/// Stands for the global tracker; flushes for up to 5 seconds when it is dropped. The tracker itself goes on until the
/// program ends, so that what fails later is recorded as well.
#[derive(Debug)]
#[must_use = "it flushes when it is dropped: keep it in a variable until the end of `main`"]
pub struct Installed {
    tracker: Option<Tracker>,
}

/// Used in place of the global tracker while recording is switched off.
static OFF: OnceLock<Tracker> = OnceLock::new();

impl Deref for Installed {
    type Target = Tracker;

    fn deref(&self) -> &Tracker {
        match &self.tracker {
            Some(tracker) => tracker,
            None => OFF.get().unwrap_or_else(|| unreachable!("`install` sets it")),
        }
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        if let Some(tracker) = &self.tracker {
            let _ = tracker.flush(AT_END);
        }
    }
}

pub(super) fn install(builder: Builder) -> Result<Installed, InitError> {
    let panics = builder.records_panics();
    if !builder.is_enabled() {
        let off = builder.shared_store(std::sync::Arc::new(crate::store::MemoryStore::new())).build()?;
        let _ = OFF.set(off);
        return Ok(Installed { tracker: None });
    }
    if GLOBAL.get().is_some() {
        return Err(InitError::Installed);
    }
    let tracker = builder.build()?;
    if GLOBAL.set(tracker.clone()).is_err() {
        return Err(InitError::Installed);
    }
    choose_policy(&tracker.inner.masking);
    if DISABLED {
        return Ok(Installed { tracker: Some(tracker) });
    }
    let _ = record::SINK.set(Sink {
        count: |failure| GLOBAL.get().is_some_and(|tracker| tracker.count(failure)),
        accept: |failure| GLOBAL.get()?.accept(failure),
        amend: |failure| {
            if let Some(tracker) = GLOBAL.get() {
                tracker.amend(failure);
            }
        },
        extend: |failure| {
            if let Some(tracker) = GLOBAL.get() {
                tracker.extend(failure);
            }
        },
    });
    crate::scope::record_handled_with(crate::capture::record_handled);
    budget::install();
    ticker::start(tick);
    if panics {
        #[cfg(feature = "panic")]
        crate::capture::hook::install(|timeout| {
            crate::capture::names::end();
            if let Some(tracker) = GLOBAL.get() {
                let _ = tracker.flush(timeout);
            }
        });
    }
    flush_at_exit();
    Ok(Installed { tracker: Some(tracker) })
}

/// One round of the ticker.
fn tick() {
    if budget::take_closed() {
        std::thread::sleep(budget::TICK);
        budget::open_all();
    } else if waiting::any_waiting() {
        std::thread::park_timeout(SETTLE);
    } else {
        std::thread::park();
    }
    let _ = std::panic::catch_unwind(waiting::settle_overdue);
}

/// A normal end of the process, `std::process::exit` included, waits for the store.
#[allow(unsafe_code, reason = "`atexit`")]
fn flush_at_exit() {
    extern "C" fn flush() {
        crate::capture::names::end();
        if let Some(tracker) = GLOBAL.get() {
            let flush = std::panic::AssertUnwindSafe(|| tracker.inner.pipeline.flush_at_exit(AT_END));
            let _ = std::panic::catch_unwind(flush);
        }
    }
    #[cfg(unix)]
    {
        unsafe extern "C" {
            fn atexit(callback: extern "C" fn()) -> std::ffi::c_int;
        }
        // SAFETY: the function of the C standard library; the callback lives for ever and does not unwind.
        unsafe { atexit(flush) };
    }
    #[cfg(not(unix))]
    let _: extern "C" fn() = flush;
}
