//! Places in the program: the functions that a failure passed with their variables, and the call stack.

use serde::{Deserialize, Serialize};

use super::Cause;

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
    /// First and last line of the function; zeros where they are not known.
    #[serde(skip_serializing_if = "is_unknown")]
    pub(crate) extent: (u32, u32),
}

fn is_unknown(extent: &(u32, u32)) -> bool {
    *extent == (0, 0)
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
pub enum CaptureTime {
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
    pub taken: CaptureTime,
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

/// One call of a backtrace. Calls that the compiler put in line have the offset of the one that they are part of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BacktraceFrame {
    /// Demangled function name without its hash; empty where not known.
    pub function: String,
    /// Source file, where debug information has it.
    pub file: Option<String>,
    /// Line, where debug information has it.
    pub line: Option<u32>,
    /// Whether it is the program's own code: no dependency and not the standard library.
    pub in_app: bool,
    /// Where in the object file the call is, as `addr2line` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Index of the object file in [`Event::objects`](super::Event::objects).
    #[serde(skip_serializing_if = "is_first")]
    pub object: usize,
}

impl BacktraceFrame {
    /// Returns whether its name was not looked up yet, or could not be found.
    pub(crate) fn is_unnamed(&self) -> bool {
        self.offset.is_some() && self.function.is_empty() && self.file.is_none()
    }
}

fn is_first(index: &usize) -> bool {
    *index == 0
}

/// An executable or library of the program that an event comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ObjectFile {
    /// Where it was.
    pub path: String,
    /// Its GNU build id as hexadecimal digits; where the linker wrote none, its length and time.
    pub build_id: String,
}
