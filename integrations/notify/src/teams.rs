//! Microsoft Teams, by a workflow.

use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{HttpSender, SecretAddress};
use crate::length::{grouped, last_lines};
use crate::{ConfigError, Notification, Notifier, Receipt, SendError};

/// The most characters of a trace: Teams takes 28 KB in all, and each line is an element.
const MAX_TRACE: usize = 5_000;
const MAX_LINES: usize = 60;
const MAX_ENTRIES: usize = 20;

/// Sends messages to Microsoft Teams, by the workflow "Post to a channel when a webhook request is
/// received". They are adaptive cards.
#[derive(Clone, Debug)]
pub struct TeamsNotifier {
    address: SecretAddress,
    sender: HttpSender,
}

impl TeamsNotifier {
    /// Sends to the workflow with this address.
    ///
    /// # Errors
    /// If it is not an address.
    pub fn new(address: &str) -> Result<Self, ConfigError> {
        let address = SecretAddress::new("the address of the Teams workflow", address)?;
        Ok(Self { address, sender: HttpSender::new("Teams") })
    }

    /// Sets how long sending a message may take in all; 10 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.sender.set_timeout(timeout);
        self
    }
}

impl Notifier for TeamsNotifier {
    fn notify(&self, notification: &Notification) -> Result<Receipt, SendError> {
        self.sender.deliver(&self.address, &[], &payload(notification))
    }
}

fn payload(notification: &Notification) -> Value {
    // Rich text shows its text as it is; a `TextBlock` would read Markdown in it.
    let mut body = vec![
        rich_text(json!({
            "type": "TextRun", "text": notification.title, "weight": "Bolder", "size": "Medium",
        })),
        rich_text(json!({ "type": "TextRun", "text": notification.summary })),
    ];
    for (name, value) in &notification.facts {
        let mut row = rich_text(json!({
            "type": "TextRun", "text": format!("{name}: {value}"), "isSubtle": true,
        }));
        row["spacing"] = json!("None");
        body.push(row);
    }
    let trace = last_lines(&notification.trace, MAX_TRACE);
    let lines: Vec<&str> = trace.lines().collect();
    for (at, line) in lines[lines.len().saturating_sub(MAX_LINES)..].iter().enumerate() {
        // Blanks at the start would not be shown.
        let indented = line.len() - line.trim_start().len();
        let line = format!("{}{}", "\u{a0}".repeat(indented), line.trim_start());
        let shown = if line.is_empty() { "\u{a0}".to_owned() } else { line };
        let mut row = rich_text(json!({
            "type": "TextRun", "text": shown, "fontType": "Monospace", "size": "Small",
        }));
        row["spacing"] = json!(if at == 0 { "Medium" } else { "None" });
        body.push(row);
    }
    for entry in notification.digest.iter().take(MAX_ENTRIES) {
        let text = format!(
            "{} (seen {} times, {} held back)",
            entry.title,
            grouped(entry.count),
            grouped(entry.held_back)
        );
        let mut run = json!({ "type": "TextRun", "text": text });
        if let Some(link) = &entry.link {
            run["selectAction"] = json!({ "type": "Action.OpenUrl", "url": link });
        }
        body.push(rich_text(run));
    }
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": { "width": "Full" },
        "body": body,
    });
    if let Some(link) = &notification.link {
        card["actions"] =
            json!([{ "type": "Action.OpenUrl", "title": "Open the page", "url": link }]);
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

fn rich_text(run: Value) -> Value {
    json!({ "type": "RichTextBlock", "inlines": [run] })
}
