//! Slack, by an incoming webhook.

use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{HttpSender, SecretAddress};
use crate::length::{grouped, last_lines, shortened};
use crate::{ConfigError, Notification, Notifier, Receipt, SendError};

/// Slack shows at most 150 characters of a header.
const MAX_HEADER: usize = 150;
/// The most characters of a trace, within Slack's 3,000 for a block.
const MAX_TRACE: usize = 2_900;
/// The most issues of a digest, within Slack's 50 blocks.
const MAX_ENTRIES: usize = 20;

/// Sends messages to a Slack channel by an incoming webhook. All texts of events are plain text:
/// they cannot mention anybody or become links.
#[derive(Clone, Debug)]
pub struct SlackNotifier {
    address: SecretAddress,
    sender: HttpSender,
}

impl SlackNotifier {
    /// Sends to the webhook with this address: `https://hooks.slack.com/services/..`.
    ///
    /// # Errors
    /// If it is not an address.
    pub fn new(address: &str) -> Result<Self, ConfigError> {
        let address = SecretAddress::new("the address of the Slack webhook", address)?;
        Ok(Self { address, sender: HttpSender::new("Slack") })
    }

    /// Sets how long sending a message may take in all; 10 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.sender.set_timeout(timeout);
        self
    }
}

impl Notifier for SlackNotifier {
    fn notify(&self, notification: &Notification) -> Result<Receipt, SendError> {
        self.sender.deliver(&self.address, &[], &payload(notification))
    }
}

fn payload(notification: &Notification) -> Value {
    let mut blocks = vec![
        json!({
            "type": "header",
            "text": { "type": "plain_text", "text": shortened(&notification.title, MAX_HEADER), "emoji": false },
        }),
        json!({
            "type": "section",
            "text": { "type": "plain_text", "text": shortened(&notification.summary, 3_000), "emoji": false },
        }),
    ];
    let fact = |(name, value): &(&str, String)| json!({ "type": "plain_text", "text": format!("{name}: {value}"), "emoji": false });
    let facts: Vec<Value> = notification.facts.iter().take(10).map(fact).collect();
    if !facts.is_empty() {
        blocks.push(json!({ "type": "section", "fields": facts }));
    }
    if !notification.trace.is_empty() {
        let trace = text_element(&last_lines(&notification.trace, MAX_TRACE));
        blocks.push(json!({
            "type": "rich_text",
            "elements": [{ "type": "rich_text_preformatted", "elements": [trace] }],
        }));
    }
    for entry in notification.digest.iter().take(MAX_ENTRIES) {
        let held_back = format!(
            " (seen {} times, {} held back)",
            grouped(entry.count),
            grouped(entry.held_back)
        );
        let title = match &entry.link {
            Some(link) => link_element(link, &entry.title),
            None => text_element(&entry.title),
        };
        blocks.push(section(vec![title, text_element(&held_back)]));
    }
    if notification.digest.len() > MAX_ENTRIES {
        let more = grouped((notification.digest.len() - MAX_ENTRIES) as u64);
        blocks.push(section(vec![text_element(&format!("{more} more issues"))]));
    }
    if let Some(link) = &notification.link {
        blocks.push(section(vec![link_element(link, "Open the page")]));
    }
    json!({
        "text": escaped(&notification.subject),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn section(elements: Vec<Value>) -> Value {
    json!({
        "type": "rich_text",
        "elements": [{ "type": "rich_text_section", "elements": elements }],
    })
}

fn text_element(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn link_element(url: &str, text: &str) -> Value {
    json!({ "type": "link", "url": url, "text": text })
}

/// Returns text that is not markup in a field of Slack's own format.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
