use std::ops::Deref;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::builder::{TrackerBuilder, builder};
use super::error::InitError;
use super::settings::Settings;
use super::{Tracker, ending};
use crate::DISABLED;
use crate::fork::{self, SetOnce};
use crate::snapshot::budget;
use crate::snapshot::policy::{self, SnapshotPolicy};
use crate::stack;
use crate::ticker;
use crate::trace::early_report;
use crate::trace::failure::ReportOutcome;
use crate::trace::sink::{FailureSink, SINK};
use crate::trace::thread::is_inside;
use crate::trace::work_failures;
use crate::warning::warn;

/// The pause between two checks of pending failures.
const SETTLE_INTERVAL: Duration = Duration::from_secs(1);

static GLOBAL: SetOnce<Tracker> = SetOnce::new();

/// Records errors and panics in `errors.db` in the current folder, or as configured by environment
/// variables (see [`Settings`]).
///
/// The returned guard flushes when it is dropped; keep it until the end of `main`.
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
/// If an environment variable is invalid, or a tracker is already installed.
pub fn init() -> Result<TrackerGuard, InitError> {
    builder().settings(Settings::from_env()?).install()
}

/// Records errors and panics like [`init`], for a `main` that returns no `Result`. Problems are
/// printed to standard error, and the program continues: a setting with an invalid variable keeps
/// its default.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// fn main() -> ExitCode {
///     let _tracker = error_tracker::init_or_warn();
///     // ..
///     ExitCode::SUCCESS
/// }
/// ```
pub fn init_or_warn() -> TrackerGuard {
    let (settings, problems) = Settings::from_env_with_problems();
    problems.iter().for_each(|problem| warn(format_args!("{problem}")));
    builder().settings(settings).install_or_warn()
}

impl TrackerBuilder {
    /// Installs the global tracker, in which the attributes and macros record.
    ///
    /// The store is opened with the first event, or when it is read; a program without events
    /// creates no file. A store that cannot be opened is not an error: a warning is printed once to
    /// standard error, and events are counted as dropped until it can be opened. Events wait while
    /// the store is locked or full.
    ///
    /// # Errors
    /// If a setting is invalid, or a tracker is already installed.
    pub fn install(self) -> Result<TrackerGuard, InitError> {
        install(self)
    }

    /// Installs the global tracker like [`install`](Self::install), for a `main` that returns no
    /// `Result`.
    ///
    /// Problems are printed to standard error, and the program continues: an invalid setting keeps
    /// its default. If a tracker is already installed, the guard belongs to that one.
    ///
    /// ```no_run
    /// use std::process::ExitCode;
    ///
    /// fn main() -> ExitCode {
    ///     let _tracker = error_tracker::builder().state_folder("shop").install_or_warn();
    ///     // ..
    ///     ExitCode::SUCCESS
    /// }
    /// ```
    pub fn install_or_warn(mut self) -> TrackerGuard {
        for problem in self.take_invalid() {
            warn(format_args!("{problem}"));
        }
        install(self).unwrap_or_else(|error| {
            warn(format_args!("{error}"));
            TrackerGuard { tracker: GLOBAL.get().cloned() }
        })
    }
}

/// Returns the global tracker, if one is installed.
#[must_use]
pub fn tracker() -> Option<&'static Tracker> {
    GLOBAL.get()
}

/// Gives access to the global tracker. When it is dropped it flushes for up to 2 seconds, and
/// closes the store. The tracker itself works until the program ends, so later failures are
/// recorded as well.
#[derive(Debug)]
#[must_use = "it flushes when it is dropped: keep it in a variable until the end of `main`"]
pub struct TrackerGuard {
    tracker: Option<Tracker>,
}

/// The tracker of a guard if the global one is disabled.
static OFF: SetOnce<Tracker> = SetOnce::new();

impl Deref for TrackerGuard {
    type Target = Tracker;

    fn deref(&self) -> &Tracker {
        match &self.tracker {
            Some(tracker) => tracker,
            None => OFF.get().unwrap_or_else(|| {
                let off = off(builder()).unwrap_or_else(|_| unreachable!("no setting is given"));
                OFF.get_or_set(off).0
            }),
        }
    }
}

impl Drop for TrackerGuard {
    fn drop(&mut self) {
        if let Some(tracker) = &self.tracker {
            // The end of the process shows whether running functions have handled their pending
            // failures.
            if !(cfg!(unix) && is_inside()) {
                let _ = std::panic::catch_unwind(|| early_report::report_all(true));
            }
            let _ = std::panic::catch_unwind(work_failures::abandon_all);
            ending::finish(tracker);
        }
    }
}

fn off(builder: TrackerBuilder) -> Result<Tracker, InitError> {
    builder.store(crate::store::MemoryStore::new()).build()
}

fn install(builder: TrackerBuilder) -> Result<TrackerGuard, InitError> {
    fork::count();
    // A child has all of it or nothing.
    let _installation = fork::INSTALLATION.enter();
    let (panics, signals) = (builder.records_panics(), builder.handles_signals());
    if !builder.is_enabled() {
        OFF.get_or_set(off(builder)?);
        return Ok(TrackerGuard { tracker: None });
    }
    if GLOBAL.get().is_some() {
        return Err(InitError::Installed);
    }
    let skipped_types = builder.skipped_types();
    let tracker = builder.build()?;
    if !GLOBAL.get_or_set(tracker.clone()).1 {
        return Err(InitError::Installed);
    }
    let masking = tracker.inner.masking.clone();
    policy::choose(SnapshotPolicy { masking, skipped_types, ..SnapshotPolicy::default() });
    if DISABLED {
        return Ok(TrackerGuard { tracker: Some(tracker) });
    }
    stack::choose(tracker.inner.backtrace);
    let _ = SINK.set(FailureSink {
        report: |failure, complete| match GLOBAL.get() {
            Some(tracker) => tracker.record(failure, complete),
            None => ReportOutcome::No,
        },
        replace: |failure| {
            if let Some(tracker) = GLOBAL.get() {
                tracker.replace(failure);
            }
        },
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
        count_untracked: |count| {
            if let Some(tracker) = GLOBAL.get() {
                tracker.inner.untracked.fetch_add(count, Ordering::Relaxed);
            }
        },
    });
    crate::scope::record_handled_with(crate::capture::record_handled);
    budget::install();
    ticker::start(tick);
    if panics {
        #[cfg(feature = "panic")]
        crate::capture::hook::install(|| {
            if let Some(tracker) = GLOBAL.get() {
                ending::flush(tracker);
            }
        });
    }
    ending::finish_at_exit();
    #[cfg(target_os = "linux")]
    if signals {
        super::signals::handle();
    }
    #[cfg(not(target_os = "linux"))]
    let _ = signals;
    Ok(TrackerGuard { tracker: Some(tracker) })
}

/// Runs one round of the ticker.
fn tick() {
    if budget::take_renewal_request() {
        std::thread::sleep(budget::TICK);
        budget::renew();
    } else if early_report::any_pending() {
        ticker::sleep(Some(SETTLE_INTERVAL));
    } else {
        ticker::sleep(None);
    }
    let _ = std::panic::catch_unwind(early_report::settle_overdue);
}
