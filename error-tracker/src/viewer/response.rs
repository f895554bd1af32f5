use std::borrow::Cow;

/// The answer to a [`ViewerRequest`](super::ViewerRequest), to be sent by a web framework or
/// server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewerResponse {
    status: u16,
    headers: Vec<(&'static str, Cow<'static, str>)>,
    body: Vec<u8>,
}

impl ViewerResponse {
    pub(super) fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    /// Returns the status, such as 200.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns all headers, with names in lower case, except `content-length`.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, &**value))
    }

    /// Returns the header with this name, which is compared without regard to case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Returns the body; empty for `HEAD`.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the body by value.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// Sets a header, and replaces one with the same name. A value with control characters, which
    /// could end the header's line, is ignored.
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        let value = value.into();
        if value.bytes().any(|byte| byte.is_ascii_control()) {
            return;
        }
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value));
    }

    pub(super) fn without_body(mut self) -> Self {
        self.body.clear();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::ViewerResponse;

    #[test]
    fn a_header_replaces_another_and_never_ends_its_line() {
        let mut response = ViewerResponse::new(303, Vec::new());
        response.set("location", "./");
        response.set("location", "./?a=b");
        response.set("location", "./\r\nset-cookie: x");
        assert_eq!(response.headers().collect::<Vec<_>>(), [("location", "./?a=b")]);
    }
}
