//! Google Chat, by a webhook.

use std::time::Duration;

use serde_json::{Value, json};

use crate::html_body::escaped;
use crate::http::{HttpSender, SecretAddress};
use crate::length::{grouped, last_lines, shortened};
use crate::{ConfigError, Notification, Notifier, Receipt, SendError};

/// The most characters of a trace: Google Chat takes 32,000 bytes in all.
const MAX_TRACE: usize = 3_500;
const MAX_ENTRIES: usize = 20;

/// Sends messages to a space of Google Chat by a webhook, as cards. The messages about one issue
/// are one thread.
#[derive(Clone, Debug)]
pub struct GoogleChatNotifier {
    address: SecretAddress,
    sender: HttpSender,
}

impl GoogleChatNotifier {
    /// Sends to the webhook with this address:
    /// `https://chat.googleapis.com/v1/spaces/../messages?key=..&token=..`.
    ///
    /// # Errors
    /// If it is not an address.
    pub fn new(address: &str) -> Result<Self, ConfigError> {
        let address = SecretAddress::new("the address of the Google Chat webhook", address)?;
        let sign = if address.has_query() { '&' } else { '?' };
        let option = format!("{sign}messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
        Ok(Self { address: address.with_suffix(&option), sender: HttpSender::new("Google Chat") })
    }

    /// Sets how long sending a message may take in all; 10 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.sender.set_timeout(timeout);
        self
    }
}

impl Notifier for GoogleChatNotifier {
    fn notify(&self, notification: &Notification) -> Result<Receipt, SendError> {
        self.sender.deliver(&self.address, &[], &payload(notification))
    }
}

fn payload(notification: &Notification) -> Value {
    let mut widgets = vec![paragraph(&escaped(&notification.summary))];
    for (name, value) in &notification.facts {
        widgets.push(json!({
            "decoratedText": { "topLabel": name, "text": escaped(value), "wrapText": true },
        }));
    }
    if !notification.trace.is_empty() {
        let trace = escaped(&last_lines(&notification.trace, MAX_TRACE));
        let trace = trace.replace("  ", "\u{a0}\u{a0}").replace('\n', "<br>");
        widgets.push(paragraph(&format!("<font face=\"monospace\">{trace}</font>")));
    }
    for entry in notification.digest.iter().take(MAX_ENTRIES) {
        let title = match &entry.link {
            Some(link) => format!("<a href=\"{}\">{}</a>", escaped(link), escaped(&entry.title)),
            None => escaped(&entry.title),
        };
        widgets.push(paragraph(&format!(
            "{title} (seen {} times, {} held back)",
            grouped(entry.count),
            grouped(entry.held_back)
        )));
    }
    if let Some(link) = &notification.link {
        widgets.push(json!({
            "buttonList": {
                "buttons": [{ "text": "Open the page", "onClick": { "openLink": { "url": link } } }],
            },
        }));
    }
    let mut message = json!({
        "cardsV2": [{
            "cardId": notification.id,
            "card": {
                "header": { "title": shortened(&notification.title, 200) },
                "sections": [{ "widgets": widgets }],
            },
        }],
    });
    if !notification.issue_hash().is_empty() {
        message["thread"] = json!({ "threadKey": notification.issue_hash() });
    }
    message
}

fn paragraph(html: &str) -> Value {
    json!({ "textParagraph": { "text": html } })
}
