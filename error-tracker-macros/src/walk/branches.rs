//! Conditions and the arms of a `match`: what they bind is kept at the start of the block behind.

use proc_macro2::TokenStream;
use syn::spanned::Spanned;
use syn::{BinOp, Block, Expr, ExprBlock, Pat, Stmt, token};

use super::Walk;
use super::variables::{Entering, entering};
use crate::expressions::attributes;
use crate::names::bound_by;

impl Walk<'_> {
    /// Goes through a condition; answers what it binds for the block behind it.
    pub(super) fn condition(&mut self, cond: &mut Expr) -> Vec<Entering> {
        if !attributes(cond).is_empty() {
            return Vec::new();
        }
        match cond {
            Expr::Let(binding) => {
                self.late.bind(&binding.pat, &binding.expr);
                self.receives(&binding.pat, &binding.expr);
                self.expr(&mut binding.expr);
                self.handles(&mut binding.expr, &[&binding.pat]);
                entering(&binding.pat)
            }
            Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
                let mut bound = self.condition(&mut binary.left);
                let left = &mut *binary.left;
                bound.iter_mut().for_each(|variable| self.bind_before(variable, left, &binary.right));
                bound.extend(self.condition(&mut binary.right));
                bound
            }
            _ => {
                self.expr(cond);
                Vec::new()
            }
        }
    }

    pub(super) fn choice(&mut self, choice: &mut syn::ExprMatch, tail: bool) {
        let handlers = self.handlers.len();
        for arm in &choice.arms {
            self.late.bind(&arm.pat, &choice.expr);
            self.receives(&arm.pat, &choice.expr);
        }
        self.expr(&mut choice.expr);
        let patterns: Vec<_> = choice.arms.iter().map(|arm| &arm.pat).collect();
        self.handles(&mut choice.expr, &patterns);
        self.arms(&mut choice.arms, tail);
        self.handled_since(handlers);
    }

    fn arms(&mut self, arms: &mut [syn::Arm], tail: bool) {
        for arm in arms {
            if !arm.attrs.is_empty() {
                self.passes(arm);
                continue;
            }
            if let Pat::Guard(guard) = &mut arm.pat {
                self.condition(&mut guard.guard);
            }
            let wanted = bound_by(&arm.pat)
                .iter()
                .any(|ident| self.plan.names.mentions(ident) && !(self.plan.skips)(ident));
            let entering = entering(&arm.pat);
            if let Expr::Block(body) = &mut *arm.body
                && body.attrs.is_empty()
                && body.label.is_none()
            {
                self.block(&mut body.block, tail, &entering);
            } else if wanted && !matches!(*arm.body, Expr::Macro(_)) {
                // The body of an arm is a scope of temporaries of its own, so a block around it changes nothing.
                let span = arm.body.span();
                let body = std::mem::replace(&mut *arm.body, Expr::Verbatim(TokenStream::new()));
                let mut block =
                    Block { brace_token: token::Brace(span), stmts: vec![Stmt::Expr(body, None)] };
                self.block(&mut block, tail, &entering);
                *arm.body = if block.stmts.len() == 1 {
                    match block.stmts.pop() {
                        Some(Stmt::Expr(body, _)) => body,
                        _ => Expr::Verbatim(TokenStream::new()),
                    }
                } else {
                    Expr::Block(ExprBlock { attrs: Vec::new(), label: None, block })
                };
            } else if tail {
                self.tail(&mut arm.body);
            } else {
                self.expr(&mut arm.body);
            }
        }
    }
}
