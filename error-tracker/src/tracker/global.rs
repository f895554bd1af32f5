use std::ops::Deref;
use std::time::Duration;

use super::builder::{TrackerBuilder, builder};
use super::error::InitError;
use super::settings::Settings;
use super::{Tracker, ending};
use crate::DISABLED;
use crate::fork::SetOnce;
use crate::snapshot::budget;
use crate::snapshot::policy::{self, SnapshotPolicy};
use crate::stack;
use crate::ticker;
use crate::trace::early_report;
use crate::trace::failure::ReportOutcome;
use crate::trace::sink::{FailureSink, SINK};
use crate::trace::thread::is_inside;
use crate::warning::warn;

/// The pause between two looks at pending failures.
const SETTLE: Duration = Duration::from_secs(1);

static GLOBAL: SetOnce<Tracker> = SetOnce::new();

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
pub fn init() -> Result<TrackerGuard, InitError> {
    builder().settings(Settings::from_env()?).install()
}

/// Keeps errors and panics as [`init`] does, in a `main` that returns no `Result`. What is wrong is said on standard
/// error, and the program goes on: a setting whose variable is wrong keeps its default.
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
    /// Sets up the global tracker, where the attributes and macros record.
    ///
    /// The store is opened with the first event, or when it is read; a program without events makes no file. One that
    /// cannot be opened is not an error: standard error says so once, and events are counted as dropped until it can
    /// be. While it is locked or full they wait.
    ///
    /// # Errors
    /// A setting is wrong, or a tracker is installed already.
    pub fn install(self) -> Result<TrackerGuard, InitError> {
        install(self)
    }

    /// Sets up the global tracker as [`install`](Self::install) does, in a `main` that returns no `Result`.
    ///
    /// What is wrong is said on standard error, and the program goes on: a wrong setting keeps its default. Where a
    /// tracker is installed already, it is that one.
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
        for problem in self.take_wrong() {
            warn(format_args!("{problem}"));
        }
        install(self).unwrap_or_else(|error| {
            warn(format_args!("{error}"));
            TrackerGuard { tracker: GLOBAL.get().cloned() }
        })
    }
}

/// Returns the global tracker, once there is one.
#[must_use]
pub fn tracker() -> Option<&'static Tracker> {
    GLOBAL.get()
}

/// Stands for the global tracker; flushes for up to 2 seconds when it is dropped, and closes the store. The tracker
/// itself works until the program ends, so that what fails later is recorded as well.
#[derive(Debug)]
#[must_use = "it flushes when it is dropped: keep it in a variable until the end of `main`"]
pub struct TrackerGuard {
    tracker: Option<Tracker>,
}

/// Used in place of the global tracker where nothing is recorded.
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
            // Whether the running functions have handled their pending failures shows at the end.
            if !(cfg!(unix) && is_inside()) {
                let _ = std::panic::catch_unwind(|| early_report::report_all(true));
            }
            ending::finish(tracker);
        }
    }
}

fn off(builder: TrackerBuilder) -> Result<Tracker, InitError> {
    builder.store(crate::store::MemoryStore::new()).build()
}

fn install(builder: TrackerBuilder) -> Result<TrackerGuard, InitError> {
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

/// One round of the ticker.
fn tick() {
    if budget::take_renewal_request() {
        std::thread::sleep(budget::TICK);
        budget::renew();
    } else if early_report::any_pending() {
        std::thread::park_timeout(SETTLE);
    } else {
        std::thread::park();
    }
    let _ = std::panic::catch_unwind(early_report::settle_overdue);
}
