//! Tells people of the errors that [error-tracker](error_tracker) has recorded: by e-mail, Slack,
//! Discord, Microsoft Teams, Mattermost, Google Chat, Telegram, ntfy, and signed webhooks.
//!
//! ```no_run
//! use error_tracker_notify::{EmailNotifier, MessageFormat, Notify, NotifyChannel};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let email = EmailNotifier::from_url("smtp://errors:password@mail.shop.example")?;
//! let notify = Notify::new()
//!     .format(MessageFormat::new().prefix("shop"))
//!     .channel(NotifyChannel::email("mail", email, "errors@shop.example", ["team@shop.example"])?)?;
//! let _tracker = error_tracker::builder().observer_factory(notify).install()?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Notify`] decides who is told of what, and keeps messages in the store until they are sent. A
//! [`NotifyChannel`] has a [`Notifier`] with an [`EventFilter`], [`NotifyRules`] and limits;
//! closures are notifiers as well. [`NotifySettings`] sets all of this up from the environment or a
//! configuration file.
//!
//! # What a message has
//!
//! The subject is `[prefix] [METHOD] url last-line`, each part where there is one. The body has the
//! URL of the request, the reason, some facts, and the traceback. Everything comes from the event
//! as it was stored, so what was masked there is masked here. Arguments and locals are left out
//! unless [`MessageFormat::variables`] asks for them.
//!
//! # Limits
//!
//! A channel of this crate takes at most 10 seconds for a message in all, whatever the other side
//! does, unless `timeout` sets another limit. Redirects are not followed. Errors and `Debug` texts
//! contain no password, token or secret address.
//!
//! # Features
//!
//! Each channel is a feature of its own name: `email`, `slack`, `discord`, `teams`, `mattermost`,
//! `google-chat`, `telegram`, `ntfy`, `webhook`. All are enabled by default.
#![cfg_attr(test, allow(clippy::unwrap_used))]
#![deny(unsafe_code)]

mod channel;
mod channel_worker;
mod clock;
mod configured_channels;
mod digest;
#[cfg(feature = "discord")]
mod discord;
#[cfg(feature = "email")]
mod email;
mod filter;
#[cfg(feature = "google-chat")]
mod google_chat;
mod html_body;
#[cfg(feature = "http")]
mod http;
mod intake;
mod length;
#[cfg(any(feature = "discord", feature = "mattermost"))]
mod markdown;
#[cfg(feature = "mattermost")]
mod mattermost;
mod message_format;
mod missed_issues;
mod notification;
mod notifier;
mod notify;
#[cfg(feature = "ntfy")]
mod ntfy;
mod reason;
mod rules;
mod settings;
mod signature;
#[cfg(feature = "slack")]
mod slack;
mod status_changes;
#[cfg(feature = "teams")]
mod teams;
#[cfg(feature = "telegram")]
mod telegram;
mod text_body;
#[cfg(feature = "webhook")]
mod webhook;
mod worker_state;

pub use channel::NotifyChannel;
pub use clock::NotifyClock;
pub use digest::DigestPeriod;
#[cfg(feature = "discord")]
pub use discord::DiscordNotifier;
#[cfg(feature = "email")]
pub use email::{EmailNotifier, SmtpServer, SmtpTls};
pub use filter::EventFilter;
#[cfg(feature = "google-chat")]
pub use google_chat::GoogleChatNotifier;
#[cfg(feature = "mattermost")]
pub use mattermost::MattermostNotifier;
pub use message_format::MessageFormat;
pub use notification::{DigestEntry, Notification};
pub use notifier::{ConfigError, Notifier, Receipt, SendError};
pub use notify::Notify;
#[cfg(feature = "ntfy")]
pub use ntfy::NtfyNotifier;
pub use reason::Reason;
pub use rules::{NotifyRules, SpikeRule};
pub use settings::{NotifySettings, NotifyWhen};
#[cfg(feature = "slack")]
pub use slack::SlackNotifier;
#[cfg(feature = "teams")]
pub use teams::TeamsNotifier;
#[cfg(feature = "telegram")]
pub use telegram::TelegramNotifier;
#[cfg(feature = "webhook")]
pub use webhook::WebhookNotifier;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
