//! A server that stalls holds a message for as long as the limit says, wherever it stalls.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use error_tracker_notify::{EmailNotifier, Notifier, SendError, SmtpServer, SmtpTls};
use error_tracker_tests::SOON;

use crate::scripted_server::{accept, serve, speak};

/// Sends a message; fails if that does not end.
pub(crate) fn send(server: SmtpServer) -> Result<String, SendError> {
    let (sender, results) = mpsc::channel();
    let email = EmailNotifier::smtp(server).timeout(Duration::from_secs(1));
    thread::spawn(move || sender.send(email.notify(&crate::hostile())));
    results.recv_timeout(SOON).expect("sending ends").map(|receipt| receipt.answer)
}

pub(crate) fn plain(address: SocketAddr) -> SmtpServer {
    SmtpServer::new("127.0.0.1").port(address.port()).tls(SmtpTls::None)
}

fn expect_late(server: SmtpServer, while_it: &str) {
    let error = send(server).unwrap_err();
    let text = error.to_string();
    assert!(error.is_transient(), "{text}");
    assert!(text.contains("did not finish within 1 s") && text.contains(while_it), "{text}");
}

/// Sends a byte ten times a second, until the client closes.
fn drip(mut stream: &TcpStream, text: &[u8]) {
    for byte in text.iter().cycle() {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_server_that_says_nothing() {
    let address = serve(|_stream| thread::park());
    expect_late(plain(address), "waiting for its greeting");
    expect_late(
        SmtpServer::new("127.0.0.1").port(address.port()).tls(SmtpTls::Implicit),
        "waiting for its greeting",
    );
}

#[test]
fn a_server_whose_queue_of_connections_is_full() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Nothing accepts these. The kernel's queue of 128 is full some time; then it does not answer.
    let waiting: Vec<TcpStream> = (0..300)
        .map_while(|_| TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok())
        .collect();
    let error = send(plain(address)).unwrap_err();
    assert!(error.is_transient(), "{error}");
    drop((waiting, listener));
}

#[test]
fn a_server_whose_greeting_comes_byte_by_byte() {
    let address = serve(|stream| drip(&stream, b"220-mail.example\r\n"));
    expect_late(plain(address), "waiting for its greeting");
}

#[test]
fn a_server_whose_encryption_comes_byte_by_byte() {
    let address = serve(|stream| drip(&stream, &[22, 3, 3, 0x3f, 0xff, 2, 0, 0x3f, 0xf0, 3, 3]));
    expect_late(
        SmtpServer::new("localhost").port(address.port()).tls(SmtpTls::Implicit),
        "waiting for its greeting",
    );
}

#[test]
fn a_server_that_stalls_at_each_command() {
    for (command, while_it) in [
        ("EHLO", "waiting for its greeting"),
        ("MAIL", "it was told the sender"),
        ("RCPT", "it was told the recipients"),
        ("DATA", "it was asked to take the message"),
        (".", "the message was sent; it may have been accepted"),
    ] {
        let address = serve(move |stream| {
            speak(stream, |line| {
                let is_it = line.split([' ', ':']).next() == Some(command);
                if is_it { None } else { accept(line) }
            });
        });
        expect_late(plain(address), while_it);
    }
}

#[test]
fn a_server_that_answers_the_message_byte_by_byte() {
    let address = serve(|stream| {
        let copy = stream.try_clone().unwrap();
        speak(stream, |line| {
            if line == "." {
                drip(&copy, b"250-queued\r\n");
            }
            accept(line)
        });
    });
    expect_late(plain(address), "the message was sent; it may have been accepted");
}

#[test]
fn a_server_that_does_not_take_the_message() {
    let address = serve(|mut stream| {
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
        for answer in ["250 mail.example\r\n", "250 fine\r\n", "250 fine\r\n", "354 go on\r\n"] {
            let mut seen = [0; 512];
            let _ = std::io::Read::read(&mut stream, &mut seen);
            let _ = stream.write_all(answer.as_bytes());
        }
        // Reads nothing more; the client's buffer is full, for a message of this size.
        thread::park();
    });
    let mut notification = crate::hostile();
    notification.text = "a line that fills buffers\n".repeat(400_000);
    let (sender, results) = mpsc::channel();
    let email = EmailNotifier::smtp(plain(address)).timeout(Duration::from_secs(1));
    thread::spawn(move || sender.send(email.notify(&notification)));
    let error = results.recv_timeout(SOON).expect("sending ends").unwrap_err();
    assert!(error.to_string().contains("did not finish within 1 s"), "{error}");
}

#[test]
fn a_server_that_does_not_say_goodbye_has_accepted_the_message() {
    let address = serve(|stream| {
        speak(stream, |line| if line == "QUIT" { None } else { accept(line) });
    });
    assert_eq!(send(plain(address)), Ok("250 2.0.0 queued as 4711".to_owned()));
}
