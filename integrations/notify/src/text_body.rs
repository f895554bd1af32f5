//! A message as plain text.

use crate::Notification;
use crate::length::{grouped, last_lines};
use crate::message_format::request_url;

/// The longest trace in a text.
pub(crate) const MAX_TRACE: usize = 60_000;
/// The most issues that a digest lists.
pub(crate) const MAX_ENTRIES: usize = 100;

/// Returns the URL of the request, a blank line, why the message is sent, facts, and the trace.
pub(crate) fn render(notification: &Notification) -> String {
    let mut text = String::new();
    let url = notification.request().map(request_url).unwrap_or_default();
    if !url.is_empty() {
        text.push_str(&format!("{}\n\n", crate::length::one_line(&url)));
    }
    text.push_str(&format!("{}\n{}\n", notification.title, notification.summary));
    if let Some(link) = &notification.link {
        text.push_str(&format!("{link}\n"));
    }
    if !notification.facts.is_empty() {
        text.push('\n');
    }
    for (name, value) in &notification.facts {
        text.push_str(&format!("{:<13}{value}\n", format!("{name}:")));
    }
    if !notification.trace.is_empty() {
        text.push_str(&format!("\n{}\n", last_lines(&notification.trace, MAX_TRACE)));
    }
    for entry in notification.digest.iter().take(MAX_ENTRIES) {
        text.push_str(&format!(
            "\n{} (seen {} times, {} held back)\n",
            entry.title,
            grouped(entry.count),
            grouped(entry.held_back)
        ));
        if let Some(link) = &entry.link {
            text.push_str(&format!("{link}\n"));
        }
    }
    if let Some(more) = notification.digest.len().checked_sub(MAX_ENTRIES).filter(|more| *more > 0)
    {
        text.push_str(&format!("\n{} more issues\n", grouped(more as u64)));
    }
    text
}
