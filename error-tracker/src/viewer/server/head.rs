//! Reads a request strictly: ambiguous ones are refused.

use std::io::{self, Read};

use crate::viewer::answer::PageError;
use crate::viewer::{MAX_BODY, MAX_URL, ViewerRequest, status};

/// The maximum length of the first line: the URL, the method and the version.
const MAX_LINE: usize = MAX_URL + 64;
/// The maximum size of all header lines of a request in bytes.
const MAX_HEADERS: usize = 16 * 1024;
const MAX_HEADER_LINES: usize = 64;
const END: &[u8] = b"\r\n\r\n";

/// A request whose body has not been read.
pub(super) struct RequestHead {
    pub(super) request: ViewerRequest,
    /// Whether the client sent `Expect: 100-continue`.
    has_expect: bool,
    length: usize,
    /// The part of the body that was read with the head.
    body: Vec<u8>,
}

/// The reason why a request could not be read.
#[derive(Debug)]
pub(super) enum HeadError {
    Problem(PageError),
    /// The client has closed the connection, or sent nothing.
    Gone,
}

impl From<PageError> for HeadError {
    fn from(problem: PageError) -> Self {
        Self::Problem(problem)
    }
}

/// Reads up to the body. All bytes that were read are in `bytes`, even if this fails.
pub(super) fn read(stream: &mut impl Read, bytes: &mut Vec<u8>) -> Result<RequestHead, HeadError> {
    let mut chunk = [0; 4096];
    let mut line = None;
    loop {
        let before = bytes.len();
        match stream.read(&mut chunk) {
            Ok(0) if before == 0 => return Err(HeadError::Gone),
            Ok(0) => return Err(ended_early()),
            Ok(n) => bytes.extend(chunk.iter().take(n)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // Browsers open connections in advance, which need no answer.
            Err(_) if before == 0 => return Err(HeadError::Gone),
            Err(error) => return Err(read_error(&error)),
        }
        // Only new bytes are examined, so that a client that sends single bytes costs no more than
        // others.
        let from = before.saturating_sub(END.len() - 1);
        let end = bytes[from..]
            .windows(END.len())
            .position(|four| four == END)
            .map(|at| from + at + END.len());
        let head = &bytes[..end.unwrap_or(bytes.len())];
        if has_lone_feed(head, before) {
            return Err(PageError::bad("lines end with CR LF").into());
        }
        line = line.or_else(|| {
            head[before..].iter().position(|byte| *byte == b'\n').map(|at| before + at + 1)
        });
        if line.unwrap_or(head.len()) > MAX_LINE {
            return Err(PageError::new(status::URI_TOO_LONG).into());
        }
        if line.is_some_and(|line| head.len() - line > MAX_HEADERS) {
            return Err(PageError::new(status::HEADERS_TOO_LARGE).into());
        }
        if let Some(end) = end {
            let mut head = parse(&bytes[..end])?;
            head.body = bytes[end..].to_vec();
            return Ok(head);
        }
    }
}

impl RequestHead {
    /// Returns whether the client waits for `100 Continue` before it sends the body.
    pub(super) fn expects_continue(&self) -> bool {
        self.has_expect && self.body.len() < self.length
    }

    /// Reads the body. Bytes after it are ignored: each connection has one request.
    pub(super) fn read_body(mut self, stream: &mut impl Read) -> Result<ViewerRequest, HeadError> {
        let missing = self.length.saturating_sub(self.body.len());
        // At most `length` bytes, which is limited.
        let mut rest = stream.take(missing as u64);
        rest.read_to_end(&mut self.body).map_err(|error| read_error(&error))?;
        if self.body.len() < self.length {
            return Err(ended_early());
        }
        self.body.truncate(self.length);
        Ok(self.request.with_body(self.body))
    }
}

fn parse(bytes: &[u8]) -> Result<RequestHead, PageError> {
    let mut lines = [httparse::EMPTY_HEADER; MAX_HEADER_LINES];
    let mut parsed = httparse::Request::new(&mut lines);
    match parsed.parse(bytes) {
        Ok(done) if done == httparse::Status::Complete(bytes.len()) => {}
        Err(httparse::Error::TooManyHeaders) => {
            return Err(PageError::new(status::HEADERS_TOO_LARGE));
        }
        Err(httparse::Error::Version) => return Err(PageError::new(status::VERSION_NOT_SUPPORTED)),
        _ => return Err(PageError::new(status::BAD_REQUEST)),
    }
    let (method, target) = (parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default());
    if target.len() > MAX_URL {
        return Err(PageError::new(status::URI_TOO_LONG));
    }
    if !target.starts_with('/') {
        return Err(PageError::bad("the address starts with /"));
    }
    let mut request = ViewerRequest::new(method, target);
    for line in &*parsed.headers {
        request = request.with_header(line.name, &String::from_utf8_lossy(line.value));
    }
    if request.all("host").count() != 1 {
        return Err(PageError::bad("Host: exactly one"));
    }
    let length = length(&request)?;
    // HTTP/1.0 has no `Expect`.
    let expected = request.header("expect").filter(|_| parsed.version == Some(1));
    if expected.is_some_and(|expected| !expected.eq_ignore_ascii_case("100-continue")) {
        return Err(PageError::new(status::EXPECTATION_FAILED));
    }
    let has_expect = expected.is_some();
    Ok(RequestHead { request, has_expect, length, body: Vec::new() })
}

fn length(request: &ViewerRequest) -> Result<usize, PageError> {
    let mut lengths = request.all("content-length");
    if request.header("transfer-encoding").is_some() {
        // With both headers, two readers may disagree on the end of the body.
        let is_ambiguous = lengths.next().is_some();
        return Err(if is_ambiguous {
            PageError::bad("Content-Length or Transfer-Encoding, not both")
        } else {
            PageError::new(status::LENGTH_REQUIRED)
        });
    }
    let Some(length) = lengths.next() else { return Ok(0) };
    let is_number = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || lengths.next().is_some() {
        return Err(PageError::bad("Content-Length: one number"));
    }
    // A number that does not fit into the type is too large as well.
    let length = length.parse().ok().filter(|length| *length <= MAX_BODY);
    length.ok_or_else(|| PageError::new(status::CONTENT_TOO_LARGE))
}

/// Returns whether a line ends with LF alone at `before` or later.
fn has_lone_feed(bytes: &[u8], before: usize) -> bool {
    let fed =
        bytes[before.saturating_sub(1)..].windows(2).any(|two| two[1] == b'\n' && two[0] != b'\r');
    fed || bytes.first() == Some(&b'\n')
}

fn ended_early() -> HeadError {
    PageError::bad("the request ends early").into()
}

fn read_error(error: &io::Error) -> HeadError {
    match error.kind() {
        // The kind depends on the system.
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            PageError::new(status::REQUEST_TIMEOUT).into()
        }
        _ => HeadError::Gone,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{HeadError, MAX_BODY, read};

    /// Pieces of requests, so that some of the generated requests are nearly valid.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let words = [
            "GET / HTTP/1.1\r\n",
            "POST /action?a=b HTTP/1.0\r\n",
            "HEAD ",
            "/",
            " HTTP/1.1",
            "Host: localhost\r\n",
            "Content-Length: 3\r\n",
            "Content-Length:",
            "Transfer-Encoding: chunked\r\n",
            "Expect: 100-continue\r\n",
            "\r\n",
            "\r\n\r\n",
            "\n",
            ":",
            "18446744073709551616",
        ];
        prop_oneof![
            3 => proptest::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
            1 => proptest::collection::vec(any::<u8>(), 0..40),
        ]
    }

    fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
        let mut stream = bytes;
        let Ok(head) = read(&mut stream, &mut Vec::new()) else { return Ok(()) };
        prop_assert!(head.request.path().starts_with('/') && head.request.header("host").is_some());
        let length = head.length;
        prop_assert!(length <= MAX_BODY);
        if let Ok(request) = head.read_body(&mut stream) {
            prop_assert_eq!(request.body().len(), length);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            check(&bytes)?;
        }

        #[test]
        fn no_pieces_of_requests_make_the_reader_panic(pieces in proptest::collection::vec(piece(), 0..12)) {
            check(&pieces.concat())?;
        }

        #[test]
        fn the_size_of_packets_changes_nothing(
            pieces in proptest::collection::vec(piece(), 0..8), size in 1_usize..40,
        ) {
            let bytes = pieces.concat();
            let outcome = |mut stream: &mut dyn std::io::Read| match read(&mut stream, &mut Vec::new()) {
                Ok(head) => Ok((format!("{:?}", head.request), head.length, head.has_expect)),
                Err(HeadError::Gone) => Err(0),
                Err(HeadError::Problem(problem)) => Err(problem.status),
            };
            prop_assert_eq!(outcome(&mut Packets { bytes: &bytes, size }), outcome(&mut &*bytes));
        }
    }

    struct Packets<'a> {
        bytes: &'a [u8],
        size: usize,
    }

    impl std::io::Read for Packets<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let size = self.size.min(out.len());
            self.bytes.read(&mut out[..size])
        }
    }
}
