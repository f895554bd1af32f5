use serde::{Deserialize, Serialize};

use super::headline::type_with_home;
use super::{Event, FingerprintComponent, Kind, Level, Timestamp};

/// Whether an issue is open, resolved or muted.
///
/// ```
/// use error_tracker::event::Status;
///
/// assert_eq!("muted".parse(), Ok(Status::Muted));
/// assert_eq!(Status::Muted.to_string(), "muted");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// Open.
    #[default]
    Unresolved,
    /// Resolved; a later failure reopens it, or one of a newer release:
    /// [`Issue::resolved_in`].
    Resolved,
    /// Counted, for good or until [`Issue::muted_until`] or [`Issue::muted_until_count`].
    Muted,
}

/// A group of equal events.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Issue {
    /// The fingerprint: 64 hexadecimal digits.
    pub hash: String,
    /// Error, panic, message or `None`.
    pub kind: Kind,
    /// The level of the latest event.
    pub level: Level,
    /// Full path of the innermost error's type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The variant of the error's enum, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The headline of the latest event: the outermost error's message with its causes, see [`Event::headline`].
    pub message: String,
    /// The number of occurrences.
    pub count: u64,
    /// The number of other issues that were merged into this one; their numbers are included in
    /// those of this one.
    pub parts: u64,
    /// The number of users who were affected, as [`UserKey`](super::UserKey) tells them apart: exact
    /// up to 255, estimated beyond, see [`UserSketch`](crate::store::UserSketch). Failures without a
    /// user are not included.
    pub users: u64,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// Whether it is open, resolved or muted.
    pub status: Status,
    /// The release in which it was resolved, if only an event of a newer release reopens it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_in: Option<String>,
    /// The time until which it is muted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
    /// The count up to which it is muted: a further occurrence opens it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until_count: Option<u64>,
    /// Who takes care of it; empty if nobody does.
    pub assignee: String,
    /// Whether all of its events are errors that the program handled: none left the annotated
    /// functions, was captured explicitly, or is a panic.
    pub handled: bool,
    /// Function in which the failure began; empty if it is not known.
    pub function: String,
    /// Module of that function.
    pub module: String,
    /// Source file.
    pub file: String,
    /// Line, from 1; 0 if it is not known.
    pub line: u32,
    /// Machine's name of the latest event; the requested host for web requests.
    pub host: String,
    /// HTTP method of the latest event; empty without a web request.
    pub method: String,
    /// Route of the latest event's request, or its path; empty without a web request.
    pub path: String,
    /// Release of the latest event.
    pub release: String,
    /// Environment of the latest event.
    pub environment: String,
    /// The components of the fingerprint by which its events are grouped.
    pub components: Vec<FingerprintComponent>,
}

impl Issue {
    /// Creates the issue of a single event: count 1, unresolved.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        let request = event.context.request.as_ref();
        let place = event.place();
        let (function, module) = match event.frames.first() {
            Some(frame) => (frame.function.clone(), frame.module.clone()),
            None => {
                let called = event.backtrace.iter().find(|call| call.in_app);
                (called.map(|call| call.function.clone()).unwrap_or_default(), String::new())
            }
        };
        Self {
            hash: event.grouping.hash.clone(),
            kind: event.kind,
            level: event.level,
            type_name: event.type_name.clone(),
            variant: event.variant.clone(),
            message: event.headline(),
            count: 1,
            users: u64::from(event.user_key().is_some()),
            first_seen: event.at,
            last_seen: event.at,
            status: Status::Unresolved,
            handled: event.is_handled_error(),
            function,
            module,
            line: place.as_ref().map_or(0, |place| place.line),
            file: place.map(|place| place.file).unwrap_or_default(),
            host: request.map_or_else(|| event.origin.host.clone(), |request| request.host.clone()),
            method: request.map(|request| request.method.clone()).unwrap_or_default(),
            path: request.map(|request| request.route_or_path().to_owned()).unwrap_or_default(),
            release: event.origin.release.clone(),
            environment: event.origin.environment.clone(),
            components: event.grouping.components.clone(),
            ..Self::default()
        }
    }

    /// Returns the short type for headings, see [`Event::short_type`].
    #[must_use]
    pub fn short_type(&self) -> String {
        type_with_home(&self.type_name, self.variant.as_deref())
    }
}
