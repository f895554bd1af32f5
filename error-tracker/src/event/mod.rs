//! Plain data: what was captured, as it is printed, stored and shown. Nothing here knows how it came to be.

mod context;
mod frame;
mod headline;
mod id;
mod issue;
mod names;
mod time;

pub use context::{Breadcrumb, Context, Origin, Request};
pub use frame::{
    BacktraceFrame, CaptureTime, Exit, Frame, Location, ObjectFile, Snippet, Variable,
};
pub(crate) use id::new_id;
pub use issue::{Issue, Status};
pub use names::UnknownNameError;
pub(crate) use names::named;
pub use time::Timestamp;

use serde::{Deserialize, Serialize};

/// What kind of failure an event is.
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
    /// Of interest while developing.
    Debug,
    /// Normal operation.
    Info,
    /// Something is off, the operation went on.
    Warning,
    /// The operation failed.
    #[default]
    Error,
    /// The program or thread ended.
    Fatal,
}

/// One failure that was captured. An event that a store has kept is called an occurrence.
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
    /// Whether the program went on: the error was handled on the way, the panic was caught, or the
    /// event was captured by hand.
    pub handled: bool,
    /// Whether the program captured it by hand: with `capture_exception!` or the like, in an error handler, or by
    /// `Scope::run_handled`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub captured: bool,
    /// Full path of the innermost error's static type, as `std::any::type_name` gives it. For a panic
    /// `panic`, for a message `message`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The variant of the error's enum, when its `Debug` form shows one; of an `io::Error` its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The kind of the `io::Error` that the innermost error is, or by which it was caused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_kind: Option<String>,
    /// Whether the text groups, since the innermost error's `Debug` is its `Display` and names no variant.
    #[serde(skip_serializing_if = "is_false")]
    pub by_text: bool,
    /// The innermost error's `Display` text, the panic's message, or the rendered message.
    pub message: String,
    /// The literal that a message was rendered from; groups messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The innermost error's `Debug` text, bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug: Option<String>,
    /// The `source()` chain of the outermost error that was seen, from that error down to its root.
    /// Empty when the error stayed the same and has no source.
    pub chain: Vec<Cause>,
    /// The return trace: the annotated functions that the error left, from where it began outward.
    pub frames: Vec<Frame>,
    /// Annotated functions that were still running above those, from the innermost outward; behind them those that
    /// waited for the error in another thread or task, and through which it left there, as far as the event was not
    /// written yet.
    pub callers: Vec<Frame>,
    /// The place of a panic or of an explicit capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The call stack, innermost first: calls in the program's own object files, down to `main` or the start of the
    /// thread. [`BacktraceMode`](crate::BacktraceMode) chooses the failures that have one. The calls have no names
    /// before [`Symbolizer`](crate::Symbolizer) has found them.
    pub backtrace: Vec<BacktraceFrame>,
    /// The files that the backtrace's offsets count in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectFile>,
    /// Name of the thread, or its number where it has none.
    pub thread: String,
    /// Values of the globals that the attribute or the builder named.
    pub globals: Vec<Variable>,
    /// What the scopes held.
    pub context: Context,
    /// The program and machine.
    pub origin: Origin,
    /// The user's own grouping; empty for none.
    pub fingerprint: Vec<String>,
    /// The issue it belongs to, and why.
    pub grouping: Grouping,
    /// What was left out to keep the event within its bounds, in words; empty for nothing.
    pub cut: Vec<String>,
}

impl Event {
    /// Returns whether it is an error that the program handled on the way: not captured by hand, and no panic. Issues
    /// with no other events are listed apart.
    #[must_use]
    pub fn is_handled_on_the_way(&self) -> bool {
        self.handled && !self.captured && matches!(self.kind, Kind::Error | Kind::None)
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
    /// Full path of the type where it is known, which it is not behind `dyn Error`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// The kind of an `io::Error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// `Display` text.
    pub message: String,
}

/// Why an event belongs to its issue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Grouping {
    /// The fingerprint: 64 hexadecimal digits.
    pub hash: String,
    /// Name of the way of grouping: `g1`.
    pub version: String,
    /// What was hashed, in order.
    pub components: Vec<FingerprintComponent>,
}

/// One part of a fingerprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FingerprintComponent {
    /// What it is, such as `type` or `place`.
    pub label: String,
    /// What was hashed.
    pub value: String,
}

impl Event {
    /// Returns the place where the failure began: the innermost frame's failing expression, else the panic's or the
    /// capturing call's place, else the innermost call of the backtrace that is the program's own.
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

    /// Returns the type's last name with the variant, as headings show it: `OrderError::Negative`; a mere `Error`
    /// with the name of its module or crate, `io::Error::NotFound`.
    #[must_use]
    pub fn short_type(&self) -> String {
        headline::type_with_home(&self.type_name, self.variant.as_deref())
    }

    /// Returns what happened: the outermost error's message with those of its causes behind it, each once, such as
    /// `Could not create export file 'x.json': No such file or directory (os error 2)`. With causes it is one line.
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

/// `a::b::Error<c::D>` and `Gone` become `Error<D>::Gone`.
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
