//! The id of the event of a failed request, for the response.

use std::fmt;

use crate::problem::ProblemDetails;

/// The id of the event that records the failure of a request. Integrations put it into the
/// response, so that the user who receives it can quote the id.
///
/// If many equal failures come at once, some are only added to the count of their issue; the pages
/// do not find the ids of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventId(String);

impl EventId {
    pub(super) fn new(id: String) -> Self {
        Self(id)
    }

    /// Returns the id: a UUID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns a body of the type `application/problem+json` (RFC 9457) that contains the status,
    /// the title and the id, and nothing about the error.
    ///
    /// ```
    /// # fn body(id: &error_tracker::web::EventId) {
    /// let body = id.problem_json(500, "Internal Server Error");
    /// # }
    /// ```
    #[must_use]
    pub fn problem_json(&self, status: u16, title: &str) -> String {
        let problem = ProblemDetails {
            instance: Some(format!("urn:uuid:{}", self.0)),
            event_id: Some(&self.0),
            ..ProblemDetails::new(status, title)
        };
        problem.to_json()
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::EventId;

    #[test]
    fn a_problem_contains_the_id_and_nothing_about_the_error() {
        let id = EventId::new("0198c2f0-7a1b-7c3d-8e4f-5a6b7c8d9e0f".to_owned());
        assert_eq!(
            id.problem_json(503, "Service Unavailable"),
            r#"{"type":"about:blank","title":"Service Unavailable","status":503,"instance":"urn:uuid:0198c2f0-7a1b-7c3d-8e4f-5a6b7c8d9e0f","event_id":"0198c2f0-7a1b-7c3d-8e4f-5a6b7c8d9e0f"}"#
        );
    }
}
