//! A message in the format of e-mail.

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use crate::length::one_line;
use crate::{Notification, Reason, SendError};

/// Returns the message: text and HTML, with headers that make the messages about one issue one
/// conversation.
///
/// The first message about an issue has an id that is made of the issue's hash; the others refer to
/// it. Mail programs also put messages together that refer to one that they never got.
pub(super) fn build(notification: &Notification) -> Result<Message, SendError> {
    let sender = mailbox(&notification.sender, "sender")?;
    if notification.recipients.is_empty() {
        return Err(SendError::permanent(
            "the message has no recipient: configure an address to which errors are sent",
        ));
    }
    let domain = Some(sender.email.domain()).filter(|domain| domain.is_ascii());
    let domain = domain.unwrap_or("error-tracker.invalid").to_owned();
    let own_id = format!("<{}@{domain}>", header_word(&notification.id));
    let mut builder = Message::builder()
        .from(sender)
        .subject(one_line(&notification.subject))
        .date_now()
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .raw_header(raw("X-Error-Tracker-Reason", notification.reason.name()));
    for recipient in &notification.recipients {
        builder = builder.to(mailbox(recipient, "recipient")?);
    }
    let hash = header_word(notification.issue_hash());
    if hash.is_empty() {
        builder = builder.message_id(Some(own_id));
    } else {
        let first_id = format!("<issue.{hash}@{domain}>");
        builder = builder.raw_header(raw("X-Error-Tracker-Issue", &hash));
        builder = match notification.reason {
            Reason::New => builder.message_id(Some(first_id)),
            _ => {
                builder.message_id(Some(own_id)).in_reply_to(first_id.clone()).references(first_id)
            }
        };
    }
    // lettre would insert each CR by itself, which takes the square of the text's length.
    let with_crlf = |text: &str| text.replace("\r\n", "\n").replace('\n', "\r\n");
    let bodies = MultiPart::alternative_plain_html(
        with_crlf(&notification.text),
        with_crlf(&notification.html),
    );
    builder.multipart(bodies).map_err(|error| {
        SendError::permanent(format!("the message cannot be written as e-mail: {error}"))
    })
}

/// Returns what is wrong with the addresses, if anything is.
pub(crate) fn check_addresses(sender: &str, recipients: &[String]) -> Result<(), String> {
    mailbox(sender, "sender").map_err(|error| error.to_string())?;
    if recipients.is_empty() {
        return Err("it has no recipients: name at least one e-mail address".to_owned());
    }
    for recipient in recipients {
        mailbox(recipient, "recipient").map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn mailbox(address: &str, what: &str) -> Result<Mailbox, SendError> {
    if address.trim().is_empty() {
        return Err(SendError::permanent(format!(
            "the message has no {what}: configure an address such as `Shop <errors@shop.example>`"
        )));
    }
    address.trim().parse().map_err(|error| {
        SendError::permanent(format!(
            "the {what} {:?} is not an e-mail address: {error}; write it like `Shop <errors@shop.example>`",
            one_line(address)
        ))
    })
}

/// Returns what is left of a text that is allowed in an id.
fn header_word(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).collect()
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
