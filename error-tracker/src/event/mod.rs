//! Plain data: what was captured, as it is printed, stored and shown. Nothing here knows how it came to be.

mod issue;
mod time;

pub use issue::{Issue, Status};
pub use time::Timestamp;

use serde::{Deserialize, Serialize};

use crate::json::{Map, Value};

/// What kind of failure an event is.
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

/// How much an event matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// How much it matters.
    pub level: Level,
    /// Whether the program went on: the error was handled on the way, the panic was caught, or the
    /// event was captured by hand.
    pub handled: bool,
    /// Full path of the innermost error's static type, as `std::any::type_name` gives it. For a panic
    /// `panic`, for a message `message`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The variant of the error's enum, when its `Debug` form shows one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
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
    /// The return trace: the annotated functions that the error left, from where it rose outward.
    pub frames: Vec<Frame>,
    /// Annotated functions that were still running above those, from the innermost outward; behind them those that waited for
    /// the error in another thread or task, and through which it left there, as far as the event was not written yet.
    pub callers: Vec<Frame>,
    /// Where a panic rose, or where an event was captured by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The call stack, innermost first.
    pub backtrace: Vec<BacktraceFrame>,
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
    /// The call stack before it has names.
    #[serde(skip)]
    pub(crate) addresses: Vec<usize>,
}

/// One error of a `source()` chain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Cause {
    /// Full path of the type where it was known; errors behind `dyn Error` do not tell.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// `Display` text.
    pub message: String,
}

/// How an error left a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Exit {
    /// Through a `?`.
    #[default]
    Question,
    /// Through `return x`.
    Return,
    /// As the value of the function's last expression.
    Tail,
    /// A panic unwound through it.
    Panic,
    /// Inside a macro such as `bail!`.
    Macro,
    /// Somewhere the attribute could not see.
    Hidden,
    /// It has not left: the function was still running.
    Running,
    /// The event was captured by hand inside it.
    Captured,
}

/// One annotated function that an error passed, or that was still running.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Frame {
    /// Name of the function, with its type for methods: `Cart::total`.
    pub function: String,
    /// Module path.
    pub module: String,
    /// Source file as the compiler was given it.
    pub file: String,
    /// Line of the failing expression, from 1. For a running function the line where it starts.
    pub line: u32,
    /// Column of the failing expression, from 1.
    pub column: u32,
    /// Text of the failing expression; empty for a running function.
    pub expression: String,
    /// Ordinal among equal expressions of the function, from 0.
    pub ordinal: u32,
    /// How the error left.
    pub exit: Exit,
    /// The error as this function returned it, where that differs from what it received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Cause>,
    /// Arguments, in order.
    pub arguments: Vec<Variable>,
    /// Local variables, in the order in which they were bound.
    pub locals: Vec<Variable>,
    /// Source lines around the failing one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippet: Option<Snippet>,
    /// Folder of the crate's manifest when it was compiled, to find `file`.
    #[serde(skip)]
    pub(crate) root: &'static str,
    /// First and last line of the function.
    #[serde(skip)]
    pub(crate) extent: (u32, u32),
}

/// Lines of source text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Snippet {
    /// Number of the first line.
    pub first_line: u32,
    /// The lines, without line ends.
    pub lines: Vec<String>,
}

/// When a variable's value was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Taken {
    /// At the failure.
    Failure,
    /// When the variable was bound or last visibly assigned.
    Bound,
    /// Not at all: masked, no `Debug`, or too costly; then `value` is absent or the mask's text.
    #[default]
    Never,
}

/// An argument, a local variable or a global.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Full path of its static type; empty where not known.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its `Debug` text, bounded; the mask's text for a masked one; absent when nothing was kept.
    pub value: Option<String>,
    /// When the value was taken.
    pub taken: Taken,
    /// Whether its name is masked. Secrets inside the value of a variable that is not masked read as
    /// the mask's text, too.
    pub masked: bool,
    /// The rule that masked it, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masked_by: Option<String>,
    /// Why no value or not the whole value is there, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A place in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Location {
    /// Source file as the compiler was given it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// One call of a backtrace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BacktraceFrame {
    /// Demangled function name without its hash; empty where not known.
    pub function: String,
    /// Source file, where debug information tells.
    pub file: Option<String>,
    /// Line, where debug information tells.
    pub line: Option<u32>,
    /// Whether it is the program's own code: no dependency and not the standard library.
    pub in_app: bool,
}

/// What the scopes held when an event was captured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Context {
    /// Extra data by name.
    pub extras: Map,
    /// Short searchable values by name.
    pub tags: std::collections::BTreeMap<String, String>,
    /// Who met the failure, by field (`id`, `email`, ..).
    pub user: std::collections::BTreeMap<String, String>,
    /// What happened before, oldest first.
    pub breadcrumbs: Vec<Breadcrumb>,
    /// The web request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
}

/// One step on the way to a failure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Breadcrumb {
    /// When.
    pub at: Timestamp,
    /// What kind of step, such as `http` or `query`.
    pub category: String,
    /// What happened.
    pub message: String,
    /// How much it matters.
    pub level: Level,
    /// Data by name.
    pub data: Map,
}

/// The web request during which an event was captured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Request {
    /// `GET`, `POST`, ..
    pub method: String,
    /// Host name and port that were asked for.
    pub host: String,
    /// Path, or the route's pattern where the router tells.
    pub path: String,
    /// Full URL.
    pub url: String,
    /// Query parameters, in order.
    pub query: Vec<(String, String)>,
    /// Headers, in order; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Cookies, in order.
    pub cookies: Vec<(String, String)>,
    /// Form fields, in order.
    pub form: Vec<(String, String)>,
    /// JSON body.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub json: Value,
}

/// The program and the machine that an event comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Origin {
    /// Machine's name.
    pub host: String,
    /// The program's release, such as `shop@1.4.2`; empty for none.
    pub release: String,
    /// `production`, `staging`, ..; empty for none.
    pub environment: String,
    /// Process id.
    pub process: u32,
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
    pub components: Vec<Component>,
}

/// One part of a fingerprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Component {
    /// What it is, such as `type` or `place`.
    pub label: String,
    /// What was hashed.
    pub value: String,
}

impl Event {
    /// The place where it rose: the innermost frame's failing expression, else the panic's or the capturing
    /// call's place, else the innermost call of the backtrace that is the program's own.
    #[must_use]
    pub fn place(&self) -> Option<Location> {
        if let Some(frame) = self.frames.first() {
            return Some(Location { file: frame.file.clone(), line: frame.line, column: frame.column });
        }
        let called = || {
            let call = self.backtrace.iter().find(|call| call.in_app && call.file.is_some())?;
            Some(Location { file: call.file.clone()?, line: call.line.unwrap_or(0), column: 0 })
        };
        self.location.clone().or_else(called)
    }

    /// The type's last name with the variant, as headings show it: `OrderError::Negative`.
    #[must_use]
    pub fn short_type(&self) -> String {
        short_type(&self.type_name, self.variant.as_deref())
    }

    /// How many variables have a value.
    #[must_use]
    pub fn values(&self) -> usize {
        let frames = self.frames.iter().chain(&self.callers);
        let variables = frames.flat_map(|frame| frame.arguments.iter().chain(&frame.locals));
        variables.filter(|variable| variable.value.is_some()).count()
    }
}

/// Names an event.
pub(crate) fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
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
        assert_eq!(short_type("shop::Order<alloc::string::String>", Some("Gone")), "Order<String>::Gone");
        assert_eq!(
            short_type("alloc::boxed::Box<dyn core::error::Error + core::marker::Send>", None),
            "Box<dyn Error + Send>"
        );
        assert_eq!(short_type("", None), "");
    }
}
