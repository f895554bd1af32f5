//! Mail by SMTP, within a deadline.
//!
//! lettre's own timeout is one for each read and write, so a server that sends a byte now and then
//! holds a blocking connection for as long as it likes. Its asynchronous connection runs here on a
//! small runtime of this thread, as one future that is dropped at the deadline: that closes the
//! socket, wherever the conversation is.

use std::cell::Cell;
use std::error::Error as _;
use std::net::SocketAddr;
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use tokio::time::timeout;

use super::smtp_server::{SmtpServer, SmtpTls};
use crate::length::{one_line, shortened};
use crate::{Receipt, SendError};

/// How long the server's answer to the last command is awaited, which changes nothing.
const GOODBYE: Duration = Duration::from_millis(500);

/// Sends a message within the time limit, which holds for everything: looking up the address,
/// connecting, encryption, and each command.
pub(super) fn send(
    server: &SmtpServer,
    message: &Message,
    limit: Duration,
) -> Result<Receipt, SendError> {
    server.check().map_err(|error| SendError::permanent(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = runtime
        .map_err(|error| SendError::transient(format!("no connection can be opened: {error}")))?;
    let conversation = Conversation { server, step: Cell::new("looking up its address") };
    let answer = runtime.block_on(async { timeout(limit, conversation.run(message, limit)).await });
    // A lookup of an address that hangs is left to its own thread.
    runtime.shutdown_background();
    answer.unwrap_or_else(|_| {
        Err(SendError::transient(format!(
            "{} did not finish within {} s, while {}; check whether it is reachable and not \
             overloaded",
            conversation.name(),
            limit.as_secs_f32(),
            conversation.step.get()
        )))
    })
}

struct Conversation<'a> {
    server: &'a SmtpServer,
    /// What is being done, for the error at the deadline.
    step: Cell<&'static str>,
}

impl Conversation<'_> {
    async fn run(&self, message: &Message, limit: Duration) -> Result<Receipt, SendError> {
        let mut connection = self.connect(limit).await?;
        self.log_in(&mut connection).await?;
        let bytes = message.formatted();
        let mut receipt = self.address(&mut connection, message, !bytes.is_ascii()).await?;
        self.step.set("it was asked to take the message");
        let refused = |error| self.refusal("the message", &error);
        connection.command(Data).await.map_err(refused)?;
        self.step.set("the message was sent; it may have been accepted");
        let answer = connection.message(&bytes).await.map_err(refused)?;
        let lines: Vec<&str> = answer.message().collect();
        receipt.answer =
            shortened(&one_line(&format!("{} {}", answer.code(), lines.join(" "))), 300);
        let _ = timeout(GOODBYE, connection.command(Quit)).await;
        Ok(receipt)
    }

    async fn connect(&self, limit: Duration) -> Result<AsyncSmtpConnection, SendError> {
        let server = self.server;
        let target = (server.host.as_str(), server.port_number());
        let found = tokio::net::lookup_host(target).await.map_err(|error| {
            SendError::transient(format!(
                "the address of {} is not found: {error}; check its name",
                self.name()
            ))
        })?;
        let addresses: Vec<SocketAddr> = found.collect();
        self.step.set("connecting, or waiting for its greeting");
        let hello = server.hello_name.clone().map_or_else(ClientId::default, ClientId::Domain);
        let implicit = (server.tls == SmtpTls::Implicit).then(|| self.tls()).transpose()?;
        // An address that does not answer leaves time for the others.
        let each = limit / u32::try_from(addresses.len().clamp(1, 4)).unwrap_or(1);
        let connected =
            AsyncSmtpConnection::connect_tokio1(&*addresses, Some(each), &hello, implicit, None);
        let mut connection = connected.await.map_err(|error| self.no_connection(&error))?;
        if server.tls == SmtpTls::StartTls {
            if !connection.can_starttls() {
                return Err(SendError::permanent(format!(
                    "{} offers no encryption by STARTTLS: use `smtps://` if it is encrypted from \
                     the start, or `?tls=none` if it is on this machine",
                    self.name()
                )));
            }
            self.step.set("encryption begins");
            let encrypted = connection.starttls(self.tls()?, &hello).await;
            encrypted.map_err(|error| self.no_connection(&error))?;
        }
        Ok(connection)
    }

    async fn log_in(&self, connection: &mut AsyncSmtpConnection) -> Result<(), SendError> {
        let Some((user, password)) = &self.server.credentials else { return Ok(()) };
        self.step.set("logging in");
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        if connection.server_info().get_auth_mechanism(&mechanisms).is_none() {
            return Err(SendError::permanent(format!(
                "{} offers no login by user and password: leave them out, or use another port",
                self.name()
            )));
        }
        let credentials = Credentials::new(user.clone(), password.clone());
        connection.auth(&mechanisms, &credentials).await.map_err(|error| {
            let refused = self.refusal(&format!("the login of {:?}", one_line(user)), &error);
            if refused.is_transient() {
                return refused;
            }
            SendError::permanent(format!("{refused}; check user and password"))
        })?;
        Ok(())
    }

    /// Says from whom the message is, and to whom. Recipients that are refused become warnings if
    /// another one is accepted.
    async fn address(
        &self,
        connection: &mut AsyncSmtpConnection,
        message: &Message,
        is_8_bit: bool,
    ) -> Result<Receipt, SendError> {
        let envelope = message.envelope();
        let mut parameters = Vec::new();
        let needs_utf8 =
            envelope.from().into_iter().chain(envelope.to()).any(|address| !is_ascii(address));
        if needs_utf8 {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(SendError::permanent(format!(
                    "{} takes no addresses with letters other than a to z: configure others",
                    self.name()
                )));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if is_8_bit && connection.server_info().supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        self.step.set("it was told the sender");
        let sender = envelope.from();
        let said = connection.command(Mail::new(sender.cloned(), parameters)).await;
        said.map_err(|error| {
            let sender = sender.map(ToString::to_string).unwrap_or_default();
            self.refusal(&format!("the sender {sender}"), &error)
        })?;
        self.step.set("it was told the recipients");
        let mut refusals = Vec::new();
        for recipient in envelope.to() {
            let said = connection.command(Rcpt::new(recipient.clone(), Vec::new())).await;
            if let Err(error) = said {
                let refusal = self.refusal(&format!("the recipient {recipient}"), &error);
                if error.status().is_none() {
                    return Err(refusal);
                }
                refusals.push(refusal);
            }
        }
        if refusals.len() < envelope.to().len() {
            let warnings = refusals.iter().map(ToString::to_string).collect();
            return Ok(Receipt { answer: String::new(), warnings });
        }
        let texts: Vec<String> = refusals.iter().map(ToString::to_string).collect();
        let text = texts.join("; ");
        let is_transient = refusals.iter().any(SendError::is_transient);
        Err(if is_transient { SendError::transient(text) } else { SendError::permanent(text) })
    }

    fn tls(&self) -> Result<TlsParameters, SendError> {
        let mut builder = TlsParameters::builder(self.server.host.clone());
        for certificate in &self.server.root_certificates {
            builder = builder.add_root_certificate(certificate.clone());
        }
        builder.build().map_err(|error| {
            SendError::permanent(format!("no encryption to {}: {error}", self.name()))
        })
    }

    fn no_connection(&self, error: &SmtpError) -> SendError {
        let name = self.name();
        if let Some(code) = error.status() {
            let text = format!("{name} does not accept this machine: {code} {}", cause(error));
            return if error.is_transient() {
                SendError::transient(text)
            } else {
                SendError::permanent(text)
            };
        }
        let cause = cause(error);
        // In an encrypted connection the certificate is checked as part of connecting.
        if error.is_tls() || cause.contains("certificate") {
            return SendError::permanent(format!(
                "no encrypted connection to {name}: {cause}; check its name and certificate, or \
                 add a root certificate"
            ));
        }
        SendError::transient(format!(
            "no connection to {name}: {cause}; check host, port and encryption"
        ))
    }

    /// Returns the error for something that the server refused, or for a connection that broke.
    fn refusal(&self, what: &str, error: &SmtpError) -> SendError {
        let name = self.name();
        match error.status() {
            Some(code) => {
                let text = format!("{name} refused {what}: {code} {}", cause(error));
                if error.is_permanent() {
                    SendError::permanent(text)
                } else {
                    SendError::transient(text)
                }
            }
            None => SendError::transient(format!(
                "the connection to {name} broke at {what}: {}",
                cause(error)
            )),
        }
    }

    fn name(&self) -> String {
        format!("the mail server {}:{}", self.server.host, self.server.port_number())
    }
}

fn is_ascii(address: &lettre::Address) -> bool {
    let text: &str = address.as_ref();
    text.is_ascii()
}

/// Returns the innermost text of an error, on one line.
fn cause(error: &SmtpError) -> String {
    let text = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    shortened(&one_line(&text), 300)
}
