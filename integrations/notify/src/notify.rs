//! Decides who is told of what, and hands it to the channels.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use error_tracker::event::Status;
use error_tracker::store::{MemoryOutbox, Outbox, OutboxLimits, OutboxMessage, Store};
use error_tracker::{ChannelHealth, EventObserver, ObserverContext, ObserverFactory, StoredEvent};

use crate::channel_worker::ChannelWorker;
use crate::clock::NotifyClock;
use crate::intake::{MessageIntake, QueuedMessage};
use crate::rules::SpikeDetector;
use crate::worker_state::WorkerState;
use crate::{ConfigError, MessageFormat, NotifyChannel, Reason};

/// The time in which messages are counted for the limits of a channel.
const LIMITED: Duration = Duration::from_secs(3_600);

/// Tells people of errors by [channels](NotifyChannel).
///
/// What is to be sent is kept in the outbox of the store until it is sent: also when the program is
/// started again in between, and once if several processes use one store. Each channel has a thread
/// of its own, which starts when the tracker is set up.
///
/// ```no_run
/// use error_tracker_notify::{EmailNotifier, MessageFormat, Notify, NotifyChannel, SlackNotifier};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let email = EmailNotifier::from_url("smtp://errors:password@mail.shop.example")?;
/// let slack = SlackNotifier::new("https://hooks.slack.com/services/T0/B0/secret")?;
/// let notify = Notify::new()
///     .format(MessageFormat::new().prefix("shop").page_address("https://shop.example/dev/error/"))
///     .channel(NotifyChannel::email("mail", email, "errors@shop.example", ["team@shop.example"])?)?
///     .channel(NotifyChannel::new("slack", slack))?;
/// let _tracker = error_tracker::builder().observer_factory(notify).install()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
#[must_use = "nothing is sent unless it is passed to `TrackerBuilder::observer_factory`"]
pub struct Notify {
    channels: Vec<Arc<NotifyChannel>>,
    format: MessageFormat,
    clock: NotifyClock,
}

impl Notify {
    /// Returns one without channels.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a channel.
    ///
    /// # Errors
    /// If its name is empty, or another channel has the same one.
    pub fn channel(mut self, channel: NotifyChannel) -> Result<Self, ConfigError> {
        if channel.name.trim().is_empty() {
            return Err(ConfigError::new("a channel has no name: name it, such as `mail`"));
        }
        if self.channels.iter().any(|other| other.name == channel.name) {
            return Err(ConfigError::new(format!(
                "two channels are called {:?}: give each its own name",
                channel.name
            )));
        }
        self.channels.push(Arc::new(channel));
        Ok(self)
    }

    /// Sets what messages say.
    pub fn format(mut self, format: MessageFormat) -> Self {
        self.format = format;
        self
    }

    /// Sets the clock, for tests.
    pub fn clock(mut self, clock: NotifyClock) -> Self {
        self.clock = clock;
        self
    }

    /// Sends a test message by each channel, at once and on the calling thread. Returns the name of
    /// each channel, and what the other side answered.
    #[must_use]
    pub fn test(&self) -> Vec<(String, Result<crate::Receipt, crate::SendError>)> {
        let id = self.clock.now().to_string();
        let send = |channel: &Arc<NotifyChannel>| {
            let mut message = self.format.test(&id);
            message.sender.clone_from(&channel.sender);
            message.recipients.clone_from(&channel.recipients);
            (channel.name.clone(), channel.notifier.0.notify(&message))
        };
        self.channels.iter().map(send).collect()
    }
}

impl ObserverFactory for Notify {
    fn create(&self, context: ObserverContext) -> Box<dyn EventObserver> {
        let memory = Arc::new(MemoryOutbox::new());
        let store = context.store();
        let start = |channel: &Arc<NotifyChannel>| {
            let state = Arc::new(WorkerState::default());
            let worker = ChannelWorker::new(
                Arc::clone(channel),
                Arc::clone(&store),
                Arc::clone(&memory),
                (self.format.clone(), self.clock.clone()),
                Arc::clone(&state),
            );
            if let Err(error) = context.spawn("error-tracker-notify", move || worker.run()) {
                state.note_error(&format!("no thread can be started: {error}"));
            }
            ObservedChannel { channel: Arc::clone(channel), state, spikes: Mutex::default() }
        };
        let channels: Vec<ObservedChannel> = self.channels.iter().map(start).collect();
        let intake = Arc::new(MessageIntake::default());
        let (ours, of_store, of_memory) =
            (Arc::clone(&intake), Arc::clone(&store), Arc::clone(&memory));
        let run = move || ours.run(&*of_store, &of_memory);
        if let Err(error) = context.spawn("error-tracker-notify", run) {
            intake.stop();
            for channel in &channels {
                channel.state.note_error(&format!("no thread can be started: {error}"));
            }
        }
        Box::new(NotifyObserver { channels, intake, store, memory, clock: self.clock.clone() })
    }
}

/// Hears of events in one process.
struct NotifyObserver {
    channels: Vec<ObservedChannel>,
    intake: Arc<MessageIntake>,
    store: Arc<dyn Store>,
    /// In place of an outbox of the store.
    memory: Arc<MemoryOutbox>,
    clock: NotifyClock,
}

struct ObservedChannel {
    channel: Arc<NotifyChannel>,
    state: Arc<WorkerState>,
    spikes: Mutex<SpikeDetector>,
}

impl NotifyObserver {
    fn outbox(&self) -> &dyn Outbox {
        self.store.outbox().unwrap_or(&*self.memory)
    }
}

impl ObservedChannel {
    /// Returns why people are told of an event by this channel, and what tells the message from
    /// others for the same reason.
    fn reason(
        &self,
        stored: &StoredEvent,
        store: &dyn Store,
        clock: &NotifyClock,
    ) -> Result<Option<(Reason, String)>, Box<dyn Error + Send + Sync>> {
        let rules = &self.channel.rules;
        let hash = &stored.event.grouping.hash;
        // Each occurrence counts, whatever else is told of it.
        let spike = match &rules.spike {
            Some(rule) => {
                let mut spikes = self.spikes.lock().unwrap_or_else(PoisonError::into_inner);
                spikes.observe(rule, hash, stored.occurrences, clock.now(), store)?
            }
            None => None,
        };
        let reason = rules.reason(&stored.recorded, stored.occurrences);
        Ok(match (reason, spike) {
            (Some(reason @ (Reason::New | Reason::Regression | Reason::Unmuted)), _) => {
                Some((reason, stored.event.id.clone()))
            }
            (_, Some((spike, at))) => Some((spike, at.to_string())),
            // Further occurrences of an event come under its id again.
            (Some(reason), None) => {
                Some((reason, format!("{}-{}", stored.event.id, stored.recorded.count)))
            }
            (None, None) => None,
        })
    }

    /// Returns a message for the outbox.
    fn message(
        &self,
        (hash, event): (&str, &str),
        (reason, at): (Reason, String),
        clock: &NotifyClock,
    ) -> QueuedMessage {
        let key = reason.key(&at);
        let message = OutboxMessage::new(&self.channel.name, hash, key, clock.now());
        QueuedMessage {
            state: Arc::clone(&self.state),
            message: message.event(event).once(reason != Reason::Occurrence),
            limits: limits(&self.channel, clock),
        }
    }
}

/// Returns how many messages a channel may add now.
pub(crate) fn limits(channel: &NotifyChannel, clock: &NotifyClock) -> OutboxLimits {
    let since = clock.now().minus(LIMITED);
    let per_channel = if channel.digest.is_some() { 0 } else { channel.per_hour };
    OutboxLimits::new(since, channel.per_issue, per_channel)
}

impl EventObserver for NotifyObserver {
    fn observe(&self, stored: &StoredEvent) -> Result<(), Box<dyn Error + Send + Sync>> {
        let hash = &stored.event.grouping.hash;
        let mut issue = None;
        let mut result = Ok(());
        for channel in &self.channels {
            if !channel.channel.filter.matches(&stored.event) {
                continue;
            }
            let told = channel.reason(stored, &*self.store, &self.clock).and_then(|reason| {
                let Some(reason) = reason else { return Ok(()) };
                if issue.is_none() {
                    issue = Some(stored.issue()?);
                }
                // An issue that was merged into another one is told as that one.
                let (hash, is_muted) = match &issue {
                    Some(Some(issue)) => (&issue.hash, issue.status == Status::Muted),
                    _ => (hash, false),
                };
                if is_muted {
                    return Ok(());
                }
                let message = channel.message((hash, &stored.event.id), reason, &self.clock);
                Ok(self.intake.push(message)?)
            });
            // The other channels are told all the same.
            result = result.and(told);
        }
        result
    }

    fn flush(&self, timeout: Duration) -> u64 {
        let start = Instant::now();
        let left = || timeout.saturating_sub(start.elapsed());
        let to_add = self.intake.wait(left());
        let to_send: u64 = self.channels.iter().map(|channel| channel.state.flush(left())).sum();
        to_add + to_send
    }

    fn channels(&self) -> Vec<ChannelHealth> {
        let health = |channel: &ObservedChannel| {
            let mut health = channel.state.health();
            health.name.clone_from(&channel.channel.name);
            if let Ok(counts) = self.outbox().channel(&channel.channel.name) {
                (health.waiting, health.held_back) = (counts.waiting, counts.held_back);
            }
            health
        };
        self.channels.iter().map(health).collect()
    }
}

impl Drop for NotifyObserver {
    fn drop(&mut self) {
        self.intake.stop();
        self.channels.iter().for_each(|channel| channel.state.stop());
    }
}

impl fmt::Debug for NotifyObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotifyObserver")
            .field("channels", &self.channels.len())
            .finish_non_exhaustive()
    }
}
