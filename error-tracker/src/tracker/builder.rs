use std::fmt::{self, Debug};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::error::InitError;
use super::global::{self, Installed};
use super::settings::Settings;
use super::{BeforeCapture, ContextBuilder, Global, Ignore, Inner, Tracker};
use crate::DISABLED;
use crate::event::{Event, Origin};
use crate::mask::Masking;
use crate::pipeline::{Options, Pipeline};
use crate::store::{MemoryStore, Retention, Store};

/// Sets up a tracker; made by [`builder()`]. Of two calls that set the same the later counts. What is wrong with a
/// setting is said by [`Builder::install`] and [`Builder::build`].
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
pub struct Builder {
    settings: Settings,
    store: Option<Arc<dyn Store>>,
    masking: Option<Masking>,
    retention: Option<Retention>,
    tags: Vec<(String, String)>,
    globals: Vec<(String, Global)>,
    contexts: Vec<Box<dyn ContextBuilder>>,
    before_capture: Vec<BeforeCapture>,
    ignores: Vec<Ignore>,
}

impl Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A tracker to be set up, with the default of every setting. The environment is not read: see [`Settings::from_env`].
pub fn builder() -> Builder {
    Builder {
        settings: Settings::default(),
        store: None,
        masking: None,
        retention: None,
        tags: Vec::new(),
        globals: Vec::new(),
        contexts: Vec::new(),
        before_capture: Vec::new(),
        ignores: Vec::new(),
    }
}

impl Builder {
    /// Takes settings from the environment or a configuration file; those that are not given stay as they are.
    pub fn settings(mut self, settings: Settings) -> Self {
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
            queue,
            max_age_days,
            max_issues,
            max_occurrences
        );
        self
    }

    /// Keeps events in this SQLite file; `errors.db` in the current folder by default.
    pub fn database(mut self, path: impl AsRef<Path>) -> Self {
        self.settings.database = Some(PathBuf::from(path.as_ref()));
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

    /// The program's release, such as `shop@1.4.2`.
    pub fn release(mut self, release: impl Into<String>) -> Self {
        self.settings.release = Some(release.into());
        self
    }

    /// `production`, `staging`, ..
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.settings.environment = Some(environment.into());
        self
    }

    /// The machine's name, in place of the one that the system tells.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.settings.host = Some(host.into());
        self
    }

    /// What is masked, and how; the standard lists by default.
    pub fn masking(mut self, masking: Masking) -> Self {
        self.masking = Some(masking);
        self
    }

    /// A tag on every event.
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
        let read: Global = Box::new(move |see| see(std::any::type_name::<T>(), Some(&value())));
        self.globals.push((name.into(), read));
        self
    }

    /// Adds to the extra data of every event.
    pub fn context(mut self, context: impl ContextBuilder) -> Self {
        self.contexts.push(Box::new(context));
        self
    }

    /// Sees every event before it is queued, and may change or drop it (`None`). Runs on the thread that failed; an
    /// event whose hook panics is dropped and counted. Events of a storm that are only counted do not come here.
    pub fn before_capture(mut self, hook: impl Fn(Event) -> Option<Event> + Send + Sync + 'static) -> Self {
        self.before_capture.push(Box::new(hook));
        self
    }

    /// Does not record errors of this type, given by its path (`shop::Cancelled`) or last name (`Cancelled`).
    pub fn ignore_type(mut self, type_name: impl Into<String>) -> Self {
        self.settings.ignore.get_or_insert_default().push(type_name.into());
        self
    }

    /// Does not record events for which `rule` answers `true`. One that panics ignores nothing.
    pub fn ignore(mut self, rule: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Self {
        self.ignores.push(Box::new(rule));
        self
    }

    /// Whether panics are recorded; they are by default, by a global tracker with the feature `panic`.
    pub fn panics(mut self, panics: bool) -> Self {
        self.settings.panics = Some(panics);
        self
    }

    /// How much is kept.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = Some(retention);
        self
    }

    /// How many events wait for the store at most, 1 to 1,000,000; 4,096 by default.
    pub fn queue(mut self, events: u32) -> Self {
        self.settings.queue = Some(events);
        self
    }

    /// Sets up the global tracker, where the attributes and macros record.
    ///
    /// A store that cannot be opened is no error: standard error says so once, and events are counted as dropped until
    /// it can be.
    ///
    /// # Errors
    /// A setting is wrong, or a tracker is installed already.
    pub fn install(self) -> Result<Installed, InitError> {
        global::install(self)
    }

    /// Sets up a tracker that stands on its own.
    ///
    /// # Errors
    /// A setting is wrong.
    pub fn build(self) -> Result<Tracker, InitError> {
        self.settings.check()?;
        let Self { settings, store, masking, retention, tags, globals, contexts, before_capture, ignores } =
            self;
        let masking = masking_of(masking, &settings);
        let retention = retention.unwrap_or_else(|| retention_of(&settings));
        let store = match store {
            _ if DISABLED => Arc::new(MemoryStore::new()),
            Some(store) => store,
            None => default_store(&settings, &retention)?,
        };
        let origin = Origin {
            host: settings.host.unwrap_or_else(host),
            release: settings.release.unwrap_or_default(),
            environment: settings.environment.unwrap_or_default(),
            process: std::process::id(),
        };
        let options = Options {
            capacity: settings.queue.map_or(4096, |queue| queue as usize),
            retention,
            writes: !DISABLED,
            prepare: Box::new(super::prepare()),
            ..Options::default()
        };
        let pipeline = Pipeline::start(Arc::clone(&store), options);
        let ignored_types = settings.ignore.unwrap_or_default();
        let inner = Inner {
            store,
            pipeline,
            masking,
            origin,
            tags,
            globals,
            contexts,
            before_capture,
            ignored_types,
            ignores,
        };
        Ok(Tracker { inner: Arc::new(inner) })
    }

    pub(super) fn records_panics(&self) -> bool {
        self.settings.panics.unwrap_or(true)
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.settings.enabled.unwrap_or(true)
    }
}

fn masking_of(masking: Option<Masking>, settings: &Settings) -> Masking {
    let mut masking = masking.unwrap_or_default();
    if let Some(names) = &settings.mask {
        masking = masking.only(names);
    }
    if let Some(text) = &settings.mask_with {
        masking = masking.text(text);
    }
    if let Some(values) = settings.mask_values {
        masking = masking.values(values);
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
    retention
}

#[cfg(feature = "sqlite")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature there is no default")]
fn default_store(settings: &Settings, retention: &Retention) -> Result<Arc<dyn Store>, InitError> {
    let path = settings.database.clone().unwrap_or_else(|| "errors.db".into());
    Ok(Arc::new(super::reopening::Reopening::new(path, retention.clone())))
}

#[cfg(not(feature = "sqlite"))]
fn default_store(_: &Settings, _: &Retention) -> Result<Arc<dyn Store>, InitError> {
    Err(InitError::setting(
        "store",
        "the feature `sqlite` is off, so there is no default: give one with `Builder::store`",
    ))
}

fn host() -> String {
    hostname::get().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
