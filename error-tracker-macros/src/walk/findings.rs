//! What the walk found in a body, for the code that writes the expansion.

use proc_macro2::Ident;

use super::changes::ChangePoint;
use super::site::{ExitSite, FunctionSite};
use super::variables::CapturedVariable;
use crate::meta_text::HiddenExit;

/// The sites and variables of a body.
#[derive(Default)]
pub(crate) struct BodyFindings {
    /// In the order in which the library knows them by number.
    pub(crate) sites: Vec<FunctionSite>,
    /// In the order of their slots, which follow those of the arguments.
    pub(crate) variables: Vec<CapturedVariable>,
    /// Where variables may have changed, by ascending order.
    pub(crate) changes: Vec<ChangePoint>,
    /// Whether the body has a `bail!` or `ensure!` that is noted before it returns.
    pub(crate) leaves_in_macros: bool,
    /// The probes of operands that `.context(..)` and the like convert, and of those whose error is
    /// discarded.
    pub(crate) conversion_probes: Vec<Ident>,
    /// Whether errors are handled or discarded somewhere.
    pub(crate) handles: bool,
    /// Whether an error may leave at a place that is not inspected.
    pub(crate) hidden: HiddenExit,
}

impl BodyFindings {
    /// Returns the exits among the sites.
    pub(super) fn exits(&self) -> impl Iterator<Item = &ExitSite> {
        self.sites.iter().filter_map(FunctionSite::exit)
    }

    /// Returns whether the function's own value is inspected somewhere.
    pub(crate) fn wraps_returned(&self) -> bool {
        self.exits().any(|exit| exit.probe.is_none())
    }

    /// Returns the probes of operands. The probe of the function's own value is not among them.
    pub(crate) fn outcome_probes(&self) -> impl Iterator<Item = &Ident> {
        self.sites.iter().filter_map(FunctionSite::probe).chain(&self.conversion_probes)
    }

    /// Returns the probes of the variables that are captured, each with whether the variable's type
    /// may be known late.
    pub(crate) fn type_probes(&self) -> impl Iterator<Item = (&Ident, bool)> {
        let captured = self.variables.iter().filter(|variable| variable.captured);
        captured.map(|variable| (&variable.probe, variable.is_late))
    }
}
