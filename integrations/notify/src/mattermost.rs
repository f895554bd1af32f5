//! Mattermost, by an incoming webhook.

use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{HttpSender, SecretAddress};
use crate::length::{grouped, last_lines};
use crate::markdown;
use crate::{ConfigError, Notification, Notifier, Receipt, SendError};

/// The most characters of a trace, within Mattermost's 16,383 for a post.
const MAX_TRACE: usize = 8_000;
const MAX_ENTRIES: usize = 20;

/// Sends messages to a Mattermost channel by an incoming webhook.
#[derive(Clone, Debug)]
pub struct MattermostNotifier {
    address: SecretAddress,
    sender: HttpSender,
}

impl MattermostNotifier {
    /// Sends to the webhook with this address: `https://chat.shop.example/hooks/..`.
    ///
    /// # Errors
    /// If it is not an address.
    pub fn new(address: &str) -> Result<Self, ConfigError> {
        let address = SecretAddress::new("the address of the Mattermost webhook", address)?;
        Ok(Self { address, sender: HttpSender::new("Mattermost") })
    }

    /// Sets how long sending a message may take in all; 10 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.sender.set_timeout(timeout);
        self
    }
}

impl Notifier for MattermostNotifier {
    fn notify(&self, notification: &Notification) -> Result<Receipt, SendError> {
        self.sender.deliver(&self.address, &[], &payload(notification))
    }
}

fn payload(notification: &Notification) -> Value {
    let title = markdown::link(notification.link.as_deref(), &notification.title);
    let mut text = format!("#### {title}\n{}\n", markdown::escaped(&notification.summary));
    for (name, value) in &notification.facts {
        text.push_str(&format!("\n- {name}: {}", markdown::escaped(value)));
    }
    if !notification.trace.is_empty() {
        let trace = last_lines(&notification.trace, MAX_TRACE);
        text.push_str(&format!("\n\n{}", markdown::code_block(&trace)));
    }
    for entry in notification.digest.iter().take(MAX_ENTRIES) {
        text.push_str(&format!(
            "\n- {} (seen {} times, {} held back)",
            markdown::link(entry.link.as_deref(), &entry.title),
            grouped(entry.count),
            grouped(entry.held_back)
        ));
    }
    json!({ "text": text })
}
