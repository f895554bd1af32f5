//! Who is told of what and when: limits, digests, failures, several processes.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod busy_store;
mod failures;
mod killed;
mod limits;
mod people;
mod processes;
mod reasons;
mod recorder;

use std::io;
use std::time::Duration;

use error_tracker::Tracker;
use error_tracker::event::Timestamp;
use error_tracker::store::{IssueQuery, MemoryStore, Store};
use error_tracker_notify::{MessageFormat, Notify, NotifyChannel, NotifyClock};
use error_tracker_tests::SOON;

use recorder::Recorder;

/// A tracker with one channel, and a clock that stands still.
struct Told {
    tracker: Tracker,
    clock: NotifyClock,
    recorder: Recorder,
}

impl Told {
    fn new(set_up: impl FnOnce(NotifyChannel) -> NotifyChannel) -> Self {
        Self::with_store(MemoryStore::new(), set_up)
    }

    fn with_store(store: impl Store, set_up: impl FnOnce(NotifyChannel) -> NotifyChannel) -> Self {
        let (recorder, clock) = (Recorder::default(), NotifyClock::held_at(Timestamp::now()));
        let channel = set_up(NotifyChannel::new("test", recorder.clone()));
        let notify = Notify::new()
            .format(MessageFormat::new().prefix("shop"))
            .clock(clock.clone())
            .channel(channel)
            .unwrap();
        let tracker =
            error_tracker::builder().store(store).observer_factory(notify).build().unwrap();
        Self { tracker, clock, recorder }
    }

    /// Records an error of which each text is an issue, and waits until all messages are sent, or
    /// the channel fails.
    fn fail(&self, text: &str) {
        self.record(text);
        self.settle();
    }

    fn record(&self, text: &str) {
        let capture = || self.tracker.capture_exception(&io::Error::other(text.to_owned()));
        error_tracker::with_scope(|scope| scope.set_fingerprint([text]), capture).unwrap();
    }

    fn settle(&self) {
        let _ = self.tracker.flush(SOON);
    }

    fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    fn hash(&self, text: &str) -> String {
        let mut query = IssueQuery::default();
        query.text = text.into();
        self.tracker.issues(&query).unwrap().items[0].hash.clone()
    }

    fn health(&self) -> error_tracker::ChannelHealth {
        // The observer is created on its own thread.
        let channels = || self.tracker.health().observers[0].channels.clone();
        error_tracker_tests::until(|| !channels().is_empty());
        channels().remove(0)
    }

    /// Takes the subjects and summaries of the messages that were sent.
    fn told(&self) -> Vec<String> {
        self.recorder.take()
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
