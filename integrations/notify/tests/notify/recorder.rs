//! A channel that keeps what it is told.

use std::sync::{Arc, Mutex};

use error_tracker_notify::{Notification, Notifier, Receipt, SendError};

/// Keeps messages, and fails when it is told to.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    sent: Vec<Notification>,
    failure: Option<SendError>,
    attempts: u64,
}

impl Recorder {
    /// Lets further messages fail, or succeed.
    pub(crate) fn fail_with(&self, failure: impl Into<Option<SendError>>) {
        self.0.lock().unwrap().failure = failure.into();
    }

    /// Takes the messages that were sent.
    pub(crate) fn notifications(&self) -> Vec<Notification> {
        std::mem::take(&mut self.0.lock().unwrap().sent)
    }

    /// Takes the texts of the messages that were sent.
    pub(crate) fn take(&self) -> Vec<String> {
        let text = |sent: Notification| format!("{}: {}", sent.title, sent.summary);
        self.notifications().into_iter().map(text).collect()
    }

    pub(crate) fn attempts(&self) -> u64 {
        self.0.lock().unwrap().attempts
    }
}

impl Notifier for Recorder {
    fn notify(&self, notification: &Notification) -> Result<Receipt, SendError> {
        let mut state = self.0.lock().unwrap();
        state.attempts += 1;
        match &state.failure {
            Some(failure) if failure.to_string() == "panic" => {
                drop(state);
                panic!("on purpose");
            }
            Some(failure) => Err(failure.clone()),
            None => {
                state.sent.push(notification.clone());
                Ok(Receipt::new("kept"))
            }
        }
    }
}
