//! Tells of issues that people have resolved, muted or reopened, in whichever process they did so.

use std::time::Duration;

use error_tracker::event::{Status, Timestamp};
use error_tracker::store::{
    EventSelector, Outbox, OutboxCounts, OutboxMessage, StatusChange, Store, StoreError,
};

use crate::clock::{NotifyClock, until};
use crate::notify::limits;
use crate::{NotifyChannel, Reason};

/// How often changes are looked for.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long before the last look a change may have been made, by a process whose clock differs.
const OVERLAP: Duration = Duration::from_secs(120);
/// The earliest change to look for after a start.
const MAX_AGE: Duration = Duration::from_secs(24 * 3_600);
/// The part of the channel's limit that these messages leave to others: a person who resolves a
/// hundred issues at once does not keep a new issue from being told.
const SHARE: u64 = 4;
/// The most messages that are added at once.
const MAX_BATCH: usize = 200;

/// Remembers up to when changes were looked for.
pub(crate) struct StatusChanges {
    started: Timestamp,
    looked: Option<Timestamp>,
}

impl StatusChanges {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { started: now, looked: None }
    }

    /// Adds messages about changes that have none, if it is time to look for them.
    pub(crate) fn look(
        &mut self,
        channel: &NotifyChannel,
        store: &dyn Store,
        outbox: &dyn Outbox,
        clock: &NotifyClock,
        counts: &OutboxCounts,
    ) -> Result<(), StoreError> {
        let now = clock.now();
        if !channel.rules.changes || self.looked.is_some_and(|looked| until(looked, now) < INTERVAL)
        {
            return Ok(());
        }
        // What was changed before the channel was first used is not told.
        let first = if counts.latest.is_none() { self.started } else { now.minus(MAX_AGE) };
        let known = self.looked.or(counts.latest).unwrap_or(self.started);
        let since = known.minus(OVERLAP).max(first);
        self.looked = Some(now);
        let mut limits = limits(channel, clock);
        limits.per_channel /= SHARE;
        let changes = outbox.status_changes(since)?;
        for changes in changes.chunks(MAX_BATCH) {
            let mut messages = Vec::with_capacity(changes.len());
            for change in changes {
                messages.extend(message(change, channel, store, outbox, now)?);
            }
            let messages: Vec<_> = messages.iter().map(|message| (message, &limits)).collect();
            outbox.enqueue_all(&messages)?;
        }
        Ok(())
    }
}

/// Returns the message about a change; `None` if it exists, or the channel does not tell of this
/// issue.
fn message(
    change: &StatusChange,
    channel: &NotifyChannel,
    store: &dyn Store,
    outbox: &dyn Outbox,
    now: Timestamp,
) -> Result<Option<OutboxMessage>, StoreError> {
    let reason = match change.status {
        Status::Resolved => Reason::Resolved,
        Status::Muted => Reason::Muted,
        _ => Reason::Reopened,
    };
    let key = reason.key(&change.at.as_micros().to_string());
    let message = OutboxMessage::new(&channel.name, &change.hash, key, now).once(true);
    if outbox.is_known(&message)? {
        return Ok(None);
    }
    let latest = store.event(&change.hash, &EventSelector::Latest)?;
    Ok(latest.is_some_and(|event| channel.filter.matches(&event)).then_some(message))
}
