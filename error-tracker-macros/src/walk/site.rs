//! The sites of a function. Expansions hand the number of a site to the library: its index in the
//! list of sites.

use proc_macro2::{Ident, Span};

use crate::meta_text::{ExitKind, ThreadCrossing};

/// A place of a function at which errors are inspected.
pub(crate) enum FunctionSite {
    Exit(ExitSite),
    Handler(HandlerSite),
}

impl FunctionSite {
    /// Returns the probe that the operand of this site has for itself.
    pub(crate) fn probe(&self) -> Option<&Ident> {
        match self {
            Self::Exit(exit) => exit.probe.as_ref(),
            Self::Handler(handler) => handler.probe.as_ref(),
        }
    }

    /// Returns the exit, if this is one.
    pub(crate) fn exit(&self) -> Option<&ExitSite> {
        match self {
            Self::Exit(exit) => Some(exit),
            Self::Handler(_) => None,
        }
    }

    /// Returns the handler, if this is one.
    pub(crate) fn handler_mut(&mut self) -> Option<&mut HandlerSite> {
        match self {
            Self::Exit(_) => None,
            Self::Handler(handler) => Some(handler),
        }
    }
}

/// A place where a failure can leave the function.
pub(crate) struct ExitSite {
    pub(crate) kind: ExitKind,
    /// Where its expression starts.
    pub(crate) at: Span,
    /// The text of its expression.
    pub(crate) text: String,
    /// The number of exits before it with the same text.
    pub(crate) ordinal: usize,
    /// The position in the order of bindings and sites.
    pub(crate) order: u32,
    /// The probe of a `?`; the exits that return the function's value share one, which is not here.
    pub(crate) probe: Option<Ident>,
    pub(crate) origin: ErrorOrigin,
}

/// Where the error of an exit can come from.
pub(crate) struct ErrorOrigin {
    /// Whether the error is made there, or made of one that a handler around the exit handles.
    pub(crate) creates_error: bool,
    pub(crate) crossing: ThreadCrossing,
    /// Names of calls from which the error may come and that the text does not have, separated by
    /// spaces. Names with a `-` in front are in the text, and their errors are discarded.
    pub(crate) calls: String,
}

/// A place where errors are handled, such as a `match` or an `if let`.
pub(crate) struct HandlerSite {
    /// The order in which the code that handles the error begins.
    pub(crate) from: u32,
    /// The order in which that code ends; 0 until it is known.
    pub(crate) to: u32,
    /// The probe of the value that is matched. A binding that the library treats as a handler has
    /// none.
    pub(crate) probe: Option<Ident>,
    /// Whether the error has a name in that code, or stays in a variable, and so can be returned
    /// later.
    pub(crate) names_it: bool,
    pub(crate) crossing: ThreadCrossing,
    /// Whether another error is made of the handled one.
    pub(crate) leads: bool,
    /// The orders of exits behind the handler at which the error, or one made of it, leaves.
    pub(crate) leads_to: Vec<u32>,
    /// Names of calls from which the error may come, separated by spaces.
    pub(crate) calls: String,
}

/// A handler whose code the walk is going through, or will go through next.
pub(super) struct OpenHandler {
    /// The number of its site.
    pub(super) site: usize,
    /// The names that the error is bound to.
    pub(super) names: Vec<Ident>,
    /// Whether it applies to the code that runs after a success.
    pub(super) success: bool,
    /// Whether the walk is in the code that handles the error.
    pub(super) active: bool,
    /// Whether the error was handled before, and a later condition tests whether there was one.
    pub(super) asked: bool,
}

impl OpenHandler {
    /// Returns the handler of a condition about an error that was handled before.
    pub(super) fn asked(site: usize, success: bool) -> Self {
        Self { site, names: Vec::new(), success, active: false, asked: true }
    }

    pub(super) fn is_of_success(&self) -> bool {
        self.success
    }
}
