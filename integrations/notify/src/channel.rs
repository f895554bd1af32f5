//! A channel with its filter, rules and limits.

use std::fmt;

use crate::{ConfigError, DigestPeriod, EventFilter, Notifier, NotifyRules};

/// A channel by which people are told: a [`Notifier`] with what it tells of, when, and how often at
/// most.
#[derive(Debug)]
#[must_use = "a channel is passed to `Notify`"]
pub struct NotifyChannel {
    pub(crate) name: String,
    pub(crate) notifier: NamedNotifier,
    pub(crate) filter: EventFilter,
    pub(crate) rules: NotifyRules,
    pub(crate) per_issue: u64,
    pub(crate) per_hour: u64,
    pub(crate) digest: Option<DigestPeriod>,
    pub(crate) sender: String,
    pub(crate) recipients: Vec<String>,
}

/// A notifier, whose `Debug` text is not known.
pub(crate) struct NamedNotifier(pub(crate) Box<dyn Notifier>);

impl fmt::Debug for NamedNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl NotifyChannel {
    /// Creates a channel that tells of all events by the default rules, of an issue 6 times and in
    /// all 60 times an hour at most.
    ///
    /// The store keeps messages under the channel's name, so it has to stay the same when the
    /// program is started again, and be the same in all processes that use one store.
    pub fn new(name: impl Into<String>, notifier: impl Notifier) -> Self {
        Self {
            name: name.into(),
            notifier: NamedNotifier(Box::new(notifier)),
            filter: EventFilter::default(),
            rules: NotifyRules::default(),
            per_issue: 6,
            per_hour: 60,
            digest: None,
            sender: String::new(),
            recipients: Vec::new(),
        }
    }

    /// Creates a channel for e-mail from an address such as `Shop <errors@shop.example>`.
    ///
    /// # Errors
    /// If the sender or a recipient is not an e-mail address, or there are no recipients.
    #[cfg(feature = "email")]
    pub fn email<R: Into<String>>(
        name: impl Into<String>,
        notifier: crate::EmailNotifier,
        sender: impl Into<String>,
        recipients: impl IntoIterator<Item = R>,
    ) -> Result<Self, ConfigError> {
        let mut channel = Self::new(name, notifier);
        channel.sender = sender.into();
        channel.recipients = recipients.into_iter().map(Into::into).collect();
        let addresses = crate::email::check_addresses(&channel.sender, &channel.recipients);
        let name = &channel.name;
        addresses.map_err(|why| ConfigError::new(format!("the channel {name:?}: {why}")))?;
        Ok(channel)
    }

    /// Tells only of events that match.
    pub fn filter(mut self, filter: EventFilter) -> Self {
        self.filter = filter;
        self
    }

    /// Sets when people are told of an issue.
    pub fn rules(mut self, rules: NotifyRules) -> Self {
        self.rules = rules;
        self
    }

    /// Sets the most messages about one issue in an hour; 6 by default. Further ones are counted,
    /// and the next message has their number.
    pub fn per_issue(mut self, messages: u64) -> Self {
        self.per_issue = messages;
        self
    }

    /// Sets the most messages in an hour; 60 by default. Further ones are counted, and a digest
    /// tells of them an hour later.
    pub fn per_hour(mut self, messages: u64) -> Self {
        self.per_hour = messages;
        self
    }

    /// Sends a digest daily or weekly in place of single messages.
    pub fn digest(mut self, period: DigestPeriod) -> Self {
        self.digest = Some(period);
        self
    }
}
