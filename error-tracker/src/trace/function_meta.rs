//! The facts of a function that the expansion knows.
//!
//! Most of them are one text, which is parsed at a failure: a table of constants would have to be
//! compiled for every annotated function of a program, and most functions never fail.

use std::any::type_name;
use std::fmt;
use std::panic::Location;

use crate::event::{Exit, Level};
use crate::frame::SlotCount;
use crate::snapshot::budget::{FunctionBudget, LocalsMode};
use crate::snapshot::capture_kind::{SlotRole, VariableInfo};
use crate::snapshot::static_cell::StaticCell;

/// Constant facts of one annotated function.
#[derive(Debug)]
pub struct FunctionMeta {
    /// Returns a path below the function, such as `shop::Cart::total::__ErrorTracker`.
    pub(super) path: fn() -> &'static str,
    pub(super) module: &'static str,
    /// The call of the outermost macro that generated the function, if one did.
    pub(crate) made_at: Option<&'static Location<'static>>,
    /// The folder of the crate's manifest.
    pub(super) root: &'static str,
    /// Head, variables and sites. `error-tracker-macros/src/meta_text.rs` writes it, and has the
    /// specification of the format.
    text: &'static str,
    pub(super) slots: usize,
    /// How many of the last arguments are values of the option `context`.
    pub(super) context: usize,
    pub(super) globals: Option<&'static [GlobalVariable]>,
    pub(super) budget: StaticCell<FunctionBudget>,
}

// A constant, because the compiler would evaluate a call anew for each function.
#[expect(
    clippy::declare_interior_mutable_const,
    reason = "each use is the start of a static of its own"
)]
const ADAPTIVE: StaticCell<FunctionBudget> =
    StaticCell::new(FunctionBudget::new(LocalsMode::Adaptive));

impl FunctionMeta {
    /// The facts of the function that contains the type `P`. A call compiles faster than a struct
    /// literal.
    #[must_use]
    pub const fn new<P>(
        module: &'static str,
        root: &'static str,
        text: &'static str,
        slots: usize,
    ) -> Self {
        let path = type_name::<P>;
        Self {
            path,
            module,
            made_at: None,
            root,
            text,
            slots,
            context: 0,
            globals: None,
            budget: ADAPTIVE,
        }
    }

    /// Sets the number of values of the option `context`.
    #[must_use]
    pub const fn with_context(mut self, values: usize) -> Self {
        self.context = values;
        self
    }

    /// Sets the globals of the option `globals`.
    #[must_use]
    pub const fn with_globals(mut self, globals: &'static [GlobalVariable]) -> Self {
        self.globals = Some(globals);
        self
    }

    /// Notes the place of the macro call that generates the function.
    #[must_use]
    #[track_caller]
    pub const fn made(mut self) -> Self {
        self.made_at = Some(Location::caller());
        self
    }

    /// Applies the option `locals = "always"`.
    #[must_use]
    pub const fn always(mut self) -> Self {
        self.budget = StaticCell::new(FunctionBudget::new(LocalsMode::Always));
        self
    }

    /// Applies the option `locals = "never"`.
    #[must_use]
    pub const fn never(mut self) -> Self {
        self.budget = StaticCell::new(FunctionBudget::new(LocalsMode::Never));
        self
    }
}

/// The first group of a function's text: the function itself.
#[derive(Debug)]
pub(crate) struct FunctionHead {
    pub(crate) first_line: u32,
    pub(crate) last_line: u32,
    /// Whether `name` is from the option `name`, and is shown without a path.
    pub(crate) renamed: bool,
    /// Whether errors end here, by the option `silent`.
    pub(crate) silent: bool,
    /// Whether it is one short expression, whose calls are not tracked.
    pub(crate) small: bool,
    pub(crate) hidden: HiddenExits,
    pub(crate) level: Option<Level>,
    /// The file of its lines.
    pub(crate) file: &'static str,
    /// The name from the option `name`; else the function's own.
    pub(crate) name: &'static str,
}

impl FailureSite {
    /// Returns whether its expression, or what its variables were bound to, calls this function by
    /// name.
    pub(crate) fn names(&self, function: &str) -> bool {
        // The standard library calls these two through other names.
        let function = match function {
            "from_str" => "parse",
            "try_from" => "try_into",
            name => name,
        };
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let mut calls = self.calls.split(' ');
        let discards = |word: &str| word.strip_prefix('-') == Some(function);
        !calls.clone().any(discards)
            && (calls.any(|word| word == function)
                || self.text.split(|c| !is_part(c)).any(|word| word == function))
    }
}

impl FunctionHead {
    /// Returns whether a line belongs to the function.
    pub(crate) fn holds(&self, file: &str, line: u32) -> bool {
        self.file == file && (self.first_line..=self.last_line).contains(&line)
    }
}

/// Whether an error may leave the function without an observation: in a macro, or in an item with
/// an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HiddenExits {
    Never,
    /// It contains unknown macros.
    Possible,
    /// Such a macro or item contains a `?` or a `return`.
    Likely,
}

/// A place at which an error can be observed.
#[derive(Debug)]
pub(crate) struct FailureSite {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) text: &'static str,
    pub(crate) ordinal: u32,
    pub(crate) exit: Exit,
    /// At an exit: whether its error is created there, or converted from the error that is handled
    /// around it. At a handler: whether the error is bound to a name.
    pub(crate) creates_error: bool,
    /// Whether its error may come from another thread or task.
    pub(crate) crosses_thread: bool,
    /// Whether the code that runs on the other thread or task is written in this function.
    pub(crate) is_inline: bool,
    /// Its scope, if it is a handler.
    pub(crate) handler: Option<HandlerScope>,
    /// Functions that its expression does not name and from which its error may come, separated by
    /// spaces; with a `-`, functions that it names and whose errors it discards.
    pub(crate) calls: &'static str,
    /// Its place in the order of bindings and sites: see `VariableInfo`.
    pub(crate) order: u32,
}

/// The code in which the error of a handler is handled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HandlerScope {
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// Whether the handler makes another error of the one that it handles.
    pub(crate) leads: bool,
    /// The orders of sites behind the handler at which the error leaves, from a variable, separated
    /// by spaces.
    leads_to: &'static str,
}

impl HandlerScope {
    /// Returns whether a site lies within the handler.
    pub(crate) fn is_around(&self, site: &FailureSite) -> bool {
        (self.from..=self.to).contains(&site.order)
    }

    fn leads_to(&self) -> impl Iterator<Item = u32> {
        self.leads_to.split(' ').filter_map(|order| order.parse().ok())
    }
}

/// A place where errors are handled, such as a `match`, in its function.
#[derive(Clone, Copy)]
pub(crate) struct ErrorHandler {
    function: &'static FunctionMeta,
    /// Whether the error is bound to a name, and so may be returned later.
    names_it: bool,
    scope: HandlerScope,
}

impl ErrorHandler {
    /// The handler at a site of a function; `None` if the site is an exit.
    pub(super) fn at(function: &'static FunctionMeta, site: &FailureSite) -> Option<Self> {
        Some(Self { function, names_it: site.creates_error, scope: site.handler? })
    }

    pub(crate) fn is_of(&self, function: &FunctionMeta) -> bool {
        std::ptr::eq(self.function, function)
    }

    /// Returns whether the error of this handler may be the one that leaves at a site; `is_same` says
    /// whether they look the same.
    pub(crate) fn may_leave_at(&self, site: &FailureSite, is_same: bool) -> bool {
        self.names_it && is_same
            || self.scope.is_around(site) && site.creates_error
            || self.scope.leads_to().any(|order| order == site.order)
    }

    /// Returns whether no error can be made of this handler's one any more, when the function has
    /// reached a site.
    pub(crate) fn is_over(&self, site: &FailureSite) -> bool {
        !self.scope.is_around(site) && !self.scope.leads_to().any(|order| order >= site.order)
    }
}

const GROUP: u8 = 0x1d;
const ENTRY: u8 = 0x1e;
const FIELD: u8 = 0x1f;

impl FunctionMeta {
    /// Parses the first group.
    pub(super) fn head(&self) -> FunctionHead {
        let mut parts = MetaParts(self.text);
        FunctionHead {
            first_line: parts.number().unwrap_or_default(),
            last_line: parts.number().unwrap_or_default(),
            renamed: parts.flag(),
            silent: parts.flag(),
            small: parts.flag(),
            hidden: match parts.until(FIELD) {
                Some("p") => HiddenExits::Possible,
                Some("l") => HiddenExits::Likely,
                _ => HiddenExits::Never,
            },
            level: parts.until(FIELD).and_then(|name| name.parse().ok()),
            file: parts.until(FIELD).unwrap_or_default(),
            name: parts.until(ENTRY).unwrap_or_default(),
        }
    }

    /// Returns a reader at the start of a group. The sites are the last group, since they may be
    /// long.
    fn group(&self, index: usize) -> MetaParts {
        let mut parts = MetaParts(self.text);
        for _ in 0..index {
            parts.until(GROUP);
        }
        parts
    }

    /// Returns the function's own name.
    pub(super) fn name(&self) -> &'static str {
        let path = (self.path)();
        let path = path.rsplit_once("::__ErrorTracker").map_or(path, |(path, _)| path);
        // The body of an async function is a closure to the compiler.
        path.rsplit("::").find(|name| *name != "{{closure}}").unwrap_or(path)
    }

    /// Parses the sites, in the order of their numbers.
    pub(super) fn sites(&self) -> impl Iterator<Item = FailureSite> {
        let mut parts = self.group(2);
        std::iter::from_fn(move || {
            let (line, column) = (parts.number()?, parts.number()?);
            let exit = parts.until(FIELD)?;
            let is_handler = exit == "h";
            let exit = match exit {
                "q" => Exit::Question,
                "r" => Exit::Return,
                "t" => Exit::Tail,
                "m" => Exit::Macro,
                _ => Exit::Hidden,
            };
            let flags = parts.number()?;
            let has = |flag: u32| flags & flag != 0;
            let (creates_error, crosses_thread, leads, is_inline) =
                (has(1), has(2), has(4), has(8));
            let (number, order) = (parts.number()?, parts.number()?);
            let (calls, last) = (parts.until(FIELD)?, parts.until(ENTRY)?);
            let scope = HandlerScope { from: order, to: number, leads, leads_to: last };
            let handler = is_handler.then_some(scope);
            let (ordinal, text) = if is_handler { (0, "") } else { (number, last) };
            Some(FailureSite {
                line,
                column,
                text,
                ordinal,
                exit,
                creates_error,
                crosses_thread,
                is_inline,
                handler,
                calls,
                order,
            })
        })
    }

    /// Parses the variables, one for each slot.
    pub(crate) fn variables(&self) -> impl Iterator<Item = VariableInfo> {
        let mut parts = MetaParts(self.group(1).until(GROUP).unwrap_or_default());
        std::iter::from_fn(move || {
            let name = parts.until(FIELD)?;
            let role = match parts.until(FIELD)? {
                "a" => SlotRole::Argument,
                "c" => SlotRole::Context,
                _ => SlotRole::Local,
            };
            let masked = parts.flag();
            let (from, changes) = (parts.number()?, parts.until(FIELD)?);
            let to = parts.until(ENTRY)?.parse().unwrap_or(u32::MAX);
            Some(VariableInfo { name, role, masked, from, to, changes })
        })
    }
}

/// Reads the fields of a function's text from the front.
struct MetaParts(&'static str);

impl MetaParts {
    /// Returns the text up to this byte, and skips both; `None` at the end.
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

impl SlotCount for FunctionMeta {
    fn slots(&self) -> usize {
        self.slots
    }
}

/// Is called with a global's type name and, if it has one, its `Debug`.
pub(crate) type GlobalVisitor<'a> = &'a mut dyn FnMut(&'static str, Option<&dyn fmt::Debug>);

/// A global that the option `globals` names.
pub struct GlobalVariable {
    pub(crate) name: &'static str,
    pub(crate) read: fn(GlobalVisitor<'_>),
}

impl GlobalVariable {
    /// A global that `read` shows to its argument.
    #[must_use]
    pub const fn new(name: &'static str, read: fn(GlobalVisitor<'_>)) -> Self {
        Self { name, read }
    }
}

impl fmt::Debug for GlobalVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests;
