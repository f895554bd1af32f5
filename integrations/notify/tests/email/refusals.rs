//! Errors say what is wrong and what to do, whether it may be over later, and no secret.

use std::net::TcpListener;

use error_tracker_notify::{EmailNotifier, Notifier, SmtpServer, SmtpTls};

use crate::scripted_server::{accept, serve, speak};
use crate::stalls::{plain, send};

/// Sends to a server that gives `answer` to `command`, and returns whether the error is transient,
/// with its text.
fn refused_at(command: &'static str, answer: &'static str) -> (bool, String) {
    let address = serve(move |stream| {
        speak(stream, |line| {
            let is_it = line.split([' ', ':']).next() == Some(command);
            if is_it { Some(answer) } else { accept(line) }
        });
    });
    let error = send(plain(address)).unwrap_err();
    (error.is_transient(), error.to_string())
}

#[test]
fn what_a_server_refuses_is_named_with_its_answer() {
    for (command, answer, what, is_transient) in [
        (
            "MAIL",
            "550 5.7.1 not allowed\r\n",
            "refused the sender errors@shop.example: 550 5.7.1 not allowed",
            false,
        ),
        (
            "RCPT",
            "550 5.1.1 unknown\r\n",
            "refused the recipient team@shop.example: 550 5.1.1 unknown",
            false,
        ),
        ("RCPT", "450 4.2.0 greylisted, try again\r\n", "450 4.2.0 greylisted, try again", true),
        ("DATA", "451 4.3.0 busy\r\n", "refused the message: 451 4.3.0 busy", true),
        (".", "554 5.6.0 spam\r\n", "refused the message: 554 5.6.0 spam", false),
        (".", "552 5.2.2 full\r\n", "refused the message: 552 5.2.2 full", false),
        (
            "EHLO",
            "421 4.7.0 too many\r\n",
            "does not accept this machine: 421 4.7.0 too many",
            true,
        ),
        ("MAIL", "this is not SMTP\r\n", "the connection to the mail server", true),
        ("DATA", "", "the connection to the mail server", true),
    ] {
        let (transient, text) = refused_at(command, answer);
        assert!(text.contains(what), "{command}: {text}");
        assert_eq!(transient, is_transient, "{command}: {text}");
    }
}

#[test]
fn a_recipient_that_is_refused_does_not_keep_the_message_from_the_others() {
    let address = serve(|stream| {
        speak(stream, |line| {
            if line.starts_with("RCPT TO:<gone@") { Some("550 gone\r\n") } else { accept(line) }
        });
    });
    let email = EmailNotifier::smtp(plain(address));
    let receipt = email.notify(&crate::hostile().to("gone@shop.example")).unwrap();
    assert_eq!(receipt.answer, "250 2.0.0 queued as 4711");
    assert_eq!(receipt.warnings.len(), 1);
    assert!(receipt.warnings[0].contains("refused the recipient gone@shop.example: 550 gone"));
}

#[test]
fn nothing_is_sent_unencrypted_unless_that_is_configured() {
    let address = serve(|stream| {
        speak(stream, |line| {
            assert!(!line.starts_with("MAIL") && !line.starts_with("AUTH"), "{line}");
            accept(line)
        });
    });
    let server = SmtpServer::new("127.0.0.1").port(address.port()).credentials("u", "hunter2pass");
    let error = send(server).unwrap_err();
    let text = error.to_string();
    assert!(
        !error.is_transient() && text.contains("offers no encryption by STARTTLS: use `smtps://`"),
        "{text}"
    );

    let server = SmtpServer::new("mail.example").tls(SmtpTls::None).credentials("u", "hunter2pass");
    let text = send(server).unwrap_err().to_string();
    assert!(text.contains("the password for mail.example would be sent unencrypted"), "{text}");
    assert!(!text.contains("hunter2pass"));
}

#[test]
fn a_server_without_login_and_one_that_refuses_it_are_told_apart() {
    let address = serve(|stream| speak(stream, accept));
    let text = send(plain(address).credentials("errors", "hunter2pass")).unwrap_err().to_string();
    assert!(text.contains("offers no login by user and password"), "{text}");

    let address = serve(|stream| {
        speak(stream, |line| match line.split(' ').next() {
            Some("EHLO") => Some("250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n"),
            Some("AUTH") => Some("535 5.7.8 wrong\r\n"),
            _ => accept(line),
        });
    });
    let error = send(plain(address).credentials("errors", "hunter2pass")).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("refused the login of \"errors\": 535 5.7.8 wrong; check user and password"),
        "{text}"
    );
    assert!(!error.is_transient() && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_closed_port_and_an_unknown_host_are_named() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = send(plain(closed)).unwrap_err();
    assert!(error.is_transient());
    assert!(error.to_string().contains("check host, port and encryption"), "{error}");
    let error = send(SmtpServer::new("mail.invalid").tls(SmtpTls::None)).unwrap_err();
    // A resolver that does not answer takes the whole limit.
    let text = error.to_string();
    assert!(text.contains("is not found") || text.contains("looking up its address"), "{text}");
}

#[test]
fn a_message_without_sender_or_recipients_says_which_setting_is_missing() {
    let address = serve(|stream| speak(stream, accept));
    let email = EmailNotifier::smtp(plain(address));
    let mut message = crate::hostile();
    message.recipients.clear();
    assert!(email.notify(&message).unwrap_err().to_string().contains("no recipient: configure"));
    let text = email.notify(&crate::hostile().from("")).unwrap_err().to_string();
    assert!(text.contains("no sender: configure"), "{text}");
    for wrong in ["team", "a@b\r\nRCPT TO:<x@y.example>", "a@b c"] {
        let error = email.notify(&crate::hostile().to(wrong)).unwrap_err();
        assert!(
            !error.is_transient() && error.to_string().contains("is not an e-mail address"),
            "{error}"
        );
    }
}

#[test]
fn an_address_that_cannot_work_is_refused_without_showing_its_password() {
    for (url, why) in [
        ("smtp://u:hunter2pass@", "cannot be read"),
        ("smtp://u:hunter2pass@mail.example?tls=maybe", "option other than"),
        ("smtp://u:hunter2pass@mail.example?tls=none", "sent unencrypted"),
        ("smtp://hunter2pass@mail.example", "a user without a password"),
        ("http://u:hunter2pass@mail.example", "cannot be sent by \"http\""),
        ("mail.example", "cannot be read"),
        ("smtp://u:hunter2pass@mail.example:99999", "cannot be read"),
        ("file://server/share", "no absolute path"),
    ] {
        let text = EmailNotifier::from_url(url).unwrap_err().to_string();
        assert!(text.contains(why), "{url}: {text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    for url in [
        "smtps://mail.example",
        "smtp://[::1]:25?tls=none",
        "sendmail:///usr/sbin/sendmail",
        "file:///tmp",
    ] {
        EmailNotifier::from_url(url).unwrap();
    }
}
