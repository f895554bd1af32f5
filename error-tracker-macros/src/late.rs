//! Variables whose type the compiler may find out only when it has read the whole body, after the links are closed:
//! what comes of a cast to `_`, since casts are looked at last, and what an operator makes of a number without a
//! suffix, whose type is chosen last. Such a link must not ask what traits the type has.

use std::collections::HashMap;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{BinOp, Block, Expr, ExprBinary, ExprCast, ExprPath, Lit, Macro, Pat, Stmt, UnOp};

use crate::names::bound_by;

/// Why a type may be known late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Late {
    Not,
    /// By an operator on a number. What a function makes of it is known, since few would take any type.
    Number,
    /// By a cast. It may go through functions such as `ptr::read`.
    Cast,
}

/// The variables that were bound so far.
#[derive(Default)]
pub(crate) struct LateTypes {
    /// What any variable of that name is, since a name may mean an earlier one again.
    names: HashMap<String, Late>,
    /// What the name was bound to last.
    newest: HashMap<String, Late>,
    /// Whether the body has a cast to `_` at all.
    casts: bool,
}

impl LateTypes {
    pub(crate) fn new(casts: bool) -> Self {
        Self { casts, ..Self::default() }
    }

    /// Whether the variable that this name was bound to last is one.
    pub(crate) fn is_late(&self, name: &Ident) -> bool {
        self.newest.get(&name.to_string()).is_some_and(|late| *late != Late::Not)
    }

    /// Notes what a pattern takes its values from.
    pub(crate) fn bind(&mut self, pat: &Pat, value: &Expr) {
        let is_written = matches!(pat, Pat::Type(typed) if !is_open(typed.ty.to_token_stream()));
        let late = if is_written { Late::Not } else { self.of_value(value) };
        for name in bound_by(pat) {
            self.note(&name, late);
            self.newest.insert(name.to_string(), late);
        }
    }

    /// Notes what is assigned to a variable; says whether it makes its type one that is known late.
    pub(crate) fn assign(&mut self, name: &Ident, value: &Expr) -> bool {
        let late = self.of_value(value);
        self.note(name, late);
        late != Late::Not
    }

    fn note(&mut self, name: &Ident, late: Late) {
        if late != Late::Not {
            let known = self.names.entry(name.to_string()).or_insert(late);
            *known = late.max(*known);
        }
    }

    fn of_value(&self, value: &Expr) -> Late {
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
                self.of_block(&branch.then_branch).max(other.unwrap_or(Late::Not))
            }
            Expr::Match(choice) => self.of_all(choice.arms.iter().map(|arm| &*arm.body)),
            _ if self.casts => {
                let mut search = Casts { known: self, found: false };
                search.visit_expr(value);
                if search.found { Late::Cast } else { Late::Not }
            }
            _ => Late::Not,
        }
    }

    fn of_all<'e>(&self, values: impl IntoIterator<Item = &'e Expr>) -> Late {
        values.into_iter().map(|value| self.of_value(value)).max().unwrap_or(Late::Not)
    }

    fn of_block(&self, block: &Block) -> Late {
        match block.stmts.last() {
            Some(Stmt::Expr(value, None)) => self.of_value(value),
            _ => Late::Not,
        }
    }

    fn of_path(&self, path: &ExprPath) -> Late {
        let known = path.path.get_ident().and_then(|name| self.names.get(&name.to_string()));
        known.copied().unwrap_or(Late::Not)
    }

    fn of_operator(&self, ExprBinary { left, op, right, .. }: &ExprBinary) -> Late {
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
            return Late::Not;
        }
        let own = if is_number(left) != is_number(right) { Late::Number } else { Late::Not };
        own.max(self.of_value(left)).max(self.of_value(right))
    }
}

/// A number without a suffix.
fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Int(number) => number.suffix().is_empty(),
            Lit::Float(number) => number.suffix().is_empty(),
            _ => false,
        },
        Expr::Unary(unary) => matches!(unary.op, UnOp::Neg(_) | UnOp::Not(_)) && is_number(&unary.expr),
        Expr::Paren(paren) => is_number(&paren.expr),
        Expr::Group(group) => is_number(&group.expr),
        _ => false,
    }
}

/// Looks for a cast to `_`, or what came of one, anywhere in an expression.
struct Casts<'a> {
    known: &'a LateTypes,
    found: bool,
}

impl<'ast> Visit<'ast> for Casts<'_> {
    fn visit_expr_cast(&mut self, cast: &'ast ExprCast) {
        // A type that is written out ends what was open before.
        self.found |= is_open(cast.ty.to_token_stream());
    }

    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        self.found |= self.known.of_path(path) == Late::Cast;
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.found |= has_open_cast(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

/// Whether a `_` stands in a type.
pub(crate) fn is_open(ty: TokenStream) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "_",
        TokenTree::Group(group) => is_open(group.stream()),
        _ => false,
    })
}

/// Whether there is an `as` with a `_` behind, as in `as *const _`.
fn has_open_cast(tokens: TokenStream) -> bool {
    let mut cast = OpenCast::default();
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => cast.ends_with(Some(&ident.to_string())),
        TokenTree::Group(group) if has_open_cast(group.stream()) => true,
        _ => cast.ends_with(None),
    })
}

/// Looks for an `as` with a `_` behind among tokens.
#[derive(Default)]
pub(crate) struct OpenCast {
    /// So many tokens ago was the last `as`.
    since: Option<usize>,
}

impl OpenCast {
    /// Whether it ends with this token, of which the word is given if it is one.
    pub(crate) fn ends_with(&mut self, word: Option<&str>) -> bool {
        let since = self.since.filter(|since| *since < MOST_TOKENS);
        self.since = match word {
            Some("as") => Some(0),
            _ => since.map(|since| since + 1),
        };
        since.is_some() && word == Some("_")
    }
}

/// How long a type with a `_` inside may be.
const MOST_TOKENS: usize = 8;
