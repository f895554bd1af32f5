//! Tracks a request from its arrival to its response.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use super::forwarded::{ForwardedRequest, forwarded};
use super::trace_parent::trace_id;
use super::{BodyRecorder, EventId, IncomingRequest, StatusError, UntrackedErrors, WebSettings};
use crate::event::{Level, Request, new_id};
use crate::scope::{RequestSource, Scope, ScopeWork, WorkOwner};
use crate::trace::error_ref::ErrorRef;
use crate::trace::explicit::{observe_result, report_result};
use crate::trace::sink::SINK;
use crate::trace::work_failures::{WorkFailures, WorkResult};
use crate::{DISABLED, json};

/// The maximum length of a request id that is accepted from the client, in bytes.
const MAX_ID: usize = 128;

/// A handle to a request that is being handled. Clones refer to the same request.
///
/// Every event that is captured in the [scope](RequestGuard::scope) of the request contains it, on
/// any thread or task that runs in this scope. Errors that leave annotated functions are held until
/// the request is [settled](RequestGuard::settle).
#[derive(Clone)]
pub struct TrackedRequest {
    parts: Arc<RequestParts>,
    failures: Arc<WorkFailures>,
}

/// The guard of a request that is not settled yet. If it is dropped before
/// [`settle`](Self::settle) is called, for example because the client has disconnected, all held
/// errors become events.
#[derive(Debug)]
pub struct RequestGuard {
    request: TrackedRequest,
}

struct RequestParts {
    settings: Arc<WebSettings>,
    incoming: Box<dyn IncomingRequest>,
    body: Option<BodyRecorder>,
    route: OnceLock<String>,
    id: OnceLock<String>,
    /// Whether its status is no failure.
    is_untracked: AtomicBool,
}

/// The result of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestOutcome<'a> {
    /// The request was answered.
    Response {
        /// The status code.
        status: u16,
        /// The reason phrase of the status, such as `Not Found`, or an empty text.
        reason: &'a str,
        /// The body if it is a short text, otherwise an empty text. If no error is known, the
        /// message of the event contains it. An error that an annotated function has handled
        /// counts as the cause of the response if its message is a part of this text.
        text: &'a str,
    },
    /// The request was answered by gRPC.
    Grpc {
        /// The code in `grpc-status`.
        code: u16,
        /// The text in `grpc-message`.
        message: &'a str,
    },
    /// The handler returned an error in place of a response. The error was passed to
    /// [`observe_error`] before.
    Failed,
    /// The handler panicked.
    Panicked {
        /// The message of the panic. It is used only if the panic hook has not recorded the
        /// panic.
        message: &'a str,
    },
}

impl TrackedRequest {
    /// Begins to track a request. Returns `None` without calling `incoming` while no tracker is
    /// installed, because nothing can be recorded then.
    #[must_use]
    pub fn begin<I: IncomingRequest>(
        settings: &Arc<WebSettings>,
        incoming: impl FnOnce() -> I,
    ) -> Option<RequestGuard> {
        if DISABLED || SINK.get().is_none() {
            return None;
        }
        let incoming = incoming();
        let body = incoming.header("content-type").and_then(|content_type| {
            let encoding = incoming.header("content-encoding");
            BodyRecorder::of_type(&content_type, encoding.as_deref(), settings.max_body)
        });
        let parts = RequestParts {
            settings: Arc::clone(settings),
            incoming: Box::new(incoming),
            body,
            route: OnceLock::new(),
            id: OnceLock::new(),
            is_untracked: AtomicBool::new(false),
        };
        let request = Self { parts: Arc::new(parts), failures: Arc::default() };
        Some(RequestGuard { request })
    }

    /// Returns the request of the current scope, if it is not settled yet.
    ///
    /// ```
    /// use error_tracker::web::TrackedRequest;
    ///
    /// let id = TrackedRequest::current().map(|request| request.id().to_owned());
    /// # assert_eq!(id, None);
    /// ```
    #[must_use]
    pub fn current() -> Option<Self> {
        let scope = Scope::current();
        let work = scope.work()?;
        let (parts, failures) = (work.subject()?, work.failures::<WorkFailures>()?);
        failures.is_open().then_some(Self { parts, failures })
    }

    /// Returns the recorder of the request's body, if the body is a form or JSON.
    #[must_use]
    pub fn body_recorder(&self) -> Option<&BodyRecorder> {
        self.parts.body.as_ref()
    }

    /// Returns the pattern of the matched route, such as `/orders/{id}`, if it is known yet.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        self.parts.route()
    }

    /// Sets the pattern of the matched route. Has no effect if the route is known already, from
    /// [`IncomingRequest::route`] or an earlier call.
    pub fn set_route(&self, route: &str) {
        if self.parts.incoming.route().is_none() {
            let _ = self.parts.route.set(route.to_owned());
        }
    }

    /// Makes the response no failure, whatever its status, such as that of a page about failures.
    /// Errors and panics that were recorded stay.
    pub fn ignore_status(&self) {
        self.parts.is_untracked.store(true, Relaxed);
    }

    /// Returns the id of the request: that of its [header](WebSettings::request_id_header), or a
    /// generated UUID.
    #[must_use]
    pub fn id(&self) -> &str {
        self.parts.id()
    }
}

/// Sets the error with which the request of the current scope fails: the one that its response was
/// made of, or that was returned in place of a response.
///
/// The [outcome](RequestOutcome) of the request decides whether the error becomes an event. If the
/// same error left an annotated function before, both are one event. If it was recorded as handled,
/// its event is changed to not handled. Outside of a request the error becomes an event at once.
///
/// `type_name` is the name of the error's type, as [`std::any::type_name`] returns it.
pub fn observe_error(error: &dyn Error, type_name: &'static str) {
    if DISABLED {
        return;
    }
    observe_result(&ErrorRef {
        type_name,
        display: Some(&error),
        debug: Some(&error),
        error: &|| Some(error),
    });
}

impl RequestGuard {
    /// Returns a scope with the request, in which the handler runs. In a task it has what the
    /// current scope has, such as a user that an outer middleware has set.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let TrackedRequest { parts, failures } = &self.request;
        // Outside of a task the current scope is that of the thread, which other requests share.
        let mut scope = if WorkOwner::current().is_task { Scope::current() } else { Scope::new() };
        scope.set_shared_request_source(Arc::clone(parts) as _);
        scope.set_work(ScopeWork::new(Arc::clone(failures) as _, Arc::clone(parts) as _));
        scope
    }

    /// Settles the request: the outcome and the settings decide whether held errors become events
    /// or are dropped. Returns the id of the event if the request failed. Must be called in the
    /// scope of the request.
    ///
    /// Errors in tasks of the request that still run are recorded without delay afterwards.
    pub fn settle(self, outcome: RequestOutcome<'_>) -> Option<EventId> {
        let settings = &self.request.parts.settings;
        let (fails, refuses, text) = match outcome {
            RequestOutcome::Response { status, text, .. } => {
                (settings.statuses.contains(status), (400..600).contains(&status), text)
            }
            RequestOutcome::Grpc { code, message } => {
                (settings.grpc_codes.contains(code), code != 0, message)
            }
            RequestOutcome::Failed => (true, false, ""),
            RequestOutcome::Panicked { message } => (true, false, message),
        };
        let fails = fails && !self.request.parts.is_untracked.load(Relaxed);
        let result = if fails && matches!(outcome, RequestOutcome::Panicked { .. }) {
            WorkResult::Panicked
        } else if fails {
            WorkResult::Failed { text }
        } else if refuses && settings.untracked_errors == UntrackedErrors::Drop {
            WorkResult::Refused
        } else {
            WorkResult::Succeeded
        };
        let settled = self.request.failures.settle(result);
        let id = match settled.id {
            None if fails && !settled.is_explained => report_status(outcome),
            id => id,
        };
        id.map(EventId::new)
    }
}

impl Deref for RequestGuard {
    type Target = TrackedRequest;

    fn deref(&self) -> &TrackedRequest {
        &self.request
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.request.failures.settle(WorkResult::Abandoned);
    }
}

/// Reports an outcome without a known error, and returns the id of the event.
fn report_status(outcome: RequestOutcome<'_>) -> Option<String> {
    let (error, level) = match outcome {
        RequestOutcome::Response { status, reason, text } => {
            let level = if status < 500 { Level::Warning } else { Level::Error };
            (StatusError::of_http(status, reason, text), level)
        }
        RequestOutcome::Grpc { code, message } => {
            (StatusError::of_grpc(code, message), Level::Error)
        }
        RequestOutcome::Failed => return None,
        RequestOutcome::Panicked { message } => {
            (StatusError::of_http(500, "Internal Server Error", message), Level::Fatal)
        }
    };
    let error = ErrorRef {
        type_name: std::any::type_name::<StatusError>(),
        display: Some(&error),
        debug: Some(&error),
        error: &|| Some(&error),
    };
    report_result(&error, level).id()
}

impl RequestParts {
    fn route(&self) -> Option<&str> {
        self.incoming.route().or(self.route.get().map(String::as_str))
    }

    fn id(&self) -> &str {
        self.id.get_or_init(|| {
            let is_sane = |id: &String| {
                !id.is_empty()
                    && id.len() <= MAX_ID
                    && id.bytes().all(|byte| byte.is_ascii_graphic())
            };
            let given = self.incoming.header(&self.settings.request_id_header);
            given.filter(is_sane).unwrap_or_else(new_id)
        })
    }

    /// Returns all values of a header, joined by commas.
    fn joined(&self, name: &str) -> Option<String> {
        let mut all: Option<String> = None;
        self.incoming.headers(&mut |known, value| {
            if known.eq_ignore_ascii_case(name) {
                let value = String::from_utf8_lossy(value);
                match &mut all {
                    Some(all) => all.extend([",", &*value]),
                    None => all = Some(value.into_owned()),
                }
            }
        });
        all
    }
}

impl RequestSource for RequestParts {
    fn request(&self) -> Request {
        let incoming = &*self.incoming;
        let ForwardedRequest { client, scheme, host } =
            forwarded(incoming.peer(), &self.settings.proxies, |name| self.joined(name));
        let host = host
            .or_else(|| incoming.authority().map(str::to_owned))
            .or_else(|| incoming.header("host"))
            .unwrap_or_default();
        let scheme = scheme.or_else(|| incoming.scheme().map(str::to_owned));
        let scheme = scheme.unwrap_or_else(|| "http".to_owned());
        let (path, query) = (incoming.path(), incoming.query().unwrap_or_default());
        let mark = if query.is_empty() { "" } else { "?" };
        let origin = if host.is_empty() { String::new() } else { format!("{scheme}://{host}") };
        let mut request = Request {
            method: incoming.method().to_owned(),
            scheme,
            host,
            route: self.route().unwrap_or_default().to_owned(),
            path: path.to_owned(),
            url: format!("{origin}{path}{mark}{query}"),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            client: client.as_ref().map(IpAddr::to_string).unwrap_or_default(),
            id: self.id().to_owned(),
            json: json::Value::Null,
            ..Request::default()
        };
        incoming.headers(&mut |name, value| {
            let (name, value) =
                (name.to_ascii_lowercase(), String::from_utf8_lossy(value).into_owned());
            if name == "cookie" {
                let pairs = value.split(';').filter_map(|pair| pair.trim().split_once('='));
                request
                    .cookies
                    .extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
            }
            if name == "traceparent"
                && let Some(trace) = trace_id(&value)
            {
                trace.clone_into(&mut request.trace_id);
            }
            request.headers.push((name, value));
        });
        if let Some(body) = &self.body {
            (request.form, request.json) = body.read();
        }
        request
    }

    fn method_and_route(&self) -> Option<(&str, &str)> {
        Some((self.incoming.method(), self.route()?))
    }
}

impl fmt::Debug for TrackedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackedRequest")
            .field("method", &self.parts.incoming.method())
            .field("path", &self.parts.incoming.path())
            .finish_non_exhaustive()
    }
}
