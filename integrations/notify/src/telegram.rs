//! Telegram, by a bot.

use std::time::Duration;

use serde_json::{Value, json};

use crate::html_body::escaped;
use crate::http::{HttpSender, SecretAddress};
use crate::length::{grouped, last_lines};
use crate::{ConfigError, Notification, Notifier, Receipt, SendError};

/// Telegram takes 4,096 characters; the rest of a message has at most about 1,100.
const MAX_TRACE: usize = 2_800;
const MAX_ENTRIES: usize = 8;

/// Sends messages to a chat of Telegram by a bot.
#[derive(Clone, Debug)]
pub struct TelegramNotifier {
    address: SecretAddress,
    chat: String,
    sender: HttpSender,
}

impl TelegramNotifier {
    /// Sends by the bot with this token to a chat, which is given by its number or, for a public
    /// channel, by its name such as `@shop_errors`.
    ///
    /// # Errors
    /// If the token or the chat is empty, or the token has characters that no token has.
    pub fn new(token: &str, chat: &str) -> Result<Self, ConfigError> {
        Self::with_server("https://api.telegram.org", token, chat)
    }

    /// Sends like [`new`](Self::new) by your own Bot API server.
    ///
    /// # Errors
    /// Those of `new`, or if `server` is not an address.
    pub fn with_server(server: &str, token: &str, chat: &str) -> Result<Self, ConfigError> {
        let (token, chat) = (token.trim(), chat.trim());
        let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
        if token.is_empty() || !token.chars().all(is_token) {
            return Err(ConfigError::new(
                "the token of the Telegram bot is not one: it is like `123456:ABC-DEF`, as BotFather gives it",
            ));
        }
        if chat.is_empty() {
            return Err(ConfigError::new(
                "the Telegram chat is missing: name its number, such as `-1001234567890`, or `@channel`",
            ));
        }
        let address = SecretAddress::new("the address of the Telegram server", server)?
            .with_suffix(&format!("/bot{token}/sendMessage"));
        let mut sender = HttpSender::new("Telegram");
        sender.hide(token);
        Ok(Self { address, chat: chat.to_owned(), sender })
    }

    /// Sets how long sending a message may take in all; 10 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.sender.set_timeout(timeout);
        self
    }
}

impl Notifier for TelegramNotifier {
    fn notify(&self, notification: &Notification) -> Result<Receipt, SendError> {
        let body = json!({
            "chat_id": self.chat,
            "text": text(notification),
            "parse_mode": "HTML",
            "link_preview_options": { "is_disabled": true },
        });
        let answer = self.sender.post(&self.address, &[], &body.to_string())?;
        if (200..300).contains(&answer.status) {
            return Ok(self.sender.receipt(&answer));
        }
        let said: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let text = said["description"].as_str().unwrap_or(&answer.body);
        let error =
            self.sender.refusal(&self.address, &answer, &self.sender.shown(&self.address, text));
        // The answer has the delay in its body.
        match said["parameters"]["retry_after"].as_u64() {
            Some(seconds) => Err(error.with_retry_after(Some(Duration::from_secs(seconds)))),
            None => Err(error),
        }
    }
}

fn text(notification: &Notification) -> String {
    let mut text = format!("<b>{}</b>\n", escaped(&notification.title));
    text.push_str(&escaped(&notification.summary));
    for (name, value) in notification.facts.iter().take(4) {
        text.push_str(&format!("\n{name}: {}", escaped(value)));
    }
    if !notification.trace.is_empty() {
        let trace = escaped(&last_lines(&notification.trace, MAX_TRACE));
        text.push_str(&format!("\n<pre>{trace}</pre>"));
    }
    for entry in notification.digest.iter().take(MAX_ENTRIES) {
        text.push_str(&format!(
            "\n• {} (seen {} times, {} held back)",
            link(entry.link.as_deref(), &entry.title),
            grouped(entry.count),
            grouped(entry.held_back)
        ));
    }
    if notification.link.is_some() {
        text.push_str(&format!("\n{}", link(notification.link.as_deref(), "Open the page")));
    }
    text
}

fn link(address: Option<&str>, text: &str) -> String {
    match address {
        Some(address) => format!("<a href=\"{}\">{}</a>", escaped(address), escaped(text)),
        None => escaped(text),
    }
}
