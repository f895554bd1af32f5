//! Settles a request by its response, and adds the event's id to the response.

use std::fmt::{Debug, Display};
use std::task::Context;

use bytes::Bytes;
use error_tracker::web::{EventId, RequestGuard, RequestOutcome, WebSettings};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::response::Parts;
use http::{Response, StatusCode};
use http_body::Body;

use crate::service::TrackingRules;
use crate::tracked_body::TrackedBody;

/// Settles a request by its response, and returns the response with the event's id. Must be called
/// in the request's scope. A gRPC response without a status in its headers is settled when its body
/// ends, by the status in the trailers.
pub(crate) fn settle<B>(
    rules: &TrackingRules,
    guard: Option<RequestGuard>,
    response: Response<B>,
    context: &mut Context<'_>,
) -> Response<TrackedBody<B>>
where
    B: Body<Data: From<Bytes>, Error: Debug + Display + 'static>,
{
    let (mut parts, body) = response.into_parts();
    let mut body = TrackedBody::new(body);
    let Some(guard) = guard else { return Response::from_parts(parts, body) };
    rules.errors.observe_in(&parts.extensions);
    let is_grpc = media_type(&parts.headers).filter(|kind| kind.starts_with("application/grpc"));
    match (is_grpc, grpc_status(&parts.headers)) {
        (Some(_), Some((code, message))) => {
            if let Some(id) = guard.settle(RequestOutcome::Grpc { code, message: &message }) {
                add_event_id(&rules.settings, &mut parts, &id);
            }
            return Response::from_parts(parts, body);
        }
        (Some(kind), None) if !rules.settings.tracks_status(parts.status.as_u16()) => {
            // Trailers of gRPC-Web are a part of the body, so that its code is not known: what is
            // held is reported.
            let guard = Some(guard).filter(|_| !kind.starts_with("application/grpc-web"));
            body.track(rules.errors.clone(), guard);
            return Response::from_parts(parts, body);
        }
        _ => {}
    }
    let status = parts.status;
    let is_failure = rules.settings.tracks_status(status.as_u16());
    let is_text = is_failure && media_type(&parts.headers).is_none_or(is_readable);
    let text = if is_text && !parts.headers.contains_key(header::CONTENT_ENCODING) {
        body.peek(context)
    } else {
        String::new()
    };
    let reason = status.canonical_reason().unwrap_or_default();
    let outcome = RequestOutcome::Response { status: status.as_u16(), reason, text: &text };
    if let Some(id) = guard.settle(outcome) {
        add_event_id(&rules.settings, &mut parts, &id);
        if rules.settings.sends_problems()
            && media_type(&parts.headers).is_none_or(|kind| kind == "text/plain")
        {
            body = send_problem(&mut parts, &id);
        }
    }
    if body.may_fail() && status != StatusCode::SWITCHING_PROTOCOLS {
        body.track(rules.errors.clone(), None);
    }
    Response::from_parts(parts, body)
}

/// Returns the response to a request whose handler panicked.
pub(crate) fn panic_response<B>(
    settings: &WebSettings,
    id: Option<EventId>,
) -> Response<TrackedBody<B>>
where
    B: Body<Data: From<Bytes>>,
{
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = status;
    parts
        .headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    let mut body = TrackedBody::own(Bytes::from_static(b"Internal Server Error"));
    if let Some(id) = id {
        add_event_id(settings, &mut parts, &id);
        if settings.sends_problems() {
            body = send_problem(&mut parts, &id);
        }
    }
    Response::from_parts(parts, body)
}

/// Adds the event's id to the extensions and, if it is set, to the header for event ids.
fn add_event_id(settings: &WebSettings, parts: &mut Parts, id: &EventId) {
    let name = settings.event_id_header_name().and_then(|name| HeaderName::try_from(name).ok());
    if let (Some(name), Ok(value)) = (name, HeaderValue::try_from(id.as_str())) {
        parts.headers.insert(name, value);
    }
    parts.extensions.insert(id.clone());
}

/// Returns an RFC 9457 problem as the new body, and adapts the headers that describe the body.
fn send_problem<B>(parts: &mut Parts, id: &EventId) -> TrackedBody<B>
where
    B: Body<Data: From<Bytes>>,
{
    let reason = parts.status.canonical_reason().unwrap_or_default();
    let problem = id.problem_json(parts.status.as_u16(), reason);
    let headers = &mut parts.headers;
    for name in
        [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::ETAG, header::LAST_MODIFIED]
    {
        headers.remove(name);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    TrackedBody::own(Bytes::from(problem))
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

/// Returns the gRPC code and message in headers or trailers. A code that is not a number is read as
/// 2 (unknown).
pub(crate) fn grpc_status(headers: &HeaderMap) -> Option<(u16, String)> {
    let code = headers.get("grpc-status")?.to_str().ok()?.trim().parse().unwrap_or(2);
    let message = headers.get("grpc-message").map(HeaderValue::as_bytes).unwrap_or_default();
    Some((code, percent_decoded(message)))
}

/// Decodes a percent-encoded gRPC message.
fn percent_decoded(text: &[u8]) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) if byte == b'%' => {
                decoded.push(value);
                rest = &after[2..];
            }
            _ => {
                decoded.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::percent_decoded;

    #[test]
    fn a_grpc_message_is_percent_decoded_and_broken_escapes_stay() {
        assert_eq!(percent_decoded(b"no kettle %C3%A9 100%25 %zz %4"), "no kettle é 100% %zz %4");
    }
}
