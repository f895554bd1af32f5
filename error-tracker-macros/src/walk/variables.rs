//! The variables of a body: where they are bound, kept, and can be named.

use proc_macro2::{Ident, Span};
use quote::{ToTokens, quote};
use syn::{Expr, Pat, PatIdent, Stmt};

use super::{Plan, Walk};
use crate::expressions::is_assignment;
use crate::names::{bound_by, mentions};

/// Most variables of a function that are kept.
pub(crate) const MOST_VARIABLES: usize = 64;

/// A variable that is kept.
pub(crate) struct Var {
    pub(crate) ident: Ident,
    pub(crate) from: u32,
    /// Where its scope ends.
    pub(crate) to: u32,
    pub(crate) link: Ident,
    /// Whether a value of it was seen, so that the link has a type.
    pub(crate) kept: bool,
    /// Whether its type may be known late.
    pub(crate) is_late: bool,
}

/// A variable that is bound by what a block belongs to.
pub(super) enum Entering {
    /// To be kept at the block's start.
    Bound(Ident),
    /// It was kept in the condition.
    Kept(usize),
}

impl Walk<'_> {
    /// The links of the variables that were kept, and whether their types may be known late.
    pub(crate) fn links(&self) -> impl Iterator<Item = (&Ident, bool)> {
        let kept = self.vars.iter().filter(|var| var.kept);
        kept.map(|var| (&var.link, var.is_late))
    }

    /// The variables of a scope that ends here can be named no more.
    pub(super) fn close(&mut self, outer: usize) {
        for index in self.scope.drain(outer..) {
            self.vars[index].to = self.order;
        }
    }

    pub(super) fn declare(&mut self, ident: &Ident) -> Option<usize> {
        if !self.plan.names.mentions(ident)
            || (self.plan.skips)(ident)
            || self.plan.first_slot + self.vars.len() >= MOST_VARIABLES
        {
            return None;
        }
        let index = self.vars.len();
        let link = Ident::new(&format!("__l{index}"), Span::mixed_site());
        let from = self.order();
        let is_late = self.late.is_late(ident);
        self.vars.push(Var { ident: ident.clone(), from, to: u32::MAX, link, kept: false, is_late });
        self.scope.push(index);
        Some(index)
    }

    /// The variable that a name means here.
    pub(super) fn named(&self, ident: &Ident) -> Option<usize> {
        self.scope.iter().rev().copied().find(|index| self.vars[*index].ident == *ident)
    }

    pub(super) fn bind(&mut self, ident: &Ident) -> Option<Stmt> {
        let index = self.declare(ident)?;
        Some(self.keep(index))
    }

    pub(super) fn keep(&mut self, index: usize) -> Stmt {
        self.vars[index].kept = true;
        let Var { ident, link, .. } = &self.vars[index];
        let Plan { p, guard, first_slot, .. } = &self.plan;
        let slot = first_slot + index;
        Stmt::Expr(Expr::Verbatim(quote!(#link = #p::keep(&#ident, #guard, #slot);)), None)
    }

    /// Keeps a variable again behind `x = ..` and `x += ..`.
    pub(super) fn assigned(&mut self, expr: &Expr) -> Option<Stmt> {
        let left = match expr {
            Expr::Assign(assign) if assign.attrs.is_empty() => &assign.left,
            Expr::Binary(binary) if binary.attrs.is_empty() && is_assignment(&binary.op) => &binary.left,
            _ => return None,
        };
        let Expr::Path(path) = &**left else { return None };
        let ident = path.path.get_ident()?;
        if let Some(index) = self.named(ident) {
            return Some(self.keep(index));
        }
        let keep = (self.plan.keep_argument)(ident)?;
        Some(Stmt::Expr(Expr::Verbatim(keep), None))
    }

    /// Keeps a variable of a chain of conditions before those that mention it: they may move it.
    pub(super) fn bind_before(&mut self, variable: &mut Entering, left: &mut Expr, right: &Expr) {
        let Entering::Bound(ident) = variable else { return };
        if !mentions(right.to_token_stream(), std::slice::from_ref(ident)) {
            return;
        }
        let Some(index) = self.declare(ident) else { return };
        self.scope.pop();
        let keep = self.keep(index);
        *variable = Entering::Kept(index);
        *left = Expr::Verbatim(quote!(#left && { #keep true }));
    }
}

/// `let x = x;` moves it only.
pub(super) fn binds_itself(pat: &Pat, value: &Expr) -> bool {
    matches!((pat, value), (Pat::Ident(PatIdent { mutability: None, ident, .. }), Expr::Path(path)) if path.path.is_ident(ident))
}

pub(super) fn entering(pat: &Pat) -> Vec<Entering> {
    bound_by(pat).into_iter().map(Entering::Bound).collect()
}
