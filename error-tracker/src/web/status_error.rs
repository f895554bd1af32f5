//! The error that is recorded for a failed response without a known error.

use std::error::Error;
use std::fmt;

use crate::scope::bounds;

/// The maximum length of the text of a response, in bytes.
const MAX_TEXT: usize = 1_000;
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

/// The error that is recorded for a response with a tracked status if the error that caused it is
/// not known. Its `Display` text is the status, followed by the text of the body if that is short.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusError {
    /// The status as one word, such as `InternalServerError`. Events are grouped by it.
    name: String,
    status: String,
    text: String,
}

impl StatusError {
    pub(super) fn of_http(status: u16, reason: &str, text: &str) -> Self {
        let name = match reason {
            "" => format!("Status{status}"),
            reason => reason.split(|c: char| !c.is_alphanumeric()).collect(),
        };
        let status = format!("{status} {reason}").trim_end().to_owned();
        Self { name, status, text: bounds::text(text.trim().to_owned(), MAX_TEXT) }
    }

    pub(super) fn of_grpc(code: u16, message: &str) -> Self {
        let (name, status) = match GRPC.get(usize::from(code)) {
            Some(status) => (capitalized(status), (*status).to_owned()),
            None => (format!("Code{code}"), format!("gRPC status {code}")),
        };
        Self { name, status, text: bounds::text(message.trim().to_owned(), MAX_TEXT) }
    }
}

/// Converts `DATA_LOSS` to `DataLoss`.
fn capitalized(name: &str) -> String {
    let word = |word: &str| format!("{}{}", &word[..1], word[1..].to_ascii_lowercase());
    name.split('_').map(word).collect()
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, text, .. } = self;
        f.write_str(status)?;
        if text.is_empty() || text == status || status.ends_with(text) {
            return Ok(());
        }
        write!(f, ": {text}")
    }
}

impl fmt::Debug for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(&self.name).field("text", &self.text).finish()
    }
}

impl Error for StatusError {}

#[cfg(test)]
mod tests {
    use super::StatusError;

    #[test]
    fn its_text_is_the_status_with_the_text_of_the_body() {
        let http = |text| StatusError::of_http(500, "Internal Server Error", text).to_string();
        assert_eq!(http(" no stock\n"), "500 Internal Server Error: no stock");
        assert_eq!(http(""), "500 Internal Server Error");
        assert_eq!(http("Internal Server Error"), "500 Internal Server Error");
        assert_eq!(StatusError::of_http(599, "", "").to_string(), "599");
        assert_eq!(StatusError::of_grpc(13, "no stock").to_string(), "INTERNAL: no stock");
        assert_eq!(StatusError::of_grpc(99, "").to_string(), "gRPC status 99");
    }

    #[test]
    fn its_debug_text_has_the_status_as_its_variant() {
        let http = format!("{:?}", StatusError::of_http(418, "I'm a teapot", "x"));
        assert_eq!(http, "Imateapot { text: \"x\" }");
        assert_eq!(format!("{:?}", StatusError::of_http(599, "", "")), "Status599 { text: \"\" }");
        assert_eq!(format!("{:?}", StatusError::of_grpc(15, "")), "DataLoss { text: \"\" }");
    }
}
