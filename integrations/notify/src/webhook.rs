//! Signed JSON to any address.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use error_tracker::event::Timestamp;
use hmac_sha256::HMAC;
use serde_json::{Value, json};

use crate::http::{HttpSender, Secret, SecretAddress};
use crate::{ConfigError, Notification, Notifier, Receipt, SendError};

/// Sends messages as JSON to any address, signed as [Standard
/// Webhooks](https://www.standardwebhooks.com) describes, so that their libraries can check it.
///
/// | header | content |
/// |---|---|
/// | `webhook-id`, `idempotency-key` | the id of the message, the same when it is sent again |
/// | `webhook-timestamp` | seconds since 1970, when it is sent |
/// | `webhook-signature` | `v1,` and, in Base64, the HMAC-SHA-256 of `ID.TIMESTAMP.BODY`; only with a secret |
///
/// The JSON has `type` (`error.new`, `error.regression`, ..), `timestamp` and `data`: `reason`,
/// `summary`, `title`, `subject`, `held_back`, `repeated`, `link`, `trace`, `digest`, and `issue`
/// as the API of the pages has it, without its fingerprint. An event is not sent as a whole, since
/// its variables stay on the machine unless traces have them.
#[derive(Clone, Debug)]
pub struct WebhookNotifier {
    address: SecretAddress,
    key: Secret,
    sender: HttpSender,
}

impl WebhookNotifier {
    /// Sends to this address.
    ///
    /// # Errors
    /// If it is not an address.
    pub fn new(address: &str) -> Result<Self, ConfigError> {
        let address = SecretAddress::new("the address of the webhook", address)?;
        Ok(Self { address, key: Secret::default(), sender: HttpSender::new("the webhook") })
    }

    /// Signs each message with this secret. One that begins with `whsec_` is followed by the key in
    /// Base64, as libraries for Standard Webhooks expect; another one is the key itself.
    #[must_use]
    pub fn secret(mut self, secret: impl Into<String>) -> Self {
        self.key = Secret(secret.into());
        self.sender.hide(&self.key.0);
        self
    }

    /// Sets how long sending a message may take in all; 10 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.sender.set_timeout(timeout);
        self
    }

    fn signature(&self, id: &str, timestamp: &str, body: &str) -> Result<String, SendError> {
        let secret = &self.key.0;
        let key = match secret.strip_prefix("whsec_") {
            Some(encoded) => STANDARD.decode(encoded).map_err(|_| {
                SendError::permanent(
                    "the secret of the webhook begins with `whsec_`, but Base64 does not follow",
                )
            })?,
            None => secret.clone().into_bytes(),
        };
        let mac = HMAC::mac(format!("{id}.{timestamp}.{body}"), key);
        Ok(format!("v1,{}", STANDARD.encode(mac)))
    }
}

impl Notifier for WebhookNotifier {
    fn notify(&self, notification: &Notification) -> Result<Receipt, SendError> {
        let now = Timestamp::now();
        let timestamp = (now.as_micros() / 1_000_000).to_string();
        let body = payload(notification, now).to_string();
        let id = &notification.id;
        let mut headers = vec![
            ("webhook-id", id.clone()),
            ("idempotency-key", id.clone()),
            ("webhook-timestamp", timestamp.clone()),
        ];
        if !self.key.0.is_empty() {
            headers.push(("webhook-signature", self.signature(id, &timestamp, &body)?));
        }
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = self.sender.post(&self.address, &headers, &body)?;
        if (200..300).contains(&answer.status) {
            return Ok(self.sender.receipt(&answer));
        }
        let said = self.sender.shown(&self.address, &answer.body);
        Err(self.sender.refusal(&self.address, &answer, &said))
    }
}

fn payload(notification: &Notification, now: Timestamp) -> Value {
    let issue = notification.issue.as_ref().map(|issue| {
        let mut issue = serde_json::to_value(issue).unwrap_or_default();
        if let Some(fields) = issue.as_object_mut() {
            fields.remove("components");
        }
        issue
    });
    let entry = |entry: &crate::DigestEntry| {
        json!({
            "hash": entry.hash,
            "title": entry.title,
            "held_back": entry.held_back,
            "count": entry.count,
            "link": entry.link,
        })
    };
    let digest: Vec<Value> = notification.digest.iter().map(entry).collect();
    json!({
        "type": format!("error.{}", notification.reason.name()),
        "timestamp": now.to_string(),
        "data": {
            "reason": notification.reason.name(),
            "summary": notification.summary,
            "title": notification.title,
            "subject": notification.subject,
            "held_back": notification.held_back,
            "repeated": notification.repeated,
            "link": notification.link,
            "event_id": notification.event.as_ref().map(|event| &event.id),
            "trace": notification.trace,
            "issue": issue,
            "digest": digest,
        },
    })
}
