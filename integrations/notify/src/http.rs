//! What the channels over HTTP share: one POST within a deadline, and errors without secrets.

use std::fmt;
use std::io::Read as _;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use ureq::Agent;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};

use crate::length::{one_line, shortened};
use crate::{ConfigError, Receipt, SendError};

/// How long sending a message may take in all.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How much of an answer is read.
const MAX_ANSWER: u64 = 16 << 10;

/// The address of a service. It often has a token in it, so only the host is ever shown.
#[derive(Clone)]
pub(crate) struct SecretAddress {
    url: String,
    host: String,
}

impl SecretAddress {
    /// Checks an address. `what` names it in the error.
    pub(crate) fn new(what: &str, url: &str) -> Result<Self, ConfigError> {
        let url = url.trim();
        let wrong = |why: &str| {
            ConfigError::new(format!("{what} {why}; it must be like `https://chat.example/..`"))
        };
        let parsed: Uri = url.parse().map_err(|_| wrong("cannot be read"))?;
        if !matches!(parsed.scheme_str(), Some("https" | "http")) {
            return Err(wrong("begins with neither `https://` nor `http://`"));
        }
        let Some(host) = parsed.authority().filter(|host| !host.host().is_empty()) else {
            return Err(wrong("has no host"));
        };
        // Not a user and password before it.
        let host = host.as_str().rsplit('@').next().unwrap_or_default().to_owned();
        Ok(Self { url: url.to_owned(), host })
    }

    /// Returns the same address with `path` at its end.
    #[cfg(any(feature = "telegram", feature = "google-chat"))]
    pub(crate) fn with_suffix(&self, suffix: &str) -> Self {
        Self { url: format!("{}{suffix}", self.url.trim_end_matches('/')), host: self.host.clone() }
    }

    #[cfg(feature = "google-chat")]
    pub(crate) fn has_query(&self) -> bool {
        self.url.contains('?')
    }
}

impl fmt::Debug for SecretAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/..", self.host)
    }
}

/// A text that is never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "set" })
    }
}

/// Sends requests of one channel.
#[derive(Clone)]
pub(crate) struct HttpSender {
    service: &'static str,
    agent: Agent,
    timeout: Duration,
    /// Texts that must not be in an error, beside the address.
    secrets: Vec<String>,
}

impl fmt::Debug for HttpSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSender").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// An answer of a service.
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) body: String,
    retry_after: Option<Duration>,
}

impl HttpSender {
    pub(crate) fn new(service: &'static str) -> Self {
        Self { service, agent: agent(TIMEOUT), timeout: TIMEOUT, secrets: Vec::new() }
    }

    /// Sets how long sending a message may take in all.
    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        (self.agent, self.timeout) = (agent(timeout), timeout);
    }

    /// Adds a text that must not be in an error.
    #[cfg(any(feature = "telegram", feature = "ntfy", feature = "webhook"))]
    pub(crate) fn hide(&mut self, secret: &str) {
        self.secrets.push(secret.to_owned());
    }

    /// Sends JSON. Returns the answer whatever its status is.
    pub(crate) fn post(
        &self,
        address: &SecretAddress,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<HttpAnswer, SendError> {
        let mut request =
            self.agent.post(&address.url).header("content-type", "application/json; charset=utf-8");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let failed = |error: &ureq::Error| self.failure(address, error);
        let response = request.send(body).map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok().and_then(parse_retry_after));
        let mut answer = Vec::new();
        let mut reader = response.into_body().into_reader().take(MAX_ANSWER);
        if let Err(error) = reader.read_to_end(&mut answer) {
            // The message was accepted or refused; the rest of the answer does not matter.
            if (200..300).contains(&status) {
                return Ok(HttpAnswer { status, body: String::new(), retry_after });
            }
            return Err(failed(&ureq::Error::from(error)));
        }
        Ok(HttpAnswer { status, body: String::from_utf8_lossy(&answer).into_owned(), retry_after })
    }

    /// Sends JSON, and returns a receipt if the answer's status says that it was accepted.
    pub(crate) fn deliver(
        &self,
        address: &SecretAddress,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Receipt, SendError> {
        let answer = self.post(address, headers, &body.to_string())?;
        if (200..300).contains(&answer.status) {
            return Ok(self.receipt(&answer));
        }
        Err(self.refusal(address, &answer, &self.shown(address, &answer.body)))
    }

    pub(crate) fn receipt(&self, answer: &HttpAnswer) -> Receipt {
        let text = format!("{} {}", answer.status, shortened(&one_line(&answer.body), 200));
        Receipt::new(self.without_secrets(text.trim_end().to_owned()))
    }

    /// Returns the error of an answer. `said` is what the service says about it.
    pub(crate) fn refusal(
        &self,
        address: &SecretAddress,
        answer: &HttpAnswer,
        said: &str,
    ) -> SendError {
        let status = answer.status;
        let advice = match status {
            300..=399 => "; redirects are not followed: configure the final address",
            401 | 403 => "; check the token or the address of the channel",
            404 | 410 => "; the address is wrong or was removed: create a new one",
            413 => "; the message is too large for it",
            _ => "",
        };
        let said = if said.is_empty() { String::new() } else { format!(" ({said})") };
        let text = format!("{} at {} answered {status}{said}{advice}", self.service, address.host);
        match status {
            408 | 425 | 429 | 500..=599 => {
                SendError::transient(text).with_retry_after(answer.retry_after)
            }
            _ => SendError::permanent(text),
        }
    }

    /// Returns what a service said, on one line, without secrets.
    pub(crate) fn shown(&self, address: &SecretAddress, said: &str) -> String {
        let mut said = said.to_owned();
        // Any part of a path or a query may be a token.
        let parts = address.url.split(['/', '?', '&', '=']).skip(3);
        for part in parts.filter(|part| part.len() >= 8) {
            said = said.replace(part, "***");
        }
        shortened(&one_line(&self.without_secrets(said)), 200)
    }

    fn without_secrets(&self, mut text: String) -> String {
        for secret in self.secrets.iter().filter(|secret| secret.len() > 4) {
            text = text.replace(secret, "***");
        }
        text
    }

    fn failure(&self, address: &SecretAddress, error: &ureq::Error) -> SendError {
        let (service, host) = (self.service, &address.host);
        let io_timeout = |error: &std::io::Error| {
            error.kind() == std::io::ErrorKind::TimedOut || error.to_string().starts_with("timeout")
        };
        match error {
            ureq::Error::Timeout(_) => {}
            ureq::Error::Io(error) if io_timeout(error) => {}
            ureq::Error::HostNotFound => {
                return SendError::transient(format!(
                    "{service}: the host {host} is not found; check its name"
                ));
            }
            ureq::Error::Io(error) => {
                return SendError::transient(format!(
                    "{service}: no connection to {host}: {error}"
                ));
            }
            ureq::Error::ConnectionFailed => {
                return SendError::transient(format!("{service}: no connection to {host}"));
            }
            ureq::Error::Rustls(_) | ureq::Error::Tls(_) => {
                return SendError::permanent(format!(
                    "{service}: no encrypted connection to {host}: {}; check its name and \
                     certificate",
                    self.shown(address, &error.to_string())
                ));
            }
            error => {
                return SendError::transient(format!(
                    "{service}: the request to {host} failed: {}",
                    self.shown(address, &error.to_string())
                ));
            }
        }
        SendError::transient(format!(
            "{service}: {host} did not answer within {} s; check whether it is reachable",
            self.timeout.as_secs_f32()
        ))
    }
}

/// Returns a client that keeps no connections between messages.
fn agent(timeout: Duration) -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .tls_config(tls)
        .user_agent(concat!("error-tracker/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

/// Reads seconds or a date.
fn parse_retry_after(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(text).ok()?;
    date.duration_since(SystemTime::now()).ok()
}
