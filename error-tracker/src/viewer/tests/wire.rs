//! Tests with invalid requests, and with slow and too many clients.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::serve::{ask, get, status};
use super::viewer;
use crate::store::{MemoryStore, Store};
use crate::viewer::{Server, Viewer, ViewerRequest};

const LONG: Duration = Duration::from_secs(300);

fn server() -> Server {
    Server::bind(viewer().0, "127.0.0.1:0").unwrap()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream
}

fn read_all(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn only_plain_requests_are_understood() {
    let server = server();
    let post = |lines: &str| format!("POST /action HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n");
    let many = "X: y\r\n".repeat(70);
    let cases = [
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), "200"),
        ("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n".to_owned(), "200"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.0\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\nHost: localhost\n\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost : localhost\r\n\r\n".to_owned(), "400"),
        ("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), "400"),
        ("\u{16}\u{3}\u{1}\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n".to_owned(), "505"),
        ("PUT / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), "405"),
        (format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(8 * 1024)), "414"),
        (format!("GET /{}", "x".repeat(20_000)), "414"),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"), "431"),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}", "x".repeat(20_000)), "431"),
        (post("Transfer-Encoding: chunked\r\n"), "411"),
        (post("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), "400"),
        (post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), "400"),
        (post("Content-Length: 0\r\nContent-Length: 0\r\n"), "400"),
        (post("Content-Length: 0, 0\r\n"), "400"),
        (post("Content-Length: +1\r\n"), "400"),
        (post("Content-Length: -1\r\n"), "400"),
        (post("Content-Length:\r\n"), "400"),
        (post("Content-Length: 65537\r\n"), "413"),
        (post("Content-Length: 99999999999999999999999999\r\n"), "413"),
        (post("Content-Length: 1\r\nExpect: coffee\r\n"), "417"),
    ];
    for (request, expected) in cases {
        let answer = ask(server.address(), &request);
        let start = &request[..request.len().min(120)];
        assert_eq!(status(&answer), expected, "{start}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{start}");
        assert!(answer.contains("\r\ncontent-security-policy: default-src 'none'"), "{start}");
        assert!(answer.contains("\r\nx-content-type-options: nosniff\r\n"), "{start}");
        assert_eq!(answer.contains("\r\nallow: GET, HEAD\r\n"), expected == "405", "{start}");
    }
}

#[test]
fn a_request_that_ends_early_is_refused_and_an_empty_one_is_not_answered() {
    let server = server();
    for (sent, answered) in [
        ("GET / HT", "400"),
        ("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx", "400"),
        ("", ""),
    ] {
        let mut stream = connect(server.address());
        stream.write_all(sent.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(status(&read_all(stream)), answered, "{sent}");
    }
}

#[test]
fn a_form_arrives_whole_and_expect_is_answered_with_continue() {
    let (viewer, store) = viewer();
    let hash = crate::viewer::sample::hash("parse");
    let form = format!("csrf={}&do=resolve&hash={hash}", viewer.form_token().as_str());
    let server = Server::bind(viewer, "127.0.0.1:0").unwrap();
    let mut stream = connect(server.address());
    let length = form.len();
    write!(
        stream,
        "POST /action HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    )
    .unwrap();
    let mut word = [0; 25];
    stream.read_exact(&mut word).unwrap();
    assert_eq!(&word, b"HTTP/1.1 100 Continue\r\n\r\n");
    let (first, second) = form.split_at(10);
    stream.write_all(first.as_bytes()).unwrap();
    stream.write_all(second.as_bytes()).unwrap();
    assert_eq!(status(&read_all(stream)), "303");
    assert_eq!(store.issue(&hash).unwrap().unwrap().status, crate::event::Status::Resolved);
}

#[test]
fn a_refused_client_may_finish_sending() {
    let server = server();
    let mut stream = connect(server.address());
    stream
        .write_all(b"POST /action HTTP/1.1\r\nHost: localhost\r\nContent-Length: 70000\r\n\r\n")
        .unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    // On a closed connection one of these writes fails, and some systems then discard the answer.
    for _ in 0..20 {
        stream.write_all(&[b'x'; 3_500]).unwrap();
    }
    drop(server);
}

#[test]
fn head_has_no_body_even_when_it_is_refused() {
    let server = server();
    for (lines, expected) in
        [("Host: localhost\r\n", "200"), ("Host: evil.example\r\n", "421"), ("", "400")]
    {
        let answer = ask(server.address(), &format!("HEAD / HTTP/1.1\r\n{lines}\r\n"));
        assert_eq!(status(&answer), expected);
        assert!(
            answer.ends_with("\r\n\r\n") && answer.matches("\r\n\r\n").count() == 1,
            "{answer}"
        );
    }
}

#[test]
fn a_client_that_sends_slowly_has_no_more_time_than_another() {
    let mut builder = Server::builder(viewer().0);
    builder.deadline = Duration::from_millis(300);
    let server = builder.bind("127.0.0.1:0").unwrap();
    for start in [
        "GET / HTTP/1.1\r\nX: ",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n",
    ] {
        let began = Instant::now();
        let mut stream = connect(server.address());
        stream.write_all(start.as_bytes()).unwrap();
        // A byte every 20 ms, so that no single read blocks for long.
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let mut answer = [0; 12];
        let read = loop {
            match stream.read(&mut answer) {
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                read => break read.unwrap(),
            }
            assert!(began.elapsed() < LONG, "it waits for as long as something comes");
            let _ = stream.write_all(b"x");
        };
        assert_eq!(&answer[..read], b"HTTP/1.1 408", "{start}");
        assert!(began.elapsed() >= Duration::from_millis(300));
    }
}

#[test]
fn two_hundred_slow_clients_do_not_block_the_page() {
    let server = server();
    let address = server.address();
    let begin = || {
        let mut stream = connect(address);
        // A client whose connection was closed cannot send.
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n");
        stream
    };
    let slow: Vec<TcpStream> = (0..200).map(|_| begin()).collect();
    assert_eq!(status(&get(address, "/", "localhost", "")), "200");
    let mut slow = slow.into_iter();
    let first = slow.next().unwrap();
    assert_eq!(read_all(first), "", "the one that waits longest is cut off");
    let mut last = slow.next_back().unwrap();
    last.write_all(b"\r\n").unwrap();
    assert_eq!(status(&read_all(last)), "200", "one that waits no longer than others is not");
}

#[test]
fn a_client_is_refused_while_all_threads_render_pages() {
    let (begun, begins) = std::sync::mpsc::channel();
    let gate = Arc::new(std::sync::RwLock::new(()));
    let closed = gate.write().unwrap();
    let waits = Arc::clone(&gate);
    let viewer = viewer().0.permission(move |_: &ViewerRequest| {
        begun.send(()).unwrap();
        waits.read().is_ok()
    });
    let server = Server::bind(viewer, "127.0.0.1:0").unwrap();
    let address = server.address();
    let asked: Vec<TcpStream> = (0..32)
        .map(|_| {
            let mut stream = connect(address);
            stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            begins.recv_timeout(LONG).unwrap();
            stream
        })
        .collect();
    // It sends nothing, so that the answer cannot be lost with unread data.
    let refused = read_all(connect(address));
    assert_eq!(status(&refused), "503");
    assert!(refused.contains("content-security-policy: default-src 'none'"));
    drop(closed);
    for stream in asked {
        assert_eq!(status(&read_all(stream)), "200");
    }
}

#[test]
fn a_panic_is_answered_and_does_not_end_the_server() {
    let viewer = Viewer::new(Arc::new(MemoryStore::new()))
        .permission(|request: &ViewerRequest| {
            request.path() != "/denied" || panic!("while it decides")
        })
        .health(|| panic!("while the page is made"));
    let server = Server::bind(viewer, "127.0.0.1:0").unwrap();
    for (path, expected) in [("/", "500"), ("/denied", "401"), ("/", "500")] {
        let answer = get(server.address(), path, "localhost", "");
        assert_eq!(status(&answer), expected);
        assert!(answer.contains("content-security-policy: default-src 'none'"));
    }
}

#[test]
fn stopping_cuts_off_a_client_whose_request_is_not_complete() {
    let server = server();
    let address = server.address();
    let mut half = connect(address);
    half.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    // Answered after the previous one was accepted.
    assert_eq!(status(&get(address, "/", "localhost", "")), "200");
    server.stop();
    assert_eq!(read_all(half), "", "not 408, which is the answer after the deadline");
}
