//! The pages as a service of an application.

use std::fmt;
use std::future::{self, Future};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Once};
use std::task::Poll;

use actix_web::dev::{AppService, HttpServiceFactory, Payload};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use error_tracker::scope::Scope;
use error_tracker::viewer::{Templates, ViewerRequest, ViewerResponse};
use error_tracker::web::TrackedRequest;
use error_tracker::web::warn;
use futures_core::Stream as _;

/// The default path of the pages.
const PREFIX: &str = "/dev/error";
/// The name of the route parameter that contains the part of a path after that of the pages.
const PAGE: &str = "error_tracker_page";
/// The maximum number of bytes of a form that are read: one more than the viewer accepts, so that
/// it can reject a form that is too large.
const MAX_FORM: usize = 64 * 1024 + 1;

type Decision = Pin<Box<dyn Future<Output = bool>>>;
type Permission = Arc<dyn Fn(HttpRequest) -> Decision + Send + Sync>;
type UserName = Arc<dyn Fn(&HttpRequest) -> Option<String> + Send + Sync>;

/// Returns the routes of the pages, at `/dev/error/`. All requests are denied until a
/// [permission](ViewerRoutes::permission) is set.
///
/// ```
/// use actix_web::{App, HttpMessage as _};
///
/// # #[derive(Clone)] struct User { is_staff: bool }
/// let pages = error_tracker_actix::viewer()
///     .permission(|request| request.extensions().get::<User>().is_some_and(|user| user.is_staff));
/// let app = App::new().service(pages);
/// ```
#[must_use]
pub fn viewer() -> ViewerRoutes {
    ViewerRoutes { prefix: PREFIX.to_owned(), permission: None, user: None, templates: None }
}

/// The routes of the pages. They are created by [`viewer()`], and added as a service to an `App` or
/// a scope.
///
/// The pages show the issues of the tracker that is installed when a request arrives. All links are
/// relative, so a proxy may serve the pages at another path. The store is read on the runtime's
/// threads for blocking work.
#[derive(Clone)]
pub struct ViewerRoutes {
    prefix: String,
    permission: Option<Permission>,
    user: Option<UserName>,
    templates: Option<Templates>,
}

impl ViewerRoutes {
    /// Sets the path of the pages in the `App` or scope to which they are added; `/dev/error` by
    /// default. With an empty path they take a whole scope:
    ///
    /// ```
    /// use actix_web::{App, web};
    ///
    /// let pages = web::scope("/admin/errors").service(error_tracker_actix::viewer().prefix(""));
    /// let app = App::new().service(pages);
    /// ```
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        let inner = prefix.trim_matches('/');
        self.prefix = if inner.is_empty() { String::new() } else { format!("/{inner}") };
        self
    }

    /// Sets the function that decides whether a request may view the pages and change issues. It
    /// receives the request, with the extensions that outer middlewares have set. If it returns
    /// `false` or panics, the response has the status 401.
    #[must_use]
    pub fn permission(
        self,
        permission: impl Fn(&HttpRequest) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.permission_async(move |request| future::ready(permission(&request)))
    }

    /// Sets an asynchronous permission, which may for example load a session. Otherwise like
    /// [`permission`](Self::permission).
    ///
    /// ```
    /// # async fn is_staff(_: Option<actix_web::http::header::HeaderValue>) -> bool { false }
    /// let pages = error_tracker_actix::viewer()
    ///     .permission_async(|request| async move { is_staff(request.headers().get("cookie").cloned()).await });
    /// ```
    #[must_use]
    pub fn permission_async<F: Future<Output = bool> + 'static>(
        mut self,
        permission: impl Fn(HttpRequest) -> F + Send + Sync + 'static,
    ) -> Self {
        self.permission = Some(Arc::new(move |request| Box::pin(permission(request))));
        self
    }

    /// Sets the function that names the user of a request that is allowed, such as one that a session
    /// layer knows: the author of the notes that they write. Without a name, the pages ask for one.
    ///
    /// ```
    /// use actix_web::HttpMessage as _;
    ///
    /// # #[derive(Clone)] struct User { is_staff: bool, name: String }
    /// let pages = error_tracker_actix::viewer()
    ///     .permission(|request| request.extensions().get::<User>().is_some_and(|user| user.is_staff))
    ///     .user(|request| request.extensions().get::<User>().map(|user| user.name.clone()));
    /// ```
    #[must_use]
    pub fn user(
        mut self,
        user: impl Fn(&HttpRequest) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.user = Some(Arc::new(user));
        self
    }

    /// Renders the pages by templates of the program's own.
    #[must_use]
    pub fn templates(mut self, templates: Templates) -> Self {
        self.templates = Some(templates);
        self
    }

    async fn is_allowed(&self, request: &HttpRequest) -> bool {
        let Some(permission) = &self.permission else { return false };
        let decide = AssertUnwindSafe(|| permission(request.clone()));
        let Ok(mut decision) = catch_unwind(decide) else { return false };
        future::poll_fn(move |context| {
            let poll = AssertUnwindSafe(|| decision.as_mut().poll(context));
            catch_unwind(poll).unwrap_or(Poll::Ready(false))
        })
        .await
    }

    /// Returns the name of the user; `None` if it is not known.
    fn user_of(&self, request: &HttpRequest) -> Option<String> {
        let name = self.user.as_ref()?;
        catch_unwind(AssertUnwindSafe(|| name(request))).unwrap_or_default()
    }

    async fn answer(self, request: HttpRequest, payload: web::Payload) -> HttpResponse {
        let is_allowed = self.is_allowed(&request).await;
        if let Some(request) = TrackedRequest::current() {
            // A store that is not available is no failure of this application.
            request.ignore_status();
        }
        let Some(tracker) = error_tracker::tracker() else {
            return HttpResponse::ServiceUnavailable().body("No tracker is installed.");
        };
        let PagePath { prefix, rest } = PagePath::of(&request);
        if is_allowed && rest == prefix {
            say_that_slashes_are_needed();
        }
        let target = match request.query_string() {
            "" => format!("{prefix}{rest}"),
            query => format!("{prefix}{rest}?{query}"),
        };
        let mut asked = ViewerRequest::new(request.method().as_str(), &target);
        if let Some(authority) = request.uri().authority() {
            asked = asked.with_header("host", authority.as_str());
        }
        for (name, value) in request.headers() {
            asked = asked.with_header(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
        }
        if let Some(user) = is_allowed.then(|| self.user_of(&request)).flatten() {
            asked = asked.with_user(&user);
        }
        if is_allowed && request.method() == Method::POST {
            match form(payload.into_inner()).await {
                Some(form) => asked = asked.with_body(form),
                None => return HttpResponse::BadRequest().finish(),
            }
        }
        let mut viewer = tracker.viewer().prefix(prefix).permission(move |_: &_| is_allowed);
        if let Some(templates) = self.templates.clone() {
            viewer = viewer.templates(templates);
        }
        match crate::block(move || viewer.handle(&asked)).await {
            Ok(answer) => response(answer),
            Err(_) => HttpResponse::InternalServerError().finish(),
        }
    }
}

/// The two parts of a request's path that the viewer needs. `prefix` is the last segment of the
/// path of the pages, with a slash before it; `rest` is the part after it. The segments before
/// `prefix` are left out, because all links are relative.
struct PagePath<'a> {
    prefix: &'a str,
    rest: &'a str,
}

impl<'a> PagePath<'a> {
    fn of(request: &'a HttpRequest) -> Self {
        let path = request.path();
        let rest = match request.match_info().get(PAGE) {
            Some(page) => {
                let slashes = page.matches('/').count();
                let start = path.rmatch_indices('/').nth(slashes).map_or(0, |(start, _)| start);
                &path[start..]
            }
            None if has_lost_slash(path) => "/",
            None => "",
        };
        let folder = path.strip_suffix(rest).unwrap_or(path);
        Self { prefix: &folder[folder.rfind('/').unwrap_or(0)..], rest }
    }
}

/// Returns whether a slash at the end of the path was removed after the request arrived. The
/// original path is that of the tracked request.
fn has_lost_slash(path: &str) -> bool {
    let arrived = Scope::current().request().map(|request| request.path);
    !path.ends_with('/') && arrived.is_some_and(|path| path.ends_with('/'))
}

/// Warns once that `NormalizePath` is in the wrong place. The path `error/error` shows it: the
/// slash of `error/` was removed, and a browser followed the relative redirect to `error/`.
fn say_that_slashes_are_needed() {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        warn(
            "the path of the pages has lost the slash at its end, which their links need: put \
             error_tracker_actix::middleware() around NormalizePath, in a later call of App::wrap",
        );
    });
}

/// Reads a form, at most [`MAX_FORM`] bytes. Returns `None` if the connection fails before the end.
async fn form(mut payload: Payload) -> Option<Vec<u8>> {
    let mut form = Vec::new();
    while form.len() < MAX_FORM {
        let next = future::poll_fn(|context| Pin::new(&mut payload).poll_next(context));
        let Some(bytes) = next.await else { break };
        let bytes = bytes.ok()?;
        form.extend_from_slice(&bytes[..bytes.len().min(MAX_FORM - form.len())]);
    }
    Some(form)
}

fn response(answer: ViewerResponse) -> HttpResponse {
    let mut response =
        HttpResponse::new(StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::OK));
    for (name, value) in answer.headers() {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response.set_body(answer.into_body()).map_into_boxed_body()
}

impl HttpServiceFactory for ViewerRoutes {
    fn register(self, config: &mut AppService) {
        let prefix = &self.prefix;
        let paths = [prefix.clone(), format!("{prefix}/{{{PAGE}:.*}}")];
        let handler = move |request, payload| self.clone().answer(request, payload);
        web::resource(paths).to(handler).register(config);
    }
}

impl fmt::Debug for ViewerRoutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewerRoutes").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
