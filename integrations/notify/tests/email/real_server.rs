//! What arrives at a real server, as Python's parser of e-mail reads it.

use error_tracker::event::Event;
use error_tracker_notify::{EmailNotifier, Notifier, Reason, SmtpServer, SmtpTls};

use crate::received::{MailServer, Received};

fn send(server: &mut MailServer, email: &EmailNotifier, reason: Reason) -> Received {
    let mut event = Event::default();
    event.id = format!("{reason:?}");
    event.grouping.hash = "cd".repeat(32);
    event.message = "no disk".into();
    let receipt = email.notify(&crate::about(reason, &event)).unwrap();
    assert_eq!(receipt.answer, "250 2.0.0 kept");
    server.next()
}

#[test]
#[ignore = "needs aiosmtpd: ./run-tests"]
fn a_message_arrives_as_text_and_html_whatever_the_event_holds() {
    let mut server = MailServer::start("plain", &[]);
    let email = EmailNotifier::smtp(server.settings().tls(SmtpTls::None));
    let sent = crate::hostile().to("Zweites Team <zweites@shop.example>");
    assert_eq!(email.notify(&sent).unwrap().answer, "250 2.0.0 kept");
    let arrived = server.next();
    assert_eq!(arrived.sender, "errors@shop.example");
    assert_eq!(arrived.recipients, ["team@shop.example", "zweites@shop.example"]);
    assert_eq!(arrived.content_type, "multipart/alternative");
    assert_eq!(arrived.defects, [""; 0]);
    assert_eq!(arrived.header("subject"), sent.subject);
    assert!(sent.subject.starts_with("[shop] [GET] https://shop.example/Größe X-Evil: 1?q="));
    assert_eq!(arrived.header("from"), "Shop <errors@shop.example>");
    assert!(
        arrived.headers.iter().all(|(name, _)| !["bcc", "x-evil"].contains(&&*name.to_lowercase()))
    );
    let [text, html] = &arrived.parts[..] else { panic!("{:#?}", arrived.parts) };
    assert_eq!((&*text.content_type, &*html.content_type), ("text/plain", "text/html"));
    for (part, expected) in [(text, &sent.text), (html, &sent.html)] {
        assert_eq!(part.charset, "utf-8");
        assert_eq!(part.defects, [""; 0], "{}", part.encoding);
        assert_eq!(part.text.replace("\r\n", "\n").trim_end(), expected.trim_end());
    }
    assert!(text.text.contains("Größe fehlt 東京 🚀"));
    assert!(arrived.longest_line <= 998, "{}", arrived.longest_line);
    assert_eq!(arrived.bare_line_ends, 0);
    assert!(arrived.is_ascii);
}

#[test]
#[ignore = "needs aiosmtpd: ./run-tests"]
fn the_messages_about_one_issue_are_one_conversation() {
    let mut server = MailServer::start("plain", &[]);
    let email = EmailNotifier::smtp(server.settings().tls(SmtpTls::None));
    let first = send(&mut server, &email, Reason::New);
    let later = send(&mut server, &email, Reason::Milestone(10));
    let again = send(&mut server, &email, Reason::Milestone(10));
    let id = first.header("message-id");
    assert_eq!(later.header("in-reply-to"), id);
    assert_eq!(later.header("references"), id);
    assert_ne!(later.header("message-id"), id);
    assert_eq!(
        later.header("message-id"),
        again.header("message-id"),
        "sent again, it is the same"
    );
    assert_eq!(later.header("subject"), first.header("subject"));
    assert_eq!(later.header("auto-submitted"), "auto-generated");
    assert_eq!(later.header("x-error-tracker-reason"), "milestone");
    assert!(!first.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("in-reply-to")));
}

#[test]
#[ignore = "needs aiosmtpd: ./run-tests"]
fn encryption_and_login_work_from_the_start_and_by_starttls() {
    for (mode, tls) in [("starttls", SmtpTls::StartTls), ("tls", SmtpTls::Implicit)] {
        let mut server = MailServer::start(mode, &["errors", "pass wörd"]);
        let settings = server.settings().tls(tls);
        let email = EmailNotifier::smtp(settings.clone().credentials("errors", "pass wörd"));
        let arrived = send(&mut server, &email, Reason::New);
        assert!(arrived.encrypted);
        assert_eq!(arrived.user.as_deref(), Some("errors"));

        let wrong = EmailNotifier::smtp(settings.clone().credentials("errors", "hunter2pass"));
        let error = wrong.notify(&crate::hostile()).unwrap_err();
        let text = error.to_string();
        assert!(
            !error.is_transient()
                && text.contains("535")
                && text.contains("check user and password"),
            "{text}"
        );
        assert!(!text.contains("hunter2"));
        let without = EmailNotifier::smtp(settings).notify(&crate::hostile()).unwrap_err();
        assert!(without.to_string().contains("530"), "{without}");
    }
}

#[test]
#[ignore = "needs aiosmtpd: ./run-tests"]
fn a_certificate_that_nobody_trusts_or_of_another_name_is_an_error() {
    let server = MailServer::start("tls", &[]);
    let other = MailServer::start("tls", &[]);
    let named = |host| SmtpServer::new(host).port(server.port());
    for settings in [
        named("localhost"),
        // Trusts the certificate of another server.
        other.trusted(named("localhost")),
        // The certificate is for `localhost`.
        server.trusted(named("127.0.0.1")),
    ] {
        let email = EmailNotifier::smtp(settings.tls(SmtpTls::Implicit));
        let error = email.notify(&crate::hostile()).unwrap_err();
        let text = error.to_string();
        assert!(!error.is_transient(), "{text}");
        assert!(
            text.contains("no encrypted connection") && text.contains("add a root certificate"),
            "{text}"
        );
    }
}

#[test]
#[ignore = "needs aiosmtpd: ./run-tests"]
fn addresses_in_all_scripts_arrive() {
    let mut server = MailServer::start("plain", &[]);
    let email = EmailNotifier::smtp(server.settings().tls(SmtpTls::None));
    email.notify(&crate::hostile().to("größe@shop.example")).unwrap();
    assert_eq!(server.next().recipients[1], "größe@shop.example");
}
