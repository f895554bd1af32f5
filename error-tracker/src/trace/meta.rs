//! What an expansion knows of its function.
//!
//! Most of it is written as text and read at a failure: a table of constants would be compiled for every annotated
//! function of a program, and most of them never fail.

use std::any::type_name;
use std::fmt;
use std::panic::Location;

use crate::event::{Exit, Level};
use crate::frame::Slots;
use crate::snapshot::budget::{Budget, Locals};
use crate::snapshot::cell::OneCell;
use crate::snapshot::keep::{Role, Var};

/// Constant facts of one annotated function.
#[derive(Debug)]
pub struct Meta {
    /// Answers a path below the function, such as `shop::Cart::total::__ErrorTracker`.
    pub(super) path: fn() -> &'static str,
    pub(super) module: &'static str,
    /// The call of the outermost macro that made the function, if one did.
    pub(crate) made_at: Option<&'static Location<'static>>,
    /// Folder of the crate's manifest.
    pub(super) root: &'static str,
    /// Three groups parted by U+001D. Entries end in U+001E, their fields are parted by U+001F. A zero is left out.
    /// - one entry: the fields of `Head`
    /// - one entry a slot: name, role, whether it is masked, from, to; no `to` for one that can be named everywhere
    /// - one entry a site: line, column, exit, flags, ordinal, order, text. A place where errors are handled has the
    ///   exit `h`, and in place of the ordinal the order where it ends.
    text: &'static str,
    pub(super) slots: usize,
    pub(super) globals: Option<&'static [Global]>,
    pub(super) budget: OneCell<Budget>,
}

// A constant, because the compiler would evaluate a call anew for each function.
#[expect(clippy::declare_interior_mutable_const, reason = "each use is the start of a static of its own")]
const ADAPTIVE: OneCell<Budget> = OneCell::new(Budget::new(Locals::Adaptive));

impl Meta {
    /// Of a function in which the type `P` stands. A call, which takes the compiler less than a table of fields does.
    #[must_use]
    pub const fn new<P>(module: &'static str, root: &'static str, text: &'static str, slots: usize) -> Self {
        let path = type_name::<P>;
        Self { path, module, made_at: None, root, text, slots, globals: None, budget: ADAPTIVE }
    }

    /// For the option `globals`.
    #[must_use]
    pub const fn with_globals(mut self, globals: &'static [Global]) -> Self {
        self.globals = Some(globals);
        self
    }

    /// For a function that a macro made.
    #[must_use]
    #[track_caller]
    pub const fn made(mut self) -> Self {
        self.made_at = Some(Location::caller());
        self
    }

    /// For the option `locals = "always"`.
    #[must_use]
    pub const fn always(mut self) -> Self {
        self.budget = OneCell::new(Budget::new(Locals::Always));
        self
    }

    /// For the option `locals = "never"`.
    #[must_use]
    pub const fn never(mut self) -> Self {
        self.budget = OneCell::new(Budget::new(Locals::Never));
        self
    }
}

/// What a function's text says of the function itself.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) first_line: u32,
    pub(crate) last_line: u32,
    /// Whether `name` was given by option and so stands alone.
    pub(crate) renamed: bool,
    /// Whether errors end here, by the option `silent`.
    pub(crate) silent: bool,
    /// Whether no call of it is followed, since it is one short expression.
    pub(crate) small: bool,
    pub(crate) hidden: Hidden,
    pub(crate) level: Option<Level>,
    /// Where its lines are counted.
    pub(crate) file: &'static str,
    /// The name from the option `name`; else the function's own.
    pub(crate) name: &'static str,
}

impl Site {
    /// Whether its expression names this function.
    pub(crate) fn names(&self, function: &str) -> bool {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        self.text.split(|c| !is_part(c)).any(|word| word == function)
    }
}

impl Head {
    pub(crate) fn holds(&self, file: &str, line: u32) -> bool {
        self.file == file && (self.first_line..=self.last_line).contains(&line)
    }
}

/// Whether an error may leave the function where nobody sees it: in a macro, or in what carries an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hidden {
    Never,
    /// There are macros of whom nothing is known.
    Perhaps,
    /// A `?` or a `return` stands there.
    Likely,
}

/// A place where a failure can leave.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) text: &'static str,
    pub(crate) ordinal: u32,
    pub(crate) exit: Exit,
    /// Its error is made there, or of the one that is being handled around it.
    pub(crate) makes: bool,
    /// Its error may have left another thread or task.
    pub(crate) crosses: bool,
    /// Place in the order of bindings and sites: see `Var`.
    pub(crate) order: u32,
}

/// A place where errors are handled, such as a `match`.
#[derive(Clone, Copy)]
pub(crate) struct Handler {
    function: &'static Meta,
    /// The error is given a name, and so may be kept and returned later.
    names_it: bool,
    from: u32,
    to: u32,
}

impl Handler {
    pub(super) fn at(function: &'static Meta, site: &Site) -> Self {
        Self { function, names_it: site.makes, from: site.order, to: site.ordinal }
    }

    pub(crate) fn is_of(&self, function: &Meta) -> bool {
        std::ptr::eq(self.function, function)
    }

    /// Whether an error that was met here may be what leaves at a site; `same` says whether it looks so.
    pub(crate) fn may_lead_to(&self, site: &Site, same: bool) -> bool {
        let inside = (self.from..=self.to).contains(&site.order);
        if inside { site.makes || (self.names_it && same) } else { self.names_it && same }
    }
}

const GROUP: u8 = 0x1d;
const ENTRY: u8 = 0x1e;
const FIELD: u8 = 0x1f;

impl Meta {
    pub(super) fn head(&self) -> Head {
        let mut parts = Parts(self.text);
        Head {
            first_line: parts.number().unwrap_or_default(),
            last_line: parts.number().unwrap_or_default(),
            renamed: parts.flag(),
            silent: parts.flag(),
            small: parts.flag(),
            hidden: match parts.until(FIELD) {
                Some("p") => Hidden::Perhaps,
                Some("l") => Hidden::Likely,
                _ => Hidden::Never,
            },
            level: match parts.until(FIELD) {
                Some("debug") => Some(Level::Debug),
                Some("info") => Some(Level::Info),
                Some("warning") => Some(Level::Warning),
                Some("error") => Some(Level::Error),
                Some("fatal") => Some(Level::Fatal),
                _ => None,
            },
            file: parts.until(FIELD).unwrap_or_default(),
            name: parts.until(ENTRY).unwrap_or_default(),
        }
    }

    /// From the start of a group on. That of the sites is the last, since it may be long.
    fn group(&self, index: usize) -> Parts {
        let mut parts = Parts(self.text);
        for _ in 0..index {
            parts.until(GROUP);
        }
        parts
    }

    /// The function's own name.
    pub(super) fn name(&self) -> &'static str {
        let path = (self.path)();
        let path = path.rsplit_once("::__ErrorTracker").map_or(path, |(path, _)| path);
        // The body of an async function is a closure to the compiler.
        path.rsplit("::").find(|name| *name != "{{closure}}").unwrap_or(path)
    }

    pub(super) fn sites(&self) -> impl Iterator<Item = Site> {
        let mut parts = self.group(2);
        std::iter::from_fn(move || {
            let (line, column) = (parts.number()?, parts.number()?);
            let exit = match parts.until(FIELD)? {
                "q" => Exit::Question,
                "r" => Exit::Return,
                "t" => Exit::Tail,
                "m" => Exit::Macro,
                _ => Exit::Hidden,
            };
            let flags = parts.number()?;
            let (makes, crosses) = (flags & 1 != 0, flags & 2 != 0);
            let (ordinal, order) = (parts.number()?, parts.number()?);
            Some(Site { line, column, exit, makes, crosses, ordinal, order, text: parts.until(ENTRY)? })
        })
    }

    /// The variables, one for each slot.
    pub(crate) fn variables(&self) -> impl Iterator<Item = Var> {
        let mut parts = Parts(self.group(1).until(GROUP).unwrap_or_default());
        std::iter::from_fn(move || {
            let name = parts.until(FIELD)?;
            let role = match parts.until(FIELD)? {
                "a" => Role::Argument,
                "c" => Role::Context,
                _ => Role::Local,
            };
            let masked = parts.flag();
            let (from, to) = (parts.number()?, parts.until(ENTRY)?.parse().unwrap_or(u32::MAX));
            Some(Var { name, role, masked, from, to })
        })
    }
}

/// Reads a function's text from the front.
struct Parts(&'static str);

impl Parts {
    fn until(&mut self, end: u8) -> Option<&'static str> {
        let at = self.0.bytes().position(|byte| byte == end)?;
        // Both ends are ASCII, so these are the bounds of characters.
        let part = &self.0[..at];
        self.0 = &self.0[at + 1..];
        Some(part)
    }

    fn number(&mut self) -> Option<u32> {
        match self.until(FIELD)? {
            "" => Some(0),
            number => number.parse().ok(),
        }
    }

    fn flag(&mut self) -> bool {
        self.until(FIELD) == Some("1")
    }
}

impl Slots for Meta {
    fn slots(&self) -> usize {
        self.slots
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
