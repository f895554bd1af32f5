//! The settings that all integrations share.

use super::{ProxyNetwork, StatusSet};

/// How an error is treated if the response has a status from 400 to 599 that is not tracked. It
/// applies to errors that leave annotated functions, and to the error that the response was made
/// of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UntrackedErrors {
    /// Drops the error, and counts it in [`Health::untracked`](crate::Health::untracked).
    #[default]
    Drop,
    /// Records an event that is marked as handled.
    Keep,
}

/// The settings of a middleware or layer that tracks requests. The middlewares and layers of the
/// integrations have the same methods.
#[derive(Clone, Debug)]
pub struct WebSettings {
    pub(super) statuses: StatusSet,
    pub(super) grpc_codes: StatusSet,
    pub(super) untracked_errors: UntrackedErrors,
    pub(super) max_body: usize,
    pub(super) proxies: Vec<ProxyNetwork>,
    pub(super) request_id_header: String,
    event_id_header: Option<String>,
    sends_problems: bool,
    catches_panics: bool,
}

impl Default for WebSettings {
    fn default() -> Self {
        Self {
            statuses: StatusSet::from(500..=599),
            // Unknown, deadline exceeded, unimplemented, internal, unavailable, data loss.
            grpc_codes: StatusSet::from([2, 4, 12, 13, 14, 15]),
            untracked_errors: UntrackedErrors::Drop,
            max_body: 64 * 1024,
            proxies: Vec::new(),
            request_id_header: "x-request-id".to_owned(),
            event_id_header: None,
            sends_problems: false,
            catches_panics: true,
        }
    }
}

impl WebSettings {
    /// Sets which statuses are failures: a code, a range, a list, or a [`StatusSet`]. By default
    /// these are 500 to 599.
    ///
    /// ```
    /// use error_tracker::web::{StatusSet, WebSettings};
    ///
    /// let statuses = StatusSet::from(500..=599).with([401, 404]);
    /// let settings = WebSettings::default().track_status(statuses);
    /// ```
    #[must_use]
    pub fn track_status(mut self, statuses: impl Into<StatusSet>) -> Self {
        self.statuses = statuses.into();
        self
    }

    /// Sets which status codes of gRPC are failures. By default these are 2 (unknown), 4 (deadline
    /// exceeded), 12 (unimplemented), 13 (internal), 14 (unavailable) and 15 (data loss).
    #[must_use]
    pub fn track_grpc(mut self, codes: impl Into<StatusSet>) -> Self {
        self.grpc_codes = codes.into();
        self
    }

    /// Sets how errors are treated if the response has a status from 400 to 599 that is not
    /// tracked. By default they are dropped and counted.
    #[must_use]
    pub fn untracked_errors(mut self, untracked: UntrackedErrors) -> Self {
        self.untracked_errors = untracked;
        self
    }

    /// Sets the maximum number of bytes of a form or JSON body that are recorded while the handler
    /// reads it: 65,536 by default. With 0 no body is recorded.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Adds proxies whose headers `forwarded`, `x-forwarded-for`, `x-forwarded-proto` and
    /// `x-forwarded-host` are used. By default these headers are ignored, because any client can
    /// send them.
    ///
    /// ```
    /// # fn settings() -> Result<error_tracker::web::WebSettings, error_tracker::web::ParseNetworkError> {
    /// # use error_tracker::web::WebSettings;
    /// let proxies = ["127.0.0.1".parse()?, "10.0.0.0/8".parse()?];
    /// let settings = WebSettings::default().trust_proxies(proxies);
    /// # Ok(settings) }
    /// # settings().unwrap();
    /// ```
    #[must_use]
    pub fn trust_proxies(mut self, proxies: impl IntoIterator<Item = ProxyNetwork>) -> Self {
        self.proxies.extend(proxies);
        self
    }

    /// Sets the request header that contains the id of the request, `x-request-id` by default. For
    /// a request without it, an id is generated.
    ///
    /// # Panics
    /// If `name` is not a valid header name.
    #[must_use]
    #[track_caller]
    pub fn request_id_header(mut self, name: &str) -> Self {
        self.request_id_header = header_name(name);
        self
    }

    /// Sets the response header, such as `x-event-id`, that gets the id of the event if the request
    /// failed. By default there is none.
    ///
    /// # Panics
    /// If `name` is not a valid header name.
    #[must_use]
    #[track_caller]
    pub fn event_id_header(mut self, name: &str) -> Self {
        self.event_id_header = Some(header_name(name));
        self
    }

    /// Replaces the body of the response to a failed request, if it is empty or plain text, by
    /// `application/problem+json` (RFC 9457) with the id of the event.
    #[must_use]
    pub fn problem_json(mut self) -> Self {
        self.sends_problems = true;
        self
    }

    /// Sets whether a panic of a handler is caught and answered with the status 500, which is the
    /// default. Otherwise it unwinds further, for example to an outer layer that handles it; it is
    /// recorded in both cases.
    #[must_use]
    pub fn catch_panics(mut self, catches: bool) -> Self {
        self.catches_panics = catches;
        self
    }

    /// Returns the name of the response header that gets the id of the event, if any.
    #[must_use]
    pub fn event_id_header_name(&self) -> Option<&str> {
        self.event_id_header.as_deref()
    }

    /// Returns whether a body that is empty or plain text is replaced by
    /// `application/problem+json` if the request failed.
    #[must_use]
    pub fn sends_problems(&self) -> bool {
        self.sends_problems
    }

    /// Returns whether panics of handlers are caught.
    #[must_use]
    pub fn catches_panics(&self) -> bool {
        self.catches_panics
    }

    /// Returns whether a response with this status is a failure.
    #[must_use]
    pub fn tracks_status(&self, status: u16) -> bool {
        self.statuses.contains(status)
    }
}

/// Returns `name` in lower case. Panics if it is not a valid header name.
#[track_caller]
fn header_name(name: &str) -> String {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    assert!(!name.is_empty() && name.chars().all(is_token), "{name:?} is not the name of a header");
    name.to_ascii_lowercase()
}
