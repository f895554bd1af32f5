//! The pages: a list of issues, and the details of one issue.
//!
//! [`Viewer`] answers HTTP requests independently of a web framework, so it can be mounted in any;
//! [`Server`] is a standalone server, on 127.0.0.1 by default.

mod action;
mod action_request;
mod answer;
mod api;
mod assets;
mod bar_list;
mod chart;
mod date_period;
mod debug_tree;
mod delivery;
mod detail;
mod escape;
mod export;
mod form;
mod frame;
mod highlight;
mod list;
mod moment;
mod permission;
mod query;
mod render;
mod request;
mod response;
mod route;
mod server;
mod status;
mod summary;
mod token;
mod triage;
mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use permission::ViewPermission;
pub use render::{TemplateError, Templates};
pub use request::ViewerRequest;
pub use response::ViewerResponse;
pub use server::{Server, ServerBuilder, ServerError};
pub use token::AccessToken;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use self::answer::{PageError, answer, redirect};
use self::route::ViewerRoute;
use self::words::PageWords;
use crate::event::Timestamp;
use crate::mask::Masking;
use crate::store::Store;

/// The maximum size of a body in bytes.
const MAX_BODY: usize = 64 * 1024;
/// The maximum length of path and query together, in bytes.
const MAX_URL: usize = 8 * 1024;

/// Answers HTTP requests with the pages.
///
/// Denies every request until a [`ViewPermission`] is set. Links are relative, so the pages work
/// under any path; set that path with [`prefix`](Self::prefix) if requests include it.
///
/// ```no_run
/// # fn mount(store: std::sync::Arc<dyn error_tracker::store::Store>) {
/// use error_tracker::viewer::{ViewerRequest, ViewerResponse, Viewer};
///
/// let viewer = Viewer::new(store)
///     .prefix("/dev/error")
///     .permission(|request: &ViewerRequest| request.header("x-staff") == Some("yes"));
/// let response: ViewerResponse = viewer.handle(&ViewerRequest::new("GET", "/dev/error/").with_header("x-staff", "yes"));
/// # }
/// ```
#[derive(Clone)]
pub struct Viewer {
    store: Arc<dyn Store>,
    permission: Option<Arc<dyn ViewPermission>>,
    prefix: String,
    health: Option<Arc<dyn Fn() -> Option<String> + Send + Sync>>,
    templates: Option<Templates>,
    masking: Masking,
    now: fn() -> Timestamp,
}

/// A request that is being answered.
struct Visit<'a> {
    viewer: &'a Viewer,
    request: &'a ViewerRequest,
    words: &'static PageWords,
    now: Timestamp,
    /// The relative link from the page to the list: `./`, or `../` for each folder of a path that
    /// does not exist.
    root: String,
    allowed: bool,
}

impl Viewer {
    /// Creates a viewer for `store` that denies every request.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            permission: None,
            prefix: String::new(),
            health: None,
            templates: None,
            masking: Masking::default(),
            now: Timestamp::now,
        }
    }

    /// Sets who may view the pages and change issues.
    #[must_use]
    pub fn permission(mut self, permission: impl ViewPermission) -> Self {
        self.permission = Some(Arc::new(permission));
        self
    }

    /// Sets the path of the pages, such as `/dev/error`, which is removed from each request's path.
    /// Requests for other paths are answered with 404, and the path without a trailing slash is
    /// redirected to the one with it.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        let inner = prefix.trim_matches('/');
        self.prefix = if inner.is_empty() { String::new() } else { format!("/{inner}") };
        self
    }

    /// Calls `health` for each page, and shows the returned text on top, such as a number of
    /// dropped events.
    #[must_use]
    pub fn health(mut self, health: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        self.health = Some(Arc::new(health));
        self
    }

    /// Renders the pages by these templates, as far as they are there.
    #[must_use]
    pub fn templates(mut self, templates: Templates) -> Self {
        self.templates = Some(templates);
        self
    }

    /// Masks the notes that people write by these rules, instead of [`Masking::default`].
    #[must_use]
    pub fn masking(mut self, masking: Masking) -> Self {
        self.masking = masking;
        self
    }

    /// Answers a request. Blocks while the store is read or written.
    #[must_use]
    pub fn handle(&self, request: &ViewerRequest) -> ViewerResponse {
        let answer = catch_unwind(AssertUnwindSafe(|| self.answer(request))).unwrap_or_else(|_| {
            self.refuse(request, &PageError::new(status::INTERNAL_SERVER_ERROR))
        });
        if request.method() == "HEAD" { answer.without_body() } else { answer }
    }

    /// Returns the error page for a request that is not passed to [`handle`](Self::handle).
    fn refuse(&self, request: &ViewerRequest, problem: &PageError) -> ViewerResponse {
        Visit::new(self, request).problem(problem)
    }

    fn answer(&self, request: &ViewerRequest) -> ViewerResponse {
        let mut visit = Visit::new(self, request);
        visit.allowed = self.permission.as_ref().is_some_and(|permission| {
            catch_unwind(AssertUnwindSafe(|| permission.may_view(request))).unwrap_or(false)
        });
        let answered =
            if visit.allowed { visit.answer() } else { Err(PageError::new(status::UNAUTHORIZED)) };
        answered.unwrap_or_else(|problem| visit.problem(&problem))
    }

    fn health_now(&self) -> Option<String> {
        self.health.as_ref().and_then(|health| health())
    }
}

impl fmt::Debug for Viewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Viewer")
            .field("store", &self.store)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl<'a> Visit<'a> {
    fn new(viewer: &'a Viewer, request: &'a ViewerRequest) -> Self {
        let inner = request.path().strip_prefix(&viewer.prefix).unwrap_or_default();
        let depth = inner.matches('/').count().saturating_sub(1).min(64);
        Self {
            viewer,
            request,
            words: PageWords::preferred(request.header("accept-language")),
            now: (viewer.now)(),
            root: if depth == 0 { "./".to_owned() } else { "../".repeat(depth) },
            allowed: false,
        }
    }

    fn query(&self) -> &'a str {
        self.request.query()
    }

    /// Returns the first value of a query parameter.
    fn parameter(&self, key: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.query().as_bytes());
        pairs.find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
    }

    fn answer(&self) -> Result<ViewerResponse, PageError> {
        if self.request.path().len() + self.query().len() > MAX_URL {
            return Err(PageError::new(status::URI_TOO_LONG));
        }
        if self.request.body().len() > MAX_BODY {
            return Err(PageError::new(status::CONTENT_TOO_LARGE));
        }
        let not_found = || PageError::new(status::NOT_FOUND);
        let path = self.request.path().strip_prefix(&self.viewer.prefix).ok_or_else(not_found)?;
        if path.is_empty() {
            let name = self.viewer.prefix.rsplit('/').next().unwrap_or_default();
            let mark = if self.query().is_empty() { "" } else { "?" };
            return Ok(redirect(
                status::PERMANENT_REDIRECT,
                format!("{name}/{mark}{}", self.query()),
            ));
        }
        let route = ViewerRoute::of(path).ok_or_else(not_found)?;
        if !route.methods().split(", ").any(|method| method == self.request.method()) {
            return Err(PageError::method(route.methods()));
        }
        match route {
            ViewerRoute::List => list::show(self),
            ViewerRoute::Issue { hash, form: route::ActionForm::Html } => detail::show(self, hash),
            ViewerRoute::Issue { hash, form } => export::show(self, hash, form),
            ViewerRoute::Action => action::run(self),
            ViewerRoute::Api(route) => api::show(self, route),
            ViewerRoute::Asset(asset) => {
                let mut answer = answer(status::OK, asset.media_type, asset.content);
                answer.set("cache-control", "private, max-age=31536000, immutable");
                Ok(answer)
            }
        }
    }

    /// Renders a page.
    fn page(
        &self,
        template: &str,
        title: &str,
        body: impl serde::Serialize,
    ) -> Result<ViewerResponse, PageError> {
        let html = render::page(self, template, title, body)?;
        Ok(answer(status::OK, "text/html; charset=utf-8", html))
    }

    fn problem(&self, problem: &PageError) -> ViewerResponse {
        let path = self.request.path().strip_prefix(&self.viewer.prefix);
        let mut answer = if path.is_some_and(route::is_api) {
            api::problem(problem)
        } else {
            self.problem_page(problem)
        };
        if let Some(allow) = problem.allow {
            answer.set("allow", allow);
        }
        answer
    }

    fn problem_page(&self, problem: &PageError) -> ViewerResponse {
        #[derive(serde::Serialize)]
        struct Page<'p> {
            status: u16,
            text: &'p str,
            detail: &'p str,
        }
        let status = problem.status;
        let key = |part| format!("problem_{status}_{part}");
        let (title, text) = (key("title"), key("text"));
        let title = self.words.get(&title);
        let page = Page { status, text: self.words.get(&text), detail: &problem.detail };
        // If even this page fails, only the status is sent.
        let html = render::page(self, "problem.html", title, page).unwrap_or_default();
        answer(problem.status, "text/html; charset=utf-8", html)
    }
}
