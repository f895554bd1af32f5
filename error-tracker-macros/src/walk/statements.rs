//! The statements of a block.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Block, Expr, Local, Pat, Stmt};

use super::BodyWalk;
use super::lent_variables::lends;
use super::variables::{EnteringVariable, binds_itself};
use crate::body_names::bound_by;
use crate::boxed_future::is_result;

impl BodyWalk<'_> {
    /// Goes through a block. With `tail` its last expression is what the function returns.
    /// `entering` are variables that the expression around the block binds for it.
    pub(super) fn walk_block(
        &mut self,
        block: &mut Block,
        tail: bool,
        entering: &[EnteringVariable],
    ) {
        let outer = self.scope.len();
        let mut stmts = Vec::with_capacity(block.stmts.len() * 2);
        for variable in entering {
            match variable {
                EnteringVariable::Bound(ident) => stmts.extend(self.bind(ident)),
                EnteringVariable::Captured(index) => self.scope.push(*index),
            }
        }
        let last = block.stmts.len().wrapping_sub(1);
        let may_end = std::mem::take(&mut self.may_end);
        let mut following = std::mem::take(&mut block.stmts).into_iter();
        for index in 0.. {
            let Some(mut stmt) = following.next() else { break };
            let mut after = Vec::new();
            let ended = self.begin_behind_loop(&stmt);
            let outer = self.take_yields();
            let is_value = index == last && matches!(stmt, Stmt::Expr(_, None));
            match &mut stmt {
                Stmt::Local(local) if local.attrs.is_empty() => {
                    self.walk_local(local, following.as_slice(), &mut stmts, &mut after);
                }
                Stmt::Macro(call) if call.attrs.is_empty() => {
                    if let Some(around) = self.walk_macro(&mut call.mac) {
                        let tokens = match call.semi_token {
                            Some(_) => around.statements(call, index == last && !may_end),
                            None => around.expression(self.plan.p, call),
                        };
                        stmt = Stmt::Expr(Expr::Verbatim(tokens), None);
                    }
                }
                Stmt::Expr(expr, None) if tail && index == last => self.walk_tail(expr),
                Stmt::Expr(expr, semi) => {
                    self.note_assigned_variable(expr);
                    self.walk_expr(expr);
                    let mut captures = self.capture_assigned(expr);
                    if !captures.is_empty() {
                        semi.get_or_insert_default();
                        after.append(&mut captures);
                    }
                }
                other => self.skip(other),
            }
            self.end_behind_loop(ended, &stmt);
            self.end_statement(outer, is_value);
            stmts.push(stmt);
            stmts.append(&mut after);
        }
        block.stmts = stmts;
        self.close_scope(outer);
    }

    /// Goes through a `let`. `before` and `after` get the statements to put around it.
    fn walk_local(
        &mut self,
        local: &mut Local,
        following: &[Stmt],
        before: &mut Vec<Stmt>,
        after: &mut Vec<Stmt>,
    ) {
        let Some(init) = &mut local.init else {
            for ident in bound_by(&local.pat) {
                self.declare(&ident);
            }
            return;
        };
        if is_result(&local.pat) {
            return self.walk_tail(&mut init.expr);
        }
        self.note_value(&local.pat, &init.expr);
        let origins = self.find_origins(&local.pat, &init.expr);
        let outer = std::mem::take(&mut self.before);
        if let Some((_, diverge)) = &mut init.diverge {
            let handlers = self.handlers.len();
            self.walk_matched(&mut init.expr, &[&local.pat], false);
            before.extend(self.write_before(outer));
            self.begin_handling(handlers, true);
            let changes = self.save_changes();
            self.walk_expr(diverge);
            self.restore_changes(&changes);
            self.end_handling(handlers, true);
            self.close_handlers(handlers);
        } else {
            if !self.retain_test(&local.pat, &mut init.expr) {
                self.walk_expr(&mut init.expr);
            }
            before.extend(self.write_before(outer));
            self.inspect_bound(&local.pat, &mut init.expr, || {
                following.iter().map(ToTokens::to_token_stream).collect::<TokenStream>()
            });
            if matches!(local.pat, Pat::Wild(_)) {
                self.inspect_discarded(&mut init.expr);
            }
        }
        self.note_origins(origins);
        self.retain_yields(&bound_by(&local.pat));
        if binds_itself(&local.pat, &init.expr) {
            return;
        }
        for ident in bound_by(&local.pat) {
            if lends(following.first(), &ident) {
                self.bind_lent(&ident);
            } else {
                after.extend(self.bind(&ident));
            }
        }
    }

    /// Notes what is known of the value that a statement assigns to a variable.
    fn note_assigned_variable(&mut self, expr: &Expr) {
        if let Expr::Assign(assign) = expr
            && let Expr::Path(left) = &*assign.left
            && let Some(name) = left.path.get_ident()
        {
            self.add_origin(name, &assign.right);
            let is_late = self.late_types.assign(name, &assign.right);
            if let Some(index) = self.find_variable(name) {
                self.found.variables[index].is_late |= is_late;
            }
        }
    }
}
