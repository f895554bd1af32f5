//! The pages as routes of an application.

use std::fmt;
use std::future::{self, Future};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::extract::{OriginalUri, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use error_tracker::viewer::{Templates, ViewerRequest, ViewerResponse};
use error_tracker::web::TrackedRequest;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt as _;

/// The default path of the pages.
const PREFIX: &str = "/dev/error";
/// The maximum number of bytes of a form that are read: one more than the viewer accepts, so that
/// it can reject a form that is too large.
const MAX_FORM: usize = 64 * 1024 + 1;

type Decision = Pin<Box<dyn Future<Output = bool> + Send>>;
type Permission = Arc<dyn Fn(Parts) -> Decision + Send + Sync>;
type UserName = Arc<dyn Fn(&Parts) -> Option<String> + Send + Sync>;

/// Returns the routes of the pages, at `/dev/error/`. All requests are denied until a
/// [permission](ViewerRoutes::permission) is set.
///
/// ```
/// use axum::Router;
///
/// # #[derive(Clone)] struct User { is_staff: bool }
/// let pages = error_tracker_axum::viewer()
///     .permission(|parts| parts.extensions.get::<User>().is_some_and(|user| user.is_staff));
/// let app: Router = Router::new().merge(pages);
/// ```
#[must_use]
pub fn viewer() -> ViewerRoutes {
    ViewerRoutes { prefix: PREFIX.to_owned(), permission: None, user: None, templates: None }
}

/// The routes of the pages. They are created by [`viewer()`], and merged into a `Router`.
///
/// The pages show the issues of the tracker that is installed when a request arrives. All links are
/// relative, so the routes can be nested, and a proxy may serve them at another path. The store is
/// read on the runtime's threads for blocking work.
#[derive(Clone)]
pub struct ViewerRoutes {
    prefix: String,
    permission: Option<Permission>,
    user: Option<UserName>,
    templates: Option<Templates>,
}

impl ViewerRoutes {
    /// Sets the path of the pages in the `Router` into which they are merged; `/dev/error` by
    /// default. With an empty path the routes can be converted into a `Router` of their own, for
    /// [`Router::nest_service`]:
    ///
    /// ```
    /// # use axum::Router;
    /// let pages: Router = error_tracker_axum::viewer().prefix("").into();
    /// let app: Router = Router::new().nest_service("/admin/errors", pages);
    /// ```
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        let inner = prefix.trim_matches('/');
        self.prefix = if inner.is_empty() { String::new() } else { format!("/{inner}") };
        self
    }

    /// Sets the function that decides whether a request may view the pages and change issues. It
    /// receives the head of the request, with the extensions that outer layers have set. If it
    /// returns `false` or panics, the response has the status 401.
    #[must_use]
    pub fn permission(self, permission: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.permission_async(move |parts| future::ready(permission(&parts)))
    }

    /// Sets an asynchronous permission, which may for example load a session. Otherwise like
    /// [`permission`](Self::permission).
    ///
    /// ```
    /// # async fn is_staff(_: Option<http::HeaderValue>) -> bool { false }
    /// let pages = error_tracker_axum::viewer()
    ///     .permission_async(|parts| async move { is_staff(parts.headers.get("cookie").cloned()).await });
    /// ```
    #[must_use]
    pub fn permission_async<F: Future<Output = bool> + Send + 'static>(
        mut self,
        permission: impl Fn(Parts) -> F + Send + Sync + 'static,
    ) -> Self {
        self.permission = Some(Arc::new(move |parts| Box::pin(permission(parts))));
        self
    }

    /// Sets the function that names the user of a request that is allowed, such as one that a session
    /// layer knows: the author of the notes that they write. Without a name, the pages ask for one.
    ///
    /// ```
    /// # #[derive(Clone)] struct User { is_staff: bool, name: String }
    /// let pages = error_tracker_axum::viewer()
    ///     .permission(|parts| parts.extensions.get::<User>().is_some_and(|user| user.is_staff))
    ///     .user(|parts| parts.extensions.get::<User>().map(|user| user.name.clone()));
    /// ```
    #[must_use]
    pub fn user(mut self, user: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        self.user = Some(Arc::new(user));
        self
    }

    /// Renders the pages by templates of the program's own.
    #[must_use]
    pub fn templates(mut self, templates: Templates) -> Self {
        self.templates = Some(templates);
        self
    }

    async fn is_allowed(&self, parts: &Parts) -> bool {
        let Some(permission) = &self.permission else { return false };
        let decide = AssertUnwindSafe(|| permission(parts.clone()));
        let Ok(mut decision) = catch_unwind(decide) else { return false };
        future::poll_fn(move |context| {
            let poll = AssertUnwindSafe(|| decision.as_mut().poll(context));
            catch_unwind(poll).unwrap_or(Poll::Ready(false))
        })
        .await
    }

    /// Returns the name of the user; `None` if it is not known.
    fn user_of(&self, parts: &Parts) -> Option<String> {
        let name = self.user.as_ref()?;
        catch_unwind(AssertUnwindSafe(|| name(parts))).unwrap_or_default()
    }

    async fn answer(self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let is_allowed = self.is_allowed(&parts).await;
        if let Some(request) = TrackedRequest::current() {
            // A store that is not available is no failure of this application.
            request.ignore_status();
        }
        let Some(tracker) = error_tracker::tracker() else {
            return (StatusCode::SERVICE_UNAVAILABLE, "No tracker is installed.").into_response();
        };
        let nested = segment_without_slash(&parts).filter(|_| self.prefix.is_empty());
        let prefix = nested.clone().unwrap_or_else(|| self.prefix.clone());
        let mut request = viewer_request(&parts, nested.as_deref());
        if let Some(user) = is_allowed.then(|| self.user_of(&parts)).flatten() {
            request = request.with_user(&user);
        }
        if is_allowed && parts.method == Method::POST {
            match form(body).await {
                Some(form) => request = request.with_body(form),
                None => return StatusCode::BAD_REQUEST.into_response(),
            }
        }
        let mut viewer = tracker.viewer().prefix(&prefix).permission(move |_: &_| is_allowed);
        if let Some(templates) = self.templates.clone() {
            viewer = viewer.templates(templates);
        }
        match tokio::task::spawn_blocking(move || viewer.handle(&request)).await {
            Ok(answer) => response(answer),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

/// Returns the last segment of the original path, with a slash before it, if the path has no slash
/// at its end and nesting has reduced it to `/`. The viewer redirects from there to the path with
/// the slash, which the relative links of the pages need.
fn segment_without_slash(parts: &Parts) -> Option<String> {
    let OriginalUri(original) = parts.extensions.get()?;
    let (_, last) = original.path().rsplit_once('/')?;
    (parts.uri.path() == "/" && !last.is_empty()).then(|| format!("/{last}"))
}

/// Returns the request of the viewer, for `path` or that of the request.
fn viewer_request(parts: &Parts, path: Option<&str>) -> ViewerRequest {
    let target = match (path, parts.uri.query()) {
        (Some(path), Some(query)) => format!("{path}?{query}"),
        (Some(path), None) => path.to_owned(),
        (None, _) => parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
    };
    let mut request = ViewerRequest::new(parts.method.as_str(), &target);
    if let Some(authority) = parts.uri.authority() {
        request = request.with_header("host", authority.as_str());
    }
    for (name, value) in &parts.headers {
        request = request.with_header(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
    }
    request
}

/// Reads a form, at most [`MAX_FORM`] bytes. Returns `None` if the connection fails before the end.
async fn form(mut body: Body) -> Option<Vec<u8>> {
    let mut form = Vec::new();
    while form.len() < MAX_FORM {
        let Some(frame) = body.frame().await else { break };
        if let Ok(data) = frame.ok()?.into_data() {
            form.extend_from_slice(&data[..data.len().min(MAX_FORM - form.len())]);
        }
    }
    Some(form)
}

fn response(answer: ViewerResponse) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(answer.status()).unwrap_or_default();
    for (name, value) in answer.headers() {
        if let (Ok(name), Ok(value)) =
            (header::HeaderName::try_from(name), HeaderValue::try_from(value))
        {
            response.headers_mut().append(name, value);
        }
    }
    *response.body_mut() = Body::from(answer.into_body());
    response
}

impl<S: Clone + Send + Sync + 'static> From<ViewerRoutes> for Router<S> {
    fn from(routes: ViewerRoutes) -> Self {
        let prefix = routes.prefix.clone();
        let handler = move |request: Request| routes.answer(request);
        if prefix.is_empty() {
            return Self::new().fallback(handler);
        }
        let handler = any(handler);
        Self::new()
            .route(&format!("{prefix}/"), handler.clone())
            .route(&format!("{prefix}/{{*page}}"), handler.clone())
            .route(&prefix, handler)
    }
}

impl fmt::Debug for ViewerRoutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewerRoutes").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
