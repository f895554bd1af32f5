use std::ffi::OsString;
use std::fmt::{self, Debug};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::error::InitError;
use super::handled::{Handled, WantedFailures};
use super::naming::NameLookup;
use super::settings::Settings;
use super::{BeforeCapture, ContextBuilder, GlobalReader, IgnoreRule, Tracker, TrackerParts};
use crate::DISABLED;
use crate::event::{Event, Origin};
use crate::mask::Masking;
use crate::pipeline::{EventObserver, NamedObserver, Options, Pipeline};
use crate::stack::BacktraceMode;
#[cfg(feature = "sqlite")]
use crate::store::SqliteStore;
use crate::store::{MemoryStore, Retention, Store};

/// Sets up a tracker; made by [`builder()`]. Of two calls that set the same the later counts.
/// [`TrackerBuilder::install`] and [`TrackerBuilder::build`] return what is wrong with a setting.
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
    settings: Settings,
    store: Option<Arc<dyn Store>>,
    masking: Option<Masking>,
    retention: Option<Retention>,
    tags: Vec<(String, String)>,
    globals: Vec<(String, GlobalReader)>,
    contexts: Vec<Box<dyn ContextBuilder>>,
    before_capture: Vec<BeforeCapture>,
    ignores: Vec<IgnoreRule>,
    observers: Vec<Arc<NamedObserver>>,
    flush_on_signals: bool,
    state_folder: Option<String>,
    skipped_types: Vec<String>,
}

impl Debug for TrackerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Returns a tracker to be set up, with the default of every setting. The environment is not read: see
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
    /// Takes settings from the environment or a configuration file; those that are not given stay as they are.
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

    /// Keeps events in this SQLite file; `errors.db` in the current folder by default.
    pub fn database(mut self, path: impl AsRef<Path>) -> Self {
        self.settings.database = Some(PathBuf::from(path.as_ref()));
        self.state_folder = None;
        self
    }

    /// Keeps events in `errors.db` in the user's folder for the state of the program `name`, wherever it is run: for
    /// command-line programs.
    ///
    /// The folder is `$XDG_STATE_HOME/name`, by default `~/.local/state/name`, on Linux and other Unix systems;
    /// `~/Library/Application Support/name` on macOS; `%LOCALAPPDATA%\name` on Windows. It is made with the first
    /// event, for its owner only.
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

    /// Keeps events in this store, in place of a SQLite file.
    pub fn store(self, store: impl Store) -> Self {
        self.shared_store(Arc::new(store))
    }

    /// Keeps events in a store that others hold as well.
    pub fn shared_store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets the program's release, such as `shop@1.4.2`.
    pub fn release(mut self, release: impl Into<String>) -> Self {
        self.settings.release = Some(release.into());
        self
    }

    /// `production`, `staging`, ..
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.settings.environment = Some(environment.into());
        self
    }

    /// Sets the machine's name, in place of the system's name for it.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.settings.host = Some(host.into());
        self
    }

    /// Sets what is masked, and how; the standard lists by default.
    pub fn masking(mut self, masking: Masking) -> Self {
        self.masking = Some(masking);
        self
    }

    /// Adds a tag to every event.
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((name.into(), value.into()));
        self
    }

    /// Shows a global with every event: `global("LIMITS", || &LIMITS)`.
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

    /// Adds to the extra data of every event.
    pub fn context(mut self, context: impl ContextBuilder) -> Self {
        self.contexts.push(Box::new(context));
        self
    }

    /// Sees every event before it is queued, and may change or drop it (`None`). Runs on the thread that reports, mostly the one that failed; an
    /// event whose hook panics is dropped and counted. Events of a storm that are only counted do not come here.
    pub fn before_capture(
        mut self,
        hook: impl Fn(Event) -> Option<Event> + Send + Sync + 'static,
    ) -> Self {
        self.before_capture.push(Box::new(hook));
        self
    }

    /// Adds an observer, which hears of each event after it was stored, on a thread of its own: see [`EventObserver`].
    pub fn observer<T: EventObserver>(mut self, observer: T) -> Self {
        let name = std::any::type_name::<T>();
        self.observers.push(Arc::new(NamedObserver { name, observer: Box::new(observer) }));
        self
    }

    /// Does not record errors of this type, given by its path (`shop::Cancelled`) or last name (`Cancelled`).
    pub fn ignore_type(mut self, type_name: impl Into<String>) -> Self {
        self.settings.ignore.get_or_insert_default().push(type_name.into());
        self
    }

    /// Never reads variables of this type, given by its path (`clap::ArgMatches`) or last name (`ArgMatches`), nor
    /// what holds one by its type (`&T`, `Option<T>`, `Arc<Vec<T>>`): in all functions, as the option `skip` does for
    /// one. Only the global tracker can: see [`install`](Self::install).
    ///
    /// ```
    /// let builder = error_tracker::builder().skip_type("ArgMatches");
    /// ```
    pub fn skip_type(mut self, type_name: impl Into<String>) -> Self {
        self.skipped_types.push(type_name.into());
        self
    }

    /// Does not record events for which `rule` returns `true`. One that panics ignores nothing.
    pub fn ignore(mut self, rule: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Self {
        self.ignores.push(Box::new(rule));
        self
    }

    /// Sets whether panics are recorded; they are by default, by a global tracker with the feature `panic`.
    pub fn panics(mut self, panics: bool) -> Self {
        self.settings.panics = Some(panics);
        self
    }

    /// Stores what was captured before one of the signals `SIGTERM`, `SIGINT`, `SIGQUIT` and `SIGHUP`, or `abort()`,
    /// ends the program, for up to 2 seconds. Off by default. It then ends as it would have, by the same signal; a
    /// second signal ends it at once. Only by [`TrackerBuilder::install`], and on Linux.
    ///
    /// A signal that the program handles itself or ignores is left to it. The program runs on while the events are
    /// stored.
    pub fn flush_on_signals(mut self) -> Self {
        self.flush_on_signals = true;
        self
    }

    /// Sets of which failures the call stack is taken; [`BacktraceMode::Auto`] by default. The global tracker chooses
    /// for the whole program: one of [`TrackerBuilder::build`] can only keep none.
    pub fn backtrace(mut self, mode: BacktraceMode) -> Self {
        self.settings.backtrace = Some(mode);
        self
    }

    /// Sets what is recorded of errors that the program handled on the way; all of them by default.
    pub fn handled(mut self, handled: Handled) -> Self {
        self.settings.handled = Some(handled);
        self
    }

    /// Sets whether errors that say nothing are recorded; by default they are not, unless they are captured by hand
    /// or become an error that says something.
    ///
    /// Such are `()`, and errors whose text is empty and that have no source. An error without `Display`, of which
    /// `Debug` shows the name of its type only, counts among them where it is handled on the way.
    pub fn empty_errors(mut self, empty_errors: bool) -> Self {
        self.settings.empty_errors = Some(empty_errors);
        self
    }

    /// Sets how much is kept.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = Some(retention);
        self
    }

    /// Sets the largest number of events that wait for the store, 1 to 1,000,000; 4,096 by default.
    pub fn queue(mut self, events: u32) -> Self {
        self.settings.queue = Some(events);
        self
    }

    /// Takes out the settings that are wrong. Returns what is wrong with each.
    pub(super) fn take_wrong(&mut self) -> Vec<InitError> {
        let mut problems = self.settings.take_wrong();
        let folder = self.state_folder.as_deref().map(super::state_folder::find);
        if let Some(Err(problem)) = folder {
            self.state_folder = None;
            problems.push(problem);
        }
        problems
    }

    /// Sets up a tracker that stands on its own.
    ///
    /// # Errors
    /// A setting is wrong.
    pub fn build(mut self) -> Result<Tracker, InitError> {
        if let Some(problem) = self.take_wrong().into_iter().next() {
            return Err(problem);
        }
        let Self {
            settings,
            store,
            masking,
            retention,
            tags,
            globals,
            contexts,
            before_capture,
            ignores,
            observers,
            flush_on_signals: _,
            state_folder,
            ..
        } = self;
        let masking = masking_of(masking, &settings);
        let retention = retention.unwrap_or_else(|| retention_of(&settings));
        let store = match store {
            _ if DISABLED => Arc::new(MemoryStore::new()),
            Some(store) => store,
            None => default_store(&settings, state_folder.as_deref(), &retention)?,
        };
        let origin = Origin {
            host: settings.host.unwrap_or_else(host),
            release: settings.release.unwrap_or_default(),
            environment: settings.environment.unwrap_or_default(),
            process: std::process::id(),
            program: program(),
            arguments: arguments(std::env::args_os().skip(1)),
        };
        let mask_lines = masking.clone();
        let options = Options {
            capacity: settings.queue.map_or(4096, |queue| queue as usize),
            retention,
            writes: !DISABLED,
            prepare: Box::new(move |event| super::prepare(&mask_lines, event)),
            hooks: Box::<NameLookup>::default(),
            observers,
            ..Options::default()
        };
        let pipeline = Pipeline::start(store, options);
        let store = pipeline.store();
        let wanted = WantedFailures {
            handled: settings.handled.unwrap_or_default(),
            empty_errors: settings.empty_errors.unwrap_or(false),
        };
        let ignored_types = settings.ignore.unwrap_or_default();
        let inner = TrackerParts {
            store,
            pipeline,
            masking,
            origin,
            tags,
            globals,
            contexts,
            before_capture,
            wanted,
            ignored_types,
            ignores,
            backtrace: settings.backtrace.unwrap_or_default(),
        };
        Ok(Tracker { inner: Arc::new(inner) })
    }

    /// Types whose variables are never read.
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

fn masking_of(masking: Option<Masking>, settings: &Settings) -> Masking {
    let mut masking = masking.unwrap_or_default();
    if let Some(names) = &settings.mask {
        masking = masking.mask_only(names);
    }
    if let Some(text) = &settings.mask_with {
        masking = masking.replacement(text);
    }
    if let Some(values) = settings.mask_values {
        masking = masking.detect_secrets(values);
    }
    masking
}

fn retention_of(settings: &Settings) -> Retention {
    let mut retention = Retention::default();
    if let Some(days) = settings.max_age_days {
        retention.max_age = Duration::from_secs(u64::from(days) * 86_400);
    }
    if let Some(issues) = settings.max_issues {
        retention.max_issues = u64::from(issues);
    }
    if let Some(occurrences) = settings.max_occurrences {
        retention.max_occurrences = u64::from(occurrences);
    }
    if let Some(megabytes) = settings.max_megabytes {
        retention.max_megabytes = u64::from(megabytes);
    }
    retention
}

/// The file of a program that names none.
#[cfg(feature = "sqlite")]
const FILE: &str = "errors.db";

#[cfg(feature = "sqlite")]
fn default_store(
    settings: &Settings,
    state_folder: Option<&str>,
    retention: &Retention,
) -> Result<Arc<dyn Store>, InitError> {
    let folder = state_folder.map(super::state_folder::find).transpose()?;
    let path = match (&settings.database, &folder) {
        (Some(file), _) => file.clone(),
        (None, Some(folder)) => folder.join(FILE),
        (None, None) => FILE.into(),
    };
    Ok(Arc::new(SqliteStore::unopened(&path, folder).with_retention(retention.clone())))
}

#[cfg(not(feature = "sqlite"))]
fn default_store(
    _: &Settings,
    _: Option<&str>,
    _: &Retention,
) -> Result<Arc<dyn Store>, InitError> {
    Err(InitError::setting(
        "store",
        "the feature `sqlite` is off, so there is no default: give one with `TrackerBuilder::store`",
    ))
}

/// Returns the name of the program's file, as it was called.
fn program() -> String {
    let called = std::env::args_os().next().filter(|name| !name.is_empty()).map(PathBuf::from);
    let path = called.or_else(|| std::env::current_exe().ok()).unwrap_or_default();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.strip_suffix(std::env::consts::EXE_SUFFIX).map(str::to_owned).unwrap_or(name)
}

/// Returns the arguments that events show. One that is cut loses its last word, which may be the start of a secret
/// that is not known by its start.
fn arguments(all: impl Iterator<Item = OsString>) -> Vec<String> {
    const MAX_ARGUMENTS: usize = 64;
    const MAX_BYTES: usize = 512;
    let shown = |argument: OsString| {
        let mut text = argument.to_string_lossy().into_owned();
        if text.len() > MAX_BYTES {
            text.truncate(text.floor_char_boundary(MAX_BYTES));
            text.truncate(
                text.rfind(|c: char| !c.is_alphanumeric())
                    .map_or(0, |at| text.ceil_char_boundary(at + 1)),
            );
            text.push('…');
        }
        text
    };
    all.take(MAX_ARGUMENTS).map(shown).collect()
}

fn host() -> String {
    hostname::get().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
