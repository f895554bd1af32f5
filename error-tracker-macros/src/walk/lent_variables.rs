//! Variables that are borrowed right behind their binding, by a call that other variables are moved
//! into:
//!
//! ```text
//! let mut log = None;
//! let stream = stream.with_log(&mut log);
//! ```
//!
//! Nothing between the two statements can unwind. A capture there could: unwinding from it would
//! drop both variables, and that path joins the one on which the call unwinds. On the joined path
//! the borrow checker assumes that the old `stream` is dropped behind `log`, and where both values
//! of `stream` have the same invariant type, that the old one borrows `log` as well. So the
//! variable is captured among the arguments of the call, behind those that are moved.

use proc_macro2::Ident;
use quote::quote;
use syn::{Expr, Stmt};

use super::BodyWalk;

impl BodyWalk<'_> {
    /// Adds a variable that is captured where the next statement borrows it.
    pub(super) fn bind_lent(&mut self, ident: &Ident) {
        let index = self.declare(ident);
        self.lent_variables.extend(index);
    }

    /// Captures the variable that a reference borrows, if its capture was left for this place.
    pub(super) fn capture_lent(&mut self, expr: &mut Expr) {
        let Expr::Reference(reference) = &*expr else { return };
        let Some(index) = variable(&reference.expr).and_then(|ident| self.find_variable(ident))
        else {
            return;
        };
        let Some(lent) = self.lent_variables.iter().position(|lent| *lent == index) else { return };
        self.lent_variables.swap_remove(lent);
        let capture = self.capture(index);
        *expr = Expr::Verbatim(quote!({ #capture #expr }));
    }
}

/// Returns whether a statement may move variables and then borrows this one.
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

/// Returns the same for an expression. It goes through the parts that are always evaluated, in
/// their order.
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
        Expr::Struct(value) => {
            value.fields.iter().any(|field| lends_behind(&field.expr, ident, moved))
        }
        Expr::Try(question) => lends_behind(&question.expr, ident, moved),
        Expr::Await(wait) => lends_behind(&wait.base, ident, moved),
        Expr::Paren(paren) => lends_behind(&paren.expr, ident, moved),
        Expr::Match(choice) => lends_behind(&choice.expr, ident, moved),
        Expr::If(branch) => lends_behind(&branch.cond, ident, moved),
        Expr::Let(binding) => lends_behind(&binding.expr, ident, moved),
        _ => false,
    }
}

/// Returns the name of a variable.
fn variable(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) if path.attrs.is_empty() => path.path.get_ident(),
        _ => None,
    }
}
