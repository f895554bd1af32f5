//! Functions whose body another attribute macro has moved into a block, a closure or a future
//! inside. Such a macro is above the attribute of this crate, so it runs first: `#[instrument]`,
//! `#[trace]`, `#[tokio::main]` and the like. The inner block is tracked.
//!
//! ```text
//! let __tracing_attr_span = ..;
//! let __tracing_instrument_future = async move { the body };
//! if .. { Instrument::instrument(__tracing_instrument_future, __tracing_attr_span).await } else { .. }
//!
//! let body = async { the body };
//! { return Builder::new_multi_thread().enable_all().build().expect("..").block_on(body); }
//! ```

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Arm, Block, Expr, ExprCall, ExprMatch, ExprMethodCall, Pat, Stmt, Token};

use crate::expressions::ends_with;
use crate::function::FunctionItem;

/// Functions that return the value of the future which is their first argument or receiver.
const WRAPPING: &[&str] = &["instrument", "in_span", "enter_on_poll", DRIVING];
/// The one of them that runs the future.
const DRIVING: &str = "block_on";

/// The inner block as a function, and its place.
pub(crate) struct WrappedBody<'a> {
    pub(crate) function: FunctionItem,
    block: &'a mut Block,
}

/// The `move` of a future.
type MoveCapture = Option<Token![move]>;

/// A block that does the work.
struct WorkBlock<'a> {
    block: &'a mut Block,
    /// The future in which it runs; `None` outside of futures.
    future: Option<MoveCapture>,
}

/// What is known of a place where the inner block may be.
#[derive(Clone, Copy)]
struct WorkPlace {
    future: Option<MoveCapture>,
    /// Whether a macro has made the code around.
    is_made: bool,
    /// Whether a future here is awaited, and its value is what the function returns.
    is_driven: bool,
}

impl<'a> WrappedBody<'a> {
    /// Returns the inner block of a function; `None` if it does its work itself. `around` is the
    /// function's block.
    pub(crate) fn of(around: &'a mut Block, function: &FunctionItem) -> Option<Self> {
        let future = function.sig.asyncness.map(|_| function.capture);
        let WorkBlock { block, future } =
            in_block(around, WorkPlace { future, is_made: false, is_driven: false })?;
        let mut inner = function.with_block(block.clone());
        inner.sig.asyncness = future.is_some().then(<Token![async]>::default);
        inner.capture = future.flatten();
        Some(Self { function: inner, block })
    }

    /// Puts another body into the inner block.
    pub(crate) fn fill(self, body: TokenStream) {
        self.block.stmts = vec![Stmt::Expr(Expr::Verbatim(body), None)];
    }
}

/// Looks for the inner block in a block that such a macro has made, or that is one expression.
fn in_block(block: &mut Block, place: WorkPlace) -> Option<WorkBlock<'_>> {
    let is_made = block.stmts.iter().any(is_scaffold);
    let mut stmts = block.stmts.iter().filter(|stmt| !is_empty_block(stmt));
    let is_returned = returns_first(&block.stmts);
    if !is_made && !is_returned && !stmts.next().is_some_and(is_body) && stmts.next().is_some() {
        return None;
    }
    let place = WorkPlace { is_made: is_made || is_returned, ..place };
    let at = (0..block.stmts.len()).find(|at| in_stmt(&mut block.stmts[*at], place).is_some())?;
    in_stmt(&mut block.stmts[at], place)
}

/// Looks for it in a statement.
fn in_stmt(stmt: &mut Stmt, place: WorkPlace) -> Option<WorkBlock<'_>> {
    let is_body = is_body(stmt);
    match stmt {
        Stmt::Local(local) if place.is_made || is_body => {
            let is_result = name(&local.pat).is_some_and(|name| name == "__ret__");
            let init = &mut *local.init.as_mut()?.expr;
            if is_result && let Expr::Block(block) = init {
                return Some(deepest(&mut block.block, place.future));
            }
            in_expr(init, WorkPlace { is_driven: is_body || place.future.is_some(), ..place })
        }
        Stmt::Expr(expr, semi) if semi.is_none() || matches!(expr, Expr::Return(_)) => {
            if place.is_made && matches!(expr, Expr::Block(block) if !block.block.stmts.is_empty())
            {
                let Expr::Block(block) = expr else { return None };
                return Some(deepest(&mut block.block, place.future));
            }
            in_expr(expr, place)
        }
        _ => None,
    }
}

/// Looks for it in an expression.
fn in_expr(expr: &mut Expr, place: WorkPlace) -> Option<WorkBlock<'_>> {
    match expr {
        Expr::Async(made) if place.is_driven => Some(deepest(&mut made.block, Some(made.capture))),
        Expr::Await(wait) => in_expr(&mut wait.base, WorkPlace { is_driven: true, ..place }),
        Expr::Block(block) => in_block(&mut block.block, place),
        Expr::Call(call) => in_call(call, place),
        Expr::Group(group) => in_expr(&mut group.expr, place),
        Expr::Match(choice) if returns_operand(choice) => in_expr(&mut choice.expr, place),
        Expr::MethodCall(call) => in_method_call(call, place),
        Expr::Paren(paren) => in_expr(&mut paren.expr, place),
        Expr::Return(leave) => in_expr(leave.expr.as_mut()?, place),
        _ => None,
    }
}

/// Looks for it in `(move || { .. })()`, or in a function around a future.
fn in_call(call: &mut ExprCall, place: WorkPlace) -> Option<WorkBlock<'_>> {
    match &mut *call.func {
        Expr::Paren(paren) if place.is_made && call.args.is_empty() => match &mut *paren.expr {
            Expr::Closure(closure) if closure.inputs.is_empty() => match &mut *closure.body {
                Expr::Block(block) => Some(deepest(&mut block.block, None)),
                _ => None,
            },
            _ => None,
        },
        Expr::Path(path) if ends_with(path, WRAPPING) => {
            let is_driven = place.is_driven || ends_with(path, &[DRIVING]);
            in_expr(call.args.first_mut()?, WorkPlace { is_driven, ..place })
        }
        _ => None,
    }
}

/// Looks for it in a method around a future.
fn in_method_call(call: &mut ExprMethodCall, place: WorkPlace) -> Option<WorkBlock<'_>> {
    if call.method == DRIVING {
        return in_expr(call.args.first_mut()?, WorkPlace { is_driven: true, ..place });
    }
    let wraps = WRAPPING.iter().any(|name| call.method == name);
    if wraps { in_expr(&mut call.receiver, place) } else { None }
}

/// Returns the innermost block: this one, or the one inside that does its work.
fn deepest(block: &mut Block, future: Option<MoveCapture>) -> WorkBlock<'_> {
    let place = WorkPlace { future, is_made: false, is_driven: false };
    if in_block(block, place).is_none() {
        return WorkBlock { block, future };
    }
    in_block(block, place).unwrap_or_else(|| unreachable!("it was found just now"))
}

/// Returns whether a statement is `{}`, where `#[instrument]` puts warnings about itself.
fn is_empty_block(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Expr(Expr::Block(block), None) if block.block.stmts.is_empty())
}

/// Returns whether a macro has written a statement around the body.
fn is_scaffold(stmt: &Stmt) -> bool {
    const NAMES: [&str; 5] =
        ["__tracing_", "__span__", "__guard__", "__ret__", "__match_scrutinee"];
    match stmt {
        Stmt::Local(local) => {
            name(&local.pat).is_some_and(|name| NAMES.iter().any(|known| name.starts_with(known)))
        }
        // It gives the compiler the returned type.
        Stmt::Expr(Expr::If(branch), _) => branch.then_branch.stmts.iter().any(is_scaffold),
        _ => false,
    }
}

/// Returns whether a `match` returns its own operand: `Ok(x) => Ok(x), Err(e) => { ..; Err(e) }`.
fn returns_operand(choice: &ExprMatch) -> bool {
    fn last(expr: &Expr) -> Option<&Expr> {
        match expr {
            Expr::Block(block) => match block.block.stmts.last()? {
                Stmt::Expr(expr, None) => last(expr),
                _ => None,
            },
            expr => Some(expr),
        }
    }
    let same = |arm: &Arm| {
        let body = last(&arm.body).map(|body| body.to_token_stream().to_string());
        matches!(arm.pat, Pat::TupleStruct(_))
            && body.is_some_and(|body| body == arm.pat.to_token_stream().to_string())
    };
    choice.arms.iter().all(same)
}

/// Returns whether statements are `let x = async move { .. }.await; ..; x`.
fn returns_first(stmts: &[Stmt]) -> bool {
    let [Stmt::Local(local), .., Stmt::Expr(Expr::Path(answer), None)] = stmts else {
        return false;
    };
    let waits = local.init.as_ref().is_some_and(
        |init| matches!(&*init.expr, Expr::Await(wait) if matches!(*wait.base, Expr::Async(_))),
    );
    waits && name(&local.pat).is_some_and(|name| answer.path.is_ident(&name))
}

/// Returns whether a statement is `let body = async { .. };`.
fn is_body(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Local(local) if name(&local.pat).is_some_and(|name| name == "body")
        && local.init.as_ref().is_some_and(|init| matches!(*init.expr, Expr::Async(_))))
}

/// Returns the variable that a pattern is.
fn name(pat: &Pat) -> Option<String> {
    match pat {
        Pat::Ident(pat) => Some(pat.ident.to_string()),
        Pat::Type(typed) => name(&typed.pat),
        _ => None,
    }
}
