//! The variables of a body: where they are bound, captured, and in scope.

use proc_macro2::{Ident, Span};
use quote::{ToTokens, quote};
use syn::{Expr, Pat, PatIdent, Stmt};

use super::changes::assigned_by;
use super::{BodyWalk, WalkPlan};
use crate::body_names::{bound_by, mentions};

/// How many variables of a function are captured at most, arguments included.
pub(crate) const MAX_VARIABLES: usize = 64;

/// A local that is captured.
pub(crate) struct CapturedVariable {
    pub(crate) ident: Ident,
    /// The order of its binding.
    pub(crate) from: u32,
    /// The order in which its scope ends; `None` for the end of the function.
    pub(crate) to: Option<u32>,
    pub(crate) probe: Ident,
    /// Whether a capture of it was written, so that the probe has a type.
    pub(crate) captured: bool,
    /// Whether its type may be known late.
    pub(crate) is_late: bool,
}

/// A variable that is bound by the expression that a block belongs to.
pub(super) enum EnteringVariable {
    /// To be captured at the block's start.
    Bound(Ident),
    /// Captured in the condition already.
    Captured(usize),
}

impl BodyWalk<'_> {
    /// Ends the scope of all variables from index `outer` on.
    pub(super) fn close_scope(&mut self, outer: usize) {
        for index in self.scope.drain(outer..) {
            let var = &mut self.found.variables[index];
            var.to = Some(var.to.map_or(self.order, |to| to.min(self.order)));
        }
    }

    /// Adds a variable. Returns `None` if it is not to be captured.
    pub(super) fn declare(&mut self, ident: &Ident) -> Option<usize> {
        if !self.plan.names.mentions(ident)
            || (self.plan.skips)(ident)
            || self.plan.first_slot + self.found.variables.len() >= MAX_VARIABLES
        {
            return None;
        }
        let index = self.found.variables.len();
        let probe = Ident::new(&format!("__l{index}"), Span::mixed_site());
        let from = self.next_order();
        let is_late = self.late_types.is_late(ident);
        self.found.variables.push(CapturedVariable {
            ident: ident.clone(),
            from,
            to: None,
            probe,
            captured: false,
            is_late,
        });
        self.scope.push(index);
        Some(index)
    }

    /// Returns the variable that a name means here.
    pub(super) fn find_variable(&self, ident: &Ident) -> Option<usize> {
        self.scope.iter().rev().copied().find(|index| self.found.variables[*index].ident == *ident)
    }

    /// Adds a variable, and returns the statement that captures it.
    pub(super) fn bind(&mut self, ident: &Ident) -> Option<Stmt> {
        let index = self.declare(ident)?;
        (!self.plan.names.is_unread(ident)).then(|| self.capture(index))
    }

    /// Returns the statement that captures a variable.
    pub(super) fn capture(&mut self, index: usize) -> Stmt {
        self.found.variables[index].captured = true;
        self.note_captured(self.plan.first_slot + index);
        let CapturedVariable { ident, probe, .. } = &self.found.variables[index];
        let WalkPlan { p, guard, first_slot, .. } = &self.plan;
        let slot = first_slot + index;
        Stmt::Expr(Expr::Verbatim(quote!(#probe = #p::capture(&#ident, #guard, #slot);)), None)
    }

    /// Returns the statements that capture variables again behind `x = ..`, `x += ..` and `(x, y) =
    /// ..`.
    pub(super) fn capture_assigned(&mut self, expr: &Expr) -> Vec<Stmt> {
        let mut names = Vec::new();
        if let Some(left) = assigned_by(expr) {
            variables(left, &mut names);
        }
        names.iter().filter_map(|name| self.capture_again(name)).collect()
    }

    /// Returns the statement that captures a local or an argument again.
    fn capture_again(&mut self, ident: &Ident) -> Option<Stmt> {
        if let Some(index) = self.find_variable(ident) {
            if self.plan.names.is_unread(ident) {
                // The captured value is outdated from here on.
                self.found.variables[index].to = Some(self.order);
                return None;
            }
            return Some(self.capture(index));
        }
        let capture = (self.plan.capture_argument)(ident)?;
        if let Some(slot) = (self.plan.argument_slot)(ident) {
            self.note_captured(slot);
        }
        Some(Stmt::Expr(Expr::Verbatim(capture), None))
    }

    /// Captures a variable of a chain of conditions before the conditions that mention it, which
    /// may move it.
    pub(super) fn bind_before(
        &mut self,
        variable: &mut EnteringVariable,
        left: &mut Expr,
        right: &Expr,
    ) {
        let EnteringVariable::Bound(ident) = variable else { return };
        if !mentions(right.to_token_stream(), std::slice::from_ref(ident)) {
            return;
        }
        let Some(index) = self.declare(ident) else { return };
        self.scope.pop();
        let capture = self.capture(index);
        *variable = EnteringVariable::Captured(index);
        *left = Expr::Verbatim(quote!(#left && { #capture true }));
    }
}

/// Adds the variables that are assigned as a whole.
fn variables(left: &Expr, found: &mut Vec<Ident>) {
    match left {
        Expr::Path(path) => found.extend(path.path.get_ident().cloned()),
        Expr::Tuple(tuple) => tuple.elems.iter().for_each(|left| variables(left, found)),
        Expr::Array(array) => array.elems.iter().for_each(|left| variables(left, found)),
        _ => {}
    }
}

/// Returns whether a binding is `let x = x;`, which only moves the variable.
pub(super) fn binds_itself(pat: &Pat, value: &Expr) -> bool {
    let Pat::Ident(PatIdent { mutability: None, ident, .. }) = pat else { return false };
    matches!(value, Expr::Path(path) if path.path.is_ident(ident))
}

/// Returns the variables that a pattern binds for the block behind it.
pub(super) fn entering(pat: &Pat) -> Vec<EnteringVariable> {
    bound_by(pat).into_iter().map(EnteringVariable::Bound).collect()
}
