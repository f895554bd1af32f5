//! The trait of channels, and what sending answers.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::Notification;

/// A channel by which people are told of errors. Closures implement it:
///
/// ```
/// use error_tracker_notify::{Notification, Notifier};
///
/// fn pager() -> impl Notifier {
///     |notification: &Notification| {
///         println!("{}: {}", notification.reason, notification.title);
///         Ok(())
///     }
/// }
/// # let _ = pager();
/// ```
///
/// `notify` runs on a thread of its own and may block; while it does, further messages of this
/// channel wait. It should return within 10 seconds: the channels of this crate do.
pub trait Notifier: Send + Sync + 'static {
    /// Sends one message. Returns what the other side answered.
    ///
    /// # Errors
    /// If the message was not sent. It is sent again later if the error [is
    /// transient](SendError::is_transient).
    fn notify(&self, notification: &Notification) -> Result<Receipt, SendError>;
}

impl<F> Notifier for F
where
    F: Fn(&Notification) -> Result<(), Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
{
    /// An error of the closure that is a [`SendError`] decides whether the message is sent again;
    /// other errors are transient.
    fn notify(&self, notification: &Notification) -> Result<Receipt, SendError> {
        match self(notification) {
            Ok(()) => Ok(Receipt::default()),
            Err(error) => match error.downcast::<SendError>() {
                Ok(error) => Err(*error),
                Err(error) => Err(SendError::transient(error.to_string())),
            },
        }
    }
}

/// What the other side answered to a message that was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// Its answer, at most a few lines; empty if it gave none.
    pub answer: String,
    /// What did not work although the message was sent, such as a recipient that was refused.
    pub warnings: Vec<String>,
}

impl Receipt {
    /// Creates a receipt with the answer of the other side.
    #[must_use]
    pub fn new(answer: impl Into<String>) -> Self {
        Self { answer: answer.into(), warnings: Vec::new() }
    }

    /// Adds something that did not work.
    #[must_use]
    pub fn warning(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }
}

/// The reason why a message was not sent. Its text says what is wrong and what to do, and has no
/// password, token or secret address in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendError {
    message: String,
    is_transient: bool,
    retry_after: Option<Duration>,
}

impl SendError {
    /// Creates an error that may be over when the message is sent again.
    #[must_use]
    pub fn transient(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_transient: true, retry_after: None }
    }

    /// Creates an error that stays until somebody changes something, such as a wrong password.
    #[must_use]
    pub fn permanent(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_transient: false, retry_after: None }
    }

    /// Sets how long the other side wants to be left alone.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Option<Duration>) -> Self {
        self.retry_after = delay;
        self
    }

    /// Returns whether the same message may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.is_transient
    }

    /// Returns how long the other side wants to be left alone, if it said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for SendError {}

/// A setting that cannot work. Its text names the setting and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    message: String,
}

impl ConfigError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for ConfigError {}
