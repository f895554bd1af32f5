//! What the walk asks of expressions.

use syn::ext::IdentExt;
use syn::{BinOp, Expr, ExprMethodCall};

/// Methods that turn one error into another and leave a success alone.
const MAPPING: &[&str] = &[
    "map_err",
    "ok",
    "ok_or",
    "ok_or_else",
    "context",
    "with_context",
    "wrap_err",
    "wrap_err_with",
    "change_context",
    "attach",
    "attach_with",
];

/// Methods behind which a `Result`'s error is gone.
const LOSING: &[&str] = &[
    "ok",
    "is_ok",
    "is_ok_and",
    "is_err",
    "is_err_and",
    "map_or",
    "map_or_else",
    "unwrap_or",
    "unwrap_or_default",
    "unwrap_or_else",
];

/// Below `.context(..)` and the like, what they change, where that is a value of its own.
pub(crate) fn changed(expr: &mut Expr) -> Option<&mut Expr> {
    fn innermost(expr: &mut Expr) -> Option<&mut Expr> {
        if matches!(expr, Expr::MethodCall(call) if is_mapping(call)) {
            return changed(expr);
        }
        is_value(expr).then_some(expr)
    }
    match expr {
        Expr::MethodCall(call) if is_mapping(call) => innermost(&mut call.receiver),
        _ => None,
    }
}

/// Whether it makes a value, and is no place.
pub(crate) fn is_value(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(_) | Expr::MethodCall(_) | Expr::Await(_)) && attributes(expr).is_empty()
}

pub(crate) fn loses_error(call: &ExprMethodCall) -> bool {
    LOSING.contains(&call.method.unraw().to_string().as_str())
}

pub(crate) fn is_mapping(call: &ExprMethodCall) -> bool {
    call.attrs.is_empty() && MAPPING.contains(&call.method.unraw().to_string().as_str())
}

/// An expression as it can stand among arguments: without parentheses, which the compiler would warn of.
pub(crate) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(paren) if paren.attrs.is_empty() => bare(&paren.expr),
        _ => expr,
    }
}

pub(crate) fn ends_with(path: &syn::ExprPath, names: &[&str]) -> bool {
    path.path.segments.last().is_some_and(|segment| names.contains(&segment.ident.to_string().as_str()))
}

pub(crate) fn is_assignment(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}

/// The attributes of an expression that is gone through.
pub(crate) fn attributes(expr: &Expr) -> &[syn::Attribute] {
    macro_rules! of {
        ($($variant:ident),+ $(,)?) => {
            match expr { $(Expr::$variant(expr) => &expr.attrs,)+ _ => &[] }
        };
    }
    of!(
        Array, Assign, Await, Binary, Block, Break, Call, Cast, Field, ForLoop, Group, If, Index, Let, Loop,
        Match, MethodCall, Paren, Range, RawAddr, Reference, Repeat, Return, Struct, Try, Tuple, Unary,
        Unsafe, While, Path, Macro, Lit, Closure, Async,
    )
}
