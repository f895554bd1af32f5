//! Variables that are lent right behind their binding, to a call that other variables were moved into:
//!
//! ```text
//! let mut log = None;
//! let stream = stream.with_log(&mut log);
//! ```
//!
//! Between the two statements nothing can unwind. Were the variable kept there, an unwinding would drop both variables in
//! the order that the call's own unwinding shares with it, and the borrow checker takes the old `stream` to be dropped
//! behind `log`, which both have borrowed where their type is the same and invariant. So it is kept among the arguments:
//! what comes before them has been moved.

use proc_macro2::Ident;
use quote::quote;
use syn::{Expr, Stmt};

use super::Walk;

impl Walk<'_> {
    /// Declares a variable that is kept where the next statement lends it.
    pub(super) fn bind_lent(&mut self, ident: &Ident) {
        let index = self.declare(ident);
        self.lent.extend(index);
    }

    /// What a reference refers to is kept now, if it was not before.
    pub(super) fn keep_lent(&mut self, expr: &mut Expr) {
        let Expr::Reference(reference) = &*expr else { return };
        let Some(index) = variable(&reference.expr).and_then(|ident| self.named(ident)) else { return };
        let Some(lent) = self.lent.iter().position(|lent| *lent == index) else { return };
        self.lent.swap_remove(lent);
        let keep = self.keep(index);
        *expr = Expr::Verbatim(quote!({ #keep #expr }));
    }
}

/// Whether the statement moves variables, or may do so, and then lends this one.
pub(super) fn lends(stmt: Option<&Stmt>, ident: &Ident) -> bool {
    let mut moved = false;
    match stmt {
        Some(Stmt::Local(local)) if local.attrs.is_empty() => {
            local.init.as_ref().is_some_and(|init| lends_behind(&init.expr, ident, &mut moved))
        }
        Some(Stmt::Expr(Expr::Assign(assign), _)) => lends_behind(&assign.right, ident, &mut moved),
        Some(Stmt::Expr(expr, _)) => lends_behind(expr, ident, &mut moved),
        _ => false,
    }
}

/// Goes through what is always evaluated, in that order.
fn lends_behind(expr: &Expr, ident: &Ident, moved: &mut bool) -> bool {
    match expr {
        Expr::Path(_) => {
            *moved |= variable(expr).is_some_and(|other| other != ident);
            false
        }
        Expr::Reference(reference) => match variable(&reference.expr) {
            Some(lent) => *moved && lent == ident,
            None => lends_behind(&reference.expr, ident, moved),
        },
        Expr::MethodCall(call) => {
            lends_behind(&call.receiver, ident, moved)
                || call.args.iter().any(|arg| lends_behind(arg, ident, moved))
        }
        Expr::Call(call) => call.args.iter().any(|arg| lends_behind(arg, ident, moved)),
        Expr::Struct(value) => value.fields.iter().any(|field| lends_behind(&field.expr, ident, moved)),
        Expr::Try(question) => lends_behind(&question.expr, ident, moved),
        Expr::Await(wait) => lends_behind(&wait.base, ident, moved),
        Expr::Paren(paren) => lends_behind(&paren.expr, ident, moved),
        Expr::Match(choice) => lends_behind(&choice.expr, ident, moved),
        Expr::If(branch) => lends_behind(&branch.cond, ident, moved),
        Expr::Let(binding) => lends_behind(&binding.expr, ident, moved),
        _ => false,
    }
}

fn variable(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) if path.attrs.is_empty() => path.path.get_ident(),
        _ => None,
    }
}
