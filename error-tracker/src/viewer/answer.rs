//! Answers, and the headers that all of them have.

use super::{ViewerResponse, status};
use crate::store::StoreError;

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const COMMON_HEADERS: [(&str, &str); 5] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("vary", "accept-language, cookie"),
    ("cache-control", "no-store"),
];

/// Returns an answer with the common headers.
pub(super) fn answer(
    status: u16,
    media_type: &'static str,
    body: impl Into<Vec<u8>>,
) -> ViewerResponse {
    let mut answer = ViewerResponse::new(status, body.into());
    for (name, value) in COMMON_HEADERS {
        answer.set(name, value);
    }
    answer.set("content-type", media_type);
    answer
}

/// Redirects the browser to another page of the viewer.
pub(super) fn redirect(status: u16, to: String) -> ViewerResponse {
    let mut answer = answer(status, "text/plain; charset=utf-8", Vec::new());
    answer.set("location", to);
    answer
}

/// The reason why a request is answered with an error page.
#[derive(Debug)]
pub(super) struct PageError {
    pub(super) status: u16,
    /// Details; may be empty.
    pub(super) detail: String,
    /// The allowed methods.
    pub(super) allow: Option<&'static str>,
}

impl PageError {
    pub(super) fn new(status: u16) -> Self {
        Self { status, detail: String::new(), allow: None }
    }

    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::new(status::BAD_REQUEST) }
    }

    pub(super) fn method(allow: &'static str) -> Self {
        Self { allow: Some(allow), ..Self::new(status::METHOD_NOT_ALLOWED) }
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::Cursor(_) => status::BAD_REQUEST,
            StoreError::Refused(_) => status::CONFLICT,
            StoreError::Unavailable(_) | StoreError::Full(_) => status::SERVICE_UNAVAILABLE,
            _ => status::INTERNAL_SERVER_ERROR,
        };
        Self { detail: error.to_string(), ..Self::new(status) }
    }
}

impl From<minijinja::Error> for PageError {
    fn from(error: minijinja::Error) -> Self {
        Self { detail: error.to_string(), ..Self::new(status::INTERNAL_SERVER_ERROR) }
    }
}
