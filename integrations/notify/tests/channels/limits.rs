//! A service that stalls holds a message for as long as the limit says.

use std::io::Write as _;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use error_tracker_notify::{Notifier, SlackNotifier};
use error_tracker_tests::SOON;

use crate::http_server::serve;

/// Sends a message to a server with this address, and returns the error.
#[track_caller]
fn fail(server: &str) -> String {
    let slack = SlackNotifier::new(&format!("{server}/{}", crate::SECRET)).unwrap();
    let slack = slack.timeout(Duration::from_secs(1));
    let (sender, results) = mpsc::channel();
    thread::spawn(move || sender.send(slack.notify(&crate::hostile(5_000))));
    let error = results.recv_timeout(SOON).expect("sending ends").unwrap_err();
    assert!(error.is_transient() && !error.to_string().contains(crate::SECRET), "{error}");
    error.to_string()
}

/// A server that sends `text`, a byte ten times a second, again and again.
fn dripping(text: &'static [u8]) -> String {
    serve(move |mut stream| {
        for byte in text.iter().cycle() {
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
    })
}

#[test]
fn a_service_that_says_nothing() {
    let server = serve(|_stream| thread::park());
    assert!(fail(&server).contains("did not answer within 1 s"));
    assert!(fail(&server.replace("http://", "https://")).contains("did not answer within 1 s"));
}

#[test]
fn a_service_whose_answer_comes_byte_by_byte() {
    let text = fail(&dripping(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n"));
    assert!(text.contains("did not answer within 1 s"), "{text}");
    let text =
        fail(&dripping(&[22, 3, 3, 0x3f, 0xff, 2, 0, 0x3f, 0xf0, 3, 3]).replace("http", "https"));
    assert!(text.contains("did not answer within 1 s"), "{text}");
}

#[test]
fn a_service_that_has_accepted_the_message_and_stalls_then() {
    let server = serve(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nok");
        thread::park();
    });
    let slack = SlackNotifier::new(&server).unwrap().timeout(Duration::from_secs(1));
    let (sender, results) = mpsc::channel();
    thread::spawn(move || sender.send(slack.notify(&crate::hostile(0))));
    assert_eq!(results.recv_timeout(SOON).expect("sending ends").unwrap().answer, "200");
}

#[test]
fn an_answer_without_end_is_not_read_to_it() {
    let server = serve(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
        while stream.write_all(&[b'x'; 65_536]).is_ok() {}
    });
    let slack = SlackNotifier::new(&server).unwrap();
    assert!(slack.notify(&crate::hostile(0)).unwrap().answer.len() < 300);
}

#[test]
fn a_service_that_refuses_or_drops_connections() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(fail(&format!("http://{closed}")).contains("no connection to"));
    let text = fail(&serve(drop));
    assert!(text.contains("127.0.0.1"), "{text}");
}
