//! What the walk asks of expressions.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
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
    LOSING.iter().any(|name| call.method.unraw() == name)
}

pub(crate) fn is_mapping(call: &ExprMethodCall) -> bool {
    call.attrs.is_empty() && MAPPING.iter().any(|name| call.method.unraw() == name)
}

/// An expression as it can stand behind `match`: in parentheses when it needs them there, else without, which the
/// compiler would warn of.
pub(crate) fn scrutinee(expr: &Expr) -> TokenStream {
    match expr {
        _ if has_open_struct(expr) => quote!((#expr)),
        Expr::Paren(paren) if paren.attrs.is_empty() && ends_itself(&paren.expr) => scrutinee(&paren.expr),
        _ => expr.to_token_stream(),
    }
}

/// Whether a struct expression would meet the `{` of a `match`, or be taken for it.
fn has_open_struct(expr: &Expr) -> bool {
    match expr {
        Expr::Struct(_) => true,
        Expr::Await(wait) => has_open_struct(&wait.base),
        Expr::Binary(binary) => has_open_struct(&binary.left) || has_open_struct(&binary.right),
        Expr::Call(call) => has_open_struct(&call.func),
        Expr::Cast(cast) => has_open_struct(&cast.expr),
        Expr::Field(field) => has_open_struct(&field.base),
        Expr::Index(index) => has_open_struct(&index.expr),
        Expr::MethodCall(call) => has_open_struct(&call.receiver),
        Expr::Reference(reference) => has_open_struct(&reference.expr),
        Expr::Try(question) => has_open_struct(&question.expr),
        Expr::Unary(unary) => has_open_struct(&unary.expr),
        _ => false,
    }
}

/// Whether what follows an expression cannot become part of it.
fn ends_itself(expr: &Expr) -> bool {
    !matches!(expr, Expr::Assign(_) | Expr::Break(_) | Expr::Closure(_) | Expr::Range(_) | Expr::Return(_))
}

pub(crate) fn ends_with(path: &syn::ExprPath, names: &[&str]) -> bool {
    path.path.segments.last().is_some_and(|segment| names.iter().any(|name| segment.ident == name))
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
