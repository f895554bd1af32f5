//! What an expansion knows of its function.

use crate::event::{Exit, Level};
use crate::snapshot::budget::Budget;
use crate::snapshot::slot::Var;

/// Constant facts of one annotated function.
#[derive(Debug)]
pub struct Meta {
    /// Answers a path below the function, such as `shop::Cart::total::META::{{closure}}`.
    pub path: fn() -> &'static str,
    /// The name from the option `name`; else the function's own.
    pub name: &'static str,
    /// Whether `name` was given by option and so stands alone.
    pub renamed: bool,
    pub module: &'static str,
    pub file: &'static str,
    /// Folder of the crate's manifest.
    pub root: &'static str,
    pub first_line: u32,
    pub last_line: u32,
    pub sites: &'static [Site],
    pub variables: &'static [Var],
    pub globals: &'static [Global],
    pub level: Option<Level>,
    pub budget: Budget,
}

/// A place where a failure can leave.
#[derive(Debug)]
pub struct Site {
    pub line: u32,
    pub column: u32,
    pub text: &'static str,
    pub ordinal: u32,
    pub exit: Exit,
    /// Place in the order of bindings and sites: see `Var`.
    pub order: u32,
}

impl Site {
    #[must_use]
    pub const fn new(
        line: u32,
        column: u32,
        text: &'static str,
        ordinal: u32,
        exit: Exit,
        order: u32,
    ) -> Self {
        Self { line, column, text, ordinal, exit, order }
    }
}

/// Is handed a global's type and, where it has one, its `Debug`.
pub type See<'a> = &'a mut dyn FnMut(&'static str, Option<&dyn std::fmt::Debug>);

/// A global that the option `globals` names.
pub struct Global {
    pub(crate) name: &'static str,
    pub(crate) read: fn(See<'_>),
}

impl Global {
    #[must_use]
    pub const fn new(name: &'static str, read: fn(See<'_>)) -> Self {
        Self { name, read }
    }
}

impl std::fmt::Debug for Global {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
