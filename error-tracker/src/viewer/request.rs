use std::fmt;

use super::summary::one_line;

/// A request for a page, independent of web frameworks.
///
/// ```
/// use error_tracker::viewer::ViewerRequest;
///
/// let request = ViewerRequest::new("GET", "/dev/error/?kind=panic").with_header("Accept-Language", "fr");
/// assert_eq!((request.path(), request.query()), ("/dev/error/", "kind=panic"));
/// assert_eq!(request.header("accept-language"), Some("fr"));
/// ```
#[derive(Clone, Default)]
pub struct ViewerRequest {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    user: Option<String>,
}

impl ViewerRequest {
    /// Creates a request without headers and body. `target` is the path with its query,
    /// percent-encoded.
    ///
    /// Add all headers with [`with_header`](Self::with_header). HTTP/2 has `:authority` instead of
    /// `host`: add it as `host`.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            ..Self::default()
        }
    }

    /// Adds a header after the existing ones, even if there is one with the same name.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body, such as a submitted form.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the name of the user who sends the request, as the program knows it from a session: the
    /// author of the notes that they write. Without it the pages ask for a name. It is put on one
    /// line and cut after 100 characters.
    #[must_use]
    pub fn with_user(mut self, name: &str) -> Self {
        let name: String = one_line(name).chars().take(100).collect();
        self.user = Some(name).filter(|name| !name.is_empty());
        self
    }

    /// Returns the name of the user who sends the request, if it was set.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Returns the method, such as `GET`.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Returns the path, still percent-encoded.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the query without the `?`, still percent-encoded; empty if there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Returns the first header with this name, which is compared without regard to case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Returns all headers in their order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the values of all headers with this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// Omits headers, query and user, which may contain secrets.
impl fmt::Debug for ViewerRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewerRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::ViewerRequest;

    #[test]
    fn headers_are_found_in_any_case_and_the_first_one_counts() {
        let request = ViewerRequest::new("GET", "/")
            .with_header("X-Staff", "yes")
            .with_header("x-staff", "no");
        assert_eq!((request.header("x-STAFF"), request.header("x-staf")), (Some("yes"), None));
        assert_eq!(request.headers().count(), 2);
    }

    #[test]
    fn debug_shows_no_secret() {
        let request = ViewerRequest::new("GET", "/a?token=hunter2")
            .with_header("cookie", "hunter2")
            .with_body("hunter2");
        assert_eq!(format!("{request:?}"), "ViewerRequest { method: \"GET\", path: \"/a\", .. }");
    }
}
