//! Variables whose type the compiler may know only after the whole body, when the probes are closed
//! already: results of a cast to `_`, since casts are checked last, and results of an operator on a
//! number without a suffix, whose type is chosen last. The probe of such a variable must not ask
//! which traits the type has.

use std::collections::HashMap;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{BinOp, Block, Expr, ExprBinary, ExprCast, ExprPath, Lit, Macro, Pat, Stmt, UnOp};

use crate::body_names::bound_by;
use crate::open_types::{has_open_cast, is_open};

/// Why a type may be known late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LateReason {
    Not,
    /// By an operator on a number. A function's result is known all the same, since few take any
    /// type.
    Number,
    /// By a cast. It may go through functions such as `ptr::read`.
    Cast,
}

/// The variables that were bound so far, by name.
#[derive(Default)]
pub(crate) struct LateTypes {
    /// For any variable of that name, since a name may mean an earlier one again.
    names: HashMap<String, LateReason>,
    /// For the last variable of that name.
    newest: HashMap<String, LateReason>,
    /// Whether the body has a cast to `_` at all.
    casts: bool,
}

impl LateTypes {
    pub(crate) fn new(casts: bool) -> Self {
        Self { casts, ..Self::default() }
    }

    /// Returns whether the type of the last variable of this name may be known late.
    pub(crate) fn is_late(&self, name: &Ident) -> bool {
        self.newest.get(&name.to_string()).is_some_and(|late| *late != LateReason::Not)
    }

    /// Notes the value that a pattern takes apart.
    pub(crate) fn bind(&mut self, pat: &Pat, value: &Expr) {
        let is_written = matches!(pat, Pat::Type(typed) if !is_open(typed.ty.to_token_stream()));
        let late = if is_written { LateReason::Not } else { self.of_value(value) };
        for name in bound_by(pat) {
            self.note(&name, late);
            self.newest.insert(name.to_string(), late);
        }
    }

    /// Notes the value that is assigned to a variable. Returns whether its type may be known late.
    pub(crate) fn assign(&mut self, name: &Ident, value: &Expr) -> bool {
        let late = self.of_value(value);
        self.note(name, late);
        late != LateReason::Not
    }

    fn note(&mut self, name: &Ident, late: LateReason) {
        if late != LateReason::Not {
            let known = self.names.entry(name.to_string()).or_insert(late);
            *known = late.max(*known);
        }
    }

    fn of_value(&self, value: &Expr) -> LateReason {
        match value {
            Expr::Paren(paren) => self.of_value(&paren.expr),
            Expr::Group(group) => self.of_value(&group.expr),
            Expr::Reference(reference) => self.of_value(&reference.expr),
            Expr::Unary(unary) => self.of_value(&unary.expr),
            Expr::Tuple(tuple) => self.of_all(&tuple.elems),
            Expr::Array(array) => self.of_all(&array.elems),
            Expr::Binary(binary) => self.of_operator(binary),
            Expr::Path(path) => self.of_path(path),
            Expr::Block(block) => self.of_block(&block.block),
            Expr::Unsafe(block) => self.of_block(&block.block),
            Expr::If(branch) => {
                let other = branch.else_branch.as_ref().map(|(_, other)| self.of_value(other));
                self.of_block(&branch.then_branch).max(other.unwrap_or(LateReason::Not))
            }
            Expr::Match(choice) => self.of_all(choice.arms.iter().map(|arm| &*arm.body)),
            _ if self.casts => {
                let mut search = OpenCastSearch { known: self, found: false };
                search.visit_expr(value);
                if search.found { LateReason::Cast } else { LateReason::Not }
            }
            _ => LateReason::Not,
        }
    }

    fn of_all<'e>(&self, values: impl IntoIterator<Item = &'e Expr>) -> LateReason {
        values.into_iter().map(|value| self.of_value(value)).max().unwrap_or(LateReason::Not)
    }

    fn of_block(&self, block: &Block) -> LateReason {
        match block.stmts.last() {
            Some(Stmt::Expr(value, None)) => self.of_value(value),
            _ => LateReason::Not,
        }
    }

    fn of_path(&self, path: &ExprPath) -> LateReason {
        let known = path.path.get_ident().and_then(|name| self.names.get(&name.to_string()));
        known.copied().unwrap_or(LateReason::Not)
    }

    fn of_operator(&self, ExprBinary { left, op, right, .. }: &ExprBinary) -> LateReason {
        let computes = matches!(
            op,
            BinOp::Add(_)
                | BinOp::Sub(_)
                | BinOp::Mul(_)
                | BinOp::Div(_)
                | BinOp::Rem(_)
                | BinOp::BitAnd(_)
                | BinOp::BitOr(_)
                | BinOp::BitXor(_)
                | BinOp::Shl(_)
                | BinOp::Shr(_)
        );
        if !computes {
            return LateReason::Not;
        }
        let own =
            if is_number(left) != is_number(right) { LateReason::Number } else { LateReason::Not };
        own.max(self.of_value(left)).max(self.of_value(right))
    }
}

/// Returns whether an expression is a number without a suffix.
fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Int(number) => number.suffix().is_empty(),
            Lit::Float(number) => number.suffix().is_empty(),
            _ => false,
        },
        Expr::Unary(unary) => {
            matches!(unary.op, UnOp::Neg(_) | UnOp::Not(_)) && is_number(&unary.expr)
        }
        Expr::Paren(paren) => is_number(&paren.expr),
        Expr::Group(group) => is_number(&group.expr),
        _ => false,
    }
}

/// A search for a cast to `_`, or for the result of one, anywhere in an expression.
struct OpenCastSearch<'a> {
    known: &'a LateTypes,
    found: bool,
}

impl<'ast> Visit<'ast> for OpenCastSearch<'_> {
    fn visit_expr_cast(&mut self, cast: &'ast ExprCast) {
        // A type that is written out is known.
        self.found |= is_open(cast.ty.to_token_stream());
    }

    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        self.found |= self.known.of_path(path) == LateReason::Cast;
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.found |= has_open_cast(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}
