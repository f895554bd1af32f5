//! Settles a request by its response, and adds the event's id to the response.

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody as _};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use error_tracker::web::{EventId, RequestGuard, RequestOutcome, WebSettings};

use crate::service::TrackingRules;
use crate::tracked_body::TrackedBody;

/// The maximum length of the body of a failed response that is read as the message of the event, in
/// bytes.
const MAX_TEXT: usize = 4096;

/// Settles a request by its response, and returns the response with the event's id. Must be called
/// in the request's scope.
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
        && let Some(problem) = add_event_id(&rules.settings, &mut head, &id)
    {
        body = ResponseBody::Other(problem);
    }
    head.set_body(match body {
        ResponseBody::Whole(bytes) => BoxBody::new(bytes),
        ResponseBody::Stream(body) => TrackedBody::new(body, rules.errors.clone()).boxed(),
        ResponseBody::Other(body) => body,
    })
}

/// The body of a response, by how it is sent.
enum ResponseBody {
    /// A complete body.
    Whole(Bytes),
    /// A stream, which may fail while it is sent.
    Stream(BoxBody),
    /// A body that is sent unchanged: a new one, or no body, which differs from an empty one.
    Other(BoxBody),
}

impl ResponseBody {
    fn of(body: BoxBody) -> Self {
        match body.size() {
            BodySize::None => Self::Other(body),
            _ => body.try_into_bytes().map_or_else(Self::Stream, Self::Whole),
        }
    }

    /// Returns the text of a complete body of at most [`MAX_TEXT`] bytes, otherwise an empty text.
    fn short_text(&self) -> String {
        match self {
            Self::Whole(bytes) if bytes.len() <= MAX_TEXT => {
                String::from_utf8_lossy(bytes).into_owned()
            }
            _ => String::new(),
        }
    }
}

/// Adds the event's id to the extensions and, if it is set, to the header for event ids. Returns an
/// RFC 9457 problem as the new body if the settings ask for it and the body may be replaced, and
/// adapts the headers that describe the body.
pub(crate) fn add_event_id(
    settings: &WebSettings,
    head: &mut HttpResponse<()>,
    id: &EventId,
) -> Option<BoxBody> {
    let name = settings.event_id_header_name().and_then(|name| HeaderName::try_from(name).ok());
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

/// Returns the media type of a body without its parameters, or `?` if the header is not text. It is
/// compared with regard to case, because servers write media types in lower case.
fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().unwrap_or("?");
    Some(value.split(';').next().unwrap_or(value).trim())
}

/// Returns whether bodies of this media type are text that a person can read as a message.
fn is_readable(kind: &str) -> bool {
    kind == "text/plain" || kind == "application/json" || kind.ends_with("+json")
}
