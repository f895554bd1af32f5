//! The tracker: settings, the queue and its store, the program's own hooks, and the one that is global.

mod builder;
mod error;
mod global;
mod likeness;
mod reopening;
mod settings;

pub use builder::{Builder, builder};
pub use error::InitError;
pub use global::{Installed, init, tracker};
pub use settings::Settings;

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::DISABLED;
use crate::capture::{self, build};
use crate::event::{Event, Issue, Origin, Status, Timestamp, new_id};
use crate::fingerprint;
use crate::json::Map;
use crate::mask::{self, Masking, Rendering, Taint};
use crate::pipeline::{Health, Likeness, Partial, Pipeline};
use crate::snapshot::policy::{self, Policy};
use crate::snapshot::read::Reader;
use crate::store::{IssueQuery, Page, Recorded, Sighting, Store, StoreError, Which};
use crate::trace::failure::{Failure, Told};
use crate::trace::frames::Passed;
use crate::trace::meta::See;
use likeness::likeness;

/// Adds to the extra data of every event: the data centre, the build, a feature flag.
///
/// Runs on the thread that failed, for each event; a closure implements it. What it fails with is not recorded, and
/// when it panics it adds nothing.
///
/// ```
/// use error_tracker::json::Map;
///
/// let builder = error_tracker::builder().context(|| Map::from([("data_centre", "fra1")]));
/// ```
pub trait ContextBuilder: Send + Sync + 'static {
    /// What to add, by name.
    fn get_context(&self) -> Map;
}

impl<F: Fn() -> Map + Send + Sync + 'static> ContextBuilder for F {
    fn get_context(&self) -> Map {
        self()
    }
}

type BeforeCapture = Box<dyn Fn(Event) -> Option<Event> + Send + Sync>;
type Ignore = Box<dyn Fn(&Event) -> bool + Send + Sync>;
type Global = Box<dyn Fn(See<'_>) + Send + Sync>;

/// Takes failures, masks and groups them, and keeps them in its store. Cheap to clone.
///
/// Most programs have one, the global one that [`init()`] or [`Builder::install`] makes; the attributes and macros
/// record there. One from [`Builder::build`] stands on its own, for tests and for programs in a program.
#[derive(Clone)]
pub struct Tracker {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    pipeline: Pipeline,
    masking: Masking,
    origin: Origin,
    tags: Vec<(String, String)>,
    globals: Vec<(String, Global)>,
    contexts: Vec<Box<dyn ContextBuilder>>,
    before_capture: Vec<BeforeCapture>,
    ignored_types: Vec<String>,
    ignores: Vec<Ignore>,
}

impl fmt::Debug for Tracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracker").field("store", &self.inner.store).finish_non_exhaustive()
    }
}

/// Why an event was not kept though it was captured.
const HOOK_PANICKED: &str = "before_capture panicked";

impl Tracker {
    /// Records an error that the program has met; like [`capture_exception`](crate::capture_exception()), but here.
    #[track_caller]
    pub fn capture_exception<E: Error + ?Sized>(&self, error: &E) -> Option<String> {
        self.record(&*capture::failure_of(error, Location::caller())?)
    }

    /// Records a message; like [`capture_message`](crate::capture_message()), but here.
    #[track_caller]
    pub fn capture_message(&self, text: impl Into<String>) -> Option<String> {
        self.record(&*capture::failure_of_message(text.into(), Location::caller())?)
    }

    /// Waits until everything that any thread captured before this call is stored, at most `timeout` and 50 ms.
    ///
    /// # Errors
    /// Some of it could not be stored, or not in time.
    pub fn flush(&self, timeout: Duration) -> Result<(), Partial> {
        self.inner.pipeline.flush(timeout)
    }

    /// What became of all events so far.
    #[must_use]
    pub fn health(&self) -> Health {
        self.inner.pipeline.health()
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.store
    }

    /// Lists issues. Blocks while the store is read.
    ///
    /// # Errors
    /// The store's.
    pub fn get_exceptions(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        self.inner.store.issues(query)
    }

    /// One issue with its latest event. Blocks while the store is read.
    ///
    /// # Errors
    /// The store's.
    pub fn get_exception(&self, hash: &str) -> Result<Option<(Issue, Option<Event>)>, StoreError> {
        let Some(issue) = self.inner.store.issue(hash)? else { return Ok(None) };
        let event = self.inner.store.event(hash, &Which::Latest)?;
        Ok(Some((issue, event)))
    }

    /// Deletes an issue with its events; says whether there was one. Blocks while the store is written.
    ///
    /// # Errors
    /// The store's; then nothing was deleted.
    pub fn delete_exception(&self, hash: &str) -> Result<bool, StoreError> {
        Ok(self.inner.store.delete(&[hash])? > 0)
    }

    /// Resolves, mutes or reopens an issue; says whether there was one. Blocks while the store is written.
    ///
    /// # Errors
    /// The store's; then nothing was changed.
    pub fn set_status(&self, hash: &str, status: Status) -> Result<bool, StoreError> {
        Ok(self.inner.store.set_status(&[hash], status)? > 0)
    }

    /// Keeps an event that was made elsewhere, such as one read from another program's export: masks it, groups it,
    /// and writes it at once. Blocks while the store is written.
    ///
    /// # Errors
    /// The store's; then nothing was kept.
    pub fn create_or_update_exception(&self, mut event: Event) -> Result<Recorded, StoreError> {
        if DISABLED {
            return Ok(Recorded::default());
        }
        if event.id.is_empty() {
            event.id = new_id();
        }
        mask::event(&self.inner.masking, &mut event, Taint::default());
        build::bound(&mut event);
        event.grouping = fingerprint::group(&event);
        let recorded = self.inner.store.record(&[Sighting::new(event)])?;
        Ok(recorded.into_iter().next().unwrap_or_default())
    }

    /// The pages that show what this tracker keeps, closed to everybody until they are given a permission.
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
            let dropped = tracker.health().dropped;
            let told: Vec<String> =
                dropped.iter().map(|(reason, count)| format!("{count} ({reason})")).collect();
            (!told.is_empty()).then(|| format!("Events were dropped: {}", told.join(", ")))
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

    fn record(&self, failure: &Failure) -> Option<String> {
        if self.count(failure) { Some(new_id()) } else { self.accept(failure) }
    }

    /// Counts a failure onto its issue when equal ones storm; says whether it did.
    fn count(&self, failure: &Failure) -> bool {
        self.inner.pipeline.coalesce(self.likeness(failure), Timestamp::now())
    }

    /// Makes an event of a failure and puts it into the queue; answers its id.
    fn accept(&self, failure: &Failure) -> Option<String> {
        let inner = &*self.inner;
        let mut taint = failure.taint.clone();
        let mut event = build::event(failure, new_id());
        event.origin = inner.origin.clone();
        let _rendering = Rendering::start();
        if inner.ignores(&event) {
            return None;
        }
        inner.add_context(&mut event, &mut taint);
        for hook in &inner.before_capture {
            match catch_unwind(AssertUnwindSafe(|| hook(event))) {
                Ok(Some(changed)) => event = changed,
                Ok(None) => return None,
                Err(payload) => {
                    mask::drop_quietly(payload);
                    inner.pipeline.drop_one(HOOK_PANICKED);
                    return None;
                }
            }
        }
        mask::event(&inner.masking, &mut event, taint);
        build::bound(&mut event);
        let id = event.id.clone();
        inner.pipeline.submit(event, self.likeness(failure));
        Some(id)
    }
}

impl Tracker {
    /// Adds the extra data of a failure, and the functions that it passed since, to its event, when that still waits.
    fn amend(&self, failure: &Failure) {
        let Told::Event(id) = &failure.told else { return };
        let callers = failure.frames.iter().map(Passed::frame).collect();
        let mut added = Event { callers, ..Event::default() };
        added.context.extras = failure.extras.clone();
        mask::event(&self.inner.masking, &mut added, failure.taint.clone());
        self.inner.pipeline.amend(id, |event| {
            event.callers.extend(added.callers);
            event.context.extras.extend(added.context.extras);
        });
    }
}

impl Tracker {
    /// The event of a failure, when that still waits, has the further functions as well.
    fn extend(&self, failure: &Failure) {
        let Told::Event(id) = &failure.told else { return };
        let mut now = build::event(failure, id.clone());
        mask::event(&self.inner.masking, &mut now, failure.taint.clone());
        build::bound(&mut now);
        self.inner.pipeline.amend(id, |event| {
            (event.frames, event.chain, event.handled) = (now.frames, now.chain, now.handled);
        });
    }

    /// What a failure has in common with others. The program's own hooks may look at the text.
    fn likeness(&self, failure: &Failure) -> Likeness {
        let Inner { before_capture, ignores, .. } = &*self.inner;
        likeness(failure, !before_capture.is_empty() || !ignores.is_empty())
    }
}

impl Inner {
    fn ignores(&self, event: &Event) -> bool {
        let short = crate::event::short_type(&event.type_name, None);
        self.ignored_types.iter().any(|ignored| *ignored == event.type_name || *ignored == short)
            || self.ignores.iter().any(|rule| catch_unwind(AssertUnwindSafe(|| rule(event))).unwrap_or(false))
    }

    fn add_context(&self, event: &mut Event, taint: &mut Taint) {
        for (name, value) in &self.tags {
            event.context.tags.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let mut reader = Reader { policy: policy::get(), taint, user_code: true };
        for (name, read) in &self.globals {
            read(&mut |type_name, value| event.globals.push(reader.value(name, type_name, value)));
        }
        for context in &self.contexts {
            let found = catch_unwind(AssertUnwindSafe(|| context.get_context())).unwrap_or_default();
            for (name, value) in found {
                event.context.extras.entry(name).or_insert(value);
            }
        }
    }
}

/// Completes events on the writer thread.
fn prepare() -> impl Fn(&mut Event) + Send + Sync {
    let known = Mutex::new((capture::names::Names::new(), capture::source::Sources::default()));
    move |event| {
        let (names, sources) = &mut *known.lock().unwrap_or_else(PoisonError::into_inner);
        names.add_to(event);
        capture::lines::add_to(event);
        sources.add_to(event);
    }
}

fn choose_policy(masking: &Masking) {
    policy::choose(Policy { masking: masking.clone(), ..Policy::default() });
}
