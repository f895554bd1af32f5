//! The tracker: settings, the program's hooks, the pipeline to the store, and the global instance.

mod build_tracker;
mod builder;
mod ending;
mod environment;
mod error;
mod global;
mod handled;
mod likeness;
mod naming;
mod record;
mod settings;
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "signal handlers")]
mod signals;
mod state_folder;

pub use builder::{TrackerBuilder, builder};
pub use error::InitError;
pub use global::{TrackerGuard, init, init_or_warn, tracker};
pub use handled::Handled;
pub use settings::Settings;

use std::error::Error;
use std::fmt;
use std::panic::{Location, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::DISABLED;
use crate::capture::{self, Symbolizer, build};
use crate::event::{Event, Issue, Origin, Timestamp, UserKey, new_id};
use crate::fingerprint;
use crate::json::Map;
use crate::mask::{self, EventTaint, Masking};
use crate::pipeline::{FlushError, Health, Pipeline};
use crate::scope::bounds;
use crate::stack::BacktraceMode;
use crate::store::{
    EventSelector, IssueChange, IssueQuery, Page, Recorded, Sighting, Store, StoreError,
};
use crate::trace;
use crate::trace::early_report;
use crate::trace::function_meta::GlobalVisitor;
use handled::WantedFailures;

/// Adds extra data to every event, such as the data centre, the build or a feature flag.
///
/// Closures implement it. It runs for each event on the thread that reports, which is usually the
/// failing one. Failures within it are not recorded, and if it panics it adds nothing.
///
/// ```
/// use error_tracker::json::Map;
///
/// let builder = error_tracker::builder().context(|| Map::from([("data_centre", "fra1")]));
/// ```
pub trait ContextBuilder: Send + Sync + 'static {
    /// Returns the extra data by name.
    fn get_context(&self) -> Map;
}

impl<F: Fn() -> Map + Send + Sync + 'static> ContextBuilder for F {
    fn get_context(&self) -> Map {
        self()
    }
}

type BeforeCapture = Box<dyn Fn(Event) -> Option<Event> + Send + Sync>;
type IgnoreRule = Box<dyn Fn(&Event) -> bool + Send + Sync>;
type GlobalReader = Box<dyn Fn(GlobalVisitor<'_>) + Send + Sync>;

/// Records failures: masks them, groups them and keeps them in its store. Cheap to clone.
///
/// Most programs have only the global tracker, which [`init()`] or [`TrackerBuilder::install`]
/// creates; the attributes and macros record there. A tracker from [`TrackerBuilder::build`] is
/// independent of it, for tests and embedded programs.
#[derive(Clone)]
pub struct Tracker {
    inner: Arc<TrackerParts>,
}

struct TrackerParts {
    store: Arc<dyn Store>,
    pipeline: Pipeline,
    masking: Masking,
    origin: Origin,
    tags: Vec<(String, String)>,
    globals: Vec<(String, GlobalReader)>,
    contexts: Vec<Box<dyn ContextBuilder>>,
    before_capture: Vec<BeforeCapture>,
    wanted: WantedFailures,
    ignored_types: Vec<String>,
    ignores: Vec<IgnoreRule>,
    backtrace: BacktraceMode,
    /// Failures that were dropped, since the result of their work is not tracked.
    untracked: AtomicU64,
}

impl fmt::Debug for Tracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracker").field("store", &self.inner.store).finish_non_exhaustive()
    }
}

#[cfg(feature = "viewer")]
const HOOK_REPLACED: &str = "The panic hook of error-tracker was replaced: panics are recorded without message and place, \
                             or not at all";

impl Tracker {
    /// Records an error in this tracker, like [`capture_exception`](crate::capture_exception()) in
    /// the global one.
    #[track_caller]
    pub fn capture_exception<E: Error + ?Sized>(&self, error: &E) -> Option<String> {
        self.record(&mut *capture::failure_of(error, Location::caller())?, |_| ()).id()
    }

    /// Records a message in this tracker, like [`capture_message`](crate::capture_message()) in the
    /// global one.
    #[track_caller]
    pub fn capture_message(&self, text: impl Into<String>) -> Option<String> {
        self.record(&mut *capture::failure_of_message(text.into(), Location::caller())?, |_| ())
            .id()
    }

    /// Waits, at most `timeout` and 50 ms, until everything that any thread captured before this
    /// call is stored in the file that is now at the path, and each
    /// [`EventObserver`](crate::EventObserver) has handled it. The global tracker includes the
    /// pending errors of all threads: as long as it is not known whether they are handled they
    /// count as handled. An observer may call this; it then does not wait for observers.
    ///
    /// # Errors
    /// If something could not be stored or observed, or not in time.
    pub fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        if tracker().is_some_and(|global| Arc::ptr_eq(&global.inner, &self.inner)) {
            let _ = catch_unwind(|| early_report::report_all(true));
        }
        self.inner.pipeline.flush(timeout)
    }

    /// Returns the state of the tracker, and counters of all events so far.
    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            panic_hook_replaced: trace::panic::hook_is_replaced(),
            untracked: self.inner.untracked.load(Ordering::Relaxed),
            ..self.inner.pipeline.health()
        }
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.store
    }

    /// Lists issues. Blocks while the store is read.
    ///
    /// # Errors
    /// The store's.
    pub fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        self.inner.store.issues(query)
    }

    /// Returns an issue with its latest event. Blocks while the store is read and names of the
    /// backtrace are found.
    ///
    /// # Errors
    /// The store's.
    pub fn issue(&self, hash: &str) -> Result<Option<(Issue, Option<Event>)>, StoreError> {
        let Some(issue) = self.inner.store.issue(hash)? else { return Ok(None) };
        let mut event = self.inner.store.event(hash, &EventSelector::Latest)?;
        if let Some(event) = &mut event {
            Symbolizer::default().add_names(event);
        }
        Ok(Some((issue, event)))
    }

    /// Deletes an issue with its events, and returns whether there was one. Blocks while the store
    /// is written.
    ///
    /// # Errors
    /// If the store fails; then nothing was deleted.
    pub fn delete_issue(&self, hash: &str) -> Result<bool, StoreError> {
        Ok(self.inner.store.delete(&[hash])? > 0)
    }

    /// Changes an issue, and returns whether there was one: resolves, mutes or reopens it, assigns it
    /// to somebody, adds or deletes a note. Masks the text of a note like that of events. Blocks
    /// while the store is written.
    ///
    /// # Errors
    /// If the store fails, or refuses the change; then nothing was changed.
    pub fn change_issue(&self, hash: &str, change: &IssueChange) -> Result<bool, StoreError> {
        let change = change.clone().masked(&self.inner.masking);
        Ok(self.inner.store.change(&[hash], &change)? > 0)
    }

    /// Merges issues into another one, and returns how many. They become parts of it, and what comes
    /// of them later counts for it, see [`Store::merge`]. Blocks while the store is written.
    ///
    /// # Errors
    /// If the store fails; then nothing was changed.
    pub fn merge_issues(&self, hashes: &[&str], into: &str) -> Result<u64, StoreError> {
        self.inner.store.merge(hashes, into)
    }

    /// Makes a part of an issue an issue of its own again, and returns whether it was one. Blocks
    /// while the store is written.
    ///
    /// # Errors
    /// If the store fails; then nothing was changed.
    pub fn unmerge_issue(&self, hash: &str) -> Result<bool, StoreError> {
        Ok(self.inner.store.unmerge(&[hash])? > 0)
    }

    /// Records an event that was created elsewhere, such as one from another program's export:
    /// masks it, groups it, and writes it at once. Adds an id and a time if they are missing. An
    /// issue that was resolved after the event's time stays resolved. Blocks while the store is
    /// written.
    ///
    /// # Errors
    /// If the store fails; then nothing was recorded.
    pub fn record_event(&self, mut event: Event) -> Result<Recorded, StoreError> {
        if DISABLED {
            return Ok(Recorded::default());
        }
        if event.id.is_empty() {
            event.id = new_id();
        }
        if event.at == Timestamp::default() {
            event.at = Timestamp::now();
        }
        bounds::cut_depth(&mut event.context);
        event.user_key = UserKey::of(&event.context.user);
        mask::event(&self.inner.masking, &mut event, EventTaint::default());
        build::bound(&mut event);
        event.grouping = fingerprint::group(&event);
        let recorded = self.inner.store.record(&[Sighting::new(event)])?;
        Ok(recorded.into_iter().next().unwrap_or_default())
    }

    /// Returns a viewer for the issues of this tracker. It denies every request until a permission
    /// is set.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tracker = error_tracker::init()?;
    /// let pages = tracker.viewer().prefix("/dev/error").permission(|request: &_| is_admin(request));
    /// # Ok(())
    /// # }
    /// # fn is_admin<T>(_: &T) -> bool { false }
    /// ```
    #[cfg(feature = "viewer")]
    #[must_use]
    pub fn viewer(&self) -> crate::viewer::Viewer {
        let tracker = self.clone();
        let viewer = crate::viewer::Viewer::new(Arc::clone(self.store()));
        viewer.masking(self.inner.masking.clone()).health(move || {
            let health = tracker.health();
            let dropped: Vec<String> = health
                .dropped
                .iter()
                .map(|(reason, count)| format!("{count} ({reason})"))
                .collect();
            let dropped = (!dropped.is_empty())
                .then(|| format!("Events were dropped: {}", dropped.join(", ")));
            let replaced = health.panic_hook_replaced.then(|| HOOK_REPLACED.to_owned());
            dropped.into_iter().chain(replaced).reduce(|a, b| format!("{a}. {b}"))
        })
    }

    /// Starts a server that shows the pages to everybody who can reach `address`. Use a loopback
    /// address, such as `127.0.0.1:8765`; port 0 takes a free port. The server stops when the
    /// returned value is dropped.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tracker = error_tracker::init()?;
    /// let server = tracker.serve("127.0.0.1:8765")?;
    /// println!("{}", server.url());
    /// server.wait();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the port is in use, or the address does not belong to this machine or is not loopback:
    /// for the last see [`Server::builder`](crate::viewer::Server::builder), which requires a
    /// token.
    #[cfg(feature = "viewer")]
    pub fn serve(
        &self,
        address: impl std::net::ToSocketAddrs + fmt::Debug,
    ) -> Result<crate::viewer::Server, crate::viewer::ServerError> {
        crate::viewer::Server::bind(self.viewer(), address)
    }
}
