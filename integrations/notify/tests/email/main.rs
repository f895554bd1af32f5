//! E-mail: what arrives at real servers, and servers that stall, refuse and drop.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod local;
mod postfix;
mod real_server;
mod received;
mod refusals;
mod scripted_server;
mod stalls;

use error_tracker::event::{Event, Issue, Request};
use error_tracker_notify::{MessageFormat, Notification, Reason};

/// A message about an error whose texts are as bad for e-mail as texts can be.
fn hostile() -> Notification {
    let mut event = Event::default();
    event.id = "018f0000-0000-7000-8000-000000000001".into();
    event.type_name = "shop::OrderError".into();
    event.message = format!(
        "Größe fehlt 東京 🚀\r\nBcc: victim@evil.example\r\n\r\n.\r\nMAIL FROM:<x@y.example>\r\n{}",
        "x".repeat(5_000)
    );
    event.grouping.hash = "ab".repeat(32);
    event.context.request = Some(
        Request::default().method("GET").url("https://shop.example/Größe\r\nX-Evil: 1?q=\u{202e}"),
    );
    about(Reason::New, &event)
}

fn about(reason: Reason, event: &Event) -> Notification {
    let format = MessageFormat::new().prefix("shop");
    let notification = format.about(reason, &Issue::of(event), event, 0);
    notification.from("Shop <errors@shop.example>").to("team@shop.example")
}
