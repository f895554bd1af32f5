//! The error of a response of which nothing but the response is known.

use std::error::Error;
use std::fmt;

/// Names of the status codes of gRPC, by number.
const GRPC: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The error of a response with a tracked status, where the error that led to it is not known. It is the type of such
/// events.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusError {
    status: String,
    text: String,
}

impl StatusError {
    pub(super) fn of_http(status: u16, reason: &str, text: &str) -> Self {
        Self {
            status: format!("{status} {reason}").trim_end().to_owned(),
            text: text.trim().to_owned(),
        }
    }

    pub(super) fn of_grpc(code: u16, message: &str) -> Self {
        let status = match GRPC.get(usize::from(code)) {
            Some(name) => (*name).to_owned(),
            None => format!("gRPC status {code}"),
        };
        Self { status, text: message.trim().to_owned() }
    }
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, text } = self;
        f.write_str(status)?;
        if text.is_empty() || text == status || status.ends_with(text) {
            return Ok(());
        }
        write!(f, ": {text}")
    }
}

impl fmt::Debug for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for StatusError {}

#[cfg(test)]
mod tests {
    use super::StatusError;

    #[test]
    fn it_reads_as_the_response_does() {
        let http = |text| StatusError::of_http(500, "Internal Server Error", text).to_string();
        assert_eq!(http(" no stock\n"), "500 Internal Server Error: no stock");
        assert_eq!(http(""), "500 Internal Server Error");
        assert_eq!(http("Internal Server Error"), "500 Internal Server Error");
        assert_eq!(StatusError::of_http(599, "", "").to_string(), "599");
        assert_eq!(StatusError::of_grpc(13, "no stock").to_string(), "INTERNAL: no stock");
        assert_eq!(StatusError::of_grpc(99, "").to_string(), "gRPC status 99");
    }
}
