//! Context of the current work (user, order, request, preceding steps), stored beside the running
//! code and added to every event that is captured meanwhile.
//!
//! Each thread has a current [`Scope`]. [`configure_scope`] changes it, [`with_scope`] changes it
//! for the length of a closure. Tasks take theirs along with [`FutureScopeExt`], threads with
//! [`propagate`].
//!
//! ```
//! use error_tracker::scope::{Scope, configure_scope, with_scope};
//!
//! configure_scope(|scope| scope.set_tag("service", "import"));
//! with_scope(
//!     |scope| scope.set_extra("order", 1007),
//!     || assert!(Scope::current().extra("order").is_some()),
//! );
//! assert!(Scope::current().extra("order").is_none());
//! ```

pub(crate) mod bounds;
mod breadcrumb;
mod current;
mod handled;
mod request_source;
mod task;
#[cfg(test)]
mod tests;
mod work_owner;

pub(crate) use current::{EnteredScope, current_work};
pub use current::{configure_scope, propagate, with_scope};
pub use request_source::RequestSource;
pub use task::{FutureScopeExt, ScopedFuture};
pub(crate) use work_owner::{CurrentWork, ScopeWork, TaskOwner, WorkNumber, WorkOwner};

pub(crate) use handled::record_handled_with;

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::fmt::{self, Display};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use serde::Serialize;

use crate::event::{Breadcrumb, Event, Level, Request, UserKey};
use crate::json::{Map, Value};
use crate::user_code::catch_panic;

/// Names of extras, tags and user fields are cut after this many bytes.
const MAX_NAME: usize = 200;
/// Tags, user fields and parts of a fingerprint are cut after this many bytes.
const MAX_TEXT: usize = 1_000;
/// Extras, and the data of breadcrumbs, are cut after about this many bytes.
const MAX_VALUE: usize = 16_384;
/// How many extras, tags and breadcrumbs a scope has at most, each.
const MAX_ENTRIES: usize = 100;
const MAX_USER_FIELDS: usize = 20;
const MAX_FINGERPRINT: usize = 10;

/// Data that is added to every event captured while the scope is current.
///
/// Cloning is cheap: the data is shared until one of the clones changes. A scope is bounded: it has
/// at most 100 extras, 100 tags, the last 100 breadcrumbs and 20 user fields; text and values that
/// are too long are cut. Events say how many entries were refused.
///
/// ```
/// use error_tracker::scope::Scope;
///
/// let mut scope = Scope::new();
/// scope.set_extra("order", 1007);
/// scope.set_tag("tenant", "acme");
/// assert_eq!(scope.tag("tenant"), Some("acme"));
/// ```
#[derive(Clone, Default)]
pub struct Scope {
    data: Option<Arc<Data>>,
}

#[derive(Clone, Default)]
struct Data {
    extras: Map,
    tags: BTreeMap<String, String>,
    user: BTreeMap<String, String>,
    breadcrumbs: VecDeque<Breadcrumb>,
    request: Option<Arc<dyn RequestSource>>,
    work: Option<ScopeWork>,
    level: Option<Level>,
    fingerprint: Vec<String>,
    refused: u64,
}

impl Scope {
    /// Returns an empty scope; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { data: None }
    }

    /// Returns a copy of the current scope of this thread or task. Changes of the copy do not
    /// change the current one.
    #[must_use]
    pub fn current() -> Self {
        current::current()
    }

    /// Sets an extra, any value that serde can serialize. If that fails, the extra is the reason.
    pub fn set_extra(&mut self, name: impl Into<String>, value: impl Serialize) {
        let name = bounds::text(name.into(), MAX_NAME);
        let value = bounds::value(bounds::serialized(value), MAX_VALUE);
        let data = self.data_mut();
        if data.extras.len() < MAX_ENTRIES || data.extras.contains_key(&name) {
            data.extras.insert(name, value);
        } else {
            data.refused += 1;
        }
    }

    /// Returns the extra with this name.
    #[must_use]
    pub fn extra(&self, name: &str) -> Option<&Value> {
        self.data.as_ref()?.extras.get(name)
    }

    /// Removes an extra.
    pub fn remove_extra(&mut self, name: &str) {
        if self.extra(name).is_some() {
            self.data_mut().extras.remove(name);
        }
    }

    /// Sets a tag, a short value for the search of events.
    pub fn set_tag(&mut self, name: impl Into<String>, value: impl Display) {
        let (name, value) = (bounds::text(name.into(), MAX_NAME), bounds::display(value, MAX_TEXT));
        let data = self.data_mut();
        if data.tags.len() < MAX_ENTRIES || data.tags.contains_key(&name) {
            data.tags.insert(name, value);
        } else {
            data.refused += 1;
        }
    }

    /// Returns the tag with this name.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.data.as_ref()?.tags.get(name).map(String::as_str)
    }

    /// Removes a tag.
    pub fn remove_tag(&mut self, name: &str) {
        if self.tag(name).is_some() {
            self.data_mut().tags.remove(name);
        }
    }

    /// Sets the user who is affected, by field: `id`, `email`, `name`, .. Replaces all earlier
    /// fields.
    ///
    /// The users whom an issue affected are counted by the first of `id`, `email`, `username` and
    /// `name` that is set ([`Issue::users`](crate::event::Issue::users)).
    ///
    /// ```
    /// # let mut scope = error_tracker::scope::Scope::new();
    /// scope.set_user([("id", "42"), ("email", "ann@example.org")]);
    /// ```
    pub fn set_user<N: Into<String>, V: Display>(
        &mut self,
        fields: impl IntoIterator<Item = (N, V)>,
    ) {
        let data = self.data_mut();
        data.user.clear();
        for (name, value) in fields {
            if data.user.len() == MAX_USER_FIELDS {
                data.refused += 1;
                return;
            }
            data.user.insert(bounds::text(name.into(), MAX_NAME), bounds::display(value, MAX_TEXT));
        }
    }

    /// Returns the fields of the user, in the order of their names.
    pub fn user(&self) -> impl Iterator<Item = (&str, &str)> {
        self.data
            .iter()
            .flat_map(|data| &data.user)
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Groups the events by these texts (at most ten) instead of by type and place.
    pub fn set_fingerprint<T: Into<String>>(&mut self, parts: impl IntoIterator<Item = T>) {
        let parts = parts.into_iter().take(MAX_FINGERPRINT);
        self.data_mut().fingerprint =
            parts.map(|part| bounds::text(part.into(), MAX_TEXT)).collect();
    }

    /// Returns what tells the user apart from others; `None` without a user.
    pub(crate) fn user_key(&self) -> Option<UserKey> {
        UserKey::of(&self.data.as_ref()?.user)
    }

    pub(crate) fn fingerprint(&self) -> &[String] {
        self.data.as_ref().map_or(&[], |data| &data.fingerprint)
    }

    /// Sets the level of the events.
    pub fn set_level(&mut self, level: Level) {
        self.data_mut().level = Some(level);
    }

    /// Adds a breadcrumb, a step before a failure. A scope has the last 100.
    pub fn add_breadcrumb(&mut self, mut breadcrumb: Breadcrumb) {
        breadcrumb.category = bounds::text(breadcrumb.category, MAX_NAME);
        breadcrumb.message = bounds::text(breadcrumb.message, MAX_TEXT);
        breadcrumb.data = bounds::map(breadcrumb.data, MAX_VALUE);
        let data = self.data_mut();
        if data.breadcrumbs.len() == MAX_ENTRIES {
            data.breadcrumbs.pop_front();
        }
        data.breadcrumbs.push_back(breadcrumb);
    }

    /// Returns the breadcrumbs, oldest first.
    pub fn breadcrumbs(&self) -> impl Iterator<Item = &Breadcrumb> {
        self.data.iter().flat_map(|data| &data.breadcrumbs)
    }

    /// Sets the web request that is being served. Each of its lists is cut after 100 entries, and
    /// long values are cut.
    pub fn set_request(&mut self, request: Request) {
        self.set_request_source(bounds::request(request, MAX_ENTRIES, MAX_VALUE));
    }

    /// Sets where the web request that is being served is read from. It is read for each event, so
    /// that a request that succeeds need not be copied, and an event has as much of its body as has
    /// arrived. What is read is cut as by [`set_request`](Self::set_request).
    ///
    /// ```
    /// # let mut scope = error_tracker::scope::Scope::new();
    /// use error_tracker::event::Request;
    ///
    /// let path = String::from("/cart");
    /// scope.set_request_source(move || Request::default().method("GET").path(path.as_str()));
    /// assert_eq!(scope.request().unwrap().path, "/cart");
    /// ```
    pub fn set_request_source(&mut self, source: impl RequestSource) {
        self.data_mut().request = Some(Arc::new(source));
    }

    /// The same with a source that others share.
    #[cfg(feature = "web")]
    pub(crate) fn set_shared_request_source(&mut self, source: Arc<dyn RequestSource>) {
        self.data_mut().request = Some(source);
    }

    /// Returns the web request. `None` also where it cannot be read.
    #[must_use]
    pub fn request(&self) -> Option<Request> {
        let request = request_source::read(&**self.data.as_ref()?.request.as_ref()?)?;
        Some(bounds::request(request, MAX_ENTRIES, MAX_VALUE))
    }

    /// Returns the method and the route of the web request, if its source knows them without
    /// reading the request.
    pub(crate) fn method_and_route(&self) -> Option<(&str, &str)> {
        let source = &**self.data.as_ref()?.request.as_ref()?;
        catch_panic(|| source.method_and_route())?
    }

    /// Returns the piece of work that this scope belongs to.
    pub(crate) fn work(&self) -> Option<&ScopeWork> {
        self.data.as_ref()?.work.as_ref()
    }

    #[cfg(feature = "web")]
    pub(crate) fn set_work(&mut self, work: ScopeWork) {
        self.data_mut().work = Some(work);
    }

    /// Removes everything. Within a request that an integration tracks, the request stays.
    pub fn clear(&mut self) {
        let kept = self.data.take().filter(|data| data.work.is_some());
        self.data = kept.map(|data| {
            let (request, work) = (data.request.clone(), data.work.clone());
            Arc::new(Data { request, work, ..Data::default() })
        });
    }

    /// Runs `body` with this scope as the current one, and returns its value. Changes that `body`
    /// makes to the scope end with it.
    ///
    /// ```
    /// # use error_tracker::scope::Scope;
    /// let mut scope = Scope::current();
    /// scope.set_extra("file", "orders.csv");
    /// let lines = scope.run(|| "one\ntwo".lines().count());
    /// assert_eq!(lines, 2);
    /// ```
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        let mut scope = self.clone();
        let _entered = current::EnteredScope::new(&mut scope);
        body()
    }

    /// Runs `body` with this scope as the current one, and returns its value. Changes that `body`
    /// makes to the scope are kept.
    ///
    /// ```
    /// # use error_tracker::scope::{Scope, configure_scope};
    /// let mut scope = Scope::current();
    /// scope.run_mut(|| configure_scope(|scope| scope.set_tag("tenant", "acme")));
    /// assert_eq!(scope.tag("tenant"), Some("acme"));
    /// ```
    pub fn run_mut<R>(&mut self, body: impl FnOnce() -> R) -> R {
        let _entered = current::EnteredScope::new(self);
        body()
    }

    /// Runs `body` with this scope as the current one. An error is recorded as handled, and `None`
    /// is returned; a panic is propagated.
    ///
    /// Takes every error type that converts into `Box<dyn Error>`, such as `anyhow::Error` and
    /// `String`.
    ///
    /// ```
    /// # use error_tracker::scope::Scope;
    /// let number = Scope::current().run_handled(|| "12,50".parse::<u32>());
    /// assert_eq!(number, None);
    /// ```
    #[track_caller]
    pub fn run_handled<T, E: Into<Box<dyn Error>>>(
        &self,
        body: impl FnOnce() -> Result<T, E>,
    ) -> Option<T> {
        let here = Location::caller();
        self.run(|| match body() {
            Ok(value) => Some(value),
            Err(error) => {
                handled::record(&*error.into(), std::any::type_name::<E>(), here);
                None
            }
        })
    }

    /// Adds the entries of another scope that this one does not have.
    pub(crate) fn add(&mut self, other: &Self) {
        let Some(from) = &other.data else { return };
        let Some(data) = &mut self.data else {
            self.data = Some(Arc::clone(from));
            return;
        };
        if Arc::ptr_eq(data, from) {
            return;
        }
        let data = Arc::make_mut(data);
        for (name, value) in &from.extras {
            if !data.extras.contains_key(name) {
                data.extras.insert(name.clone(), value.clone());
            }
        }
        for (from, to) in [(&from.tags, &mut data.tags), (&from.user, &mut data.user)] {
            for (name, value) in from {
                to.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        if data.breadcrumbs.is_empty() {
            data.breadcrumbs.clone_from(&from.breadcrumbs);
        }
        if data.request.is_none() {
            data.request.clone_from(&from.request);
        }
        if data.work.is_none() {
            data.work.clone_from(&from.work);
        }
        if data.fingerprint.is_empty() {
            data.fingerprint.clone_from(&from.fingerprint);
        }
        data.level = data.level.or(from.level);
    }

    /// Adds the entries of this scope to an event, unless the event has them already.
    pub(crate) fn fill(&self, event: &mut Event) {
        let Some(data) = &self.data else { return };
        let context = &mut event.context;
        for (name, value) in &data.extras {
            if !context.extras.contains_key(name) {
                context.extras.insert(name.clone(), value.clone());
            }
        }
        for (from, to) in [(&data.tags, &mut context.tags), (&data.user, &mut context.user)] {
            for (name, value) in from {
                to.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        if context.breadcrumbs.is_empty() {
            context.breadcrumbs.extend(data.breadcrumbs.iter().cloned());
        }
        if context.request.is_none() {
            context.request = self.request();
        }
        if event.fingerprint.is_empty() {
            event.fingerprint.clone_from(&data.fingerprint);
        }
        if let Some(level) = data.level {
            event.level = level;
        }
        if data.refused > 0 {
            event.cut.push(format!("{} entries beyond the scope's bounds", data.refused));
        }
    }

    fn data_mut(&mut self) -> &mut Data {
        Arc::make_mut(self.data.get_or_insert_default())
    }
}

// A source that panics is caught, and gives no request.
impl UnwindSafe for Scope {}
impl RefUnwindSafe for Scope {}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(data) = &self.data else { return f.write_str("Scope") };
        let Data { extras, tags, user, breadcrumbs, level, .. } = &**data;
        f.debug_struct("Scope")
            .field("extras", extras)
            .field("tags", tags)
            .field("user", user)
            .field("breadcrumbs", breadcrumbs)
            .field("level", level)
            .finish_non_exhaustive()
    }
}
