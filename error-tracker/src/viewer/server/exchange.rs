//! Reads one request of a connection and sends the answer.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::ServedViewer;
use super::connections::ConnectionPermit;
use super::head::{self, HeadError};
use crate::viewer::answer::{PageError, answer};
use crate::viewer::{ViewerRequest, ViewerResponse, status};

/// The most time that a client has to close its side after the answer.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Reads the request of a connection and answers it.
pub(super) fn run(site: &ServedViewer, permit: &ConnectionPermit) {
    let stream = permit.stream();
    let mut timed = DeadlineStream { stream, until: Instant::now() + site.deadline };
    let mut bytes = Vec::new();
    let answer_sent = catching_panics(|| match serve(site, &mut timed, &mut bytes, permit) {
        Ok(answer) => Some(answer),
        Err(HeadError::Problem(problem)) => {
            Some(site.viewer.refuse(&ViewerRequest::default(), &problem))
        }
        Err(HeadError::Gone) => None,
    });
    let Some(answer) = answer_sent else { return };
    permit.sending_answer();
    let mut timed = DeadlineStream { stream, until: Instant::now() + site.deadline };
    let is_written = timed.write_all(&to_bytes(answer, bytes.starts_with(b"HEAD "))).is_ok();
    if is_written && stream.shutdown(Shutdown::Write).is_ok() && !permit.answer_sent() {
        // If the connection were closed with unread data, the system would discard the answer.
        let _ = io::copy(
            &mut DeadlineStream { stream, until: Instant::now() + CLOSE_TIMEOUT },
            &mut io::sink(),
        );
    }
}

/// Returns the prepared 503 response for connections over the limit.
pub(super) fn busy_response(site: &ServedViewer) -> Vec<u8> {
    let problem = PageError::new(status::SERVICE_UNAVAILABLE);
    let answer = catching_panics(|| Some(site.viewer.refuse(&ViewerRequest::default(), &problem)));
    answer.map(|answer| to_bytes(answer, false)).unwrap_or_default()
}

/// Sends as many of `bytes` as possible without blocking, and closes the connection.
pub(super) fn send_without_waiting(mut stream: &TcpStream, bytes: &[u8]) {
    if stream.set_nonblocking(true).is_ok() && stream.write(bytes).is_ok() {
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read(&mut [0; 4096]);
    }
}

fn serve(
    site: &ServedViewer,
    stream: &mut DeadlineStream<'_>,
    bytes: &mut Vec<u8>,
    permit: &ConnectionPermit,
) -> Result<ViewerResponse, HeadError> {
    let head = head::read(stream, bytes)?;
    if let Some(answer) = site.guard.check(&head.request, &site.viewer) {
        return Ok(answer);
    }
    if head.expects_continue() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").map_err(|_| HeadError::Gone)?;
    }
    let request = head.read_body(stream)?;
    permit.rendering_page();
    Ok(site.viewer.handle(&request))
}

fn catching_panics(make: impl FnOnce() -> Option<ViewerResponse>) -> Option<ViewerResponse> {
    catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|_| {
        Some(answer(
            status::INTERNAL_SERVER_ERROR,
            "text/plain; charset=utf-8",
            "The page could not be rendered.",
        ))
    })
}

fn to_bytes(answer: ViewerResponse, is_head: bool) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {} {}\r\n", answer.status(), status::reason(answer.status()));
    for (name, value) in answer.headers() {
        out.extend([name, ": ", value, "\r\n"]);
    }
    out.push_str("connection: close\r\n");
    if is_head {
        // The length of the body for GET is not known here.
        return (out + "\r\n").into_bytes();
    }
    out.push_str(&format!("content-length: {}\r\n\r\n", answer.body().len()));
    let mut out = out.into_bytes();
    out.extend(answer.into_body());
    out
}

/// A connection with one deadline for all reads and writes together.
struct DeadlineStream<'a> {
    stream: &'a TcpStream,
    until: Instant,
}

impl DeadlineStream<'_> {
    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for DeadlineStream<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(out)
    }
}

impl Write for DeadlineStream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
