//! The text of a function: its lines, variables and sites, as the library reads them at a failure.
//!
//! The library reads it in `error-tracker/src/trace/function_meta.rs`, whose tests read what this
//! file writes. This is the specification of the format:
//!
//! ```text
//! text     = head GROUP variable* GROUP site*
//! head     = first_line FIELD last_line FIELD renamed FIELD silent FIELD small FIELD hidden FIELD
//!            level FIELD file FIELD name ENTRY
//! variable = name FIELD role FIELD masked FIELD from FIELD changes FIELD to ENTRY
//! site     = exit | handler
//! exit     = line FIELD column FIELD ("q"|"r"|"t"|"m") FIELD flags FIELD ordinal FIELD order FIELD
//!            calls FIELD text ENTRY
//! handler  = line FIELD column FIELD "h" FIELD flags FIELD to FIELD from FIELD
//!            calls FIELD leads_to ENTRY
//! GROUP    = U+001D      ENTRY = U+001E      FIELD = U+001F
//! ```
//!
//! A number is decimal and below 2^32. A flag is 0 or 1. In each field but the last of an entry a 0
//! is left out. The three separators are removed from names and expressions.
//!
//! - `first_line`, `last_line`: where the function starts and ends in `file`
//! - `renamed`: whether `name` is the value of the option `name`; else it is the function's own
//!   name
//! - `silent`: whether errors end here, by the option `silent`
//! - `small`: whether calls of the function are not tracked, since it is one short expression
//! - `hidden`: whether an error may leave where it is not inspected: `n` never, `p` possibly, `l`
//!   likely
//! - `level`: `debug`, `info`, `warning`, `error`, `fatal`, or empty
//! - `variable`: one entry for each slot, in their order. `role` is `a` for an argument, `c` for a
//!   value of the option `context`, `l` for a local; `masked` says whether the option `mask` names
//!   it
//! - `from`, `to` of a variable: its scope, as orders. An empty `to` is the end of the function
//! - `changes`: `order:change`, separated by commas, ascending. From this order on the variable may
//!   have changed so: 0 not at all, 1 borrowed, 2 an argument of a call, 3 the receiver of a
//!   method, 4 written
//! - `site`: its index, from 0, is its number in the expansion. An exit is by `?` (`q`), by
//!   `return` (`r`), as the last expression (`t`) or by a macro (`m`); a handler is `h`
//! - `line`, `column`: where the expression of an exit starts. Those of a handler have no meaning
//! - `flags`: the sum of 1 if the error is made at the exit, or has a name in the handler; 2 if it
//!   may come from another thread or task; 4 if the handler makes another error of it; 8 if the
//!   work of that thread is in the function
//! - `ordinal`: the number of exits in front with the same text
//! - `order`: the position in the function. Bindings, changes and sites share one count
//! - `from`, `to` of a handler: the code that handles its error, as orders
//! - `calls`: names of calls from which the error may come beside those in `text`, separated by
//!   spaces. A name with a `-` in front is that of a call in `text` whose error is discarded
//! - `text`: the expression of the exit
//! - `leads_to`: the orders of exits behind the handler at which its error leaves, separated by
//!   spaces

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

const GROUP: char = '\u{1d}';
const ENTRY: char = '\u{1e}';
const FIELD: char = '\u{1f}';

/// The text of a function while it is written.
pub(crate) struct MetaText(String);

/// The first entry.
pub(crate) struct HeadEntry<'a> {
    pub(crate) first_line: usize,
    pub(crate) last_line: usize,
    pub(crate) renamed: bool,
    pub(crate) silent: bool,
    pub(crate) small: bool,
    pub(crate) hidden: HiddenExit,
    pub(crate) level: &'a str,
    pub(crate) file: &'a str,
    pub(crate) name: &'a str,
}

/// Whether an error may leave a function where it is not inspected.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HiddenExit {
    #[default]
    Never,
    /// There are macros of which nothing is known.
    Possible,
    /// There is a `?` or a `return` in code that the walk does not go through.
    Likely,
}

/// The entry of a variable.
pub(crate) struct VariableEntry<'a> {
    pub(crate) name: &'a str,
    pub(crate) role: VariableRole,
    pub(crate) masked: bool,
    pub(crate) from: u32,
    /// Orders, each with the number of a change.
    pub(crate) changes: &'a [(u32, u8)],
    /// `None` for the end of the function.
    pub(crate) to: Option<u32>,
}

#[derive(Clone, Copy)]
pub(crate) enum VariableRole {
    Argument,
    Context,
    Local,
}

/// How a failure leaves a function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitKind {
    /// By a `?`.
    Question,
    /// By a `return`.
    Return,
    /// As the value of the last expression.
    Tail,
    /// By a macro that returns, such as `bail!`.
    Macro,
}

/// Whether an error can come from another thread or task.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ThreadCrossing {
    Never,
    Possible,
    /// Possible, and the work of that thread is written in this function: `spawn_blocking(move ||
    /// read(path)).await?`.
    Inline,
}

impl ThreadCrossing {
    fn flags(self) -> u8 {
        match self {
            Self::Never => 0,
            Self::Possible => 2,
            Self::Inline => 2 + 8,
        }
    }
}

/// The entry of an exit.
pub(crate) struct ExitEntry<'a> {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) kind: ExitKind,
    pub(crate) creates_error: bool,
    pub(crate) crossing: ThreadCrossing,
    pub(crate) ordinal: usize,
    pub(crate) order: u32,
    pub(crate) calls: &'a str,
    pub(crate) text: &'a str,
}

/// The entry of a handler.
pub(crate) struct HandlerEntry<'a> {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) names_it: bool,
    pub(crate) crossing: ThreadCrossing,
    pub(crate) leads: bool,
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) calls: &'a str,
    pub(crate) leads_to: &'a [u32],
}

impl MetaText {
    /// Begins a text with the first group.
    pub(crate) fn new(head: &HeadEntry<'_>) -> Self {
        let HeadEntry { first_line, last_line, level, file, .. } = head;
        let [renamed, silent, small] = [head.renamed, head.silent, head.small].map(u8::from);
        let hidden = match head.hidden {
            HiddenExit::Never => "n",
            HiddenExit::Possible => "p",
            HiddenExit::Likely => "l",
        };
        let name = without_separators(head.name);
        let mut text = Self(String::new());
        text.entry(&[
            first_line, last_line, &renamed, &silent, &small, &hidden, level, file, &name,
        ]);
        text.end_group();
        text
    }

    /// Ends a group of entries.
    pub(crate) fn end_group(&mut self) {
        self.0.push(GROUP);
    }

    /// Adds a variable to the second group.
    pub(crate) fn variable(&mut self, variable: &VariableEntry<'_>) {
        let role = match variable.role {
            VariableRole::Argument => "a",
            VariableRole::Context => "c",
            VariableRole::Local => "l",
        };
        let changes: Vec<_> =
            variable.changes.iter().map(|(order, change)| format!("{order}:{change}")).collect();
        let changes = changes.join(",");
        let VariableEntry { name, masked, from, to, .. } = variable;
        let to: &dyn Display = to.as_ref().map_or(&"", |to| to);
        self.entry(&[name, &role, &u8::from(*masked), from, &changes, to]);
    }

    /// Adds an exit to the third group.
    pub(crate) fn exit(&mut self, exit: &ExitEntry<'_>) {
        let ExitEntry { line, column, ordinal, order, calls, .. } = exit;
        let kind = match exit.kind {
            ExitKind::Question => "q",
            ExitKind::Return => "r",
            ExitKind::Tail => "t",
            ExitKind::Macro => "m",
        };
        let flags = u8::from(exit.creates_error) + exit.crossing.flags();
        self.entry(&[
            line,
            column,
            &kind,
            &flags,
            ordinal,
            order,
            calls,
            &without_separators(exit.text),
        ]);
    }

    /// Adds a handler to the third group.
    pub(crate) fn handler(&mut self, handler: &HandlerEntry<'_>) {
        let HandlerEntry { line, column, from, to, calls, .. } = handler;
        let flags =
            u8::from(handler.names_it) + handler.crossing.flags() + 4 * u8::from(handler.leads);
        let leads_to: Vec<_> = handler.leads_to.iter().map(u32::to_string).collect();
        self.entry(&[line, column, &"h", &flags, to, from, calls, &leads_to.join(" ")]);
    }

    /// Returns the whole text.
    pub(crate) fn finish(self) -> String {
        self.0
    }

    fn entry(&mut self, fields: &[&dyn Display]) {
        let text = &mut self.0;
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                text.push(FIELD);
            }
            let start = text.len();
            let _ = write!(text, "{field}");
            if &text[start..] == "0" && index + 1 < fields.len() {
                text.truncate(start);
            }
        }
        text.push(ENTRY);
    }
}

/// Returns a text of the source without the separators.
fn without_separators(text: &str) -> Cow<'_, str> {
    match text.contains([GROUP, ENTRY, FIELD]) {
        true => text.replace([GROUP, ENTRY, FIELD], "").into(),
        false => text.into(),
    }
}
