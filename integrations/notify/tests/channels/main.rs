//! Channels over HTTP: what is sent, and what becomes of the answers. The services are played by a
//! server that answers as their documentation says.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod answers;
mod http_server;
mod limits;
mod payloads;
mod published_types;

use error_tracker::event::{Event, Frame, Issue, Request};
use error_tracker_notify::{
    DigestEntry, DiscordNotifier, GoogleChatNotifier, MattermostNotifier, MessageFormat,
    Notification, Notifier, NtfyNotifier, Reason, SlackNotifier, TeamsNotifier, TelegramNotifier,
    WebhookNotifier,
};

/// A part of each address that nobody may see.
const SECRET: &str = "T0SECRETSECRET";

type Channel = (&'static str, Box<dyn Notifier>);

/// All channels, by their names, with a server at this address.
fn channels(server: &str) -> Vec<Channel> {
    let address = format!("{server}/hooks/{SECRET}");
    let chat = format!("{server}/v1/spaces/A/messages?key=k&token={SECRET}");
    let ntfy = NtfyNotifier::new(server, "shop-errors").unwrap().token(SECRET);
    let telegram = TelegramNotifier::with_server(server, SECRET, "-100123").unwrap();
    vec![
        ("Slack", Box::new(SlackNotifier::new(&address).unwrap())),
        ("Discord", Box::new(DiscordNotifier::new(&address).unwrap())),
        ("Teams", Box::new(TeamsNotifier::new(&address).unwrap())),
        ("Mattermost", Box::new(MattermostNotifier::new(&address).unwrap())),
        ("Google Chat", Box::new(GoogleChatNotifier::new(&chat).unwrap())),
        ("Telegram", Box::new(telegram)),
        ("ntfy", Box::new(ntfy)),
        ("the webhook", Box::new(WebhookNotifier::new(&address).unwrap().secret(SECRET))),
    ]
}

/// A message about an error whose texts are markup and mentions in one service or another.
fn hostile(size: usize) -> Notification {
    let mut event = Event::default();
    event.id = "018f0000-0000-7000-8000-000000000001".into();
    event.type_name = "shop::OrderError".into();
    event.message = format!(
        "<!channel> @everyone <users/all> </pre><b>bold</b> [a](http://evil.example) ``` *x* {}",
        "東🚀".repeat(size)
    );
    event.grouping.hash = "ab".repeat(32);
    event.origin.environment = "production".into();
    event.context.request =
        Some(Request::default().method("GET").url("https://shop.example/cart").path("/cart"));
    for at in 0..size.min(200) {
        let mut frame = Frame::default();
        frame.function = format!("function_{at}");
        frame.file = "src/``` <b>.rs".into();
        frame.expression = "@everyone()?".into();
        event.frames.push(frame);
    }
    let format = MessageFormat::new().prefix("shop").page_address("https://shop.example/errors");
    format.about(Reason::New, &Issue::of(&event), &event, 312)
}

/// Messages of all sorts.
fn messages() -> Vec<Notification> {
    let format = MessageFormat::new();
    let digest = |link: Option<&str>| {
        let entry = |at: u64| {
            DigestEntry::new(format!("{at:064}"), "Error: <b> @everyone")
                .held_back(at)
                .count(at * 10)
                .link(link.map(str::to_owned))
        };
        (0..130).map(entry).collect()
    };
    let linked = MessageFormat::new().page_address("https://shop.example/errors");
    vec![
        hostile(0),
        hostile(5_000),
        format.test("1"),
        linked.test("2"),
        format.digest("3", 1_000, digest(None)),
        linked.digest("4", 1_000, digest(Some("https://shop.example/errors/1"))),
    ]
}
