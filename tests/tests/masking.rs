//! What is masked, and what is not: tables of texts and names, and values of a program that fails.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]
#![allow(dead_code, reason = "most fields are only shown")]

use std::collections::BTreeMap;

use error_tracker::auto_track_exception;
use error_tracker::event::{Breadcrumb, Cause, Event, Timestamp};
use error_tracker::mask::{MASK, Masking};
use error_tracker::store::MemoryStore;
use error_tracker_tests::{event_of, events_in, value, variable};

const LEAKS: &str = include_str!("masking/leaks.txt");
const HARMLESS: &str = include_str!("masking/harmless.txt");
const SECRET_NAMES: &str = include_str!("masking/secret_names.txt");
const HARMLESS_NAMES: &str = include_str!("masking/harmless_names.txt");

/// Lines that are no comments.
fn lines(table: &str) -> impl Iterator<Item = &str> {
    table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn names(table: &str) -> Vec<&str> {
    lines(table).flat_map(str::split_whitespace).collect()
}

fn unescaped(form: &str) -> String {
    let mut text = String::new();
    let mut chars = form.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            (_, Some('n')) => text.push('\n'),
            (_, Some('r')) => text.push('\r'),
            (_, Some('t')) => text.push('\t'),
            (_, Some(other)) => text.push(other),
            (c, None) => text.push(c),
        }
    }
    text
}

fn masked(text: &str) -> String {
    let mut text = text.to_owned();
    Masking::default().values_in(&mut text);
    text
}

/// Texts with what is secret in them.
fn leaks() -> Vec<(String, String)> {
    let (mut section, mut leaks) = ("", Vec::new());
    for line in lines(LEAKS) {
        let secrets: &[&str] = match line {
            "[quoted]" | "[word]" | "[weak]" | "[literal]" => {
                section = line;
                continue;
            }
            _ => match section {
                "[quoted]" => {
                    &["hunter2", "correcthorse", "Xk9mP2vLq8 zz", "a,b:c;d=e&f9", "8d1f7c2a9e"]
                }
                "[word]" => &["hunter2", "correcthorse", "p/4#w@q9", "8d1f7c2a9e"],
                "[weak]" => &["8d1f7c2a9e", "tok_live_8d1f7c2a", "QWxhZGRpbjpvcGVu12", "hunter2"],
                _ => {
                    let (form, secret) = line.rsplit_once('|').unwrap();
                    leaks.push((unescaped(form), secret.to_owned()));
                    continue;
                }
            },
        };
        leaks.extend(
            secrets
                .iter()
                .map(|secret| (unescaped(line).replace("{S}", secret), (*secret).to_owned())),
        );
    }
    leaks
}

#[test]
fn each_form_of_a_secret_in_text_is_masked_and_the_rest_stays() {
    let leaks = leaks();
    assert!(leaks.len() > 1000, "{}", leaks.len());
    let is_wrong = |(text, secret): &&(String, String)| {
        let shown = masked(text);
        shown.contains(secret) || text.contains("KEEP") && !shown.contains("KEEP")
    };
    let wrong: Vec<_> =
        leaks.iter().filter(is_wrong).map(|(text, _)| (text, masked(text))).collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), leaks.len());
}

#[test]
fn each_form_is_also_masked_in_its_debug_text() {
    let secret_in = |form: &String, secret: &String| masked(form).contains(secret.as_str());
    let mut wrong = Vec::new();
    for (text, secret) in leaks() {
        let once = format!("Some({text:?}), line: KEEP_ALL");
        let twice = format!("{:?}", format!("{text:?}"));
        // A key without its end hides all behind it.
        let ends = !text.contains("-----BEGIN") || text.contains("-----END");
        if secret_in(&once, &secret) || ends && !masked(&once).contains("KEEP_ALL") {
            wrong.push(format!("{text} -> {}", masked(&once)));
        }
        if secret_in(&twice, &secret) {
            wrong.push(masked(&twice));
        }
    }
    assert!(wrong.is_empty(), "{}: {wrong:#?}", wrong.len());
}

#[test]
fn the_bracket_around_a_masked_value_stays() {
    for text in [
        "password: Some(*)",
        "password: Some(\"*\")",
        "{ password: Some(*), pin: Some(*) }",
        "x = Some(1), password = Some(*)",
    ] {
        let secret = text.replace('*', "h4x0r2go");
        assert_eq!(masked(&secret), text.replace('*', MASK), "{secret}");
    }
}

/// Asserts that at most one in a hundred of `all` is `wrong`.
#[track_caller]
fn assert_few(wrong: &[impl std::fmt::Debug], all: &[String]) {
    assert!(wrong.len() * 100 <= all.len(), "{} of {}: {wrong:#?}", wrong.len(), all.len());
}

#[test]
fn at_most_one_in_a_hundred_harmless_texts_is_changed() {
    let harmless: Vec<String> = lines(HARMLESS).map(unescaped).collect();
    assert!(harmless.len() > 200, "{}", harmless.len());
    let wrong: Vec<_> = harmless
        .iter()
        .map(|text| (text, masked(text)))
        .filter(|(text, shown)| *text != shown)
        .collect();
    assert_few(&wrong, &harmless);
}

#[test]
fn at_most_one_in_a_hundred_harmless_texts_is_changed_within_the_debug_text_of_a_struct() {
    let harmless: Vec<String> = lines(HARMLESS)
        .map(|text| format!("Failure {{ text: {:?}, line: 3 }}", unescaped(text)))
        .collect();
    let wrong: Vec<_> = harmless.iter().filter(|text| masked(text) != **text).collect();
    assert_few(&wrong, &harmless);
}

#[test]
fn a_text_that_was_masked_stays_as_it_is() {
    for (text, _) in leaks() {
        assert_eq!(masked(&masked(&text)), masked(&text), "{text}");
    }
}

#[test]
fn every_name_of_a_secret_is_recognised_and_at_most_one_in_a_hundred_others() {
    let masking = Masking::default();
    let lost: Vec<_> =
        names(SECRET_NAMES).into_iter().filter(|name| masking.name(name).is_none()).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let harmless = names(HARMLESS_NAMES);
    let wrong: Vec<_> = harmless.iter().filter(|name| masking.name(name).is_some()).collect();
    assert!(harmless.len() > 500 && wrong.len() * 100 <= harmless.len(), "{wrong:?}");
}

#[test]
fn a_weak_name_masks_what_looks_like_a_secret() {
    let masking = Masking::default();
    let random = [
        "8d1f7c2a",
        "hunter2",
        "s3cr3t",
        "550e8400-e29b-41d4-a716-446655440000",
        "QWxhZGRpbjpvcGVu",
        "deadbeef01",
        "Xk9#mP2$vL",
        "xkqzvbtwpfgh",
        "tok_live_8d1f7c2a",
        "\"8d1f7c2a\"",
        "Some(\"8d1f7c2a\")",
        "1234567890123456",
    ];
    let ordinary = [
        "",
        "}",
        "fn",
        "identifier",
        "customers",
        "database.url",
        "order_items",
        "Content-Type",
        "sha256",
        "utf8",
        "x86_64",
        "v1.2.3",
        "127.0.0.1:8080",
        "2024-01-01T00:00:00Z",
        "src/main.rs:10:5",
        "user:42",
        "item42",
        "42",
        "1700000000000",
        "Token::Ident",
        "0x7ffd1234abcd",
        "true",
        "HashMap<String, u32>",
        "1920x1080",
        "12h30m15s",
        "UnexpectedEndOfInput",
    ];
    for name in ["token", "session", "auth", "salt", "sid", "signature", "dsn"] {
        for text in random {
            assert!(masking.value(name, text).is_some(), "{name}: {text}");
        }
        for text in ordinary {
            assert!(masking.value(name, text).is_none(), "{name}: {text}");
        }
    }
    assert!(masking.value("pin", "4711").is_some() && masking.value("otp", "\"493817\"").is_some());
    assert!(masking.value("pin", "13").is_none() && masking.value("gpio_pin", "4711").is_none());
    assert!(masking.value("key", "[18, 152, 86, 44, 201, 17, 99, 250]").is_some());
    assert!(masking.value("key", "[1, 2, 3, 4, 5, 6, 7, 8]").is_none());
    assert!(
        masking.value("password", "x").is_some() && masking.value("access_token", "x").is_some()
    );
}

/// An event of a program's own making, as it is kept.
fn kept(event: Event) -> Event {
    let tracker = error_tracker::builder().store(MemoryStore::new()).build().unwrap();
    tracker.record_event(event).unwrap();
    events_in(tracker.store()).remove(0)
}

fn event(message: &str) -> Event {
    let mut event = Event::default();
    event.at = Timestamp::now();
    event.message = message.to_owned();
    event
}

#[test]
fn each_text_of_an_event_is_searched() {
    for (text, secret) in leaks().into_iter().step_by(7) {
        let mut event = event(&text);
        event.debug = Some(text.clone());
        let mut cause = Cause::default();
        cause.message = text.clone();
        event.chain = vec![cause];
        let mut breadcrumb = Breadcrumb::default();
        breadcrumb.message = text.clone();
        event.context.breadcrumbs = vec![breadcrumb];
        event.context.tags.insert("note".to_owned(), text.clone());
        event.context.extras.insert("note".to_owned(), text.clone());
        let kept = error_tracker::json::to_string(&kept(event)).unwrap();
        assert!(!kept.contains(&secret), "{text}: {kept}");
    }
}

#[test]
fn a_masked_value_is_searched_for_unless_it_is_a_plain_word_and_names_of_fields_stay() {
    for (secret, text, shown) in [
        ("hunter2", "refused hunter2 at once", "refused * at once"),
        ("it's \"8d1f\"", "<p>it&#39;s &#34;8d1f&#34;</p>", "<p>*</p>"),
        ("it's \"8d1f\"", "<p>it&#x27;s &quot;8d1f&quot;</p>", "<p>*</p>"),
        ("it's \"8d1f\"", "<p>it&apos;s &#x22;8d1f&#x22;</p>", "<p>*</p>"),
        (
            "it's \"8d1f\"",
            "{\"body\": \"{\\\"a\\\":\\\"it's \\\\\\\"8d1f\\\\\\\"\\\"}\"}",
            "{\"body\": \"{\\\"a\\\":\\\"*\\\"}\"}",
        ),
        ("client", "no client is there", "no client is there"),
        ("customers", "no entry in customers", "no entry in customers"),
        (
            "item_id2",
            "Order { item_id2: 5, name: \"item_id2\" }",
            "Order { item_id2: 5, name: \"*\" }",
        ),
    ] {
        let mut event = event(text);
        event.context.extras.insert("password".to_owned(), secret);
        assert_eq!(kept(event).message, shown.replace('*', MASK), "{secret}");
    }
}

#[test]
fn a_count_below_a_plural_name_stays_unless_the_program_named_it() {
    let text = "cookies: 3, secrets=12";
    assert_eq!(masked(text), text);
    let mut own = "patients: 3".to_owned();
    assert!(Masking::default().mask_containing("patient").values_in(&mut own), "{own}");
    let mut event = event("failed");
    event.context.extras.insert("cookies".to_owned(), 3);
    event.context.extras.insert("secrets".to_owned(), "3");
    let extras = error_tracker::json::to_string(&kept(event).context.extras).unwrap();
    assert_eq!(extras, format!("{{\"cookies\":3,\"secrets\":\"{MASK}\"}}"));
}

#[test]
fn a_long_line_of_open_quotes_does_not_hang_its_thread() {
    let (send, done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        send.send(masked(&"$ curl -H \"X-Api-Key: opensesame".repeat(1900))).unwrap();
    });
    let shown = done.recv_timeout(std::time::Duration::from_secs(300)).unwrap();
    assert!(shown.contains("X-Api-Key"));
}

#[derive(Clone, Debug)]
struct Session {
    user: &'static str,
    id: String,
}

#[derive(Clone, Debug)]
struct ApiToken {
    inner: String,
}

#[derive(Debug)]
struct Lexer {
    token: &'static str,
    next_token: Option<&'static str>,
    key: &'static str,
    pin: u8,
}

#[auto_track_exception(mask(code), locals = "always")]
fn weak_names(
    token: &str,
    pin: u32,
    code: u32,
    session: &Session,
    api: &ApiToken,
) -> Result<(), String> {
    let key = "order_items";
    let gpio_pin = 4711;
    let next_token = "8d1f7c2a9e".to_owned();
    let lexer = Lexer { token: "}", next_token: Some("fn"), key: "client", pin: 13 };
    let headers = BTreeMap::from([("x-token", "4f7a1c9e8b"), ("token", "identifier")]);
    Err(format!(
        "{key} {gpio_pin} {next_token} {lexer:?} {headers:?} {} {pin} {code} {session:?} {api:?}",
        token.len()
    ))
}

#[test]
fn variables_of_weak_names_are_judged_by_their_values() {
    let event = event_of(|| {
        let session = Session { user: "ann", id: "4f7a1c9e8b2d".to_owned() };
        weak_names("tok_8d1f7c2a9e", 4711, 5, &session, &ApiToken { inner: "x".to_owned() })
    });
    let frame = &event.frames[0];
    for name in ["token", "pin"] {
        let variable = variable(frame, name);
        assert!(variable.masked && variable.value.as_deref() == Some(MASK), "{variable:?}");
    }
    assert!(variable(frame, "code").masked, "by its option");
    assert_eq!(value(frame, "session"), format!("Session {{ user: \"ann\", id: {MASK} }}"));
    assert_eq!(value(frame, "api"), format!("ApiToken {{ {MASK} }}"));
    assert_eq!(value(frame, "key"), "\"order_items\"");
    assert_eq!(value(frame, "gpio_pin"), "4711");
    assert_eq!(value(frame, "next_token"), "\"8d1f7c2a9e\"");
    assert_eq!(
        value(frame, "lexer"),
        "Lexer { token: \"}\", next_token: Some(\"fn\"), key: \"client\", pin: 13 }"
    );
    assert_eq!(
        value(frame, "headers"),
        format!("{{\"token\": \"identifier\", \"x-token\": {MASK}}}")
    );
}

#[auto_track_exception]
fn weak_argument_in_a_message(token: &str) -> Result<(), String> {
    Err(format!("refused {token}"))
}

#[test]
fn the_value_of_a_weak_name_is_removed_from_the_message() {
    let event = event_of(|| weak_argument_in_a_message("tok_8d1f7c2a9e"));
    assert_eq!(event.message, format!("refused {MASK}"));
}

#[auto_track_exception(locals = "always")]
fn cut(text: &str, list: &[String]) -> Result<(), String> {
    let kept = text.to_owned();
    if list.is_empty() { Ok(()) } else { Err(kept) }
}

#[test]
fn no_start_of_a_secret_stays_before_a_cut() {
    for (open, secret) in [
        ("postgres://shop:", "s3cr3tpassw0rdthatislong"),
        ("https://shop:", "correct/horse#battery"),
        ("https://", "8d1f7c2a9e4b6d0f8d1f7c2a9e4b6d0f"),
        ("paid with ", "4111 1111 1111 1111"),
        ("paid with ", "4111111111111111"),
        ("to ", "DE89 3704 0044 0532 0130 00"),
        ("", "ghp_abcdefghijklmnop1234"),
        ("", "AKIAIOSFODNN7EXAMPLE"),
        ("", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"),
        ("Bearer ", "abcDEF123456abcDEF123456"),
    ] {
        for bound in [64, 256, 1024, 8192] {
            for visible in [7, 11, secret.len() - 1] {
                let before = "word ".repeat(2000);
                let before = &before[before.len() - (bound - open.len() - visible)..];
                let text = format!(
                    "{before}{open}{secret}{} {}",
                    if open.contains("://") { "@db/x" } else { "" },
                    "word ".repeat(2000)
                );
                let event = event_of(move || {
                    let list = vec![text.clone()];
                    cut(&text, &list)
                });
                let shown = error_tracker::json::to_string(&event).unwrap();
                let leaked = (0..visible - 6)
                    .map(|at| &secret[at..at + 7])
                    .find(|part| shown.contains(part));
                assert_eq!(leaked, None, "{open}{secret} at {bound}: {visible}: {shown}");
            }
        }
    }
}

#[test]
fn a_text_that_is_cut_in_the_middle_of_plain_words_stays() {
    let text = format!("/home/ann/projects/{}", "shop-orders/".repeat(40));
    let event = event_of(move || {
        let list = vec![text.clone()];
        cut(&text, &list)
    });
    let frame = &event.frames[0];
    for name in ["text", "list", "kept"] {
        let shown = value(frame, name);
        assert!(
            shown.contains("shop-orders/shop-or") && shown.contains('…') && !shown.contains(MASK),
            "{shown}"
        );
    }
}
