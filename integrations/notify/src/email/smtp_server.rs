//! The settings of a mail server.

use std::fmt;

use lettre::transport::smtp::client::Certificate;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::ConfigError;

/// How a connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SmtpTls {
    /// The connection begins without encryption, and nothing is sent before `STARTTLS`: port 587.
    #[default]
    StartTls,
    /// The connection is encrypted from the start: port 465.
    Implicit,
    /// The connection is not encrypted: port 25. For servers on the same machine or network.
    None,
}

impl SmtpTls {
    const fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

/// A mail server, with encryption by `STARTTLS` unless something else is set.
#[derive(Clone)]
pub struct SmtpServer {
    pub(super) host: String,
    pub(super) port: Option<u16>,
    pub(super) tls: SmtpTls,
    pub(super) credentials: Option<(String, String)>,
    pub(super) root_certificates: Vec<Certificate>,
    pub(super) hello_name: Option<String>,
}

impl SmtpServer {
    /// Creates the settings of the server with this name or IP address.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: None,
            tls: SmtpTls::default(),
            credentials: None,
            root_certificates: Vec::new(),
            hello_name: None,
        }
    }

    /// Reads `smtp://USER:PASSWORD@HOST:PORT`, in which user, password and port may be missing.
    ///
    /// `smtp://` uses `STARTTLS`; `smtp://HOST?tls=none` is not encrypted; `smtps://` is encrypted
    /// from the start. Characters such as `@` and `/` in user and password are percent-encoded.
    ///
    /// ```
    /// use error_tracker_notify::SmtpServer;
    ///
    /// let server = SmtpServer::from_url("smtp://errors%40shop.example:secret@mail.shop.example")?;
    /// assert_eq!(format!("{server:?}"), "SmtpServer(errors@shop.example at mail.shop.example:587, StartTls)");
    /// # Ok::<(), error_tracker_notify::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// If it cannot be read. The error does not contain the password.
    pub fn from_url(url: &str) -> Result<Self, ConfigError> {
        let wrong = |what: &str| {
            ConfigError::new(format!(
                "the address of the mail server {what}; write it like \
                 `smtp://user:password@mail.example:587`"
            ))
        };
        let parsed = Url::parse(url).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        let host = parsed.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("has no host"))?;
        // IPv6 addresses are in brackets.
        let host = percent_decode_str(host.trim_start_matches('[').trim_end_matches(']'));
        let mut server = Self::new(host.decode_utf8_lossy());
        server.port = parsed.port();
        server.tls = match parsed.scheme() {
            "smtp" => SmtpTls::StartTls,
            "smtps" => SmtpTls::Implicit,
            _ => return Err(wrong("begins with neither `smtp://` nor `smtps://`")),
        };
        for (name, value) in parsed.query_pairs() {
            server.tls = match (&*name, &*value, server.tls) {
                ("tls", "none", SmtpTls::StartTls) => SmtpTls::None,
                ("tls", "required", tls) => tls,
                _ => return Err(wrong("has an option other than `tls=none` and `tls=required`")),
            };
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        match (parsed.username(), parsed.password()) {
            ("", None) => {}
            (user, Some(password)) if !user.is_empty() => {
                server.credentials = Some((decoded(user), decoded(password)));
            }
            _ => return Err(wrong("has a user without a password, or a password without a user")),
        }
        server.check()?;
        Ok(server)
    }

    /// Sets the port; by default 587, or 465 with [`SmtpTls::Implicit`], or 25 without encryption.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Sets how the connection is encrypted.
    #[must_use]
    pub fn tls(mut self, tls: SmtpTls) -> Self {
        self.tls = tls;
        self
    }

    /// Sets the user and the password. They are sent over an encrypted connection, or to this
    /// machine, only.
    #[must_use]
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some((user.into(), password.into()));
        self
    }

    /// Trusts certificates that this one has signed, as well as those that the system trusts.
    ///
    /// # Errors
    /// If it is not a certificate in PEM.
    pub fn root_certificate(mut self, pem: &[u8]) -> Result<Self, ConfigError> {
        let certificate = Certificate::from_pem(pem).map_err(|error| {
            ConfigError::new(format!(
                "the root certificate of the mail server cannot be read: {error}; it must be a \
                 certificate in PEM"
            ))
        })?;
        self.root_certificates.push(certificate);
        Ok(self)
    }

    /// Sets the name by which this machine introduces itself to the server; by default the system's
    /// name for it.
    #[must_use]
    pub fn hello_name(mut self, name: impl Into<String>) -> Self {
        self.hello_name = Some(name.into());
        self
    }

    pub(super) fn port_number(&self) -> u16 {
        self.port.unwrap_or_else(|| self.tls.port())
    }

    /// Refuses to send a password where others may read it.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let is_local = self.host == "localhost"
            || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        if self.tls == SmtpTls::None && self.credentials.is_some() && !is_local {
            return Err(ConfigError::new(format!(
                "the password for {} would be sent unencrypted: use `smtps://`, or `smtp://` without `tls=none`",
                self.host
            )));
        }
        Ok(())
    }
}

/// Writes the user, the server and the encryption, without the password.
impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpServer(")?;
        if let Some((user, _)) = &self.credentials {
            write!(f, "{user} at ")?;
        }
        write!(f, "{}:{}, {:?})", self.host, self.port_number(), self.tls)
    }
}
