//! Descriptions of failed requests (RFC 9457).

use serde::Serialize;

/// A body of the type `application/problem+json`.
#[derive(Default, Serialize)]
pub(crate) struct ProblemDetails<'a> {
    pub(crate) r#type: &'static str,
    pub(crate) title: &'a str,
    pub(crate) status: u16,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) detail: &'a str,
    /// The event's id as a URN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instance: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) event_id: Option<&'a str>,
}

impl<'a> ProblemDetails<'a> {
    /// Creates a description that says no more than the status.
    pub(crate) fn new(status: u16, title: &'a str) -> Self {
        Self { r#type: "about:blank", title, status, ..Self::default() }
    }

    pub(crate) fn to_json(&self) -> String {
        crate::json::to_string(self).unwrap_or_default()
    }
}
