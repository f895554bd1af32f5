//! The tracker: settings, the queue and its store, the program's own hooks, and the one that is global.

mod builder;
mod ending;
mod environment;
mod error;
mod global;
mod handled;
mod likeness;
mod naming;
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

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::DISABLED;
use crate::capture::source::SourceFiles;
use crate::capture::{self, Symbolizer, build};
use crate::event::{Event, Issue, Kind, Origin, Status, Timestamp, new_id};
use crate::fingerprint;
use crate::json::Map;
use crate::mask::{self, EventTaint, Masking};
use crate::pipeline::{FlushError, Health, Likeness, Pipeline};
use crate::scope::bounds;
use crate::snapshot::at_failure::{SlotReader, UserCode};
use crate::snapshot::policy;
use crate::stack::BacktraceMode;
use crate::store::{EventSelector, IssueQuery, Page, Recorded, Sighting, Store, StoreError};
use crate::trace;
use crate::trace::early_report;
use crate::trace::failure::{Failure, ReportOutcome};
use crate::trace::frame_record::FrameRecord;
use crate::trace::function_meta::GlobalVisitor;
use crate::user_code::{self, UserCodeGuard};
use handled::WantedFailures;
use likeness::likeness;

/// Adds to the extra data of every event: the data centre, the build, a feature flag.
///
/// Runs on the thread that reports, mostly the one that failed, for each event; a closure implements it. What it fails with is not recorded, and
/// when it panics it adds nothing.
///
/// ```
/// use error_tracker::json::Map;
///
/// let builder = error_tracker::builder().context(|| Map::from([("data_centre", "fra1")]));
/// ```
pub trait ContextBuilder: Send + Sync + 'static {
    /// Returns what to add, by name.
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

/// Takes failures, masks and groups them, and keeps them in its store. Cheap to clone.
///
/// Most programs have one, the global one that [`init()`] or [`TrackerBuilder::install`] makes; the attributes and
/// macros record there. One from [`TrackerBuilder::build`] stands on its own, for tests and for programs in a
/// program.
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
}

impl fmt::Debug for Tracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracker").field("store", &self.inner.store).finish_non_exhaustive()
    }
}

/// The reason under which events are counted whose hook panicked.
const HOOK_PANICKED: &str = "before_capture panicked";

#[cfg(feature = "viewer")]
const HOOK_REPLACED: &str = "The panic hook of error-tracker was replaced: panics are recorded without message and place, \
                             or not at all";

impl Tracker {
    /// Records an error that the program handles itself; like [`capture_exception`](crate::capture_exception()), but
    /// here.
    #[track_caller]
    pub fn capture_exception<E: Error + ?Sized>(&self, error: &E) -> Option<String> {
        self.record(&mut *capture::failure_of(error, Location::caller())?, |_| ()).id()
    }

    /// Records a message; like [`capture_message`](crate::capture_message()), but here.
    #[track_caller]
    pub fn capture_message(&self, text: impl Into<String>) -> Option<String> {
        self.record(&mut *capture::failure_of_message(text.into(), Location::caller())?, |_| ())
            .id()
    }

    /// Waits until everything that any thread captured before this call is stored, in the file that is now at the
    /// path, and each [`EventObserver`](crate::EventObserver) has handled it, at most `timeout` and 50 ms. Of the
    /// global tracker that includes pending errors, on any thread: those of which nobody knows yet whether they are
    /// handled count as handled, until they leave the annotated functions. An observer may call this; it does not
    /// wait for observers.
    ///
    /// # Errors
    /// Some of it could not be stored or observed, or not in time.
    pub fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        if tracker().is_some_and(|global| Arc::ptr_eq(&global.inner, &self.inner)) {
            let _ = catch_unwind(|| early_report::report_all(true));
        }
        self.inner.pipeline.flush(timeout)
    }

    /// Returns what became of all events so far.
    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            panic_hook_replaced: trace::panic::hook_is_replaced(),
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

    /// Returns an issue with its latest event. Blocks while the store is read, and names of a backtrace are looked
    /// up.
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

    /// Deletes an issue with its events. Returns whether there was one. Blocks while the store is written.
    ///
    /// # Errors
    /// The store's; then nothing was deleted.
    pub fn delete_issue(&self, hash: &str) -> Result<bool, StoreError> {
        Ok(self.inner.store.delete(&[hash])? > 0)
    }

    /// Resolves, mutes or reopens an issue. Returns whether there was one. Blocks while the store is written.
    ///
    /// # Errors
    /// The store's; then nothing was changed.
    pub fn set_status(&self, hash: &str, status: Status) -> Result<bool, StoreError> {
        Ok(self.inner.store.set_status(&[hash], status)? > 0)
    }

    /// Keeps an event that was made elsewhere, such as one read from another program's export: masks it, groups it,
    /// and writes it at once. One without an id or a time gets them. An issue that was resolved after the event's
    /// time stays so. Blocks while the store is written.
    ///
    /// # Errors
    /// The store's; then nothing was kept.
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
        mask::event(&self.inner.masking, &mut event, EventTaint::default());
        build::bound(&mut event);
        event.grouping = fingerprint::group(&event);
        let recorded = self.inner.store.record(&[Sighting::new(event)])?;
        Ok(recorded.into_iter().next().unwrap_or_default())
    }

    /// Makes a viewer of what this tracker keeps, closed to everybody until they are given a permission.
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
        crate::viewer::Viewer::new(Arc::clone(self.store())).health(move || {
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

    /// Shows the pages on a server of their own, to everybody who can reach `address`: use a loopback one, such as
    /// `127.0.0.1:8765`; port 0 takes a free one. It stops when what this returns is dropped.
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
    /// The port is in use, or the address is not of this machine or not loopback: then see
    /// [`Server::builder`](crate::viewer::Server::builder), which takes a token.
    #[cfg(feature = "viewer")]
    pub fn serve(
        &self,
        address: impl std::net::ToSocketAddrs + fmt::Debug,
    ) -> Result<crate::viewer::Server, crate::viewer::ServerError> {
        crate::viewer::Server::bind(self.viewer(), address)
    }

    /// Records a failure, unless it is of no interest; `complete` adds what only an event shows.
    fn record(&self, failure: &mut Failure, complete: impl FnOnce(&mut Failure)) -> ReportOutcome {
        if !self.inner.wanted.wants(failure) {
            return ReportOutcome::Unwanted;
        }
        if self.count(failure) {
            return ReportOutcome::Counted;
        }
        complete(failure);
        self.accept(failure).map_or(ReportOutcome::No, ReportOutcome::Event)
    }

    /// Counts a failure onto its issue when equal ones storm, or when it is only to be counted. Returns whether it did.
    fn count(&self, failure: &Failure) -> bool {
        let (pipeline, like, now) =
            (&self.inner.pipeline, self.likeness(failure), Timestamp::now());
        if self.inner.wanted.only_counts(failure) {
            pipeline.count(like, now)
        } else {
            pipeline.coalesce(like, now)
        }
    }

    /// Makes an event of a failure and puts it into the queue. Returns its id.
    fn accept(&self, failure: &Failure) -> Option<String> {
        let id = match &failure.report {
            ReportOutcome::Early(id) => id.clone(),
            _ => new_id(),
        };
        match self.event(failure, id) {
            Ok(event) => {
                let (id, like) = (event.id.clone(), self.likeness(failure));
                if self.inner.wanted.only_counts(failure) {
                    self.inner.pipeline.submit_to_count(event, like);
                } else {
                    self.inner.pipeline.submit(event, like);
                }
                Some(id)
            }
            Err(RefusalReason::Ignored) => None,
            Err(RefusalReason::HookPanicked) => {
                self.inner.pipeline.count_dropped_one(HOOK_PANICKED);
                None
            }
        }
    }

    /// Makes the event of a panic that was accepted when it began anew. A refusal comes too late.
    fn replace(&self, failure: &Failure) {
        if let ReportOutcome::Early(id) = &failure.report
            && let Ok(event) = self.event(failure, id.clone())
        {
            self.inner.pipeline.replace(event);
        }
    }

    /// Returns the event of a failure, as the program's own hooks leave it.
    fn event(&self, failure: &Failure, id: String) -> Result<Event, RefusalReason> {
        let inner = &*self.inner;
        let mut taint = failure.values.taint.clone();
        let mut event = build::event(failure, id);
        event.origin = inner.origin.clone();
        if inner.backtrace == BacktraceMode::Off {
            event.backtrace.clear();
            event.objects.clear();
        }
        let _rendering = UserCodeGuard::start();
        if inner.ignores(&event) {
            return Err(RefusalReason::Ignored);
        }
        inner.add_context(&mut event, &mut taint);
        for hook in &inner.before_capture {
            match catch_unwind(AssertUnwindSafe(|| hook(event))) {
                Ok(Some(changed)) => event = changed,
                Ok(None) => return Err(RefusalReason::Ignored),
                Err(payload) => {
                    user_code::drop_quietly(payload);
                    return Err(RefusalReason::HookPanicked);
                }
            }
        }
        bounds::cut_depth(&mut event.context);
        mask::event(&inner.masking, &mut event, taint);
        build::bound(&mut event);
        Ok(event)
    }
}

/// Why a failure becomes no event.
enum RefusalReason {
    Ignored,
    HookPanicked,
}

impl Tracker {
    /// Adds to the event of a failure, when that still waits, the functions that it passed since, the extra data of a
    /// capture, and what the scope there holds; says that it was captured, what it has become, and whether it was
    /// handled there.
    fn amend(&self, failure: &Failure) {
        let ReportOutcome::Event(id) = &failure.report else { return };
        let callers =
            failure.frames.iter().chain(&failure.callers).map(FrameRecord::frame).collect();
        let became = build::has_changed(failure);
        let mut added = Event { callers, chain: build::chain(failure), ..Event::default() };
        added.context.extras = failure.extras.clone();
        if !failure.explicit {
            failure.scope.fill(&mut added);
        }
        mask::event(&self.inner.masking, &mut added, failure.values.taint.clone());
        let (explicit, handled) = (failure.explicit, failure.handled);
        self.inner.pipeline.amend(id, move |event| {
            event.callers.extend(added.callers);
            if explicit {
                event.context.extras.extend(added.context.extras);
                event.captured |= event.handled;
            } else {
                event.context.add(added.context);
                let is_handled = event.handled || handled && event.kind == Kind::Error;
                event.handled = is_handled && (handled || event.captured);
                if became {
                    event.chain = added.chain;
                }
            }
        });
    }
}

impl Tracker {
    /// Adds further functions to the event of a failure, and what these know of the error.
    fn extend(&self, failure: &Failure) {
        let ReportOutcome::Event(id) = &failure.report else { return };
        let mut now = build::event(failure, id.clone());
        mask::event(&self.inner.masking, &mut now, failure.values.taint.clone());
        build::bound(&mut now);
        let waited = self.inner.pipeline.amend(id, |event| {
            (event.message, event.debug) = (now.message, now.debug);
            (event.variant, event.io_kind, event.by_text) = (now.variant, now.io_kind, now.by_text);
            (event.frames, event.chain, event.handled) = (now.frames, now.chain, now.handled);
        });
        if !waited && let Ok(event) = self.event(failure, id.clone()) {
            self.inner.pipeline.replace(event);
        }
    }

    /// Returns what a failure has in common with others. The program's own hooks may look at the text.
    fn likeness(&self, failure: &Failure) -> Likeness {
        let TrackerParts { before_capture, ignores, .. } = &*self.inner;
        likeness(failure, !before_capture.is_empty() || !ignores.is_empty())
    }
}

impl TrackerParts {
    /// Runs code of the program; one that panics is caught, and health says so.
    fn caught<T: Default>(&self, name: &str, run: impl FnOnce() -> T) -> T {
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
            user_code::drop_quietly(payload);
            self.pipeline.note_error(format!("{name} panicked"));
            T::default()
        })
    }

    fn ignores(&self, event: &Event) -> bool {
        let short = crate::event::short_type(&event.type_name, None);
        self.ignored_types.iter().any(|ignored| *ignored == event.type_name || *ignored == short)
            || self.ignores.iter().any(|rule| self.caught("an `ignore` rule", || rule(event)))
    }

    fn add_context(&self, event: &mut Event, taint: &mut EventTaint) {
        for (name, value) in &self.tags {
            event.context.tags.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let mut reader = SlotReader { policy: policy::get(), taint, user_code: UserCode::Runs };
        for (name, read) in &self.globals {
            self.caught("a `global`", || {
                read(&mut |type_name, value| {
                    event.globals.push(reader.value(name, type_name, value));
                });
            });
        }
        for context in &self.contexts {
            let found = self.caught("a `context`", || context.get_context());
            for (name, mut value) in found {
                crate::json::cut(&mut value, bounds::MAX_DEPTH);
                event.context.extras.entry(name).or_insert(value);
            }
        }
    }
}

/// Completes events on the writer thread: adds source lines.
fn prepare(masking: &Masking, event: &mut Event) {
    thread_local! {
        /// Of the one thread, so that no lock is held where the program forks.
        static SOURCES: RefCell<Option<SourceFiles>> = const { RefCell::new(None) };
    }
    SOURCES.with_borrow_mut(|sources| {
        sources.get_or_insert_with(|| SourceFiles::new(masking.clone())).add_to(event);
    });
}
