//! A client that sends bytes and reads what comes.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::SOON;

/// An answer of a server.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names and values of the headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body as it arrived, with the sizes of its chunks.
    pub body: String,
}

impl Answer {
    /// Returns the value of the first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        all.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Sends a request and reads the answer until the server closes. Lines of the head are separated by
/// `\n`; `host` and `connection: close` are added, and `content-length` where there is a body
/// behind an empty line.
pub fn ask(address: SocketAddr, request: &str) -> Answer {
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let mut head = head.trim_end().replace('\n', "\r\n");
    if !head.contains("HTTP/1.1") {
        let end = head.find("\r\n").unwrap_or(head.len());
        head.insert_str(end, " HTTP/1.1");
    }
    if !head.contains("\r\nhost:") {
        head.push_str(&format!("\r\nhost: {address}"));
    }
    if !head.contains("\r\nconnection:") {
        head.push_str("\r\nconnection: close");
    }
    if !body.is_empty() && !head.contains("\r\ntransfer-encoding:") {
        head.push_str(&format!("\r\ncontent-length: {}", body.len()));
    }
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    parse(&bytes)
}

/// Reads an answer that has arrived whole.
pub fn parse(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let pair = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_owned(), value.to_owned())
    };
    Answer { status, headers: lines.map(pair).collect(), body: body.to_owned() }
}
