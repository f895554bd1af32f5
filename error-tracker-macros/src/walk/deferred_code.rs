//! Errors that closures and `async` blocks put into a box or a report.
//!
//! Such code may be stored, sent and run elsewhere, so its inspections use neither guard nor probes
//! of the function around it. They stand only where the type of the error is known at once.

use quote::ToTokens;
use syn::{Block, Expr, ExprCast, ExprClosure, Pat, ReturnType, Stmt, Type};

use super::BodyWalk;
use super::boxed_errors::{ADDING, InspectionMode, may_be_made};
use crate::body_names::bound_by;
use crate::expressions::{attributes, calls_one_of, is_one_of, last_mut};
use crate::returning_macros;

/// Methods whose closures are gone through at the exit, with [`InspectionMode`].
const INSPECTED_AT_EXIT: &[&str] =
    &["ok_or_else", "map_err", "or_else", "unwrap_or_else", "and_then", "map_or_else"];

impl BodyWalk<'_> {
    /// Goes through an argument of a method.
    pub(super) fn walk_argument(&mut self, method: &syn::Ident, expr: &mut Expr) {
        match expr {
            Expr::Closure(closure) if closure.attrs.is_empty() => {
                if closure.capture.is_none() {
                    self.note_changes_in(closure.body.to_token_stream());
                }
                if !INSPECTED_AT_EXIT.contains(&method.to_string().as_str()) {
                    self.walk_deferred_closure(closure, false);
                }
            }
            _ => self.walk_expr(expr),
        }
    }

    /// Goes through the closures of a chain of methods that were left for the exit.
    pub(super) fn walk_deferred_chain(&mut self, expr: &mut Expr) {
        let Expr::MethodCall(call) = expr else { return };
        self.walk_deferred_chain(&mut call.receiver);
        if INSPECTED_AT_EXIT.contains(&call.method.to_string().as_str())
            && let Some(Expr::Closure(closure)) = call.args.first_mut()
        {
            self.walk_deferred_closure(closure, false);
        }
    }

    /// Goes through an argument in deferred code.
    fn walk_deferred_argument(&mut self, expr: &mut Expr, mode: &mut InspectionMode) {
        match expr {
            Expr::Closure(closure) if closure.attrs.is_empty() && closure.constness.is_none() => {
                self.walk_closure(closure, false, mode);
            }
            _ => self.walk_deferred(expr, mode),
        }
    }

    /// Goes through a closure of the function. With `named` it is no argument of a call, which
    /// would determine the types of the closure's arguments.
    pub(super) fn walk_deferred_closure(&mut self, closure: &mut ExprClosure, named: bool) {
        if self.plan.returns_failure && closure.attrs.is_empty() && closure.constness.is_none() {
            self.walk_closure(closure, named, &mut InspectionMode::deferred());
        }
    }

    /// Goes through an `async` block of the function.
    pub(super) fn walk_deferred_block(&mut self, block: &mut Block) {
        if self.plan.returns_failure {
            self.walk_deferred_statements(block, &mut InspectionMode::deferred());
        }
    }

    /// Goes through a closure in deferred code.
    fn walk_closure(&mut self, closure: &mut ExprClosure, named: bool, mode: &mut InspectionMode) {
        let is_open = |pat: &&Pat| match pat {
            Pat::Type(typed) => typed.ty.to_token_stream().to_string().contains('_'),
            _ => true,
        };
        let (outer, outer_late) = (mode.closure_arguments.len(), mode.late_arguments.len());
        mode.closure_arguments.extend(closure.inputs.iter().filter(is_open).flat_map(bound_by));
        if named {
            mode.late_arguments.extend_from_slice(&mode.closure_arguments[outer..]);
        }
        self.walk_deferred(&mut closure.body, mode);
        self.walk_closure_value(&mut closure.body, is_boxed(&closure.output), mode);
        mode.closure_arguments.truncate(outer);
        mode.late_arguments.truncate(outer_late);
    }

    /// Goes through the value of a closure where that is a box or a report; `typed` says that its
    /// type is written.
    fn walk_closure_value(&mut self, expr: &mut Expr, typed: bool, mode: &mut InspectionMode) {
        if !attributes(expr).is_empty() {
            return;
        }
        match expr {
            Expr::Block(block) if block.label.is_none() => {
                if let Some(last) = last_mut(&mut block.block) {
                    self.walk_closure_value(last, typed, mode);
                }
            }
            Expr::Cast(ExprCast { ty, .. }) if matches!(**ty, Type::Path(_)) => {
                self.walk_boxed(expr, mode);
            }
            Expr::Call(_) if may_be_made(expr) => self.walk_boxed(expr, mode),
            Expr::MethodCall(call)
                if typed || is_one_of(call, ADDING) && may_be_made(&call.receiver) =>
            {
                self.walk_boxed(expr, mode);
            }
            _ => {}
        }
    }

    /// Goes through a block of deferred code.
    fn walk_deferred_statements(&mut self, block: &mut Block, mode: &mut InspectionMode) {
        for stmt in &mut block.stmts {
            match stmt {
                Stmt::Local(local) if local.attrs.is_empty() => {
                    if let Some(init) = &mut local.init {
                        self.walk_deferred(&mut init.expr, mode);
                        if let Some((_, diverge)) = &mut init.diverge {
                            self.walk_deferred(diverge, mode);
                        }
                    }
                }
                Stmt::Expr(expr, _) => self.walk_deferred(expr, mode),
                Stmt::Macro(call) if call.attrs.is_empty() => {
                    self.walk_deferred_macro(&mut call.mac, mode);
                }
                _ => {}
            }
        }
    }

    /// Inspects the operand of `anyhow!(x)` and `bail!(x)`.
    fn walk_deferred_macro(&mut self, call: &mut syn::Macro, mode: &mut InspectionMode) {
        if let Some(mut value) =
            returning_macros::wrapped(call).or_else(|| returning_macros::bailed(call))
        {
            self.inspect_boxed_value(&mut value, true, mode);
            call.tokens = value.into_token_stream();
        }
    }

    /// Goes through an expression of deferred code.
    pub(super) fn walk_deferred(&mut self, expr: &mut Expr, mode: &mut InspectionMode) {
        if !attributes(expr).is_empty() {
            return;
        }
        match expr {
            Expr::Assign(assign) => self.walk_deferred(&mut assign.right, mode),
            Expr::Async(block) => self.walk_deferred_statements(&mut block.block, mode),
            Expr::Await(wait) => self.walk_deferred(&mut wait.base, mode),
            Expr::Block(block) => self.walk_deferred_statements(&mut block.block, mode),
            Expr::Break(leave) => {
                leave.expr.iter_mut().for_each(|expr| self.walk_deferred(expr, mode));
            }
            Expr::Call(call) => {
                call.args.iter_mut().for_each(|expr| self.walk_deferred_argument(expr, mode));
                if call.args.len() == 1 && calls_one_of(call, &["Err"]) {
                    self.walk_boxed(&mut call.args[0], mode);
                }
                if let Expr::Paren(function) = &mut *call.func {
                    self.walk_deferred(&mut function.expr, mode);
                }
            }
            Expr::Cast(cast) => self.walk_deferred(&mut cast.expr, mode),
            Expr::Closure(closure) if closure.constness.is_none() => {
                self.walk_closure(closure, true, mode);
            }
            Expr::ForLoop(each) => {
                self.walk_deferred(&mut each.expr, mode);
                self.walk_deferred_statements(&mut each.body, mode);
            }
            Expr::If(branch) => {
                self.walk_deferred(&mut branch.cond, mode);
                self.walk_deferred_statements(&mut branch.then_branch, mode);
                if let Some((_, other)) = &mut branch.else_branch {
                    self.walk_deferred(other, mode);
                }
            }
            Expr::Let(binding) => self.walk_deferred(&mut binding.expr, mode),
            Expr::Loop(each) => self.walk_deferred_statements(&mut each.body, mode),
            Expr::Macro(call) => self.walk_deferred_macro(&mut call.mac, mode),
            Expr::Match(choice) => {
                self.walk_deferred(&mut choice.expr, mode);
                for arm in choice.arms.iter_mut().filter(|arm| arm.attrs.is_empty()) {
                    self.walk_deferred(&mut arm.body, mode);
                }
            }
            Expr::MethodCall(call) => {
                self.walk_deferred(&mut call.receiver, mode);
                call.args.iter_mut().for_each(|expr| self.walk_deferred_argument(expr, mode));
                // The argument of `ok_or` is made also where nothing fails, so it is not inspected.
                let creates_error = is_one_of(call, &["ok_or_else", "map_err"]);
                if creates_error && let Some(Expr::Closure(closure)) = call.args.first_mut() {
                    self.walk_boxed(&mut closure.body, mode);
                }
            }
            Expr::Paren(paren) => self.walk_deferred(&mut paren.expr, mode),
            Expr::Return(leave) => {
                leave.expr.iter_mut().for_each(|expr| self.walk_deferred(expr, mode));
            }
            Expr::Try(question) => self.walk_deferred(&mut question.expr, mode),
            Expr::Unsafe(block) => self.walk_deferred_statements(&mut block.block, mode),
            Expr::While(each) => {
                self.walk_deferred(&mut each.cond, mode);
                self.walk_deferred_statements(&mut each.body, mode);
            }
            _ => {}
        }
    }
}

/// Returns whether the written type of a closure's value is a path, such as `Box<dyn Error>`.
fn is_boxed(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, ty) if matches!(**ty, Type::Path(_)))
}
