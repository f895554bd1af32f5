//! Discord, by a webhook.

use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{HttpSender, SecretAddress};
use crate::length::{grouped, last_lines, shortened};
use crate::markdown;
use crate::{ConfigError, Notification, Notifier, Receipt, SendError};

/// Discord allows 256 characters of a title, 4,096 of a description and 6,000 of all texts.
const MAX_TITLE: usize = 256;
const MAX_TRACE: usize = 3_000;
const MAX_ENTRIES: usize = 15;
const RED: u32 = 0x00c0_392b;

/// Sends messages to a Discord channel by a webhook. Texts of events mention nobody.
#[derive(Clone, Debug)]
pub struct DiscordNotifier {
    address: SecretAddress,
    sender: HttpSender,
}

impl DiscordNotifier {
    /// Sends to the webhook with this address: `https://discord.com/api/webhooks/..`.
    ///
    /// # Errors
    /// If it is not an address.
    pub fn new(address: &str) -> Result<Self, ConfigError> {
        let address = SecretAddress::new("the address of the Discord webhook", address)?;
        Ok(Self { address, sender: HttpSender::new("Discord") })
    }

    /// Sets how long sending a message may take in all; 10 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.sender.set_timeout(timeout);
        self
    }
}

impl Notifier for DiscordNotifier {
    fn notify(&self, notification: &Notification) -> Result<Receipt, SendError> {
        self.sender.deliver(&self.address, &[], &payload(notification))
    }
}

fn payload(notification: &Notification) -> Value {
    let mut description = markdown::escaped(&notification.summary);
    if !notification.trace.is_empty() {
        description.push('\n');
        description.push_str(&markdown::code_block(&last_lines(&notification.trace, MAX_TRACE)));
    }
    for entry in notification.digest.iter().take(MAX_ENTRIES) {
        description.push_str(&format!(
            "\n- {} (seen {} times, {} held back)",
            markdown::link(entry.link.as_deref(), &shortened(&entry.title, 120)),
            grouped(entry.count),
            grouped(entry.held_back)
        ));
    }
    let fact = |(name, value): &(&str, String)| json!({ "name": name, "value": markdown::escaped(&shortened(value, 120)), "inline": true });
    let fields: Vec<Value> = notification.facts.iter().take(10).map(fact).collect();
    let mut embed = json!({
        "title": shortened(&markdown::escaped(&shortened(&notification.title, 200)), MAX_TITLE),
        "description": shortened(&description, 4_096),
        "color": RED,
        "fields": fields,
    });
    if let Some(link) = &notification.link {
        embed["url"] = json!(link);
    }
    json!({ "embeds": [embed], "allowed_mentions": { "parse": [] } })
}
