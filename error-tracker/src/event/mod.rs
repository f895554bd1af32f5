//! Plain data: events and issues as they are printed, stored and shown.

mod context;
mod frame;
mod headline;
mod id;
mod issue;
mod names;
mod note;
mod time;
mod user_key;

pub use context::{Breadcrumb, Context, Origin, Request};
pub use frame::{
    BacktraceFrame, CaptureTime, Exit, Frame, Location, ObjectFile, Snippet, Variable,
};
pub(crate) use id::new_id;
pub use issue::{Issue, Status};
pub use names::UnknownNameError;
pub(crate) use names::named;
pub use note::Note;
pub use time::Timestamp;
pub use user_key::UserKey;

use serde::{Deserialize, Serialize};

/// The kind of failure that an event records.
///
/// ```
/// use error_tracker::event::Kind;
///
/// assert_eq!("panic".parse(), Ok(Kind::Panic));
/// assert_eq!(Kind::Panic.to_string(), "panic");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// An `Err`, or an error given to `capture_exception!`.
    #[default]
    Error,
    /// A panic.
    Panic,
    /// A message given to `capture_message!`.
    Message,
    /// A `None` that left a function annotated with the option `none`.
    None,
}

/// The importance of an event.
///
/// ```
/// use error_tracker::event::Level;
///
/// assert_eq!("warning".parse(), Ok(Level::Warning));
/// assert_eq!(Level::Warning.to_string(), "warning");
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Level {
    /// Useful during development.
    Debug,
    /// Normal operation.
    Info,
    /// Something is wrong, but the operation continued.
    Warning,
    /// The operation failed.
    #[default]
    Error,
    /// The program or thread ended.
    Fatal,
}

/// A recorded failure. A stored event of an issue is called an occurrence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Event {
    /// UUID version 7.
    pub id: String,
    /// When it was captured.
    pub at: Timestamp,
    /// Error, panic, message or `None`.
    pub kind: Kind,
    /// The level.
    pub level: Level,
    /// Whether the program continued: the error was handled, the panic was caught, or the event was
    /// captured explicitly.
    pub handled: bool,
    /// Whether the event was captured explicitly: with `capture_exception!` or the like, in an
    /// error handler, or by `Scope::run_handled`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub captured: bool,
    /// Full path of the innermost error's static type, as returned by `std::any::type_name`.
    /// `panic` for a panic, `message` for a message.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The variant of the error's enum, if its `Debug` form shows one; the kind of an `io::Error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The kind of the `io::Error` that is the innermost error or its cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_kind: Option<String>,
    /// Whether the event is grouped by its text, because the innermost error's `Debug` equals its
    /// `Display` and shows no variant.
    #[serde(skip_serializing_if = "is_false")]
    pub by_text: bool,
    /// The innermost error's `Display` text, the panic's message, or the rendered message.
    pub message: String,
    /// The literal from which a message was formatted, by which it is grouped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The innermost error's `Debug` text, bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug: Option<String>,
    /// The `source()` chain of the outermost observed error, from that error down to its root.
    /// Empty if the error was not converted and has no source.
    pub chain: Vec<Cause>,
    /// The return trace: the annotated functions that the error left, from where it began outward.
    pub frames: Vec<Frame>,
    /// Annotated functions that were still running above those, from the innermost outward; then
    /// the functions that waited for the error in another thread or task, and that it left there,
    /// unless the event was already written.
    pub callers: Vec<Frame>,
    /// The place of a panic or of an explicit capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The call stack, innermost first: calls in the program's own object files, down to `main` or
    /// the start of the thread. [`BacktraceMode`](crate::BacktraceMode) decides which failures have
    /// one. The calls have no names until [`Symbolizer`](crate::Symbolizer) has found them.
    pub backtrace: Vec<BacktraceFrame>,
    /// The files to which the offsets of the backtrace refer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectFile>,
    /// Name of the thread, or its number if it has none.
    pub thread: String,
    /// Values of the globals that are named in the attribute or the builder.
    pub globals: Vec<Variable>,
    /// The data of the scopes.
    pub context: Context,
    /// The program and machine.
    pub origin: Origin,
    /// The custom grouping set by a scope; empty for none.
    pub fingerprint: Vec<String>,
    /// The issue that the event belongs to, and the reason.
    pub grouping: Grouping,
    /// Descriptions of what was omitted to limit the size of the event.
    pub cut: Vec<String>,
    /// The user, taken before the context was masked. It is not stored.
    #[serde(skip)]
    pub(crate) user_key: Option<UserKey>,
}

impl Event {
    /// Returns whether it is an error that the program handled, and neither a panic nor captured
    /// explicitly. Issues with only such events are listed separately.
    #[must_use]
    pub fn is_handled_error(&self) -> bool {
        self.handled && !self.captured && matches!(self.kind, Kind::Error | Kind::None)
    }

    /// Returns what tells the event's user apart from others; `None` without a user.
    #[must_use]
    pub fn user_key(&self) -> Option<UserKey> {
        self.user_key.or_else(|| UserKey::of(&self.context.user))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

/// One error of a `source()` chain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Cause {
    /// Full path of the type, if it is known; it is not for `dyn Error`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// The kind of an `io::Error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// `Display` text.
    pub message: String,
}

/// The reason why an event belongs to its issue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Grouping {
    /// The fingerprint: 64 hexadecimal digits.
    pub hash: String,
    /// Version of the grouping algorithm: `g1`.
    pub version: String,
    /// The hashed components, in order.
    pub components: Vec<FingerprintComponent>,
}

/// One part of a fingerprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FingerprintComponent {
    /// The name of the component, such as `type` or `function`.
    pub label: String,
    /// The hashed text.
    pub value: String,
}

impl Event {
    /// Returns the place where the failure began: the failing expression of the innermost frame,
    /// else the place of the panic or the capture, else the innermost call of the backtrace that
    /// belongs to the program.
    #[must_use]
    pub fn place(&self) -> Option<Location> {
        if let Some(frame) = self.frames.first() {
            return Some(Location {
                file: frame.file.clone(),
                line: frame.line,
                column: frame.column,
            });
        }
        let called = || {
            let call = self.backtrace.iter().find(|call| call.in_app && call.file.is_some())?;
            Some(Location { file: call.file.clone()?, line: call.line.unwrap_or(0), column: 0 })
        };
        self.location.clone().or_else(called)
    }

    /// Returns the last name of the type with the variant, for headings: `OrderError::Negative`. A
    /// type called `Error` is preceded by its module or crate: `io::Error::NotFound`.
    #[must_use]
    pub fn short_type(&self) -> String {
        headline::type_with_home(&self.type_name, self.variant.as_deref())
    }

    /// Returns the outermost error's message followed by those of its causes, without repetitions,
    /// such as `Could not create export file 'x.json': No such file or directory (os error 2)`.
    /// With causes it is one line.
    ///
    /// ```
    /// use error_tracker::event::{Cause, Event};
    ///
    /// let mut event = Event::default();
    /// event.message = "No such file or directory".into();
    /// let mut outermost = Cause::default();
    /// outermost.message = "Could not create 'x.json'".into();
    /// event.chain.push(outermost);
    /// assert_eq!(event.headline(), "Could not create 'x.json': No such file or directory");
    /// ```
    #[must_use]
    pub fn headline(&self) -> String {
        headline::joined(self.chain.iter().map(|cause| &*cause.message).chain([&*self.message]))
    }

    /// Returns the number of variables that have a value.
    #[must_use]
    pub fn values(&self) -> usize {
        let frames = self.frames.iter().chain(&self.callers);
        let variables = frames.flat_map(|frame| frame.arguments.iter().chain(&frame.locals));
        variables.filter(|variable| variable.value.is_some()).count()
    }
}

/// Returns the short form of a type and variant: `Error<D>::Gone` for `a::b::Error<c::D>` and
/// `Gone`.
#[must_use]
pub fn short_type(path: &str, variant: Option<&str>) -> String {
    let mut short = String::with_capacity(path.len());
    let mut word = 0;
    for (at, c) in path.char_indices() {
        if !(c.is_alphanumeric() || c == '_' || c == ':') {
            short.push_str(last_segment(&path[word..at]));
            short.push(c);
            word = at + c.len_utf8();
        }
    }
    short.push_str(last_segment(&path[word..]));
    if let Some(variant) = variant {
        short.push_str("::");
        short.push_str(variant);
    }
    short
}

fn last_segment(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::short_type;

    #[test]
    fn a_short_type_keeps_the_last_names_and_the_variant() {
        assert_eq!(short_type("core::num::error::ParseIntError", None), "ParseIntError");
        assert_eq!(
            short_type("shop::Order<alloc::string::String>", Some("Gone")),
            "Order<String>::Gone"
        );
        assert_eq!(
            short_type("alloc::boxed::Box<dyn core::error::Error + core::marker::Send>", None),
            "Box<dyn Error + Send>"
        );
        assert_eq!(short_type("", None), "");
    }
}
