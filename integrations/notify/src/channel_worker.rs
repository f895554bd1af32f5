//! The thread of a channel: takes messages from the outbox and sends them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use error_tracker::event::{Event, Issue, Timestamp};
use error_tracker::store::{
    ClaimedMessage, EventSelector, MemoryOutbox, Outbox, OutboxClaim, OutboxMessage, SendOutcome,
    Store, StoreError,
};

use crate::clock::{NotifyClock, later, until};
use crate::missed_issues::MissedIssues;
use crate::status_changes::StatusChanges;
use crate::worker_state::WorkerState;
use crate::{
    DigestEntry, MessageFormat, Notification, NotifyChannel, Reason, Receipt, SendError, digest,
};

/// How often the thread looks for messages of other processes, changes by people, and digests that
/// are due.
const POLL: Duration = Duration::from_secs(15);
/// How long a message is kept from other processes while it is sent.
const LEASE: Duration = Duration::from_secs(60);
/// The pauses after failures of the channel; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LAST_PAUSE: Duration = Duration::from_secs(600);
/// The longest pause that the other side may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3_600);
/// How often a message is sent that the other side refuses for good.
const MAX_REFUSALS: u64 = 3;
/// How many messages that wait after a failure are sent one by one; more become a digest.
const MAX_SINGLE: u64 = 3;
/// The most issues that a digest lists.
const MAX_ENTRIES: usize = 100;
/// How long finished messages are kept, and how often old ones are deleted.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3_600);
const TIDY: Duration = Duration::from_secs(3_600);
/// How often the outcome of a message is written if the store is not available.
const MAX_FINISHES: u32 = 5;

pub(crate) struct ChannelWorker {
    channel: Arc<NotifyChannel>,
    store: Arc<dyn Store>,
    /// In place of an outbox of the store.
    memory: Arc<MemoryOutbox>,
    format: MessageFormat,
    clock: NotifyClock,
    state: Arc<WorkerState>,
    /// A name for this thread, different for each process.
    owner: String,
}

/// What the thread remembers between messages.
struct Progress {
    /// Failures since a message was last sent.
    failures: u32,
    /// When the channel is tried again.
    resumes: Option<Timestamp>,
    missed: MissedIssues,
    changes: StatusChanges,
    tidied: Timestamp,
}

enum Next {
    Again,
    /// Nothing can be sent now, apart from `stuck` messages that wait because the channel fails.
    Rest {
        stuck: u64,
        pause: Duration,
    },
}

impl ChannelWorker {
    pub(crate) fn new(
        channel: Arc<NotifyChannel>,
        store: Arc<dyn Store>,
        memory: Arc<MemoryOutbox>,
        (format, clock): (MessageFormat, NotifyClock),
        state: Arc<WorkerState>,
    ) -> Self {
        // Processes of several machines may have the same number.
        let owner = format!("{}-{}", std::process::id(), Timestamp::now().as_micros());
        Self { channel, store, memory, format, clock, state, owner }
    }

    /// Sends messages until the state says that it is stopped.
    pub(crate) fn run(self) {
        let now = self.clock.now();
        let mut progress = Progress {
            failures: 0,
            resumes: None,
            missed: MissedIssues::new(now),
            changes: StatusChanges::new(now),
            tidied: now,
        };
        while !self.state.is_stopped() {
            let added = self.state.added();
            let step = AssertUnwindSafe(|| self.step(&mut progress));
            let next = match catch_unwind(step) {
                Ok(Ok(next)) => next,
                Ok(Err(error)) => self.no_store(&error.to_string()),
                Err(payload) => {
                    // Dropping it may panic again.
                    std::mem::forget(payload);
                    self.no_store("the store panicked")
                }
            };
            if let Next::Rest { stuck, pause } = next {
                self.state.rest(added, stuck, self.clock.sleep(pause));
            }
        }
    }

    fn no_store(&self, error: &str) -> Next {
        self.state.note_error(&format!("the outbox cannot be used: {error}"));
        Next::Rest { stuck: 1, pause: POLL }
    }

    fn outbox(&self) -> &dyn Outbox {
        self.store.outbox().unwrap_or(&*self.memory)
    }

    fn step(&self, progress: &mut Progress) -> Result<Next, StoreError> {
        let now = self.clock.now();
        let (name, outbox) = (&self.channel.name, self.outbox());
        let counts = outbox.channel(name)?;
        if let Some(resumes) = progress.resumes.filter(|resumes| *resumes > now) {
            return Ok(Next::Rest { stuck: counts.waiting.max(1), pause: until(now, resumes) });
        }
        progress.missed.look(&self.channel, &*self.store, outbox, &self.clock, &counts)?;
        progress.changes.look(&self.channel, &*self.store, outbox, &self.clock, &counts)?;
        if until(progress.tidied, now) >= TIDY {
            progress.tidied = now;
            outbox.delete_finished(now.minus(KEPT))?;
        }
        let is_crowded = progress.failures > 0 && counts.waiting > MAX_SINGLE;
        if is_crowded || digest::is_due(self.channel.digest, &counts, now) {
            let reason = Reason::Digest.key(&format!("{now}/{}", self.owner));
            outbox.collapse(&OutboxMessage::digest(name, reason, now))?;
        }
        let claim = OutboxClaim::new(name, &self.owner, now, LEASE);
        let Some(claimed) = outbox.claim(&claim)? else {
            let due = counts.next_due.map_or(POLL, |due| until(now, due));
            let pause = due.clamp(Duration::from_millis(100), POLL);
            return Ok(Next::Rest { stuck: 0, pause });
        };
        self.send(&claimed, progress)?;
        Ok(Next::Again)
    }

    fn send(&self, claimed: &ClaimedMessage, progress: &mut Progress) -> Result<(), StoreError> {
        let Some(message) = self.message(claimed)? else {
            let error = "the issue was deleted".to_owned();
            self.finish(claimed.id, &SendOutcome::Failed { at: self.clock.now(), error });
            return Ok(());
        };
        let sent = catch_unwind(AssertUnwindSafe(|| self.channel.notifier.0.notify(&message)));
        let sent = sent.unwrap_or_else(|payload| {
            std::mem::forget(payload);
            Err(SendError::transient("the notifier panicked"))
        });
        let at = self.clock.now();
        match sent {
            Ok(Receipt { answer, warnings }) => {
                (progress.failures, progress.resumes) = (0, None);
                let lines = [answer].into_iter().chain(warnings);
                let answer = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
                self.finish(claimed.id, &SendOutcome::Sent { at, answer });
                self.state.note_sent(at);
            }
            Err(error) => {
                let outcome = self.failed(claimed, progress, &error, at);
                self.finish(claimed.id, &outcome);
                self.state.note_failed(&error.to_string());
            }
        }
        Ok(())
    }

    /// Decides when a message is sent again that was not sent.
    fn failed(
        &self,
        claimed: &ClaimedMessage,
        progress: &mut Progress,
        error: &SendError,
        at: Timestamp,
    ) -> SendOutcome {
        let doubled = FIRST_PAUSE * 2_u32.pow(progress.failures.min(10));
        progress.failures = progress.failures.saturating_add(1);
        let pause = match error.retry_after() {
            Some(wanted) => wanted.clamp(Duration::from_secs(1), MAX_RETRY_AFTER),
            None if error.is_transient() => doubled.min(LAST_PAUSE),
            None => LAST_PAUSE,
        };
        let due = later(at, pause);
        progress.resumes = Some(due);
        let error_text = error.to_string();
        if !error.is_transient() && claimed.attempts >= MAX_REFUSALS {
            return SendOutcome::Failed { at, error: error_text };
        }
        SendOutcome::Retry { due, error: error_text }
    }

    /// Writes what became of a message. If that fails it is sent once more when the lease is over.
    fn finish(&self, id: u64, outcome: &SendOutcome) {
        for attempt in 1.. {
            match self.outbox().finish(id, &self.owner, outcome) {
                Ok(true) => return,
                Ok(false) => {
                    return self
                        .state
                        .note_error("a message took longer than its lease, and may be sent twice");
                }
                Err(error) if attempt < MAX_FINISHES && !self.state.is_stopped() => {
                    self.state.note_error(&format!("the outbox cannot be used: {error}"));
                    std::thread::sleep(Duration::from_secs(1));
                }
                Err(error) => {
                    return self.state.note_error(&format!(
                        "the outbox cannot be used: {error}; a message may be sent twice"
                    ));
                }
            }
        }
    }

    /// Returns the message, or `None` if its issue was deleted.
    fn message(&self, claimed: &ClaimedMessage) -> Result<Option<Notification>, StoreError> {
        let of = &claimed.message;
        let held_back = claimed.held_back.iter().map(|(_, count)| count).sum();
        let mut message = if of.hash.is_empty() {
            self.format.digest(&of.reason, held_back, self.entries(claimed)?)
        } else {
            let Some((issue, event)) = self.read(of)? else { return Ok(None) };
            self.format.about(Reason::from_key(&of.reason), &issue, &event, held_back)
        };
        message.id = crate::message_format::id([&*of.channel, &of.hash, &of.reason]);
        message.sender.clone_from(&self.channel.sender);
        message.recipients.clone_from(&self.channel.recipients);
        Ok(Some(if claimed.repeated { message.marked_as_repeated() } else { message }))
    }

    fn read(&self, of: &OutboxMessage) -> Result<Option<(Issue, Event)>, StoreError> {
        let Some(issue) = self.store.issue(&of.hash)? else { return Ok(None) };
        let event = match self.store.event(&of.hash, &EventSelector::Id(of.event.clone()))? {
            Some(event) => Some(event),
            // It was not kept: an issue keeps its first and its newest events.
            None => self.store.event(&of.hash, &EventSelector::Latest)?,
        };
        Ok(event.map(|event| (issue, event)))
    }

    /// Returns the issues of a digest, those first of which most was held back.
    fn entries(&self, claimed: &ClaimedMessage) -> Result<Vec<DigestEntry>, StoreError> {
        let mut held_back: Vec<&(String, u64)> = claimed.held_back.iter().collect();
        held_back.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut entries = Vec::with_capacity(held_back.len());
        for (at, (hash, count)) in held_back.into_iter().enumerate() {
            let issue = if at < MAX_ENTRIES { self.store.issue(hash)? } else { None };
            let entry = match issue {
                Some(issue) => {
                    let title = crate::message_format::title(&issue.short_type(), &issue.message);
                    DigestEntry::new(hash, title).count(issue.count).link(self.format.link(hash))
                }
                None if hash.is_empty() => DigestEntry::new("", "issues that were deleted"),
                None => DigestEntry::new(hash, "an issue"),
            };
            entries.push(entry.held_back(*count));
        }
        Ok(entries)
    }
}
