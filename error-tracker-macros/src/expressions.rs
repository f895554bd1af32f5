//! Forms of expressions that the walk distinguishes.

use syn::ext::IdentExt;
use syn::{BinOp, Block, Expr, ExprCall, ExprMethodCall, Ident, Stmt};

/// Methods that replace an error by another one, or by a value, and leave a success alone.
const CONVERTING: &[&str] = &[
    "map_err",
    "ok",
    "ok_or",
    "ok_or_else",
    "or",
    "or_else",
    "map_or",
    "map_or_else",
    "err_into",
    "context",
    "with_context",
    "wrap_err",
    "wrap_err_with",
    "change_context",
    "change_context_lazy",
    "attach",
    "attach_with",
    "attach_lazy",
    "attach_opaque",
    "attach_opaque_with",
    "attach_printable",
    "attach_printable_lazy",
    "whatever_context",
    "with_whatever_context",
    "into_diagnostic",
    "into_report",
    "boxed",
    "boxed_local",
];

/// Methods that return the same error.
const PASSING: &[&str] = &[
    "map",
    "map_ok",
    "inspect",
    "inspect_ok",
    "inspect_err",
    "copied",
    "cloned",
    "as_ref",
    "as_mut",
    "as_deref",
    "as_deref_mut",
    "transpose",
    "flatten",
];

/// Methods that return the same error, or one of their own.
const CHAINING: &[&str] = &["and_then", "and", "filter", "zip"];

/// Methods that discard a `Result`'s error.
const DISCARDING: &[&str] = &[
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

/// Returns whether a call is one of a method with one of these names.
pub(crate) fn is_one_of(call: &ExprMethodCall, names: &[&str]) -> bool {
    call.attrs.is_empty() && names.contains(&call.method.unraw().to_string().as_str())
}

/// Types and traits whose methods are recognised where they are called by their path.
const BY_PATH: &[&str] =
    &["Result", "Option", "Context", "WrapErr", "ResultExt", "OptionExt", "IntoDiagnostic"];

/// What a method does with an error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorMapping {
    /// It replaces the error.
    Converts,
    /// It returns the same error.
    Passes,
    /// It returns the same error, or one of its own.
    Chains,
}

/// Returns what an expression does with the error of `receiver(expr)`, by a method or by its path,
/// as in `Result::map_err(read, Other)`.
pub(crate) fn mapping(expr: &Expr) -> Option<ErrorMapping> {
    let name = match expr {
        Expr::MethodCall(call) if call.attrs.is_empty() => &call.method,
        Expr::Call(call) => by_path(call)?,
        _ => return None,
    };
    let name = name.unraw().to_string();
    let is_in = |names: &[&str]| names.contains(&name.as_str());
    match () {
        () if is_in(CONVERTING) => Some(ErrorMapping::Converts),
        () if is_in(PASSING) => Some(ErrorMapping::Passes),
        () if is_in(CHAINING) => Some(ErrorMapping::Chains),
        () => None,
    }
}

/// Returns the method that is called by its path.
pub(crate) fn by_path(call: &ExprCall) -> Option<&Ident> {
    let Expr::Path(path) = &*call.func else { return None };
    let mut names = path.path.segments.iter().rev().map(|segment| &segment.ident);
    let (name, of) = (names.next()?, names.next()?);
    let is_known = call.attrs.is_empty()
        && !call.args.is_empty()
        && BY_PATH.contains(&of.to_string().as_str());
    is_known.then_some(name)
}

/// Returns the receiver of a method call, or the first argument of a call by path.
pub(crate) fn receiver(expr: &mut Expr) -> &mut Expr {
    match expr {
        Expr::MethodCall(call) => &mut call.receiver,
        Expr::Call(call) => &mut call.args[0],
        other => other,
    }
}

/// Returns the expression below `.context(..)`, `.map(..)` and the like that the error comes from.
/// An `.ok_or(..)` on an `Option` is such an expression itself.
pub(crate) fn source(expr: &mut Expr) -> &mut Expr {
    match mapping(expr) {
        Some(ErrorMapping::Converts | ErrorMapping::Passes)
            if !is_filled(expr) || had_error(expr) =>
        {
            source(receiver(expr))
        }
        _ => expr,
    }
}

/// Returns whether the receiver of `.ok_or(..)` and the like can have been an error. An `Option`
/// has none.
pub(crate) fn had_error(expr: &Expr) -> bool {
    let receiver = match expr {
        Expr::MethodCall(call) => &*call.receiver,
        Expr::Call(call) if by_path(call).is_some() => &call.args[0],
        _ => return false,
    };
    match mapping(expr) {
        Some(ErrorMapping::Converts) if !is_filled(expr) => true,
        Some(ErrorMapping::Converts | ErrorMapping::Passes) => had_error(receiver),
        _ => false,
    }
}

/// Returns whether an expression puts an error in the place of a `None`.
fn is_filled(expr: &Expr) -> bool {
    match expr {
        Expr::MethodCall(call) => fills_none(&call.method),
        Expr::Call(call) => by_path(call).is_some_and(fills_none),
        _ => false,
    }
}

/// Returns the name of a variable, below references.
pub(crate) fn variable(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) if path.attrs.is_empty() && path.qself.is_none() => {
            path.path.get_ident().filter(|name| name.to_string().starts_with(char::is_lowercase))
        }
        Expr::Reference(reference) if reference.mutability.is_none() => variable(&reference.expr),
        Expr::Paren(paren) => variable(&paren.expr),
        _ => None,
    }
}

/// Returns whether an expression makes a value, and is no place.
pub(crate) fn is_value(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(_) | Expr::MethodCall(_) | Expr::Await(_) | Expr::Try(_))
        && attributes(expr).is_empty()
}

/// Returns whether a call discards the error of its receiver.
pub(crate) fn discards_error(call: &ExprMethodCall) -> bool {
    is_one_of(call, DISCARDING)
}

/// Returns whether a call tests whether there is an error.
pub(crate) fn is_test(call: &ExprMethodCall) -> bool {
    is_one_of(call, &["is_ok", "is_ok_and", "is_err", "is_err_and"])
}

/// Returns whether a method puts an error in the place of a `None`.
pub(crate) fn fills_none(method: &Ident) -> bool {
    method == "ok_or" || method == "ok_or_else"
}

/// Returns whether a call converts an error, or makes one of a `None`; which of both depends on
/// types.
pub(crate) fn may_make_error(call: &ExprMethodCall) -> bool {
    is_one_of(call, &["context", "with_context", "whatever_context", "with_whatever_context"])
}

/// Returns whether a call returns the same error or another one in its place.
pub(crate) fn is_mapping(call: &ExprMethodCall) -> bool {
    is_one_of(call, CONVERTING) || is_one_of(call, PASSING)
}

/// Returns whether a call returns the same error or one of its own.
pub(crate) fn is_chaining(call: &ExprMethodCall) -> bool {
    is_one_of(call, CHAINING)
}

/// Returns an expression without the parentheses around it, which the compiler would warn of in an
/// argument.
pub(crate) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(paren) if paren.attrs.is_empty() => bare(&paren.expr),
        _ => expr,
    }
}

/// Returns whether a call is one of a function with one of these names.
pub(crate) fn calls_one_of(call: &ExprCall, names: &[&str]) -> bool {
    matches!(&*call.func, Expr::Path(path) if ends_with(path, names))
}

/// Returns whether the last name of a path is one of these.
pub(crate) fn ends_with(path: &syn::ExprPath, names: &[&str]) -> bool {
    path.path
        .segments
        .last()
        .is_some_and(|segment| names.contains(&segment.ident.to_string().as_str()))
}

/// Returns whether an operator assigns, such as `+=`.
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

/// Returns the attributes of an expression.
pub(crate) fn attributes(expr: &Expr) -> &[syn::Attribute] {
    macro_rules! of {
        ($($variant:ident),+ $(,)?) => {
            match expr { $(Expr::$variant(expr) => &expr.attrs,)+ _ => &[] }
        };
    }
    of!(
        Array, Assign, Await, Binary, Block, Break, Call, Cast, Field, ForLoop, Group, If, Index,
        Let, Loop, Match, MethodCall, Paren, Range, RawAddr, Reference, Repeat, Return, Struct,
        Try, Tuple, Unary, Unsafe, While, Path, Macro, Lit, Closure, Async,
    )
}

/// Returns whether the value of an expression is an error that is made in it: `Err(..)`,
/// `Err(..)?`, `Poll::Ready(Err(..))`, snafu's `.fail()`.
pub(crate) fn is_made(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => calls_one_of(call, &["Err"]) || call.args.iter().any(is_made),
        Expr::MethodCall(call) => is_one_of(call, &["fail"]) || is_made(&call.receiver),
        Expr::Try(question) => is_made(&question.expr),
        Expr::Await(wait) => is_made(&wait.base),
        Expr::Paren(paren) => is_made(&paren.expr),
        _ => false,
    }
}

/// Returns the expression that is the value of a block.
pub(crate) fn last_of(block: &Block) -> Option<&Expr> {
    match block.stmts.last() {
        Some(Stmt::Expr(value, None)) => Some(value),
        _ => None,
    }
}

/// Returns the same to change it.
pub(crate) fn last_mut(block: &mut Block) -> Option<&mut Expr> {
    match block.stmts.last_mut() {
        Some(Stmt::Expr(expr, None)) => Some(expr),
        _ => None,
    }
}

/// Returns the variable that a place belongs to.
pub(crate) fn root(place: &Expr) -> Option<&Ident> {
    match place {
        Expr::Path(path) if path.attrs.is_empty() => path.path.get_ident(),
        Expr::Field(field) => root(&field.base),
        Expr::Index(index) => root(&index.expr),
        Expr::Paren(paren) => root(&paren.expr),
        Expr::Group(group) => root(&group.expr),
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => root(&unary.expr),
        Expr::Reference(reference) => root(&reference.expr),
        _ => None,
    }
}
