//! Records the body of a request while the handler reads it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::json::{self, Value};

/// Records the start of a request's body while the handler reads it, so that the body is neither
/// delayed nor consumed.
///
/// Clones share one recording.
#[derive(Clone)]
pub struct BodyRecorder {
    body: Arc<Mutex<RecordedBytes>>,
    kind: BodyKind,
    limit: usize,
}

#[derive(Default)]
struct RecordedBytes {
    bytes: Vec<u8>,
    is_cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BodyKind {
    Form,
    Json,
}

impl BodyRecorder {
    /// Returns a recorder of at most `limit` bytes of a form or JSON. Returns `None` for other
    /// types, such as uploads, for a compressed body, and if `limit` is 0.
    pub(super) fn of_type(
        content_type: &str,
        encoding: Option<&str>,
        limit: usize,
    ) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let is = |name: &str| essence.eq_ignore_ascii_case(name);
        let ends_with_json = || {
            essence.len() > 5
                && essence.as_bytes()[essence.len() - 5..].eq_ignore_ascii_case(b"+json")
        };
        let kind = if is("application/x-www-form-urlencoded") {
            BodyKind::Form
        } else if is("application/json") || ends_with_json() {
            BodyKind::Json
        } else {
            return None;
        };
        let is_plain = encoding.is_none_or(|name| name.trim().eq_ignore_ascii_case("identity"));
        (is_plain && limit > 0).then(|| Self { body: Arc::default(), kind, limit })
    }

    /// Records the next bytes of the body, up to the limit.
    pub fn record(&self, bytes: &[u8]) {
        let mut body = self.body.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.limit.saturating_sub(body.bytes.len());
        body.is_cut |= bytes.len() > room;
        body.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Returns the form fields and the JSON value of the recorded bytes. JSON that cannot be
    /// parsed, for example because the handler has read only a part of it, is returned as text. The
    /// text ends with `…` if the body is longer than the limit.
    pub(super) fn read(&self) -> (Vec<(String, String)>, Value) {
        let body = self.body.lock().unwrap_or_else(PoisonError::into_inner);
        if body.bytes.is_empty() {
            return (Vec::new(), Value::Null);
        }
        let mut text = String::from_utf8_lossy(&body.bytes).into_owned();
        let is_cut = body.is_cut;
        drop(body);
        if self.kind == BodyKind::Form {
            return (form_urlencoded::parse(text.as_bytes()).into_owned().collect(), Value::Null);
        }
        if !is_cut && let Ok(value) = json::from_str::<Value>(&text) {
            return (Vec::new(), value);
        }
        if is_cut {
            text.push('…');
        }
        (Vec::new(), Value::Text(text))
    }
}

/// Leaves out the body, which may contain secrets.
impl fmt::Debug for BodyRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyRecorder").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::BodyRecorder;
    use crate::json::{Value, json};

    #[test]
    fn only_forms_and_json_that_are_not_compressed_are_recorded() {
        let is_recorded = |kind, encoding| BodyRecorder::of_type(kind, encoding, 10).is_some();
        for kind in
            ["application/json", "Application/JSON; charset=utf-8", "application/vnd.shop+JSON"]
        {
            assert!(is_recorded(kind, None), "{kind}");
        }
        assert!(is_recorded("application/x-www-form-urlencoded", Some("identity")));
        for kind in [
            "multipart/form-data; boundary=x",
            "text/plain",
            "",
            "+json",
            "application/octet-stream",
        ] {
            assert!(!is_recorded(kind, None), "{kind}");
        }
        assert!(!is_recorded("application/json", Some("gzip")));
        assert!(BodyRecorder::of_type("application/json", None, 0).is_none());
    }

    #[test]
    fn the_bytes_read_so_far_are_parsed_or_returned_as_text() {
        let json = BodyRecorder::of_type("application/json", None, 20).unwrap();
        assert_eq!(json.read(), (Vec::new(), Value::Null));
        json.record(b"{\"id\":");
        assert_eq!(json.read().1, json!("{\"id\":"));
        json.clone().record(b" 7}");
        assert_eq!(json.read().1, json!({ "id": 7 }));
        json.record(b"            ");
        assert_eq!(json.read().1, json!("{\"id\": 7}           …"));

        let form = BodyRecorder::of_type("application/x-www-form-urlencoded", None, 20).unwrap();
        form.record(b"a=1&b=x+%C3%A9&cut=12345");
        let pairs = [("a", "1"), ("b", "x é"), ("cut", "1")];
        assert_eq!(form.read().0, pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
