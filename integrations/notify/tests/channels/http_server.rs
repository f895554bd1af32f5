//! A server that keeps requests, and answers as it is told.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::Value;

/// A request that arrived.
pub(crate) struct Arrived {
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Arrived {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let is_it = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.headers.iter().find(is_it).map(|(_, value)| value.as_str())
    }
}

/// Starts a server whose answers are `head` (status and headers) and `body`. Returns its address,
/// and the requests that it gets.
pub(crate) fn answering(head: &str, body: &str) -> (String, Receiver<Arrived>) {
    let answer = format!(
        "HTTP/1.1 {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        head.replace('\n', "\r\n"),
        body.len()
    );
    let (sender, requests) = mpsc::channel();
    let address = serve(move |mut stream| {
        let _ = sender.send(read(&stream));
        let _ = stream.write_all(answer.as_bytes());
    });
    (address, requests)
}

/// Starts a server that handles each connection on a thread. Returns its address.
pub(crate) fn serve(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        thread::scope(|scope| {
            for stream in listener.incoming() {
                let handle = &handle;
                scope.spawn(move || handle(stream.unwrap()));
            }
        });
    });
    format!("http://{address}")
}

fn read(stream: &TcpStream) -> Arrived {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    assert!(line.starts_with("POST "), "{line}");
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_owned(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let mut text = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap())];
    reader.read_exact(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    Arrived { target, headers, body: serde_json::from_str(&text).unwrap(), text }
}
