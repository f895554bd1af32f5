//! One message, as channels get it.

use error_tracker::event::{Event, Issue, Request};

use crate::Reason;

/// One message for people. Everything in it comes from the event as it was stored, after masking.
///
/// A [`MessageFormat`](crate::MessageFormat) creates it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Notification {
    /// An id that stays the same when the message is sent again.
    pub id: String,
    /// Whether the message may have been sent before: the other side did not confirm it.
    pub repeated: bool,
    /// Why it is sent.
    pub reason: Reason,
    /// The issue as it was when the message was made. A digest and a test have none.
    pub issue: Option<Issue>,
    /// The event that caused the message. A digest and a test have none.
    pub event: Option<Event>,
    /// The issues of a digest.
    pub digest: Vec<DigestEntry>,
    /// How many messages were held back since the last one that was sent: of this issue, or of the
    /// channel in a digest.
    pub held_back: u64,
    /// The subject: `[prefix] [METHOD] url last-line`. One line of at most 200 characters, without
    /// control characters.
    pub subject: String,
    /// The error's type and message on one line.
    pub title: String,
    /// Why the message is sent, and what was held back, as sentences on one line.
    pub summary: String,
    /// What is known about the issue, by name: environment, release, occurrences and the like.
    pub facts: Vec<(&'static str, String)>,
    /// The traceback; without variables unless they are asked for.
    pub trace: String,
    /// The whole message as text.
    pub text: String,
    /// The whole message as HTML.
    pub html: String,
    /// The address of the issue's page, if the page's public address is known.
    pub link: Option<String>,
    /// The address from which e-mail is sent; empty for other channels.
    pub sender: String,
    /// The addresses to which e-mail is sent; empty for other channels.
    pub recipients: Vec<String>,
}

impl Notification {
    /// Returns the web request during which the event was captured.
    #[must_use]
    pub fn request(&self) -> Option<&Request> {
        self.event.as_ref()?.context.request.as_ref()
    }

    /// Returns the hash of the issue; empty for a digest and a test.
    #[must_use]
    pub fn issue_hash(&self) -> &str {
        self.issue.as_ref().map_or("", |issue| &issue.hash)
    }

    /// Sets the address from which e-mail is sent, such as `Shop <errors@shop.example>`.
    #[must_use]
    pub fn from(mut self, sender: impl Into<String>) -> Self {
        self.sender = sender.into();
        self
    }

    /// Adds an address to which e-mail is sent.
    #[must_use]
    pub fn to(mut self, recipient: impl Into<String>) -> Self {
        self.recipients.push(recipient.into());
        self
    }
}

/// One issue of a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DigestEntry {
    /// The hash of the issue.
    pub hash: String,
    /// The error's type and message on one line.
    pub title: String,
    /// How many messages about it were held back.
    pub held_back: u64,
    /// How often it was seen in all.
    pub count: u64,
    /// The address of its page, if the page's public address is known.
    pub link: Option<String>,
}

impl DigestEntry {
    /// Creates an entry about the issue with this hash.
    #[must_use]
    pub fn new(hash: impl Into<String>, title: impl Into<String>) -> Self {
        Self { hash: hash.into(), title: title.into(), held_back: 0, count: 0, link: None }
    }

    /// Sets how many messages about it were held back.
    #[must_use]
    pub fn held_back(mut self, held_back: u64) -> Self {
        self.held_back = held_back;
        self
    }

    /// Sets how often it was seen in all.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = count;
        self
    }

    /// Sets the address of its page.
    #[must_use]
    pub fn link(mut self, link: Option<String>) -> Self {
        self.link = link;
        self
    }
}
