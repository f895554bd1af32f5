//! Places in the program: the functions that a failure passed, with their variables, and the call
//! stack.

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
    /// At a place that the attribute cannot see.
    Hidden,
    /// It did not leave: the function was still running.
    Running,
    /// The event was captured explicitly inside it.
    Captured,
}

/// One annotated function that an error passed, or that was still running.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Frame {
    /// Name of the function, for methods with the type: `Cart::total`.
    pub function: String,
    /// Module path.
    pub module: String,
    /// Path of the source file, as it was passed to the compiler.
    pub file: String,
    /// Line of the failing expression, from 1. For a running function the line where it starts.
    pub line: u32,
    /// Column of the failing expression, from 1.
    pub column: u32,
    /// Text of the failing expression; empty for a running function.
    pub expression: String,
    /// Ordinal among equal expressions of the function, from 0.
    pub ordinal: u32,
    /// How the error left the function.
    pub exit: Exit,
    /// The error that this function returned, if it differs from the one that it received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Cause>,
    /// Arguments, in order.
    pub arguments: Vec<Variable>,
    /// Local variables, in the order in which they were bound.
    pub locals: Vec<Variable>,
    /// Source lines around the failing one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippet: Option<Snippet>,
    /// Folder of the crate's manifest at compile time, to find `file`.
    #[serde(skip)]
    pub(crate) root: &'static str,
    /// First and last line of the function; zeros if they are not known.
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

/// When a variable's value was captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CaptureTime {
    /// At the failure.
    Failure,
    /// When the variable was bound or last visibly assigned.
    Bound,
    /// Never: the variable is masked, has no `Debug`, or is too costly to read. `value` is absent
    /// or the mask's text.
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
    /// Full path of its static type; empty if it is not known.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its `Debug` text, bounded; the mask's text if it is masked; absent if nothing was captured.
    pub value: Option<String>,
    /// When the value was captured.
    pub taken: CaptureTime,
    /// Whether its name is masked. Secrets inside the value of a variable that is not masked are
    /// replaced by the mask's text as well.
    pub masked: bool,
    /// A description of the rule that masked it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masked_by: Option<String>,
    /// The reason why there is no value, or only a part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A place in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Location {
    /// Path of the source file, as it was passed to the compiler.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// One call of a backtrace. Inlined calls have the offset of the call into which they were inlined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BacktraceFrame {
    /// Demangled function name without its hash; empty if it is not known.
    pub function: String,
    /// Source file, if debug information has it.
    pub file: Option<String>,
    /// Line, if debug information has it.
    pub line: Option<u32>,
    /// Whether the function belongs to the program, not to a dependency or the standard library.
    pub in_app: bool,
    /// Offset of the call in the object file, as `addr2line` expects it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Index of the object file in [`Event::objects`](super::Event::objects).
    #[serde(skip_serializing_if = "is_first")]
    pub object: usize,
}

impl BacktraceFrame {
    /// Returns whether the call has no name: it was not looked up yet, or could not be found.
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
    /// Its path.
    pub path: String,
    /// Its GNU build id as hexadecimal digits; its length and time if it has none.
    pub build_id: String,
}
