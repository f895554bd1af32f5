//! What an answer means: sent, to be sent again, or wrong for good.

use std::time::Duration;

use error_tracker_notify::SendError;

use crate::http_server::answering;
use crate::{SECRET, channels, hostile};

/// Sends a message by every channel to a server with this answer. Returns the errors.
fn errors(head: &str, body: &str) -> Vec<SendError> {
    let (server, _requests) = answering(head, body);
    let send = |(name, channel): crate::Channel| {
        let error = channel.notify(&hostile(0)).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(name), "{text}");
        assert!(!text.contains(SECRET), "{text}");
        error
    };
    channels(&server).into_iter().map(send).collect()
}

#[test]
fn a_message_that_is_accepted_has_the_answer_in_its_receipt() {
    let (server, _requests) = answering("200 OK", &format!("ok {SECRET}\n"));
    for (name, channel) in channels(&server) {
        let answer = channel.notify(&hostile(0)).unwrap().answer;
        assert!(answer.starts_with("200 ok"), "{name}: {answer}");
    }
    let (server, _requests) = answering("204 No Content", "");
    for (_, channel) in channels(&server) {
        assert_eq!(channel.notify(&hostile(0)).unwrap().answer, "204");
    }
}

#[test]
fn an_error_that_stays_says_what_to_check_and_shows_no_secret() {
    for (status, advice) in [
        ("401 Unauthorized", "check the token or the address"),
        ("403 Forbidden", "check the token or the address"),
        ("404 Not Found", "create a new one"),
        ("410 Gone", "create a new one"),
        ("413 Too Large", "too large"),
        ("400 Bad Request", "answered 400"),
    ] {
        for error in errors(status, &format!("no_service /hooks/{SECRET}")) {
            assert!(!error.is_transient(), "{error}");
            assert!(error.to_string().contains(advice), "{error}");
            assert!(error.to_string().contains("no_service"), "{error}");
        }
    }
}

#[test]
fn an_error_that_passes_says_when_to_try_again() {
    for (status, seconds) in [
        ("429 Too Many Requests\nretry-after: 17", Some(17)),
        ("503 Unavailable\nretry-after: 120", Some(120)),
        ("500 Internal Server Error", None),
        ("502 Bad Gateway", None),
        ("408 Request Timeout", None),
    ] {
        for error in errors(status, "") {
            assert!(error.is_transient(), "{error}");
            assert_eq!(error.retry_after(), seconds.map(Duration::from_secs), "{error}");
        }
    }
    let body = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 5","parameters":{"retry_after":5}}"#;
    let all = errors("429 Too Many Requests", body);
    let telegram = all.iter().find(|error| error.to_string().starts_with("Telegram")).unwrap();
    assert_eq!(telegram.retry_after(), Some(Duration::from_secs(5)));
    assert!(telegram.to_string().contains("(Too Many Requests: retry after 5)"), "{telegram}");
}

#[test]
fn redirects_are_not_followed() {
    let (other, followed) = answering("200 OK", "");
    for error in errors(&format!("302 Found\nlocation: {other}/"), "") {
        assert!(!error.is_transient());
        assert!(error.to_string().contains("redirects are not followed"), "{error}");
    }
    assert!(followed.try_recv().is_err());
}

#[test]
fn no_address_or_token_is_in_a_debug_text() {
    use error_tracker_notify as notify;
    let address = format!("https://chat.example/{SECRET}?token={SECRET}");
    let shown = [
        format!("{:?}", notify::SlackNotifier::new(&address)),
        format!("{:?}", notify::DiscordNotifier::new(&address)),
        format!("{:?}", notify::TeamsNotifier::new(&address)),
        format!("{:?}", notify::MattermostNotifier::new(&address)),
        format!("{:?}", notify::GoogleChatNotifier::new(&address)),
        format!("{:?}", notify::TelegramNotifier::new(SECRET, "@shop")),
        format!(
            "{:?}",
            notify::NtfyNotifier::new("https://ntfy.example", "a").map(|n| n.token(SECRET))
        ),
        format!("{:?}", notify::WebhookNotifier::new(&address).map(|n| n.secret(SECRET))),
    ];
    for text in shown {
        assert!(text.starts_with("Ok(") && !text.contains(SECRET), "{text}");
        assert!(
            text.contains("chat.example") || text.contains("telegram") || text.contains("ntfy"),
            "{text}"
        );
    }
    for wrong in [
        format!("ftp://chat.example/{SECRET}"),
        format!("{SECRET} /"),
        format!("https:///{SECRET}"),
    ] {
        let text = notify::SlackNotifier::new(&wrong).unwrap_err().to_string();
        assert!(
            text.starts_with("the address of the Slack webhook") && !text.contains(SECRET),
            "{text}"
        );
    }
    for (token, chat) in [("", "@shop"), (SECRET, " "), ("a b/../", "@shop")] {
        let text = notify::TelegramNotifier::new(token, chat).unwrap_err().to_string();
        assert!(text.contains("BotFather") || text.contains("chat is missing"), "{text}");
    }
    assert!(notify::NtfyNotifier::new("https://ntfy.sh", "a/b").is_err());
}
