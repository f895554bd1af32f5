//! Creates a tracker from its builder.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::builder::TrackerBuilder;
use super::error::InitError;
use super::handled::WantedFailures;
use super::naming::NameLookup;
use super::settings::Settings;
use super::{Tracker, TrackerParts, record};
use crate::DISABLED;
use crate::event::Origin;
use crate::mask::Masking;
use crate::pipeline::{Options, Pipeline};
#[cfg(feature = "sqlite")]
use crate::store::SqliteStore;
use crate::store::{MemoryStore, Retention, Store};

impl TrackerBuilder {
    /// Creates a tracker that is independent of the global one.
    ///
    /// # Errors
    /// If a setting is invalid.
    pub fn build(mut self) -> Result<Tracker, InitError> {
        if let Some(problem) = self.take_invalid().into_iter().next() {
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
            prepare: Box::new(move |event| record::prepare(&mask_lines, event)),
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
            untracked: AtomicU64::new(0),
        };
        Ok(Tracker { inner: Arc::new(inner) })
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

/// The file of a program that sets none.
#[cfg(feature = "sqlite")]
const DEFAULT_FILE: &str = "errors.db";

#[cfg(feature = "sqlite")]
fn default_store(
    settings: &Settings,
    state_folder: Option<&str>,
    retention: &Retention,
) -> Result<Arc<dyn Store>, InitError> {
    let folder = state_folder.map(super::state_folder::find).transpose()?;
    let path = match (&settings.database, &folder) {
        (Some(file), _) => file.clone(),
        (None, Some(folder)) => folder.join(DEFAULT_FILE),
        (None, None) => DEFAULT_FILE.into(),
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
        "the feature `sqlite` is off, so there is no default: set one with `TrackerBuilder::store`",
    ))
}

/// Returns the name by which the program was called.
fn program() -> String {
    let called = std::env::args_os().next().filter(|name| !name.is_empty()).map(PathBuf::from);
    let path = called.or_else(|| std::env::current_exe().ok()).unwrap_or_default();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.strip_suffix(std::env::consts::EXE_SUFFIX).map(str::to_owned).unwrap_or(name)
}

/// Returns the arguments of the program for events. Long ones are cut before their last word, which
/// may be the start of a secret.
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
