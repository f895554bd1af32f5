//! E-mail.

mod folder;
mod message;
#[cfg(unix)]
mod sendmail;
mod smtp;
mod smtp_server;

pub(crate) use message::check_addresses;
pub use smtp_server::{SmtpServer, SmtpTls};

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::{ConfigError, Notification, Notifier, Receipt, SendError};

/// How long sending a message may take in all.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends messages by e-mail, with a text and an HTML part. The messages about one issue are one
/// conversation in mail programs.
///
/// The sender and the recipients are those of the [`Notification`]. A recipient that the server
/// refuses is a warning if it accepts another one.
///
/// ```
/// use error_tracker_notify::{EmailNotifier, SmtpServer};
///
/// let server = SmtpServer::new("mail.shop.example").credentials("errors", "a password");
/// let email = EmailNotifier::smtp(server);
/// assert!(!format!("{email:?}").contains("a password"));
/// ```
#[derive(Clone, Debug)]
pub struct EmailNotifier {
    transport: MailTransport,
    timeout: Duration,
}

#[derive(Clone, Debug)]
enum MailTransport {
    Smtp(Box<SmtpServer>),
    #[cfg(unix)]
    Sendmail(PathBuf),
    Folder(PathBuf),
}

impl EmailNotifier {
    /// Sends by an SMTP server.
    #[must_use]
    pub fn smtp(server: SmtpServer) -> Self {
        Self::new(MailTransport::Smtp(Box::new(server)))
    }

    /// Sends by the program `sendmail` of the system, such as `/usr/sbin/sendmail`. It gets a
    /// message on standard input.
    #[cfg(unix)]
    #[must_use]
    pub fn sendmail(program: impl Into<PathBuf>) -> Self {
        Self::new(MailTransport::Sendmail(program.into()))
    }

    /// Writes each message to a file `ID.eml` in a folder, which must exist.
    #[must_use]
    pub fn folder(folder: impl Into<PathBuf>) -> Self {
        Self::new(MailTransport::Folder(folder.into()))
    }

    /// Reads an address: `smtp://` and `smtps://` as [`SmtpServer::from_url`] does,
    /// `sendmail:///usr/sbin/sendmail`, or `file:///var/spool/errors` for a folder.
    ///
    /// # Errors
    /// If it is none of these, or has a part that is not understood.
    pub fn from_url(url: &str) -> Result<Self, ConfigError> {
        let parsed = Url::parse(url).map_err(|error| {
            ConfigError::new(format!(
                "the address of the mail server cannot be read: {error}; write it like \
                 `smtp://user:password@mail.example:587`"
            ))
        })?;
        let path = || {
            parsed
                .to_file_path_or_text()
                .filter(|path| path.is_absolute())
                .ok_or_else(|| ConfigError::new("the address of the mail folder or program has no absolute path: write it like `file:///var/spool/errors`"))
        };
        match parsed.scheme() {
            "smtp" | "smtps" => SmtpServer::from_url(url).map(Self::smtp),
            #[cfg(unix)]
            "sendmail" => Ok(Self::sendmail(path()?)),
            "file" => Ok(Self::folder(path()?)),
            other => Err(ConfigError::new(format!(
                "mail cannot be sent by {other:?}: the address begins with `smtp://`, `smtps://`, `sendmail://` or \
                 `file://`"
            ))),
        }
    }

    /// Sets how long sending a message may take in all; 10 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn new(transport: MailTransport) -> Self {
        Self { transport, timeout: TIMEOUT }
    }
}

impl Notifier for EmailNotifier {
    fn notify(&self, notification: &Notification) -> Result<Receipt, SendError> {
        let message = message::build(notification)?;
        match &self.transport {
            MailTransport::Smtp(server) => smtp::send(server, &message, self.timeout),
            #[cfg(unix)]
            MailTransport::Sendmail(program) => sendmail::send(program, &message, self.timeout),
            MailTransport::Folder(folder) => folder::write(folder, &notification.id, &message),
        }
    }
}

/// The path of a URL of whichever scheme.
trait UrlPath {
    fn to_file_path_or_text(&self) -> Option<PathBuf>;
}

impl UrlPath for Url {
    fn to_file_path_or_text(&self) -> Option<PathBuf> {
        if self.scheme() == "file" {
            return self.to_file_path().ok();
        }
        let text = percent_encoding::percent_decode_str(self.path()).decode_utf8().ok()?;
        Some(PathBuf::from(text.into_owned()))
    }
}
