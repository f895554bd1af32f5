//! What was sent to people, and tests of the channels.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use error_tracker::store::{OutboxClaim, OutboxLimits, OutboxMessage, SendOutcome};

use super::*;

/// Adds a message about an issue, and ends it with an outcome if there is one.
fn tell(files: &Files, hash: &str, reason: &str, outcome: Option<SendOutcome>) {
    let store = SqliteStore::open(&files.db).unwrap();
    let outbox = store.outbox().unwrap();
    let now = Timestamp::now();
    let hash = if hash.is_empty() { String::new() } else { format!("{hash}{}", "0".repeat(56)) };
    outbox
        .enqueue(&OutboxMessage::new("mail", hash, reason, now), &OutboxLimits::unlimited())
        .unwrap();
    if let Some(outcome) = outcome {
        let claim = OutboxClaim::new("mail", "a", now, Duration::from_secs(60));
        let claimed = outbox.claim(&claim).unwrap().unwrap();
        assert!(outbox.finish(claimed.id, "a", &outcome).unwrap());
    }
}

#[test]
fn what_was_sent_is_shown_of_all_channels_and_of_an_issue() {
    let files = Files::with_three_issues();
    assert_eq!(files.ok(&["notify", "FILE"]), "nobody was told of anything\n");
    let at = Timestamp::now();
    tell(&files, NEGATIVE, "new", Some(SendOutcome::Sent { at, answer: "250 2.0.0 kept".into() }));
    let error = "550 no such\x1b[31m user".to_owned();
    tell(&files, PANIC, "milestone/10", Some(SendOutcome::Failed { at, error }));
    tell(&files, PANIC, "regression/7", None);
    let shown = files.ok(&["notify", "FILE"]);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "mail: 1 waiting, 0 held back");
    assert!(lines[1].starts_with("bbbbbb33  mail waiting regression ("), "{shown}");
    assert!(lines[2].starts_with("bbbbbb33  mail failed milestone 10 ("), "{shown}");
    assert!(
        lines[2].ends_with(", 550 no such\\x1b[31m user)") || !lines[2].contains('\x1b'),
        "{shown}"
    );
    assert!(lines[3].ends_with(", 250 2.0.0 kept)"), "{shown}");
    let json = files.json(&["notify", "FILE", "--json"]);
    assert_eq!(json["channels"][0]["waiting"], 1);
    assert_eq!(json["messages"][2]["state"], "sent");

    let shown = files.ok(&["show", NEGATIVE, "FILE"]);
    assert!(shown.contains("notifications\n  mail sent new = "), "{shown}");
    assert!(!shown.contains("550 no such"));
    let json = files.json(&["show", PANIC, "FILE", "--json"]);
    assert_eq!(json["messages"].as_array().unwrap().len(), 2);
    assert_eq!(json["messages"][1]["result"], "550 no such\x1b[31m user");
}

/// Answers one request, and returns the port and what was asked.
fn answer(status: &'static str) -> (u16, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let (mut asked, mut part) = (Vec::new(), [0; 4_096]);
        // The test message ends its JSON with the only closing brace at the end of a part.
        while !asked.ends_with(b"}") {
            let length = stream.read(&mut part).unwrap();
            assert!(length > 0, "the request ended early");
            asked.extend_from_slice(&part[..length]);
        }
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: 4\r\nconnection: close\r\n\r\n");
        stream.write_all(format!("{head}kept").as_bytes()).unwrap();
        String::from_utf8(asked).unwrap()
    });
    (port, asked)
}

fn test_channels(variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_error-tracker"));
    command.args(["notify", "--test"]).env_clear();
    for (name, value) in variables {
        command.env(format!("ERROR_TRACKER_NOTIFY_{name}"), value);
    }
    command.run()
}

#[test]
fn a_test_message_is_sent_through_each_channel_and_the_answer_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let mail = format!("file://{}", folder.path().display());
    let (port, asked) = answer("200 OK");
    let webhook = format!("http://127.0.0.1:{port}/hook");
    let output = test_channels(&[
        ("MAIL", &mail),
        ("SENDER", "errors@shop.example"),
        ("RECIPIENTS", "team@shop.example"),
        ("WEBHOOK", &webhook),
    ]);
    let printed = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(code(&output), 0, "{printed}{}", stderr(&output));
    assert!(printed.contains("mail: sent (") && printed.contains("webhook: sent ("), "{printed}");
    assert!(asked.join().unwrap().contains("Test message"));
    let written = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    assert!(fs::read_to_string(written).unwrap().contains("To: team@shop.example"));
}

#[test]
fn a_channel_that_refuses_the_test_fails_it_and_says_why() {
    let (port, asked) = answer("404 Not Found");
    let output = test_channels(&[("WEBHOOK", &format!("http://127.0.0.1:{port}/hook"))]);
    let printed = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(printed.contains("webhook: not sent (") && printed.contains("404"), "{printed}");
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("1 of 1 channels did not send"), "{}", stderr(&output));
    asked.join().unwrap();
}

#[test]
fn settings_that_are_missing_or_wrong_are_named() {
    let none = test_channels(&[]);
    assert_eq!(code(&none), 2);
    assert!(stderr(&none).contains("ERROR_TRACKER_NOTIFY_MAIL"), "{}", stderr(&none));
    let wrong = test_channels(&[("MAIL", "smtp://u:hunter2pass@mail.example")]);
    assert_eq!(code(&wrong), 2);
    assert!(stderr(&wrong).contains("ERROR_TRACKER_NOTIFY_SENDER"), "{}", stderr(&wrong));
    assert!(!stderr(&wrong).contains("hunter2"));
    let unknown = test_channels(&[("SLAKC", "https://hooks.example")]);
    assert!(stderr(&unknown).contains("ERROR_TRACKER_NOTIFY_SLAKC"), "{}", stderr(&unknown));
}
