//! Tests of stopping the server while a page is rendered.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use super::serve::status;
use super::viewer;
use crate::viewer::{Server, ViewerRequest};

const LONG: Duration = Duration::from_secs(300);

/// Starts a server with one request whose page blocks until a message is sent.
fn answering() -> (Server, TcpStream, mpsc::Sender<()>) {
    let (arrived, arrivals) = mpsc::channel();
    let (go, gone) = mpsc::channel();
    let gone = Mutex::new(gone);
    let viewer = viewer().0.permission(move |_: &ViewerRequest| {
        arrived.send(()).is_ok() && gone.lock().is_ok_and(|gone| gone.recv().is_ok())
    });
    let server = Server::bind(viewer, "127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    arrivals.recv().unwrap();
    (server, stream, go)
}

#[test]
fn an_answer_in_progress_is_still_sent() {
    let (server, mut stream, go) = answering();
    let address = server.address();
    let stopping = std::thread::spawn(move || server.stop());
    let start = Instant::now();
    // New connections are not accepted.
    while TcpListener::bind(address).is_err() {
        assert!(start.elapsed() < LONG);
    }
    go.send(()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(status(&answer) == "200" && answer.ends_with("</html>"), "{answer}");
    stopping.join().unwrap();
}

#[test]
fn stopping_waits_at_most_a_second() {
    let (server, _stream, _go) = answering();
    let start = Instant::now();
    drop(server);
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(900), "{took:?}");
}
