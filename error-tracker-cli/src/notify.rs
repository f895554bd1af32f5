//! `notify`: shows what was sent to people, and tests the channels.

use error_tracker::event::Timestamp;
use error_tracker::store::{DeliveryState, OutboxCounts, OutboxRecord, Store, StoreError};
use error_tracker_notify::NotifySettings;
use serde::Serialize;

use crate::arguments::NotifyArguments;
use crate::failure::CommandError;
use crate::list::ago;
use crate::open;
use crate::output::{BOLD, DIM, GREEN, RED, TerminalOutput, YELLOW};

/// Tests the channels, or prints what was sent.
pub(crate) fn run(
    options: &NotifyArguments,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    match &options.file {
        Some(file) => show(&*open::to_read(file)?, options.json, output),
        None => test(output),
    }
}

/// Sends a test message through each channel that the environment sets up.
fn test(output: &mut TerminalOutput) -> Result<(), CommandError> {
    let notify = NotifySettings::from_env()
        .and_then(|settings| settings.build())
        .map_err(|error| CommandError::Impossible(error.to_string()))?;
    let results = notify.test();
    if results.is_empty() {
        return Err(CommandError::Impossible(
            "no channel is set up: set the address of one, such as ERROR_TRACKER_NOTIFY_MAIL with _SENDER and \
             _RECIPIENTS, ERROR_TRACKER_NOTIFY_SLACK or ERROR_TRACKER_NOTIFY_WEBHOOK, and do not set \
             ERROR_TRACKER_NOTIFY_ENABLED to false"
                .to_owned(),
        ));
    }
    let mut failed = 0;
    for (name, result) in &results {
        output.text(BOLD, name)?;
        match result {
            Ok(receipt) => {
                let lines = [&receipt.answer].into_iter().chain(&receipt.warnings);
                let lines: Vec<_> =
                    lines.filter(|line| !line.is_empty()).map(String::as_str).collect();
                let answer =
                    if lines.is_empty() { "no answer".to_owned() } else { lines.join("; ") };
                output.raw(": ")?;
                output.text(GREEN, "sent")?;
                output.line(&format!(" ({answer})"))?;
            }
            Err(error) => {
                failed += 1;
                output.raw(": ")?;
                output.text(RED, "not sent")?;
                output.line(&format!(" ({error})"))?;
            }
        }
        // Channels may take their time.
        output.finish()?;
    }
    match failed {
        0 => Ok(()),
        failed => Err(CommandError::Unhealthy(format!(
            "{failed} of {} channels did not send",
            results.len()
        ))),
    }
}

/// What `--json` prints of a channel.
#[derive(Serialize)]
struct ShownChannel {
    channel: String,
    waiting: u64,
    held_back: u64,
    next_due: Option<Timestamp>,
}

/// What `--json` prints of a message.
#[derive(Serialize)]
pub(crate) struct ShownMessage {
    channel: String,
    /// The hash of the issue; empty for a digest.
    issue: String,
    reason: String,
    state: &'static str,
    /// When it was sent, failed or held back; of one that waits, when it was added.
    at: Timestamp,
    attempts: u64,
    result: String,
}

#[derive(Serialize)]
struct ShownOutbox {
    channels: Vec<ShownChannel>,
    messages: Vec<ShownMessage>,
}

impl From<OutboxRecord> for ShownMessage {
    fn from(record: OutboxRecord) -> Self {
        Self {
            channel: record.message.channel,
            issue: record.message.hash,
            reason: record.message.reason,
            state: record.state.as_str(),
            at: record.finished.unwrap_or(record.message.created),
            attempts: record.attempts,
            result: record.result,
        }
    }
}

impl ShownMessage {
    /// Returns what became of the message, such as `mail sent milestone 10`.
    pub(crate) fn headline(&self) -> String {
        // What follows the name tells messages apart, and is of no interest to people otherwise.
        let mut parts = self.reason.split('/');
        let reason = match (parts.next().unwrap_or_default(), parts.next()) {
            (name @ "milestone", Some(count)) => format!("{name} {count}"),
            (name, _) => name.to_owned(),
        };
        format!("{} {} {reason}", self.channel, self.state)
    }

    /// Returns when, after how many attempts, and with which answer.
    pub(crate) fn details(&self, now: Timestamp) -> String {
        let mut parts = vec![ago(self.at, now)];
        if self.attempts > 1 {
            parts.push(format!("{} attempts", self.attempts));
        }
        if !self.result.is_empty() {
            parts.push(self.result.clone());
        }
        parts.join(", ")
    }
}

/// Returns the messages about an issue and its parts, the newest first.
pub(crate) fn messages(
    store: &dyn Store,
    hashes: &[&str],
) -> Result<Vec<ShownMessage>, StoreError> {
    let Some(outbox) = store.outbox() else { return Ok(Vec::new()) };
    Ok(outbox.history_of_all(hashes)?.into_iter().map(ShownMessage::from).collect())
}

fn show(store: &dyn Store, json: bool, output: &mut TerminalOutput) -> Result<(), CommandError> {
    let Some(outbox) = store.outbox() else { return Ok(()) };
    let mut channels = Vec::new();
    for channel in outbox.channels()? {
        let OutboxCounts { waiting, held_back, next_due, .. } = outbox.channel(&channel)?;
        channels.push(ShownChannel { channel, waiting, held_back, next_due });
    }
    let messages: Vec<_> = outbox.recent()?.into_iter().map(ShownMessage::from).collect();
    if json {
        output.json(&ShownOutbox { channels, messages }, true)?;
        output.end_line()?;
        return Ok(());
    }
    if channels.is_empty() {
        output.line("nobody was told of anything")?;
        return Ok(());
    }
    for channel in &channels {
        output.text(BOLD, &channel.channel)?;
        output.line(&format!(": {} waiting, {} held back", channel.waiting, channel.held_back))?;
    }
    let now = Timestamp::now();
    for message in &messages {
        let issue = message.issue.get(..8).unwrap_or("digest");
        output.text(DIM, issue)?;
        output.raw("  ")?;
        let color = match message.state.parse() {
            Ok(DeliveryState::Sent) => GREEN,
            Ok(DeliveryState::Failed) => RED,
            Ok(DeliveryState::Waiting) => YELLOW,
            _ => DIM,
        };
        output.text(color, &message.headline())?;
        output.line(&format!(" ({})", message.details(now)))?;
    }
    Ok(())
}
