//! What messages say.

use error_tracker::event::{Event, Frame, Issue};
use error_tracker::format::{Color, Format};
use hmac_sha256::Hash;

use crate::length::{grouped, one_line, shortened};
use crate::{DigestEntry, Notification, Reason, html_body, text_body};

/// The longest subject.
const MAX_SUBJECT: usize = 200;
/// The longest title.
const MAX_TITLE: usize = 400;

/// What messages say: the prefix of subjects, the address of the page, whether variables are in
/// them.
///
/// ```
/// use error_tracker::event::{Event, Issue};
/// use error_tracker_notify::{MessageFormat, Reason};
///
/// let mut event = Event::default();
/// event.type_name = "shop::OrderError".into();
/// event.message = "quantity is -3".into();
/// let format = MessageFormat::new().prefix("shop").page_address("https://shop.example/dev/error/");
/// let notification = format.about(Reason::New, &Issue::of(&event), &event, 0);
/// assert_eq!(notification.subject, "[shop] OrderError: quantity is -3");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFormat {
    prefix: String,
    page_address: String,
    variables: bool,
}

impl MessageFormat {
    /// Returns the default: no prefix, no links, no variables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what subjects begin with, in brackets; empty for nothing.
    #[must_use]
    pub fn prefix(mut self, prefix: impl AsRef<str>) -> Self {
        self.prefix = one_line(prefix.as_ref());
        self
    }

    /// Sets the public address of the pages, such as `https://shop.example/dev/error/`. Messages
    /// then have a link to the page of their issue.
    #[must_use]
    pub fn page_address(mut self, address: impl AsRef<str>) -> Self {
        self.page_address = one_line(address.as_ref()).trim_end_matches('/').to_owned();
        self
    }

    /// Sets whether traces have the arguments and locals of each function, as far as they are not
    /// masked; `false` by default: messages leave the machine.
    #[must_use]
    pub fn variables(mut self, variables: bool) -> Self {
        self.variables = variables;
        self
    }

    /// Returns the message about an issue and one of its events. `held_back` is the number of
    /// messages about it that were not sent since the last one.
    #[must_use]
    pub fn about(
        &self,
        reason: Reason,
        issue: &Issue,
        event: &Event,
        held_back: u64,
    ) -> Notification {
        let title = title(&event.short_type(), &event.headline());
        let mut summary = sentence(&reason);
        if held_back > 0 {
            summary.push_str(&format!(" {} more since the last message.", grouped(held_back)));
        }
        let notification = Notification {
            id: id([reason.to_string().as_str(), &issue.hash, &event.id]),
            repeated: false,
            subject: self.subject(Some(event), &title),
            link: self.link(&issue.hash),
            facts: facts(issue, event),
            trace: self.trace(event),
            issue: Some(issue.clone()),
            event: Some(event.clone()),
            digest: Vec::new(),
            text: String::new(),
            html: String::new(),
            sender: String::new(),
            recipients: Vec::new(),
            reason,
            held_back,
            title,
            summary,
        };
        rendered(notification)
    }

    /// Returns a message about several issues. `id` tells it from other digests. `held_back` is the
    /// number of messages that were not sent since the last one.
    #[must_use]
    pub fn digest(&self, id_text: &str, held_back: u64, entries: Vec<DigestEntry>) -> Notification {
        let issues = match entries.len() {
            1 => "1 issue".to_owned(),
            count => format!("{} issues", grouped(count as u64)),
        };
        let title = format!("{} held back, of {issues}", messages(held_back));
        let summary = format!("{title}.");
        rendered(Notification {
            id: id(["digest", id_text]),
            subject: self.subject(None, &title),
            link: (!self.page_address.is_empty()).then(|| format!("{}/", self.page_address)),
            digest: entries,
            held_back,
            title,
            summary,
            ..bare(Reason::Digest)
        })
    }

    /// Returns a message that tests a channel.
    #[must_use]
    pub fn test(&self, id_text: &str) -> Notification {
        let title = "Test message of error-tracker".to_owned();
        rendered(Notification {
            id: id(["test", id_text]),
            subject: self.subject(None, &title),
            link: (!self.page_address.is_empty()).then(|| format!("{}/", self.page_address)),
            summary: "This channel works.".into(),
            title,
            ..bare(Reason::Test)
        })
    }

    /// Returns the address of an issue's page.
    #[must_use]
    pub fn link(&self, hash: &str) -> Option<String> {
        (!self.page_address.is_empty()).then(|| format!("{}/{hash}", self.page_address))
    }

    /// `[prefix] [METHOD] url last-line`, each part where there is one.
    fn subject(&self, event: Option<&Event>, last_line: &str) -> String {
        let mut subject = String::new();
        if !self.prefix.is_empty() {
            subject.push_str(&format!("[{}] ", self.prefix));
        }
        if let Some(request) = event.and_then(|event| event.context.request.as_ref()) {
            if !request.method.is_empty() {
                subject.push_str(&format!("[{}] ", request.method));
            }
            let url = request_url(request);
            if !url.is_empty() {
                subject.push_str(&format!("{url} "));
            }
        }
        subject.push_str(last_line);
        shortened(&one_line(&subject), MAX_SUBJECT)
    }

    fn trace(&self, event: &Event) -> String {
        let format = Format::new().color(Color::Never);
        if self.variables {
            return format.event(event);
        }
        let mut event = event.clone();
        let clear = |frame: &mut Frame| {
            frame.arguments.clear();
            frame.locals.clear();
        };
        event.frames.iter_mut().chain(&mut event.callers).for_each(clear);
        event.globals.clear();
        format.event(&event)
    }
}

/// Returns the URL of a request; host and path if only these are known.
pub(crate) fn request_url(request: &error_tracker::event::Request) -> String {
    if request.url.is_empty() {
        format!("{}{}", request.host, request.path)
    } else {
        request.url.clone()
    }
}

/// Returns a type and a message on one line.
pub(crate) fn title(type_name: &str, message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let title = match (type_name.is_empty(), first.is_empty()) {
        (_, true) => type_name.to_owned(),
        (true, _) => first.to_owned(),
        _ => format!("{type_name}: {first}"),
    };
    shortened(&one_line(&title), MAX_TITLE)
}

fn sentence(reason: &Reason) -> String {
    format!("{reason}.")
}

fn messages(count: u64) -> String {
    match count {
        1 => "1 message".to_owned(),
        count => format!("{} messages", grouped(count)),
    }
}

fn facts(issue: &Issue, event: &Event) -> Vec<(&'static str, String)> {
    let place = event.place().map(|place| match place.line {
        0 => place.file,
        line => format!("{}:{line}", place.file),
    });
    let route = event.context.request.as_ref().map(|request| {
        let path = if request.route.is_empty() { &request.path } else { &request.route };
        format!("{} {path}", request.method)
    });
    let time = |at: error_tracker::event::Timestamp| {
        // To the second.
        at.to_string().get(..19).unwrap_or_default().replace('T', " ") + " UTC"
    };
    let all = [
        ("Occurrences", grouped(issue.count)),
        ("First seen", time(issue.first_seen)),
        ("Last seen", time(issue.last_seen.max(event.at))),
        ("Environment", event.origin.environment.clone()),
        ("Release", event.origin.release.clone()),
        ("Machine", event.origin.host.clone()),
        ("Request", route.unwrap_or_default()),
        ("Place", place.unwrap_or_default()),
    ];
    let all = all.into_iter().map(|(name, value)| (name, shortened(&one_line(&value), 200)));
    all.filter(|(_, value)| !value.is_empty()).collect()
}

/// A message without content.
fn bare(reason: Reason) -> Notification {
    Notification {
        reason,
        id: String::new(),
        repeated: false,
        issue: None,
        event: None,
        digest: Vec::new(),
        held_back: 0,
        subject: String::new(),
        title: String::new(),
        summary: String::new(),
        facts: Vec::new(),
        trace: String::new(),
        text: String::new(),
        html: String::new(),
        link: None,
        sender: String::new(),
        recipients: Vec::new(),
    }
}

impl Notification {
    /// Says in the message that it may have been sent before.
    pub(crate) fn marked_as_repeated(mut self) -> Self {
        self.repeated = true;
        self.summary.push_str(" This message may have been sent before.");
        rendered(self)
    }
}

/// Fills in the bodies.
fn rendered(mut notification: Notification) -> Notification {
    notification.text = text_body::render(&notification);
    notification.html = html_body::render(&notification);
    notification
}

/// Returns 32 hexadecimal digits that are the same for the same texts.
pub(crate) fn id<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Hash::new();
    for text in texts {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    crate::signature::hexadecimal(&hash.finalize()[..16])
}

#[cfg(test)]
mod tests;
