//! Answers, and what every one of them carries.

use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use crate::store::StoreError;

pub(super) type Answer = Response<Vec<u8>>;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const EVERYWHERE: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::VARY, "accept-language, cookie"),
];

/// An answer with the headers that every answer has.
pub(super) fn answer(status: StatusCode, media_type: &'static str, body: impl Into<Vec<u8>>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    for (name, value) in EVERYWHERE {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}

/// Sends the browser elsewhere within the viewer.
pub(super) fn see(status: StatusCode, to: &str) -> Answer {
    let mut answer = answer(status, "text/plain; charset=utf-8", Vec::new());
    if let Ok(to) = HeaderValue::from_str(to) {
        answer.headers_mut().insert(header::LOCATION, to);
    }
    answer
}

/// Why there is no page.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// More than the status tells; may be empty.
    pub(super) detail: String,
    /// The methods that would have worked.
    pub(super) allow: Option<&'static str>,
}

impl Problem {
    pub(super) fn new(status: StatusCode) -> Self {
        Self { status, detail: String::new(), allow: None }
    }

    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::new(StatusCode::BAD_REQUEST) }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::Cursor(_) => StatusCode::BAD_REQUEST,
            StoreError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { detail: error.to_string(), ..Self::new(status) }
    }
}

impl From<minijinja::Error> for Problem {
    fn from(error: minijinja::Error) -> Self {
        Self { detail: error.to_string(), ..Self::new(StatusCode::INTERNAL_SERVER_ERROR) }
    }
}
