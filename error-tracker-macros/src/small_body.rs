//! Functions whose calls are not tracked, because they are small: they call a few others, or return
//! a value that exists. Programs call such functions for every byte, and tracking would cost more
//! than their work. They are on no list of running functions. An error that leaves one is inspected
//! as anywhere else, with the arguments.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprCall, ExprMethodCall, FnArg, Macro, ReceiverKind, Type};

use crate::argument_kind::is_primitive;
use crate::body_names::bound_by;
use crate::expressions::calls_one_of;
use crate::function::FunctionItem;

/// How many tokens the body of a small function has at most.
const MAX_TOKENS: usize = 100;
/// How many calls it has at most.
const MAX_CALLS: usize = 4;

/// Returns whether nothing in a body can fail, panic or call.
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

/// Returns whether a function is small, and its arguments can still be read at a failure.
pub(crate) fn is_small(function: &FunctionItem) -> bool {
    if function.sig.asyncness.is_some()
        || function.is_block
        || !function.sig.inputs.iter().all(is_readable_later)
    {
        return false;
    }
    if function.block.stmts.len() != 1 || !is_short(function.body.clone(), &mut { MAX_TOKENS }) {
        return false;
    }
    let mut search = SmallBodySearch { calls: 0, is_small: true };
    search.visit_block(&function.block);
    search.is_small && search.calls <= MAX_CALLS
}

/// Returns whether an argument can be read at a failure: it is a reference, a number or the like,
/// or has no name.
fn is_readable_later(argument: &FnArg) -> bool {
    match argument {
        FnArg::Receiver(receiver) => matches!(receiver.kind, ReceiverKind::Reference(..)),
        FnArg::Typed(typed) => {
            matches!(&*typed.ty, Type::Reference(_))
                || bound_by(&typed.pat).is_empty()
                || is_primitive(&typed.ty)
        }
    }
}

/// Returns whether there are fewer than `left` tokens.
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

/// Counts the calls of a body, and looks for what makes a function not small.
struct SmallBodySearch {
    calls: usize,
    is_small: bool,
}

impl<'ast> Visit<'ast> for SmallBodySearch {
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

    /// A function that unwraps is tracked, because its values explain a panic.
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let name = call.method.to_string();
        self.is_small &= !["unwrap", "expect", "unwrap_err", "expect_err"].contains(&name.as_str());
        self.calls += 1;
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        let makes_variant = calls_one_of(call, &["Ok", "Some", "Err"]);
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
    use crate::function::FunctionItem;

    fn small(function: &str) -> bool {
        is_small(&syn::parse_str::<FunctionItem>(function).expect("a function"))
    }

    #[test]
    fn a_function_is_small_up_to_four_calls_in_one_expression() {
        assert!(small("fn f(text: &str) -> u32 { a(b(c(text.len()))) }"));
        assert!(!small("fn f(text: &str) -> u32 { a(b(c(d(text.len())))) }"));
        assert!(!small("fn f(text: &str) -> u32 { let n = text.len(); a(n) }"));
    }

    #[test]
    fn a_function_whose_values_are_needed_at_a_failure_is_not_small() {
        assert!(small("fn f(&self, n: u32) -> u32 { g(n) }"));
        assert!(!small("fn f(self, n: u32) -> u32 { g(n) }"));
        assert!(!small("fn f(text: String) -> u32 { g(text) }"));
        assert!(!small("fn f(text: &str) -> u32 { g(text).unwrap() }"));
        assert!(!small("fn f(text: &str) -> u32 { text.find(|c| g(c)) }"));
        assert!(!small("fn f(text: &str) -> String { format!(\"{text}\") }"));
        assert!(!small("async fn f(text: &str) -> u32 { g(text) }"));
    }
}
