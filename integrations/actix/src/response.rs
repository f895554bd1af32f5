//! What a response says of its request, and what it tells the client.

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody as _};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use error_tracker::web::{EventId, RequestGuard, RequestOutcome, WebSettings};

use crate::service::TrackingRules;
use crate::watched_body::WatchedBody;

/// The longest body that is read as the text of a failure, in bytes.
const MAX_TEXT: usize = 4096;

/// Settles a request by its response, in the request's scope.
pub(crate) fn settle(
    rules: &TrackingRules,
    guard: RequestGuard,
    response: HttpResponse,
) -> HttpResponse {
    if let Some(error) = response.error() {
        rules.errors.observe(error);
    }
    let (mut head, body) = response.into_parts();
    let mut body = ResponseBody::of(body);
    let status = head.status();
    let is_text = rules.settings.tracks_status(status.as_u16())
        && media_type(head.headers()).is_none_or(is_readable)
        && !head.headers().contains_key(header::CONTENT_ENCODING);
    let text = if is_text { body.short_text() } else { String::new() };
    let reason = status.canonical_reason().unwrap_or_default();
    let outcome = RequestOutcome::Response { status: status.as_u16(), reason, text: &text };
    if let Some(id) = guard.settle(outcome)
        && let Some(problem) = tell(&rules.settings, &mut head, &id)
    {
        body = ResponseBody::Other(problem);
    }
    head.set_body(match body {
        ResponseBody::Whole(bytes) => BoxBody::new(bytes),
        ResponseBody::Stream(body) => WatchedBody::new(body, rules.errors.clone()).boxed(),
        ResponseBody::Other(body) => body,
    })
}

/// The body of a response.
enum ResponseBody {
    /// It is complete.
    Whole(Bytes),
    /// It is sent over some time, so that it may fail meanwhile.
    Stream(BoxBody),
    /// Nothing is to be done with it: there is none, which differs from one without bytes.
    Other(BoxBody),
}

impl ResponseBody {
    fn of(body: BoxBody) -> Self {
        match body.size() {
            BodySize::None => Self::Other(body),
            _ => body.try_into_bytes().map_or_else(Self::Stream, Self::Whole),
        }
    }

    /// Returns the text of a short body that is complete; else nothing.
    fn short_text(&self) -> String {
        match self {
            Self::Whole(bytes) if bytes.len() <= MAX_TEXT => {
                String::from_utf8_lossy(bytes).into_owned()
            }
            _ => String::new(),
        }
    }
}

/// Puts the event's id into the extensions, and into a header when asked. Returns the problem that
/// replaces the body, when asked, and changes the headers that describe the former one.
pub(crate) fn tell(
    settings: &WebSettings,
    head: &mut HttpResponse<()>,
    id: &EventId,
) -> Option<BoxBody> {
    let name = settings.header_of_event_id().and_then(|name| HeaderName::try_from(name).ok());
    if let (Some(name), Ok(value)) = (name, HeaderValue::try_from(id.as_str())) {
        head.headers_mut().insert(name, value);
    }
    head.extensions_mut().insert(id.clone());
    let is_replaced = settings.sends_problems()
        && media_type(head.headers()).is_none_or(|kind| kind == "text/plain");
    if !is_replaced {
        return None;
    }
    let status = head.status();
    let problem = id.problem_json(status.as_u16(), status.canonical_reason().unwrap_or_default());
    let headers = head.headers_mut();
    for name in
        [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::ETAG, header::LAST_MODIFIED]
    {
        headers.remove(name);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    Some(BoxBody::new(problem))
}

/// Returns the type of a body, without its parameters; types are written in lower case.
fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().unwrap_or("?");
    Some(value.split(';').next().unwrap_or(value).trim())
}

/// Whether the body of a type is text that people write.
fn is_readable(kind: &str) -> bool {
    kind == "text/plain" || kind == "application/json" || kind.ends_with("+json")
}
