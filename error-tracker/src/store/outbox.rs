//! Messages to people, which wait beside the events until they are sent.

use std::time::Duration;

use super::StoreError;
use crate::event::{Status, Timestamp};

/// Keeps messages until they are sent, and counts those that were held back.
///
/// Several processes may use one outbox: a message is added once, and only the process that claimed
/// it sends it. If that process ends in between, another one gets it when the lease is over.
///
/// A message is identified by its channel, its issue and its reason. A store that has an outbox
/// returns it by [`Store::outbox`](super::Store::outbox). Deleting an issue deletes its messages;
/// those that were not sent stay counted as held back.
pub trait Outbox: Send + Sync {
    /// Adds a message unless it exists. If `limits` does not allow it, it is counted as held back
    /// instead.
    ///
    /// # Errors
    /// If nothing was changed.
    fn enqueue(
        &self,
        message: &OutboxMessage,
        limits: &OutboxLimits,
    ) -> Result<Enqueued, StoreError>;

    /// Adds several messages, as [`enqueue`](Self::enqueue) does with each. A store does so in one
    /// transaction; by default they are added one by one.
    ///
    /// # Errors
    /// If not all were added. They may be added again: those that exist are known.
    fn enqueue_all(
        &self,
        messages: &[(&OutboxMessage, &OutboxLimits)],
    ) -> Result<Vec<Enqueued>, StoreError> {
        messages.iter().map(|(message, limits)| self.enqueue(message, limits)).collect()
    }

    /// Returns whether a message with the same channel, issue and reason exists. By default it is
    /// looked for in the history of the issue.
    ///
    /// # Errors
    /// The store cannot be read.
    fn is_known(&self, message: &OutboxMessage) -> Result<bool, StoreError> {
        let is_it = |record: OutboxRecord| {
            let of = record.message;
            of.channel == message.channel && of.reason == message.reason
        };
        Ok(self.history(&message.hash)?.into_iter().any(is_it))
    }

    /// Claims the oldest message of a channel that is due and that nobody has claimed. What was
    /// held back for its issue, or for the whole channel in case of a digest, belongs to it from
    /// then on.
    ///
    /// # Errors
    /// If nothing was claimed.
    fn claim(&self, claim: &OutboxClaim) -> Result<Option<ClaimedMessage>, StoreError>;

    /// Ends a claim. Returns `false`, and changes nothing, if the claim is not `owner`'s any more.
    ///
    /// # Errors
    /// If nothing was changed.
    fn finish(&self, id: u64, owner: &str, outcome: &SendOutcome) -> Result<bool, StoreError>;

    /// Holds back all messages of the digest's channel that wait and are not claimed, and adds the
    /// digest if anything is held back and no other digest waits. Returns the number of messages
    /// that it held back.
    ///
    /// # Errors
    /// If nothing was changed.
    fn collapse(&self, digest: &OutboxMessage) -> Result<u64, StoreError>;

    /// Returns the state of a channel.
    ///
    /// # Errors
    /// The store cannot be read.
    fn channel(&self, channel: &str) -> Result<OutboxCounts, StoreError>;

    /// Returns the messages about an issue that still wait or are finished, newest first, at most
    /// 100.
    ///
    /// # Errors
    /// The store cannot be read.
    fn history(&self, hash: &str) -> Result<Vec<OutboxRecord>, StoreError>;

    /// Returns the messages about several issues, such as one and those that were merged into it,
    /// newest first, at most 100.
    ///
    /// # Errors
    /// The store cannot be read.
    fn history_of_all(&self, hashes: &[&str]) -> Result<Vec<OutboxRecord>, StoreError> {
        let mut all = Vec::new();
        for hash in hashes {
            all.append(&mut self.history(hash)?);
        }
        // Those of one issue stay in their order.
        all.sort_by_key(|record| std::cmp::Reverse(record.message.created));
        all.truncate(super::memory_outbox::MAX_HISTORY);
        Ok(all)
    }

    /// Returns the latest messages of all channels, newest first, at most 100. By default none are
    /// known.
    ///
    /// # Errors
    /// The store cannot be read.
    fn recent(&self) -> Result<Vec<OutboxRecord>, StoreError> {
        Ok(Vec::new())
    }

    /// Returns the names of the channels that have messages, in their order. By default none are
    /// known.
    ///
    /// # Errors
    /// The store cannot be read.
    fn channels(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    /// Returns the changes of status that people have made from this time on, the oldest first. At
    /// most 10,000 are kept, the newest. By default none are known.
    ///
    /// # Errors
    /// The store cannot be read.
    fn status_changes(&self, since: Timestamp) -> Result<Vec<StatusChange>, StoreError> {
        let _ = since;
        Ok(Vec::new())
    }

    /// Deletes messages that were finished before this time. Returns their number.
    ///
    /// # Errors
    /// If nothing was deleted.
    fn delete_finished(&self, before: Timestamp) -> Result<u64, StoreError>;
}

/// A change of an issue's status by [`Store::change`](super::Store::change).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusChange {
    /// The hash of the issue.
    pub hash: String,
    /// The status that it has since then.
    pub status: Status,
    /// When it was changed.
    pub at: Timestamp,
}

impl StatusChange {
    /// Creates a change of an issue to a status.
    #[must_use]
    pub fn new(hash: impl Into<String>, status: Status, at: Timestamp) -> Self {
        Self { hash: hash.into(), status, at }
    }
}

/// A message to people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxMessage {
    /// The name of the channel.
    pub channel: String,
    /// The hash of the issue; empty for a digest.
    pub hash: String,
    /// Why it is sent. The store does not read it; the same reason is not added twice.
    pub reason: String,
    /// The id of the event that caused it; empty if there is none.
    pub event: String,
    /// When it was added.
    pub created: Timestamp,
    /// Whether it is remembered if it is held back, so that adding it again does not count it
    /// twice. The store does not keep this.
    pub once: bool,
}

impl OutboxMessage {
    /// Creates a message about an issue.
    #[must_use]
    pub fn new(
        channel: impl Into<String>,
        hash: impl Into<String>,
        reason: impl Into<String>,
        created: Timestamp,
    ) -> Self {
        let (channel, hash, reason) = (channel.into(), hash.into(), reason.into());
        Self { channel, hash, reason, event: String::new(), created, once: false }
    }

    /// Creates a digest of what was held back.
    #[must_use]
    pub fn digest(
        channel: impl Into<String>,
        reason: impl Into<String>,
        created: Timestamp,
    ) -> Self {
        Self::new(channel, "", reason, created)
    }

    /// Sets the event that caused it.
    #[must_use]
    pub fn event(mut self, id: impl Into<String>) -> Self {
        self.event = id.into();
        self
    }

    /// Sets whether it is remembered if it is held back.
    #[must_use]
    pub fn once(mut self, once: bool) -> Self {
        self.once = once;
        self
    }
}

/// How many messages may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxLimits {
    /// Since when messages are counted for the limits.
    pub since: Timestamp,
    /// The most messages of a channel about one issue.
    pub per_issue: u64,
    /// The most messages of a channel.
    pub per_channel: u64,
}

impl OutboxLimits {
    /// Allows any number.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self { since: Timestamp::from_micros(0), per_issue: u64::MAX, per_channel: u64::MAX }
    }

    /// Allows these numbers of messages since a time.
    #[must_use]
    pub const fn new(since: Timestamp, per_issue: u64, per_channel: u64) -> Self {
        Self { since, per_issue, per_channel }
    }
}

/// What became of a message that was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Enqueued {
    /// It was added.
    Added,
    /// It had been added before.
    Known,
    /// A limit did not allow it; it was counted.
    HeldBack,
}

/// Asks for a message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxClaim {
    /// The channel.
    pub channel: String,
    /// A name for who asks, different for each process and thread.
    pub owner: String,
    /// The current time.
    pub now: Timestamp,
    /// How long the message is kept from others.
    pub lease: Duration,
}

impl OutboxClaim {
    /// Asks for a message of `channel` in the name of `owner`.
    #[must_use]
    pub fn new(
        channel: impl Into<String>,
        owner: impl Into<String>,
        now: Timestamp,
        lease: Duration,
    ) -> Self {
        Self { channel: channel.into(), owner: owner.into(), now, lease }
    }
}

/// A message that was claimed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimedMessage {
    /// Its number in the outbox.
    pub id: u64,
    /// The message.
    pub message: OutboxMessage,
    /// How often it was claimed, including this time.
    pub attempts: u64,
    /// Whether it may have been sent before: a claim ended without a result.
    pub repeated: bool,
    /// How many messages were held back, by issue. Those of deleted issues have an empty hash.
    pub held_back: Vec<(String, u64)>,
}

/// What became of a message that was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendOutcome {
    /// It was sent.
    Sent {
        /// When.
        at: Timestamp,
        /// What the other side answered.
        answer: String,
    },
    /// It was not sent, and is to be claimed again.
    Retry {
        /// The earliest time for the next claim.
        due: Timestamp,
        /// Why it was not sent.
        error: String,
    },
    /// It was not sent, and never will be. What was held back stays so.
    Failed {
        /// When.
        at: Timestamp,
        /// Why it was not sent.
        error: String,
    },
}

/// The state of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxCounts {
    /// Messages that wait.
    pub waiting: u64,
    /// Messages that were held back and are not part of a message that waits.
    pub held_back: u64,
    /// Since when; `None` if nothing is held back.
    pub held_back_since: Option<Timestamp>,
    /// When the next message that nobody has claimed is due; `None` if there is none.
    pub next_due: Option<Timestamp>,
    /// When a message was last added; `None` if there is none.
    pub latest: Option<Timestamp>,
}

/// The state of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxRecord {
    /// The message.
    pub message: OutboxMessage,
    /// Whether it waits, was sent, failed, or was held back for a digest.
    pub state: DeliveryState,
    /// How often it was claimed.
    pub attempts: u64,
    /// When it was sent, failed or held back.
    pub finished: Option<Timestamp>,
    /// What the other side answered, or why it was not sent; of the latest attempt.
    pub result: String,
}

/// The state of a message in an outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryState {
    /// It waits to be sent, or is being sent.
    #[default]
    Waiting,
    /// It was sent.
    Sent,
    /// It was not sent.
    Failed,
    /// It was counted for a digest.
    HeldBack,
}

crate::event::named!(
    DeliveryState,
    "state of a message",
    Waiting = "waiting",
    Sent = "sent",
    Failed = "failed",
    HeldBack = "held-back",
);
