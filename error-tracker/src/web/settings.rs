//! Settings of the integrations.

use super::{ProxyNetwork, StatusSet};

/// What becomes of an error that left an annotated function, or was given as the error of the
/// response, where the response has a status from 400 to 599 that is not tracked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UntrackedErrors {
    /// It is dropped, and counted in [`Health::untracked`](crate::Health::untracked).
    #[default]
    Drop,
    /// It is an event, marked as handled.
    Keep,
}

/// Settings of a middleware that tracks requests. The integrations have the same methods.
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

    /// Sets what becomes of errors that are answered with a status from 400 to 599 that is not
    /// tracked. By default they are dropped and counted.
    #[must_use]
    pub fn untracked_errors(mut self, untracked: UntrackedErrors) -> Self {
        self.untracked_errors = untracked;
        self
    }

    /// Sets how many bytes of a form or of JSON are recorded, while the handler reads them: 65,536
    /// by default, 0 for none.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Believes the headers `forwarded`, `x-forwarded-for`, `x-forwarded-proto` and
    /// `x-forwarded-host` of these proxies. By default nobody is believed.
    ///
    /// ```
    /// # fn settings() -> Result<error_tracker::web::WebSettings, error_tracker::web::NetworkError> {
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

    /// Sets the header of the request that has its id, `x-request-id` by default. A request without
    /// it gets one for its events.
    ///
    /// # Panics
    /// The name is not that of a header.
    #[must_use]
    #[track_caller]
    pub fn request_id_header(mut self, name: &str) -> Self {
        self.request_id_header = header_name(name);
        self
    }

    /// Puts the event's id into this header of the response to a request that failed, such as
    /// `x-event-id`.
    ///
    /// # Panics
    /// The name is not that of a header.
    #[must_use]
    #[track_caller]
    pub fn event_id_header(mut self, name: &str) -> Self {
        self.event_id_header = Some(header_name(name));
        self
    }

    /// Answers a request that failed with `application/problem+json` (RFC 9457), which has the
    /// event's id, in place of a body that is empty or plain text.
    #[must_use]
    pub fn problem_json(mut self) -> Self {
        self.sends_problems = true;
        self
    }

    /// Sets whether a panic of a handler is caught and answered with the status 500. It is by
    /// default; else it goes on, for a layer around that answers it.
    #[must_use]
    pub fn catch_panics(mut self, catches: bool) -> Self {
        self.catches_panics = catches;
        self
    }

    /// Returns the header that gets the event's id, if any.
    #[must_use]
    pub fn header_of_event_id(&self) -> Option<&str> {
        self.event_id_header.as_deref()
    }

    /// Returns whether a request that failed is answered with `application/problem+json`.
    #[must_use]
    pub fn sends_problems(&self) -> bool {
        self.sends_problems
    }

    /// Returns whether a panic of a handler is caught.
    #[must_use]
    pub fn catches_panics(&self) -> bool {
        self.catches_panics
    }

    /// Returns whether a status is a failure.
    #[must_use]
    pub fn tracks_status(&self, status: u16) -> bool {
        self.statuses.contains(status)
    }
}

/// Returns the name of a header in lower case.
#[track_caller]
fn header_name(name: &str) -> String {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    assert!(!name.is_empty() && name.chars().all(is_token), "{name:?} is not the name of a header");
    name.to_ascii_lowercase()
}
