//! ntfy, hosted or your own server.

use std::time::Duration;

use serde_json::json;

use crate::http::{HttpSender, Secret, SecretAddress};
use crate::length::{grouped, last_lines, shortened};
use crate::{ConfigError, Notification, Notifier, Reason, Receipt, SendError};

/// ntfy shows 4,096 bytes as a message; what is longer would become a file.
const MAX_BYTES: usize = 4_000;

/// Sends messages to a topic of [ntfy](https://ntfy.sh), which shows them on phones.
#[derive(Clone, Debug)]
pub struct NtfyNotifier {
    server: SecretAddress,
    topic: String,
    token: Secret,
    sender: HttpSender,
}

impl NtfyNotifier {
    /// Sends to a topic of a server, such as `https://ntfy.sh`.
    ///
    /// # Errors
    /// If the server is not an address, or the topic has characters other than letters, digits, `-`
    /// and `_`.
    pub fn new(server: &str, topic: &str) -> Result<Self, ConfigError> {
        let topic = topic.trim();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if topic.is_empty() || topic.len() > 64 || !topic.chars().all(is_name) {
            return Err(ConfigError::new(
                "the ntfy topic is not one: it has 1 to 64 letters, digits, `-` and `_`",
            ));
        }
        let server = SecretAddress::new("the address of the ntfy server", server)?;
        let mut sender = HttpSender::new("ntfy");
        // Whoever knows a topic of a public server can read it.
        sender.hide(topic);
        Ok(Self { server, topic: topic.to_owned(), token: Secret::default(), sender })
    }

    /// Sets the access token.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Secret(token.into());
        self.sender.hide(&self.token.0);
        self
    }

    /// Sets how long sending a message may take in all; 10 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.sender.set_timeout(timeout);
        self
    }
}

impl Notifier for NtfyNotifier {
    fn notify(&self, notification: &Notification) -> Result<Receipt, SendError> {
        let mut body = json!({
            "topic": self.topic,
            "title": shortened(&notification.title, 200),
            "message": message(notification),
            "tags": ["rotating_light"],
            "priority": if notification.reason == Reason::Test { 3 } else { 4 },
        });
        if let Some(link) = &notification.link {
            body["click"] = json!(link);
        }
        let authorization = format!("Bearer {}", self.token.0);
        let headers = [("authorization", authorization.as_str())];
        let headers = if self.token.0.is_empty() { &[][..] } else { &headers };
        self.sender.deliver(&self.server, headers, &body)
    }
}

fn message(notification: &Notification) -> String {
    let mut text = notification.summary.clone();
    for (name, value) in notification.facts.iter().take(5) {
        text.push_str(&format!("\n{name}: {value}"));
    }
    for entry in notification.digest.iter().take(10) {
        let (title, count) = (shortened(&entry.title, 150), grouped(entry.held_back));
        text.push_str(&format!("\n- {title} ({count} held back)"));
    }
    let left = MAX_BYTES.saturating_sub(text.len() + 2);
    // A character has at most three bytes for each unit of UTF-16.
    let mut max = left;
    let mut trace = last_lines(&notification.trace, max);
    while trace.len() > left {
        max = max * 3 / 4;
        trace = last_lines(&notification.trace, max);
    }
    if !trace.is_empty() {
        text.push_str(&format!("\n\n{trace}"));
    }
    text
}
