//! Functions that are too small to be followed: they hand on to a few others, or answer what lies at hand. Programs call such
//! functions for every byte, and that would cost more than what they do. They are on no list of running functions; an
//! error that leaves one is looked at as anywhere else, with the arguments.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprCall, ExprMethodCall, FnArg, Macro, ReceiverKind, Type};

use crate::expressions::ends_with;
use crate::function::{Function, is_primitive};
use crate::names::bound_by;

/// Bounds the size of a body, in tokens.
const MOST_TOKENS: usize = 100;
/// How many calls it may have.
const MOST_CALLS: usize = 4;

/// Whether a body is so plain that nothing in it can fail, panic or call.
pub(crate) fn is_plain(block: &Block) -> bool {
    fn plain(expr: &Expr) -> bool {
        match expr {
            Expr::Path(_) | Expr::Lit(_) => true,
            Expr::Field(field) => plain(&field.base),
            Expr::Reference(reference) => plain(&reference.expr),
            Expr::Paren(paren) => plain(&paren.expr),
            Expr::Struct(value) => {
                value.rest.is_none() && value.fields.iter().all(|field| plain(&field.expr))
            }
            Expr::Tuple(tuple) => tuple.elems.iter().all(plain),
            _ => false,
        }
    }
    block.stmts.iter().all(|stmt| matches!(stmt, syn::Stmt::Expr(expr, None) if plain(expr)))
}

/// Whether a function is small, and all that is wanted of its arguments at a failure can be had then.
pub(crate) fn is_small(function: &Function) -> bool {
    if function.sig.asyncness.is_some() || function.is_block || !function.sig.inputs.iter().all(stays) {
        return false;
    }
    if function.block.stmts.len() != 1 || !is_short(function.body.clone(), &mut { MOST_TOKENS }) {
        return false;
    }
    let mut search = Search { calls: 0, is_small: true };
    search.visit_block(&function.block);
    search.is_small && search.calls <= MOST_CALLS
}

/// Whether an argument is there at a failure, behind a reference, or as a number or the like.
fn stays(argument: &FnArg) -> bool {
    match argument {
        FnArg::Receiver(receiver) => matches!(receiver.kind, ReceiverKind::Reference(..)),
        FnArg::Typed(typed) => {
            matches!(&*typed.ty, Type::Reference(_))
                || bound_by(&typed.pat).is_empty()
                || is_primitive(&typed.ty)
        }
    }
}

fn is_short(tokens: TokenStream, left: &mut usize) -> bool {
    tokens.into_iter().all(|token| {
        *left = left.saturating_sub(1);
        *left > 0
            && match token {
                TokenTree::Group(group) => is_short(group.stream(), left),
                _ => true,
            }
    })
}

struct Search {
    calls: usize,
    is_small: bool,
}

impl<'ast> Visit<'ast> for Search {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        self.is_small &= !matches!(
            expr,
            Expr::Loop(_)
                | Expr::While(_)
                | Expr::ForLoop(_)
                | Expr::Closure(_)
                | Expr::Async(_)
                | Expr::Await(_)
                | Expr::Verbatim(_)
        );
        visit::visit_expr(self, expr);
    }

    /// What it would say of a panic is wanted: the values with which it unwraps.
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let name = call.method.to_string();
        self.is_small &= !["unwrap", "expect", "unwrap_err", "expect_err"].contains(&name.as_str());
        self.calls += 1;
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        let makes_variant =
            matches!(&*call.func, Expr::Path(path) if ends_with(path, &["Ok", "Some", "Err"]));
        self.calls += usize::from(!makes_variant);
        visit::visit_expr_call(self, call);
    }

    fn visit_macro(&mut self, _: &'ast Macro) {
        self.is_small = false;
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {
        self.is_small = false;
    }
}

#[cfg(test)]
mod tests {
    use super::is_small;
    use crate::function::Function;

    fn small(function: &str) -> bool {
        is_small(&syn::parse_str::<Function>(function).expect("a function"))
    }

    #[test]
    fn a_function_is_small_up_to_four_calls_in_one_expression() {
        assert!(small("fn f(text: &str) -> u32 { a(b(c(text.len()))) }"));
        assert!(!small("fn f(text: &str) -> u32 { a(b(c(d(text.len())))) }"));
        assert!(!small("fn f(text: &str) -> u32 { let n = text.len(); a(n) }"));
    }

    #[test]
    fn what_would_be_missed_at_a_failure_makes_a_function_not_small() {
        assert!(small("fn f(&self, n: u32) -> u32 { g(n) }"));
        assert!(!small("fn f(self, n: u32) -> u32 { g(n) }"));
        assert!(!small("fn f(text: String) -> u32 { g(text) }"));
        assert!(!small("fn f(text: &str) -> u32 { g(text).unwrap() }"));
        assert!(!small("fn f(text: &str) -> u32 { text.find(|c| g(c)) }"));
        assert!(!small("fn f(text: &str) -> String { format!(\"{text}\") }"));
        assert!(!small("async fn f(text: &str) -> u32 { g(text) }"));
    }
}
