//! Debian's Postfix, which lets nobody in without encryption and a login, and hands on what it accepts.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};

use error_tracker_notify::{EmailNotifier, Notifier, SmtpServer, SmtpTls};
use error_tracker_tests::process::{BoundedChild, BoundedCommand as _};
use error_tracker_tests::until;

use crate::received::{MailServer, test_files};

/// A Postfix that hands messages to a receiver, and uses its certificate.
struct Postfix {
    _process: BoundedChild,
    /// It ends when this is closed.
    _stdin: ChildStdin,
    starttls: u16,
    tls: u16,
}

impl Postfix {
    fn start(receiver: &MailServer) -> Self {
        // They are free until Postfix has them.
        let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [starttls, tls] = free.map(|listener| listener.local_addr().unwrap().port());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/email/postfix");
        let mut command = Command::new(script);
        command.arg(test_files().join("postfix")).arg(receiver.folder());
        command.args([starttls, tls, receiver.port()].map(|port| port.to_string()));
        let log = File::create(receiver.folder().join("postfix.log")).unwrap();
        command.stdin(Stdio::piped()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut process = command.start();
        let stdin = process.stdin();
        until(|| {
            [starttls, tls].iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
        });
        Self { _process: process, _stdin: stdin, starttls, tls }
    }
}

#[test]
#[ignore = "needs Postfix and root: ./run-tests"]
fn postfix_takes_messages_by_starttls_and_tls_from_who_logs_in_and_hands_them_on_unchanged() {
    let mut receiver = MailServer::start("plain", &[]);
    let postfix = Postfix::start(&receiver);
    for (port, tls) in [(postfix.starttls, SmtpTls::StartTls), (postfix.tls, SmtpTls::Implicit)] {
        let server = receiver.trusted(SmtpServer::new("localhost").port(port)).tls(tls);
        let email = EmailNotifier::smtp(server.clone().credentials("errors", "pass word"));
        let sent = crate::hostile();
        let receipt = email.notify(&sent).unwrap();
        assert!(receipt.answer.starts_with("250 2.0.0 Ok: queued as"), "{receipt:?}");
        let arrived = receiver.next();
        let received = arrived.headers.iter().filter(|(name, _)| name == "Received");
        let received: Vec<&str> = received.map(|(_, value)| value.as_str()).collect();
        assert!(received.iter().any(|by| by.contains("ESMTPSA")), "{received:?}");
        assert_eq!(arrived.header("subject"), sent.subject);
        assert_eq!((arrived.longest_line <= 998, arrived.bare_line_ends), (true, 0));
        assert_eq!(arrived.defects, [""; 0]);
        for (part, expected) in arrived.parts.iter().zip([&sent.text, &sent.html]) {
            assert_eq!(part.text.replace("\r\n", "\n").trim_end(), expected.trim_end());
        }

        let wrong = EmailNotifier::smtp(server.clone().credentials("errors", "hunter2pass"));
        let error = wrong.notify(&sent).unwrap_err();
        assert!(!error.is_transient() && error.to_string().contains("535"), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
        let stranger = EmailNotifier::smtp(server).notify(&sent).unwrap_err();
        assert!(!stranger.is_transient() && stranger.to_string().contains("554"), "{stranger}");
    }
    // Without encryption it offers no login.
    let server = SmtpServer::new("localhost").port(postfix.starttls).tls(SmtpTls::None);
    let plain = EmailNotifier::smtp(server).notify(&crate::hostile()).unwrap_err();
    assert!(plain.to_string().contains("530"), "{plain}");
}
