//! An outbox in memory.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::StoreError;
use super::outbox::{
    ClaimedMessage, DeliveryState, Enqueued, Outbox, OutboxClaim, OutboxCounts, OutboxLimits,
    OutboxMessage, OutboxRecord, SendOutcome, StatusChange,
};
use crate::event::Timestamp;
use crate::fork::PerProcess;

/// The most messages that [`Outbox::history`] returns.
pub const MAX_HISTORY: usize = 100;
/// The most changes of status that are kept.
pub const MAX_STATUS_CHANGES: usize = 10_000;
/// The most finished messages that are kept.
const MAX_FINISHED: usize = 1_000;

/// Keeps messages in memory until the program ends. A forked child begins with none.
pub struct MemoryOutbox {
    state: PerProcess<Mutex<OutboxState>>,
}

#[derive(Default)]
struct OutboxState {
    next_id: u64,
    /// In the order in which they were added.
    entries: BTreeMap<u64, OutboxEntry>,
    known: HashSet<(String, String, String)>,
    held_back: BTreeMap<HeldKey, HeldBack>,
    finished: usize,
    status_changes: VecDeque<StatusChange>,
}

/// The channel and the issue for which messages were held back, and the message that they belong to
/// (0 for none).
type HeldKey = (String, String, u64);

#[derive(Clone, Copy)]
struct HeldBack {
    count: u64,
    since: Timestamp,
}

struct OutboxEntry {
    record: OutboxRecord,
    due: Timestamp,
    /// Who has claimed it, and until when.
    claim: Option<(String, Timestamp)>,
}

impl OutboxEntry {
    fn is_waiting(&self, channel: &str) -> bool {
        self.record.state == DeliveryState::Waiting && self.record.message.channel == channel
    }

    fn is_claimed(&self, now: Timestamp) -> bool {
        self.claim.as_ref().is_some_and(|(_, until)| *until > now)
    }
}

impl MemoryOutbox {
    /// Creates an empty outbox.
    #[must_use]
    pub fn new() -> Self {
        Self { state: PerProcess::new(Mutex::default(), Mutex::default) }
    }

    /// Keeps a change of status.
    pub(super) fn note_status(&self, change: StatusChange) {
        let mut state = self.state();
        if state.status_changes.len() >= MAX_STATUS_CHANGES {
            state.status_changes.pop_front();
        }
        state.status_changes.push_back(change);
    }

    /// Deletes the messages about an issue; what was not sent stays counted.
    pub(super) fn forget_issue(&self, hash: &str) {
        let mut state = self.state();
        state.status_changes.retain(|change| change.hash != hash);
        let of_issue = |entry: &OutboxEntry| entry.record.message.hash == hash;
        let ids: Vec<u64> =
            state.entries.iter().filter(|(_, entry)| of_issue(entry)).map(|(id, _)| *id).collect();
        for id in ids {
            let Some(entry) = state.entries.remove(&id) else { continue };
            let message = &entry.record.message;
            state.known.remove(&key(message));
            match entry.record.state {
                DeliveryState::Waiting => {
                    state.hold(&message.channel, "", 0, 1, message.created);
                    state.release(&message.channel, id);
                }
                _ => state.finished -= 1,
            }
        }
        let held: Vec<HeldKey> =
            state.held_back.keys().filter(|(_, of, _)| of == hash).cloned().collect();
        for key in held {
            if let Some(HeldBack { count, since }) = state.held_back.remove(&key) {
                state.hold(&key.0, "", key.2, count, since);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, OutboxState> {
        self.state.get().lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryOutbox {
    fn default() -> Self {
        Self::new()
    }
}

fn key(message: &OutboxMessage) -> (String, String, String) {
    (message.channel.clone(), message.hash.clone(), message.reason.clone())
}

impl OutboxState {
    /// Adds to what was held back.
    fn hold(&mut self, channel: &str, hash: &str, message: u64, count: u64, since: Timestamp) {
        let key = (channel.to_owned(), hash.to_owned(), message);
        let held = self.held_back.entry(key).or_insert(HeldBack { count: 0, since });
        held.count += count;
        held.since = held.since.min(since);
    }

    /// Lets what was held back for the issues that `is_meant` accepts belong to a message.
    fn attach(&mut self, channel: &str, is_meant: impl Fn(&str) -> bool, message: u64) {
        let free = |key: &&HeldKey| key.0 == channel && key.2 == 0 && is_meant(&key.1);
        let keys: Vec<HeldKey> = self.held_back.keys().filter(free).cloned().collect();
        for key in keys {
            if let Some(HeldBack { count, since }) = self.held_back.remove(&key) {
                self.hold(channel, &key.1, message, count, since);
            }
        }
    }

    /// Lets what belongs to a message belong to none.
    fn release(&mut self, channel: &str, message: u64) {
        for (hash, held) in self.take(message) {
            self.hold(channel, &hash, 0, held.count, held.since);
        }
    }

    fn take(&mut self, message: u64) -> Vec<(String, HeldBack)> {
        let keys: Vec<HeldKey> =
            self.held_back.keys().filter(|key| key.2 == message).cloned().collect();
        let take = |key: HeldKey| self.held_back.remove(&key).map(|held| (key.1, held));
        keys.into_iter().filter_map(take).collect()
    }

    fn add(&mut self, message: &OutboxMessage, state: DeliveryState) {
        self.next_id += 1;
        self.known.insert(key(message));
        let is_finished = state != DeliveryState::Waiting;
        self.finished += usize::from(is_finished);
        let record = OutboxRecord {
            message: OutboxMessage { once: false, ..message.clone() },
            state,
            finished: is_finished.then_some(message.created),
            ..OutboxRecord::default()
        };
        let entry = OutboxEntry { record, due: message.created, claim: None };
        self.entries.insert(self.next_id, entry);
    }

    /// Removes the oldest finished messages beyond the limit.
    fn trim(&mut self) {
        while self.finished > MAX_FINISHED {
            let is_finished =
                |(_, entry): &(&u64, &OutboxEntry)| entry.record.state != DeliveryState::Waiting;
            let Some(id) = self.entries.iter().find(is_finished).map(|(id, _)| *id) else { return };
            if let Some(entry) = self.entries.remove(&id) {
                self.known.remove(&key(&entry.record.message));
            }
            self.finished -= 1;
        }
    }
}

impl Outbox for MemoryOutbox {
    fn enqueue(
        &self,
        message: &OutboxMessage,
        limits: &OutboxLimits,
    ) -> Result<Enqueued, StoreError> {
        let mut state = self.state();
        if state.known.contains(&key(message)) {
            return Ok(Enqueued::Known);
        }
        let sent = |entry: &&OutboxEntry| entry.record.state != DeliveryState::HeldBack;
        let recent = state.entries.values().filter(sent).map(|entry| &entry.record.message);
        let recent =
            recent.filter(|of| of.channel == message.channel && of.created >= limits.since);
        let (mut of_issue, mut of_channel) = (0, 0);
        for of in recent {
            of_channel += 1;
            of_issue += u64::from(of.hash == message.hash);
        }
        if of_issue >= limits.per_issue || of_channel >= limits.per_channel {
            state.hold(&message.channel, &message.hash, 0, 1, message.created);
            if message.once {
                state.add(message, DeliveryState::HeldBack);
                state.trim();
            }
            return Ok(Enqueued::HeldBack);
        }
        state.add(message, DeliveryState::Waiting);
        Ok(Enqueued::Added)
    }

    fn is_known(&self, message: &OutboxMessage) -> Result<bool, StoreError> {
        Ok(self.state().known.contains(&key(message)))
    }

    fn claim(&self, claim: &OutboxClaim) -> Result<Option<ClaimedMessage>, StoreError> {
        let mut state = self.state();
        let is_due = |(_, entry): &(&u64, &mut OutboxEntry)| {
            entry.is_waiting(&claim.channel)
                && entry.due <= claim.now
                && !entry.is_claimed(claim.now)
        };
        let Some((&id, entry)) = state.entries.iter_mut().find(is_due) else { return Ok(None) };
        let repeated = entry.claim.is_some();
        entry.record.attempts += 1;
        entry.claim = Some((claim.owner.clone(), claim.now.plus(claim.lease)));
        let (message, attempts) = (entry.record.message.clone(), entry.record.attempts);
        state.attach(&claim.channel, |hash| message.hash.is_empty() || hash == message.hash, id);
        let of_message = state.held_back.iter().filter(|(key, _)| key.2 == id);
        let held_back = of_message.map(|(key, held)| (key.1.clone(), held.count)).collect();
        Ok(Some(ClaimedMessage { id, message, attempts, repeated, held_back }))
    }

    fn finish(&self, id: u64, owner: &str, outcome: &SendOutcome) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(entry) = state.entries.get_mut(&id) else { return Ok(false) };
        if entry.claim.as_ref().is_none_or(|(of, _)| of != owner) {
            return Ok(false);
        }
        entry.claim = None;
        let channel = entry.record.message.channel.clone();
        match outcome {
            SendOutcome::Sent { at, answer } => {
                entry.record.state = DeliveryState::Sent;
                entry.record.finished = Some(*at);
                entry.record.result.clone_from(answer);
                state.take(id);
                state.finished += 1;
            }
            SendOutcome::Retry { due, error } => {
                entry.due = *due;
                entry.record.result.clone_from(error);
            }
            SendOutcome::Failed { at, error } => {
                entry.record.state = DeliveryState::Failed;
                entry.record.finished = Some(*at);
                entry.record.result.clone_from(error);
                state.release(&channel, id);
                state.finished += 1;
            }
        }
        state.trim();
        Ok(true)
    }

    fn collapse(&self, digest: &OutboxMessage) -> Result<u64, StoreError> {
        let mut state = self.state();
        let channel = &digest.channel;
        let is_meant = |entry: &OutboxEntry| {
            entry.is_waiting(channel)
                && entry.claim.is_none()
                && !entry.record.message.hash.is_empty()
        };
        let waiting: Vec<u64> =
            state.entries.iter().filter(|(_, entry)| is_meant(entry)).map(|(id, _)| *id).collect();
        for id in &waiting {
            let Some(entry) = state.entries.get_mut(id) else { continue };
            entry.record.state = DeliveryState::HeldBack;
            entry.record.finished = Some(digest.created);
            let (hash, created) = (entry.record.message.hash.clone(), entry.record.message.created);
            state.hold(channel, &hash, 0, 1, created);
            state.release(channel, *id);
            state.finished += 1;
        }
        let has_digest = state
            .entries
            .values()
            .any(|entry| entry.is_waiting(channel) && entry.record.message.hash.is_empty());
        let is_held_back = state.held_back.keys().any(|key| key.0 == *channel && key.2 == 0);
        if is_held_back && !has_digest && !state.known.contains(&key(digest)) {
            state.add(digest, DeliveryState::Waiting);
        }
        state.trim();
        Ok(waiting.len() as u64)
    }

    fn channel(&self, channel: &str) -> Result<OutboxCounts, StoreError> {
        let state = self.state();
        let mut counts = OutboxCounts::default();
        for entry in state.entries.values().filter(|entry| entry.is_waiting(channel)) {
            counts.waiting += 1;
            // A claim that ends is due then.
            let due = entry.claim.as_ref().map_or(entry.due, |(_, until)| *until);
            counts.next_due = Some(counts.next_due.map_or(due, |other| other.min(due)));
        }
        let of_channel = state.entries.values().map(|entry| &entry.record.message);
        let of_channel = of_channel.filter(|message| message.channel == channel);
        counts.latest = of_channel.map(|message| message.created).max();
        for (_, held) in state.held_back.iter().filter(|(key, _)| key.0 == channel && key.2 == 0) {
            counts.held_back += held.count;
            let since = counts.held_back_since.map_or(held.since, |other| other.min(held.since));
            counts.held_back_since = Some(since);
        }
        Ok(counts)
    }

    fn history(&self, hash: &str) -> Result<Vec<OutboxRecord>, StoreError> {
        let state = self.state();
        let of_issue = state.entries.values().rev().map(|entry| &entry.record);
        let of_issue = of_issue.filter(|record| record.message.hash == hash);
        Ok(of_issue.take(MAX_HISTORY).cloned().collect())
    }

    fn recent(&self) -> Result<Vec<OutboxRecord>, StoreError> {
        let state = self.state();
        let newest = state.entries.values().rev().take(MAX_HISTORY);
        Ok(newest.map(|entry| entry.record.clone()).collect())
    }

    fn channels(&self) -> Result<Vec<String>, StoreError> {
        let state = self.state();
        let with_messages = state.entries.values().map(|entry| &entry.record.message.channel);
        let with_held_back = state.held_back.keys().map(|key| &key.0);
        let names: BTreeSet<&String> = with_messages.chain(with_held_back).collect();
        Ok(names.into_iter().cloned().collect())
    }

    fn status_changes(&self, since: Timestamp) -> Result<Vec<StatusChange>, StoreError> {
        let state = self.state();
        let recent = state.status_changes.iter().filter(|change| change.at >= since);
        Ok(recent.cloned().collect())
    }

    fn delete_finished(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.state();
        let is_old =
            |entry: &OutboxEntry| entry.record.finished.is_some_and(|finished| finished < before);
        let old: Vec<u64> =
            state.entries.iter().filter(|(_, entry)| is_old(entry)).map(|(id, _)| *id).collect();
        for id in &old {
            if let Some(entry) = state.entries.remove(id) {
                state.known.remove(&key(&entry.record.message));
                state.finished -= 1;
            }
        }
        Ok(old.len() as u64)
    }
}

impl std::fmt::Debug for MemoryOutbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryOutbox").field("messages", &self.state().entries.len()).finish()
    }
}
