//! Why a message is sent.

use std::fmt;

use crate::length::grouped;

/// Why a message is sent.
///
/// ```
/// use error_tracker_notify::Reason;
///
/// assert_eq!(Reason::Milestone(1_000).to_string(), "Seen 1,000 times");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The issue was seen for the first time.
    New,
    /// The issue had been resolved and was seen again.
    Regression,
    /// The issue was seen 10, 100, 1,000, .. times.
    Milestone(u64),
    /// The issue is seen much more often than before.
    Spike {
        /// The number of occurrences that were reached in these minutes.
        count: u64,
        /// The length of the observed time.
        minutes: u64,
    },
    /// The issue had been muted, and was seen as often as its mute allows.
    Unmuted,
    /// A person resolved the issue.
    Resolved,
    /// A person muted the issue.
    Muted,
    /// A person opened the issue again.
    Reopened,
    /// The issue was seen, and a message for each occurrence is wanted.
    Occurrence,
    /// Messages were held back, or a summary is sent daily or weekly.
    Digest,
    /// Somebody tests the channel.
    Test,
}

impl Reason {
    /// Returns the name that machines use: `new`, `regression`, `milestone`, ..
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Regression => "regression",
            Self::Milestone(_) => "milestone",
            Self::Spike { .. } => "spike",
            Self::Unmuted => "unmuted",
            Self::Resolved => "resolved",
            Self::Muted => "muted",
            Self::Reopened => "reopened",
            Self::Occurrence => "occurrence",
            Self::Digest => "digest",
            Self::Test => "test",
        }
    }
}

impl Reason {
    /// Returns the text by which an outbox tells messages about one issue apart. `at` is what
    /// happened more than once for the same reason: an event, or a time.
    pub(crate) fn key(&self, at: &str) -> String {
        match self {
            Self::New => "new".to_owned(),
            Self::Milestone(count) => format!("milestone/{count}"),
            Self::Spike { count, minutes } => format!("spike/{count}/{minutes}/{at}"),
            reason => format!("{}/{at}", reason.name()),
        }
    }

    /// Reads the reason from such a text.
    pub(crate) fn from_key(key: &str) -> Self {
        let mut parts = key.split('/');
        let name = parts.next().unwrap_or_default();
        let mut number = || parts.next().and_then(|text| text.parse().ok()).unwrap_or(0);
        match name {
            "new" => Self::New,
            "regression" => Self::Regression,
            "milestone" => Self::Milestone(number()),
            "spike" => Self::Spike { count: number(), minutes: number() },
            "unmuted" => Self::Unmuted,
            "resolved" => Self::Resolved,
            "muted" => Self::Muted,
            "reopened" => Self::Reopened,
            "digest" => Self::Digest,
            "test" => Self::Test,
            _ => Self::Occurrence,
        }
    }
}

/// Writes a phrase for people, such as `New issue`.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("New issue"),
            Self::Regression => f.write_str("Seen again after it was resolved"),
            Self::Milestone(count) => write!(f, "Seen {} times", grouped(*count)),
            Self::Spike { count, minutes: 1 } => {
                write!(f, "Seen {} times or more within a minute", grouped(*count))
            }
            Self::Spike { count, minutes } => {
                write!(f, "Seen {} times or more within {minutes} minutes", grouped(*count))
            }
            Self::Unmuted => f.write_str("No longer muted"),
            Self::Resolved => f.write_str("Resolved"),
            Self::Muted => f.write_str("Muted"),
            Self::Reopened => f.write_str("Opened again"),
            Self::Occurrence => f.write_str("Seen"),
            Self::Digest => f.write_str("Summary"),
            Self::Test => f.write_str("Test message"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn a_reason_is_read_back_from_its_key() {
        for reason in [
            Reason::New,
            Reason::Regression,
            Reason::Milestone(1_000),
            Reason::Spike { count: 30, minutes: 5 },
            Reason::Unmuted,
            Reason::Resolved,
            Reason::Muted,
            Reason::Reopened,
            Reason::Occurrence,
            Reason::Digest,
            Reason::Test,
        ] {
            assert_eq!(Reason::from_key(&reason.key("x")), reason);
        }
        assert_ne!(Reason::Regression.key("1"), Reason::Regression.key("2"));
        assert_eq!(Reason::New.key("1"), Reason::New.key("2"));
    }
}
