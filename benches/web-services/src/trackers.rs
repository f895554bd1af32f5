//! The trackers that are compared. None sends anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use error_tracker::TrackerGuard;
use error_tracker::event::Event;
use sentry::{ClientInitGuard, ClientOptions, Envelope, Transport};
use tempfile::TempDir;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::Layer;
use crate::measured::{Outcome, Task, WARM_UP};

/// A tracker, installed until this is dropped.
pub enum Installed {
    Nothing,
    // Fields are dropped in order: the file is closed before its folder is removed.
    ErrorTracker(TrackerGuard, #[expect(dead_code, reason = "removed when dropped")] TempDir),
    Sentry(#[expect(dead_code, reason = "installed until it is dropped")] ClientInitGuard),
}

/// Events that have what they should have.
static EVENTS: AtomicU32 = AtomicU32::new(0);

pub fn install(layer: Layer, task: &Task) -> Installed {
    match layer {
        Layer::Nothing => Installed::Nothing,
        Layer::ErrorTracker => {
            let folder = tempfile::tempdir().expect("a folder");
            let builder = error_tracker::builder().database(folder.path().join("errors.db"));
            // With a hook that may look at it, each failure is an event of its own, however many
            // come at once.
            let builder = match task {
                Task::Answer { .. } => builder.before_capture(|event| {
                    EVENTS.fetch_add(u32::from(is_complete(&event)), Relaxed);
                    Some(event)
                }),
                Task::Serve => builder,
            };
            Installed::ErrorTracker(builder.install().expect("valid settings"), folder)
        }
        Layer::Sentry => {
            let options = ClientOptions::new()
                .dsn("https://key@localhost/1")
                .transport(Arc::new(Nowhere))
                .send_default_pii(true)
                .attach_stacktrace(false);
            Installed::Sentry(sentry::init(options))
        }
        // Without a subscriber the layer does nothing.
        Layer::Trace => {
            tracing_subscriber::registry().init();
            Installed::Nothing
        }
    }
}

impl Installed {
    /// Checks that each failing request was an event with all that is compared, and stores them.
    pub fn check(self, task: &Task) {
        let Task::Answer { outcome: Outcome::Failing, count } = task else { return };
        if let Self::ErrorTracker(tracker, _) = &self {
            tracker.flush(Duration::from_secs(60)).expect("everything is stored");
            assert_eq!(tracker.health().stored, u64::from(WARM_UP + count));
        }
        if !matches!(self, Self::Nothing) {
            assert_eq!(EVENTS.load(Relaxed), WARM_UP + count, "an event lacks something");
        }
    }
}

/// Returns whether an event has the request, three functions, and values of all variables.
fn is_complete(event: &Event) -> bool {
    let variables =
        event.frames.iter().flat_map(|frame| frame.arguments.iter().chain(&frame.locals));
    let request = event.context.request.as_ref();
    event.frames.len() == 3
        && variables.clone().count() == 7
        && variables.clone().all(|variable| variable.value.is_some())
        && request
            .is_some_and(|request| request.route == "/orders/{id}" && request.headers.len() == 9)
}

struct Nowhere;

impl Transport for Nowhere {
    fn send_envelope(&self, envelope: Envelope) {
        let is_complete = envelope.event().is_some_and(|event| {
            event.request.as_ref().is_some_and(|request| request.headers.len() == 9)
                && event.exception.values.len() == 1
        });
        EVENTS.fetch_add(u32::from(is_complete), Relaxed);
    }
}
