//! The calls from which the error of a site may come: those in its text, and those that the
//! variables in it were bound to.

use std::collections::HashMap;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{Expr, ExprClosure, ExprMethodCall, Pat};

use super::BodyWalk;
use crate::body_names::bound_by;
use crate::expressions::{discards_error, fills_none};

/// How many calls are noted of one variable.
const MAX_CALLS: usize = 8;

/// Methods whose values cannot be failures, and that variables are often bound to.
const PLAIN: &[&str] = &[
    "unwrap",
    "unwrap_or",
    "unwrap_or_default",
    "unwrap_or_else",
    "expect",
    "clone",
    "to_string",
    "to_owned",
    "to_vec",
    "into_iter",
    "iter",
    "iter_mut",
    "len",
    "trim",
    "lines",
    "split",
    "chars",
    "bytes",
    "as_str",
    "as_bytes",
];

/// The calls that variables were bound to, by name.
#[derive(Default)]
pub(crate) struct CallOrigins(HashMap<String, Vec<String>>);

/// A variable's name and its calls.
pub(super) type Origin = (String, Vec<String>);

impl BodyWalk<'_> {
    /// Returns the calls that the variables of a pattern come from, as far as they may still be
    /// failures.
    pub(super) fn find_origins(&self, pat: &Pat, value: &Expr) -> Vec<Origin> {
        if let (Pat::Tuple(pat), Expr::Tuple(value)) = (pat, value)
            && pat.elems.len() == value.elems.len()
            && !pat.elems.iter().any(|pat| matches!(pat, Pat::Rest(_)))
        {
            return pat
                .elems
                .iter()
                .zip(&value.elems)
                .flat_map(|(pat, value)| self.find_origins(pat, value))
                .collect();
        }
        let calls = self.find_calls(value);
        bound_by(pat).into_iter().map(|name| (name.unraw().to_string(), calls.clone())).collect()
    }

    /// Notes the calls that variables come from.
    pub(super) fn note_origins(&mut self, origins: Vec<Origin>) {
        for (name, calls) in origins {
            if calls.is_empty() {
                self.origins.0.remove(&name);
            } else {
                self.origins.0.insert(name, calls);
            }
        }
    }

    /// Adds the calls of a value that is assigned to a variable to those that it was bound to.
    pub(super) fn add_origin(&mut self, name: &Ident, value: &Expr) {
        let calls = self.find_calls(value);
        if !calls.is_empty() {
            let known = self.origins.0.entry(name.unraw().to_string()).or_default();
            calls.into_iter().for_each(|call| add(known, call));
        }
    }

    /// Returns the calls of a value that may be a failure.
    fn find_calls(&self, value: &Expr) -> Vec<String> {
        match value {
            Expr::Paren(paren) => self.find_calls(&paren.expr),
            Expr::Await(wait) => self.find_calls(&wait.base),
            Expr::MethodCall(call) if PLAIN.contains(&call.method.to_string().as_str()) => {
                Vec::new()
            }
            Expr::Path(_)
            | Expr::Call(_)
            | Expr::MethodCall(_)
            | Expr::Reference(_)
            | Expr::Closure(_)
            | Expr::Async(_)
            | Expr::Block(_)
            | Expr::Unsafe(_)
            | Expr::If(_)
            | Expr::Match(_)
            | Expr::Struct(_)
            | Expr::Tuple(_)
            | Expr::Macro(_) => self.collect_calls(value),
            _ => Vec::new(),
        }
    }

    /// Returns the calls in an expression, and those that its variables were bound to.
    fn collect_calls(&self, value: &Expr) -> Vec<String> {
        let tokens = value.to_token_stream();
        let mut calls = Vec::new();
        calls_in(tokens.clone(), &mut calls);
        self.collect_bound_calls(tokens, &mut calls);
        calls.truncate(MAX_CALLS);
        calls
    }

    /// Returns the calls that a handler of this value has, separated by spaces.
    pub(super) fn list_handled_calls(&self, value: &Expr) -> String {
        self.collect_calls(value).join(" ")
    }

    /// Returns the calls that an exit has beside its text, separated by spaces: see
    /// `ErrorOrigin::calls`.
    pub(super) fn list_calls(&self, operand: &Expr) -> String {
        let (mut calls, mut discarded) = (Vec::new(), DiscardedCalls::default());
        self.collect_bound_calls(operand.to_token_stream(), &mut calls);
        discarded.visit_expr(operand);
        let discarded = discarded.calls.into_iter().map(|call| format!("-{call}"));
        calls.into_iter().take(MAX_CALLS).chain(discarded).collect::<Vec<_>>().join(" ")
    }

    /// Adds the calls that the variables among these tokens were bound to.
    fn collect_bound_calls(&self, tokens: TokenStream, calls: &mut Vec<String>) {
        if self.origins.0.is_empty() {
            return;
        }
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.collect_bound_calls(group.stream(), calls),
                TokenTree::Ident(name) => {
                    let known = self.origins.0.get(&name.unraw().to_string());
                    for call in known.into_iter().flatten() {
                        add(calls, call.clone());
                    }
                }
                _ => {}
            }
        }
    }
}

/// Adds a call, unless it is there.
fn add(calls: &mut Vec<String>, call: String) {
    if !calls.contains(&call) {
        calls.push(call);
    }
}

/// Adds the names of functions and methods that are called, or that are the only argument of a
/// call: `.map(parse)`.
fn calls_in(tokens: TokenStream, calls: &mut Vec<String>) {
    let mut last: Option<String> = None;
    let mut angles = 0_u32;
    for token in tokens {
        match token {
            TokenTree::Ident(name) if angles == 0 => last = Some(name.unraw().to_string()),
            TokenTree::Punct(punct) => match punct.as_char() {
                // The arguments of a turbofish stand between name and parentheses.
                '<' => angles += 1,
                '>' if angles > 0 => angles -= 1,
                ':' => {}
                _ if angles == 0 => last = None,
                _ => {}
            },
            TokenTree::Group(group) if angles == 0 => {
                if group.delimiter() == Delimiter::Parenthesis
                    && let Some(name) =
                        last.take().filter(|name| name.starts_with(char::is_lowercase))
                {
                    add(calls, name);
                }
                match only_argument(&group) {
                    Some(name) => add(calls, name),
                    None => calls_in(group.stream(), calls),
                }
            }
            _ => {}
        }
    }
}

/// Returns the function that is the only argument of a call.
fn only_argument(group: &Group) -> Option<String> {
    let mut last = None;
    for token in group.stream() {
        match token {
            TokenTree::Ident(name) => last = Some(name.unraw().to_string()),
            TokenTree::Punct(punct) if punct.as_char() == ':' => {}
            _ => return None,
        }
    }
    last.filter(|name| {
        group.delimiter() == Delimiter::Parenthesis && name.starts_with(char::is_lowercase)
    })
}

/// Calls in closures whose errors are discarded there, so that the value of the expression is not
/// theirs.
#[derive(Default)]
struct DiscardedCalls {
    calls: Vec<String>,
    in_closure: bool,
}

impl<'ast> Visit<'ast> for DiscardedCalls {
    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        let outer = std::mem::replace(&mut self.in_closure, true);
        visit::visit_expr_closure(self, closure);
        self.in_closure = outer;
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if self.in_closure && discards_error(call) {
            calls_in(call.receiver.to_token_stream(), &mut self.calls);
        }
        if fills_none(&call.method)
            && let Expr::MethodCall(inner) = &*call.receiver
        {
            return visit::visit_expr_method_call(self, inner);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_token_stream(&mut self, _: &'ast TokenStream) {}
}
