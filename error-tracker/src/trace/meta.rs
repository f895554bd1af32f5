//! What an expansion knows of its function.
//!
//! Sites and variables are written as text and read at a failure: a table of constants would be compiled for every
//! annotated function of a program, and most of them never fail.

use std::fmt;

use crate::event::{Exit, Level};
use crate::snapshot::budget::Budget;
use crate::snapshot::keep::Function;
use crate::snapshot::slot::{Role, Var};

/// Constant facts of one annotated function.
#[derive(Debug)]
pub struct Meta {
    /// Answers a path below the function, such as `shop::Cart::total::__ErrorTracker`.
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
    /// One entry a site: line, column, exit, ordinal, order, text. Entries end in U+001E, fields are parted by U+001F.
    pub sites: &'static str,
    /// One entry a slot: name, role, whether it is masked, from, to.
    pub variables: &'static str,
    pub slots: usize,
    pub globals: &'static [Global],
    pub level: Option<Level>,
    /// Whether errors end here, by the option `silent`.
    pub silent: bool,
    pub budget: Budget,
}

/// A place where a failure can leave.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) text: &'static str,
    pub(crate) ordinal: u32,
    pub(crate) exit: Exit,
    /// Place in the order of bindings and sites: see `Var`.
    pub(crate) order: u32,
}

const END: char = '\u{1e}';
const PART: char = '\u{1f}';

impl Meta {
    pub(crate) fn site(&self, index: u32) -> Option<Site> {
        let mut parts = self.sites.split_terminator(END).nth(index as usize)?.splitn(6, PART);
        let mut number = || parts.next()?.parse().ok();
        let (line, column) = (number()?, number()?);
        let exit = match parts.next()? {
            "q" => Exit::Question,
            "r" => Exit::Return,
            "t" => Exit::Tail,
            "m" => Exit::Macro,
            _ => Exit::Hidden,
        };
        let mut number = || parts.next()?.parse().ok();
        let (ordinal, order) = (number()?, number()?);
        Some(Site { line, column, exit, ordinal, order, text: parts.next()? })
    }

    /// The variables, one for each slot.
    pub(crate) fn variables(&self) -> impl Iterator<Item = Var> {
        self.variables.split_terminator(END).map(|entry| {
            let mut parts = entry.split(PART);
            let name = parts.next().unwrap_or_default();
            let role = match parts.next() {
                Some("a") => Role::Argument,
                Some("c") => Role::Context,
                _ => Role::Local,
            };
            let masked = parts.next() == Some("1");
            let mut number = || parts.next()?.parse().ok();
            Var { name, role, masked, from: number().unwrap_or(0), to: number().unwrap_or(u32::MAX) }
        })
    }
}

impl Function for Meta {
    fn variable(&self, index: usize) -> Option<Var> {
        self.variables().nth(index)
    }
}

/// Is handed a global's type and, where it has one, its `Debug`.
pub type See<'a> = &'a mut dyn FnMut(&'static str, Option<&dyn fmt::Debug>);

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

impl fmt::Debug for Global {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
