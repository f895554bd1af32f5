//! HTTP status codes.

pub(super) const OK: u16 = 200;
pub(super) const SEE_OTHER: u16 = 303;
pub(super) const PERMANENT_REDIRECT: u16 = 308;
pub(super) const BAD_REQUEST: u16 = 400;
pub(super) const UNAUTHORIZED: u16 = 401;
pub(super) const FORBIDDEN: u16 = 403;
pub(super) const NOT_FOUND: u16 = 404;
pub(super) const METHOD_NOT_ALLOWED: u16 = 405;
pub(super) const REQUEST_TIMEOUT: u16 = 408;
pub(super) const CONFLICT: u16 = 409;
pub(super) const LENGTH_REQUIRED: u16 = 411;
pub(super) const CONTENT_TOO_LARGE: u16 = 413;
pub(super) const URI_TOO_LONG: u16 = 414;
pub(super) const UNSUPPORTED_MEDIA_TYPE: u16 = 415;
pub(super) const EXPECTATION_FAILED: u16 = 417;
pub(super) const MISDIRECTED_REQUEST: u16 = 421;
pub(super) const HEADERS_TOO_LARGE: u16 = 431;
pub(super) const INTERNAL_SERVER_ERROR: u16 = 500;
pub(super) const SERVICE_UNAVAILABLE: u16 = 503;
pub(super) const VERSION_NOT_SUPPORTED: u16 = 505;

/// Returns the reason phrase for the first line of an answer.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        OK => "OK",
        SEE_OTHER => "See Other",
        PERMANENT_REDIRECT => "Permanent Redirect",
        BAD_REQUEST => "Bad Request",
        UNAUTHORIZED => "Unauthorized",
        FORBIDDEN => "Forbidden",
        NOT_FOUND => "Not Found",
        METHOD_NOT_ALLOWED => "Method Not Allowed",
        REQUEST_TIMEOUT => "Request Timeout",
        CONFLICT => "Conflict",
        LENGTH_REQUIRED => "Length Required",
        CONTENT_TOO_LARGE => "Content Too Large",
        URI_TOO_LONG => "URI Too Long",
        UNSUPPORTED_MEDIA_TYPE => "Unsupported Media Type",
        EXPECTATION_FAILED => "Expectation Failed",
        MISDIRECTED_REQUEST => "Misdirected Request",
        HEADERS_TOO_LARGE => "Request Header Fields Too Large",
        INTERNAL_SERVER_ERROR => "Internal Server Error",
        SERVICE_UNAVAILABLE => "Service Unavailable",
        VERSION_NOT_SUPPORTED => "HTTP Version Not Supported",
        // Clients use only the number.
        _ => "",
    }
}
