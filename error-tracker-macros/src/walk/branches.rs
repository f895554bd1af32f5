//! Conditions, and the arms of a `match`. The variables that they bind are captured at the start of
//! the block behind.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{BinOp, Block, Expr, ExprBlock, Pat, Stmt, UnOp, token};

use super::BodyWalk;
use super::changes::{ChangeState, assigned_by, leaves, leaves_by};
use super::patterns::is_success;
use super::site::OpenHandler;
use super::variables::{EnteringVariable, entering};
use crate::body_names::bound_by;
use crate::expressions::{attributes, is_made, is_test, last_of};
use crate::returning_macros::{self, MatchesArguments};

impl BodyWalk<'_> {
    /// Goes through an `if` or a `match`. With `tail` its value is what the function returns.
    pub(super) fn walk_branches(&mut self, expr: &mut Expr, tail: bool) {
        let outer = (
            std::mem::take(&mut self.before),
            std::mem::replace(&mut self.may_inspect_before, true),
        );
        let handlers = self.handlers.len();
        match expr {
            Expr::If(branch) => {
                let entering = self.walk_condition(&mut branch.cond);
                let before = std::mem::take(&mut self.before);
                self.begin_handling(handlers, false);
                let state = self.save_changes();
                let leaves = leaves(&branch.then_branch);
                self.may_end = branch.else_branch.is_none();
                let yields = self.find_yields(last_of(&branch.then_branch));
                self.walk_block(&mut branch.then_branch, tail, &entering);
                self.add_yields(yields);
                let then = (!leaves).then(|| self.save_changes());
                self.restore_changes(&state);
                self.end_handling(handlers, false);
                let mut never_behind = false;
                if let Some((_, other)) = &mut branch.else_branch {
                    never_behind = leaves_by(other);
                    self.begin_handling(handlers, true);
                    let yields = self.find_yields(Some(other));
                    if tail {
                        self.walk_tail(other);
                    } else {
                        self.walk_expr(other);
                    }
                    self.add_yields(yields);
                    self.end_handling(handlers, true);
                }
                match then {
                    Some(then) if never_behind => self.restore_changes(&then),
                    then => self.merge_changes(then),
                }
                self.before = before;
            }
            Expr::Match(choice) => {
                for arm in &choice.arms {
                    self.note_binding(&arm.pat, &choice.expr);
                }
                self.note_asked(&choice.expr);
                let patterns: Vec<_> = choice.arms.iter().map(|arm| &arm.pat).collect();
                self.walk_matched(&mut choice.expr, &patterns, false);
                let before = std::mem::take(&mut self.before);
                self.walk_arms(&mut choice.arms, tail, handlers);
                self.before = before;
            }
            _ => {}
        }
        self.close_handlers(handlers);
        self.may_inspect_before = outer.1;
        if let Some(before) = self.write_before(outer.0) {
            *expr = Expr::Verbatim(quote!({ #before #expr }));
        }
    }

    /// Returns the statement to put before the code that was just gone through. `outer` are the
    /// inspections to run before the code around it.
    pub(super) fn write_before(&mut self, outer: TokenStream) -> Option<Stmt> {
        let before = std::mem::replace(&mut self.before, outer);
        (!before.is_empty()).then(|| Stmt::Expr(Expr::Verbatim(before), None))
    }

    /// Goes through a `while` loop.
    pub(super) fn walk_while(&mut self, each: &mut syn::ExprWhile) {
        let handlers = self.handlers.len();
        // An inspection before the loop would run once, and the condition runs in each turn.
        let may_inspect_before = std::mem::replace(&mut self.may_inspect_before, false);
        self.note_changes_in_loop(each.to_token_stream());
        let entering = self.walk_condition(&mut each.cond);
        self.may_inspect_before = true;
        self.begin_handling(handlers, false);
        let state = self.save_changes();
        self.walk_block(&mut each.body, false, &entering);
        self.merge_changes([state]);
        self.end_handling(handlers, false);
        self.may_inspect_before = may_inspect_before;
        self.ended_handlers =
            self.handlers.drain(handlers..).filter(OpenHandler::is_of_success).collect();
    }

    /// Opens the handlers of the loop before a statement that only makes another error: it handles
    /// the error that ended the loop. Returns the number of the first of them.
    pub(super) fn begin_behind_loop(&mut self, stmt: &Stmt) -> Option<usize> {
        let ended = std::mem::take(&mut self.ended_handlers);
        if ended.is_empty() || !creates_only_error(stmt) {
            return None;
        }
        let handlers = self.handlers.len();
        self.handlers.extend(ended);
        self.begin_handling(handlers, true);
        Some(handlers)
    }

    /// Ends what [`Self::begin_behind_loop`] began.
    pub(super) fn end_behind_loop(&mut self, handlers: Option<usize>, stmt: &Stmt) {
        if let Some(handlers) = handlers {
            self.end_handling(handlers, true);
            self.close_handlers(handlers);
        }
        if !matches!(stmt, Stmt::Expr(Expr::While(_), _)) {
            self.ended_handlers.clear();
        }
    }

    /// Goes through a condition. Returns the variables that it binds for the block behind it.
    pub(super) fn walk_condition(&mut self, cond: &mut Expr) -> Vec<EnteringVariable> {
        if !attributes(cond).is_empty() {
            return Vec::new();
        }
        self.note_asked(cond);
        match cond {
            Expr::Let(binding) => {
                self.note_binding(&binding.pat, &binding.expr);
                self.walk_matched(&mut binding.expr, &[&binding.pat], false);
                entering(&binding.pat)
            }
            Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
                let mut bound = self.walk_condition(&mut binary.left);
                let left = &mut *binary.left;
                bound
                    .iter_mut()
                    .for_each(|variable| self.bind_before(variable, left, &binary.right));
                bound.extend(self.walk_condition(&mut binary.right));
                bound
            }
            _ => {
                self.walk_test(cond, false);
                Vec::new()
            }
        }
    }

    /// Goes through a condition without a `let`.
    pub(super) fn walk_test(&mut self, cond: &mut Expr, negated: bool) {
        self.note_asked_flag(cond, negated);
        match cond {
            _ if !attributes(cond).is_empty() => self.walk_expr(cond),
            Expr::Paren(paren) => self.walk_test(&mut paren.expr, negated),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => {
                self.walk_test(&mut unary.expr, !negated);
            }
            Expr::Binary(binary) if matches!(binary.op, BinOp::And(_) | BinOp::Or(_)) => {
                self.walk_test(&mut binary.left, negated);
                self.walk_test(&mut binary.right, negated);
            }
            Expr::MethodCall(call) if is_test(call) => {
                self.walk_error_test(call, negated);
            }
            Expr::Macro(call) => match MatchesArguments::of(&call.mac) {
                Some(MatchesArguments { mut value, pat, rest }) => {
                    self.walk_matched(&mut value, &[&pat], negated);
                    call.mac.tokens = quote!(#value, #rest);
                }
                None => self.walk_expr(cond),
            },
            _ => self.walk_expr(cond),
        }
    }

    /// Goes through the arms of a `match` whose handlers have the numbers from `handlers` on.
    fn walk_arms(&mut self, arms: &mut [syn::Arm], tail: bool, handlers: usize) {
        let before = self.save_changes();
        let mut ends: Vec<ChangeState> = Vec::new();
        for arm in arms {
            self.restore_changes(&before);
            let leaves = leaves_by(&arm.body);
            let success = is_success(&arm.pat);
            if !success {
                self.begin_handling(handlers, false);
            }
            let yields = self.find_yields(Some(&arm.body));
            self.walk_arm(arm, tail);
            self.add_yields(yields);
            if !success {
                self.end_handling(handlers, false);
            }
            if !leaves {
                ends.push(self.save_changes());
            }
        }
        if let Some(end) = ends.pop() {
            self.restore_changes(&end);
            self.merge_changes(ends);
        }
    }

    /// Goes through an arm of a `match`.
    fn walk_arm(&mut self, arm: &mut syn::Arm, tail: bool) {
        if !arm.attrs.is_empty() {
            return self.skip(arm);
        }
        if let Pat::Guard(guard) = &mut arm.pat {
            self.walk_condition(&mut guard.guard);
        }
        let wanted = assigned_by(&arm.body).is_some()
            || bound_by(&arm.pat)
                .iter()
                .any(|ident| self.plan.names.mentions(ident) && !(self.plan.skips)(ident));
        let entering = entering(&arm.pat);
        if let Expr::Block(body) = &mut *arm.body
            && body.attrs.is_empty()
            && body.label.is_none()
        {
            self.walk_block(&mut body.block, tail, &entering);
        } else if wanted && !matches!(*arm.body, Expr::Macro(_)) {
            // Temporaries of an arm's body live until its end, so a block around the body changes
            // nothing.
            let span = arm.body.span();
            let body = std::mem::replace(&mut *arm.body, Expr::Verbatim(TokenStream::new()));
            let mut block =
                Block { brace_token: token::Brace(span), stmts: vec![Stmt::Expr(body, None)] };
            self.walk_block(&mut block, tail, &entering);
            *arm.body = if block.stmts.len() == 1 {
                match block.stmts.pop() {
                    Some(Stmt::Expr(body, _)) => body,
                    _ => Expr::Verbatim(TokenStream::new()),
                }
            } else {
                Expr::Block(ExprBlock { attrs: Vec::new(), label: None, block })
            };
        } else if tail {
            self.walk_tail(&mut arm.body);
        } else {
            self.walk_expr(&mut arm.body);
        }
    }
}

/// Returns whether a statement only makes an error, and returns it.
fn creates_only_error(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Expr(Expr::Return(leave), _) => leave.expr.as_deref().is_some_and(is_made),
        Stmt::Expr(expr, _) => is_made(expr) || is_bail(expr),
        Stmt::Macro(call) => returning_macros::is_bail(&call.mac),
        _ => false,
    }
}

fn is_bail(expr: &Expr) -> bool {
    matches!(expr, Expr::Macro(call) if returning_macros::is_bail(&call.mac))
}
