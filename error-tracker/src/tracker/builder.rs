use std::fmt::{self, Debug};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::InitError;
use super::handled::Handled;
use super::settings::Settings;
use super::{BeforeCapture, ContextBuilder, GlobalReader, IgnoreRule};
use crate::event::Event;
use crate::mask::Masking;
use crate::pipeline::{EventObserver, NamedObserver, ObserverFactory, ObserverSource};
use crate::stack::BacktraceMode;
use crate::store::{Retention, Store};

/// Configures a tracker; created by [`builder()`]. If a setting is set twice the last value counts.
/// Invalid settings are reported by [`TrackerBuilder::install`] and [`TrackerBuilder::build`].
///
/// ```no_run
/// # fn main() -> Result<(), error_tracker::InitError> {
/// let _tracker = error_tracker::builder()
///     .database("/var/lib/shop/errors.db")
///     .release(env!("CARGO_PKG_VERSION"))
///     .before_capture(|event| (event.type_name != "shop::Cancelled").then_some(event))
///     .install()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is set up before `install` or `build`"]
pub struct TrackerBuilder {
    pub(super) settings: Settings,
    pub(super) store: Option<Arc<dyn Store>>,
    pub(super) masking: Option<Masking>,
    pub(super) retention: Option<Retention>,
    pub(super) tags: Vec<(String, String)>,
    pub(super) globals: Vec<(String, GlobalReader)>,
    pub(super) contexts: Vec<Box<dyn ContextBuilder>>,
    pub(super) before_capture: Vec<BeforeCapture>,
    pub(super) ignores: Vec<IgnoreRule>,
    pub(super) observers: Vec<Arc<NamedObserver>>,
    pub(super) flush_on_signals: bool,
    pub(super) state_folder: Option<String>,
    pub(super) skipped_types: Vec<String>,
}

impl Debug for TrackerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackerBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Returns a builder with the default of every setting. It does not read the environment: see
/// [`Settings::from_env`].
pub fn builder() -> TrackerBuilder {
    TrackerBuilder {
        settings: Settings::default(),
        store: None,
        masking: None,
        retention: None,
        tags: Vec::new(),
        globals: Vec::new(),
        contexts: Vec::new(),
        before_capture: Vec::new(),
        ignores: Vec::new(),
        observers: Vec::new(),
        flush_on_signals: false,
        state_folder: None,
        skipped_types: Vec::new(),
    }
}

impl TrackerBuilder {
    /// Applies settings from the environment or a configuration file. Settings that are `None` are
    /// not changed.
    pub fn settings(mut self, settings: Settings) -> Self {
        if settings.database.is_some() {
            self.state_folder = None;
        }
        macro_rules! take {
            ($($field:ident),+) => { $(if settings.$field.is_some() { self.settings.$field = settings.$field; })+ };
        }
        take!(
            enabled,
            database,
            release,
            environment,
            host,
            mask,
            mask_with,
            mask_values,
            ignore,
            panics,
            backtrace,
            handled,
            empty_errors,
            queue,
            max_age_days,
            max_issues,
            max_occurrences,
            max_megabytes
        );
        self
    }

    /// Stores events in this SQLite file; `errors.db` in the current folder by default.
    pub fn database(mut self, path: impl AsRef<Path>) -> Self {
        self.settings.database = Some(PathBuf::from(path.as_ref()));
        self.state_folder = None;
        self
    }

    /// Stores events in `errors.db` in the user's state folder for the program `name`, independent
    /// of the current folder: for command-line programs.
    ///
    /// The folder is `$XDG_STATE_HOME/name`, by default `~/.local/state/name`, on Linux and other
    /// Unix systems; `~/Library/Application Support/name` on macOS; `%LOCALAPPDATA%
    /// ame` on Windows. It is created with the first event, accessible to its owner only.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), error_tracker::InitError> {
    /// let _tracker = error_tracker::builder().state_folder("shop").install()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn state_folder(mut self, name: impl Into<String>) -> Self {
        self.settings.database = None;
        self.state_folder = Some(name.into());
        self
    }

    /// Stores events in this store instead of a SQLite file.
    pub fn store(self, store: impl Store) -> Self {
        self.shared_store(Arc::new(store))
    }

    /// Stores events in a store that the program uses itself as well.
    pub fn shared_store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets the program's release, such as `shop@1.4.2`.
    pub fn release(mut self, release: impl Into<String>) -> Self {
        self.settings.release = Some(release.into());
        self
    }

    /// Sets the environment, such as `production` or `staging`.
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.settings.environment = Some(environment.into());
        self
    }

    /// Sets the machine's name; the system's name for it by default.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.settings.host = Some(host.into());
        self
    }

    /// Sets the rules for masking; the standard lists by default.
    pub fn masking(mut self, masking: Masking) -> Self {
        self.masking = Some(masking);
        self
    }

    /// Adds a tag to every event.
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((name.into(), value.into()));
        self
    }

    /// Adds a global variable to every event: `global("LIMITS", || &LIMITS)`.
    pub fn global<T: Debug + ?Sized + 'static>(
        mut self,
        name: impl Into<String>,
        value: impl Fn() -> &'static T + Send + Sync + 'static,
    ) -> Self {
        let read: GlobalReader =
            Box::new(move |see| see(std::any::type_name::<T>(), Some(&value())));
        self.globals.push((name.into(), read));
        self
    }

    /// Adds a source of extra data for every event.
    pub fn context(mut self, context: impl ContextBuilder) -> Self {
        self.contexts.push(Box::new(context));
        self
    }

    /// Adds a hook that gets every event before it is queued, and may change or drop it (`None`).
    /// It runs on the thread that reports, which is usually the failing one. If it panics the event
    /// is dropped and counted. It does not get events of a storm that are only counted.
    pub fn before_capture(
        mut self,
        hook: impl Fn(Event) -> Option<Event> + Send + Sync + 'static,
    ) -> Self {
        self.before_capture.push(Box::new(hook));
        self
    }

    /// Adds an observer, which is notified of each event after it was stored, on its own thread:
    /// see [`EventObserver`].
    pub fn observer<T: EventObserver>(mut self, observer: T) -> Self {
        let name = std::any::type_name::<T>();
        let source = ObserverSource::Shared(Box::new(observer));
        self.observers.push(Arc::new(NamedObserver { name, source }));
        self
    }

    /// Adds an observer that each process creates for itself: see [`ObserverFactory`].
    pub fn observer_factory<T: ObserverFactory>(mut self, factory: T) -> Self {
        let name = std::any::type_name::<T>();
        let source = ObserverSource::PerProcess(Box::new(factory));
        self.observers.push(Arc::new(NamedObserver { name, source }));
        self
    }

    /// Does not record errors of this type, given by its path (`shop::Cancelled`) or last name
    /// (`Cancelled`).
    pub fn ignore_type(mut self, type_name: impl Into<String>) -> Self {
        self.settings.ignore.get_or_insert_default().push(type_name.into());
        self
    }

    /// Never reads variables of this type, given by its path (`clap::ArgMatches`) or last name
    /// (`ArgMatches`), or of a type that contains it (`&T`, `Option<T>`, `Arc<Vec<T>>`). It is like
    /// the option `skip`, but for all functions. Only the global tracker supports it: see
    /// [`install`](Self::install).
    ///
    /// ```
    /// let builder = error_tracker::builder().skip_type("ArgMatches");
    /// ```
    pub fn skip_type(mut self, type_name: impl Into<String>) -> Self {
        self.skipped_types.push(type_name.into());
        self
    }

    /// Does not record events for which `rule` returns `true`. A rule that panics ignores nothing.
    pub fn ignore(mut self, rule: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Self {
        self.ignores.push(Box::new(rule));
        self
    }

    /// Sets whether panics are recorded; `true` by default. Needs the feature `panic` and the
    /// global tracker.
    pub fn panics(mut self, panics: bool) -> Self {
        self.settings.panics = Some(panics);
        self
    }

    /// Stores captured events, for up to 2 seconds, before the program is ended by one of the
    /// signals `SIGTERM`, `SIGINT`, `SIGQUIT` and `SIGHUP`, or by `abort()`. The program then ends
    /// by the same signal; a second signal ends it at once. Off by default. Supported by
    /// [`TrackerBuilder::install`] on Linux.
    ///
    /// Signals that the program handles itself or ignores are not affected. The program continues
    /// to run while events are stored.
    pub fn flush_on_signals(mut self) -> Self {
        self.flush_on_signals = true;
        self
    }

    /// Sets for which failures the call stack is taken; [`BacktraceMode::Auto`] by default. The
    /// global tracker decides for the whole program; a tracker of [`TrackerBuilder::build`] can
    /// only discard call stacks.
    pub fn backtrace(mut self, mode: BacktraceMode) -> Self {
        self.settings.backtrace = Some(mode);
        self
    }

    /// Sets how errors are recorded that the program handled within annotated functions; all of
    /// them by default.
    pub fn handled(mut self, handled: Handled) -> Self {
        self.settings.handled = Some(handled);
        self
    }

    /// Sets whether errors without information are recorded; by default they are not, unless they
    /// are captured explicitly or become an error with information.
    ///
    /// These are `()`, and errors with an empty text and no source. An error without `Display`
    /// whose `Debug` shows only the name of its type is one of them if it is handled within
    /// annotated functions.
    pub fn empty_errors(mut self, empty_errors: bool) -> Self {
        self.settings.empty_errors = Some(empty_errors);
        self
    }

    /// Sets how many issues and events are kept, and for how long.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = Some(retention);
        self
    }

    /// Sets the maximum number of queued events, from 1 to 1,000,000; 4,096 by default.
    pub fn queue(mut self, events: u32) -> Self {
        self.settings.queue = Some(events);
        self
    }

    /// Removes the invalid settings, and returns what is wrong with each.
    pub(super) fn take_invalid(&mut self) -> Vec<InitError> {
        let mut problems = self.settings.take_invalid();
        let folder = self.state_folder.as_deref().map(super::state_folder::find);
        if let Some(Err(problem)) = folder {
            self.state_folder = None;
            problems.push(problem);
        }
        problems
    }

    /// Returns the types whose variables are never read.
    pub(super) fn skipped_types(&self) -> Vec<String> {
        self.skipped_types.clone()
    }

    pub(super) fn records_panics(&self) -> bool {
        self.settings.panics.unwrap_or(true)
    }

    pub(super) fn handles_signals(&self) -> bool {
        self.flush_on_signals
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.settings.enabled.unwrap_or(true)
    }
}
