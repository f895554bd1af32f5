//! The names that a body binds and mentions.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{
    Arm, Attribute, Block, Expr, ExprAssign, ExprBinary, ExprCast, ExprForLoop, ExprLoop,
    ExprWhile, FieldPat, FieldValue, FnArg, Ident, Local, Pat, PatIdent, Stmt, StmtMacro,
};

use crate::expressions::{attributes, is_assignment};
use crate::function::FunctionItem;
use crate::open_types::{OpenCast, is_open};

/// How often each name is bound, and how often it is written at all, in a body.
#[derive(Default)]
pub(crate) struct BodyNames {
    written: HashMap<String, u32>,
    bound: HashMap<String, u32>,
    /// The names that are bound `mut` somewhere.
    mutable: HashSet<String>,
    /// The names at places that give them a value which nothing reads: it is overwritten at once,
    /// or the name is not used again.
    unread: Vec<Ident>,
    /// Whether the body has a cast to `_`.
    pub(crate) casts: bool,
}

impl BodyNames {
    /// Returns the names of a function.
    pub(crate) fn of(function: &FunctionItem) -> Self {
        let mut count = NameCounter::default();
        count.visit_block(&function.block);
        for input in &function.sig.inputs {
            if let FnArg::Typed(argument) = input {
                count.names.add_mutable(argument.pat.to_token_stream());
            }
        }
        let NameCounter { mut names, assigned, .. } = count;
        let last = assigned
            .into_iter()
            .filter(|(name, written)| names.written.get(&plain(name)) == Some(written));
        names.unread.extend(last.map(|(name, _)| name));
        names
    }

    /// Returns whether nothing reads the value that a variable gets at this place. A capture would
    /// read it, and so remove the compiler's warning.
    pub(crate) fn is_unread(&self, name: &Ident) -> bool {
        let mut same = self.unread.iter().filter(|unread| *unread == name).peekable();
        same.peek().is_some() && {
            let place = |name: &Ident| format!("{:?}", name.span().unwrap());
            let at = place(name);
            same.any(|unread| place(unread) == at)
        }
    }

    /// Returns whether the name is used somewhere beside its bindings. A capture of one that is not
    /// would remove the compiler's warning.
    pub(crate) fn mentions(&self, name: &Ident) -> bool {
        let name = plain(name);
        self.written.get(&name) > self.bound.get(&name)
    }

    /// Returns whether the name is bound `mut` somewhere.
    pub(crate) fn is_mut(&self, name: &Ident) -> bool {
        self.mutable.contains(&plain(name))
    }

    /// Adds the names behind a `mut`.
    fn add_mutable(&mut self, pat: TokenStream) {
        let mut is_mut = false;
        for token in pat {
            match token {
                TokenTree::Ident(word) => {
                    if std::mem::replace(&mut is_mut, word == "mut") {
                        self.mutable.insert(plain(&word));
                    }
                }
                TokenTree::Group(group) => self.add_mutable(group.stream()),
                _ => is_mut = false,
            }
        }
    }

    /// Returns whether the body binds the name somewhere.
    pub(crate) fn binds(&self, name: &Ident) -> bool {
        self.bound.contains_key(&plain(name))
    }

    /// Counts the names among tokens.
    fn write(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        let mut cast = OpenCast::default();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Ident(ident) => {
                    let name = plain(&ident);
                    self.casts |= cast.ends_with(Some(&name));
                    self.count(name);
                    continue;
                }
                TokenTree::Group(group) => self.write(group.stream()),
                TokenTree::Literal(literal) => self.write_inline(&literal.to_string()),
                // Code that `cfg` may remove does not count: without it the name would be unused.
                TokenTree::Punct(hash) if hash.as_char() == '#' => {
                    if tokens.next_if(is_cfg).is_some() {
                        while tokens.next_if(|token| !ends_item(token)).is_some() {}
                        tokens.next();
                    }
                }
                TokenTree::Punct(_) => {}
            }
            cast.ends_with(None);
        }
    }

    /// Counts the names in a format string: `"{name:?}"` mentions `name`.
    fn write_inline(&mut self, literal: &str) {
        for part in literal.split('{').skip(1) {
            let end = part.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(part.len());
            if end > 0 {
                self.count(part[..end].into());
            }
        }
    }

    fn count(&mut self, name: String) {
        *self.written.entry(name).or_default() += 1;
    }
}

/// Returns a name without `r#`.
fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map_or_else(|| name.clone(), Into::into)
}

/// Returns whether one of the names is among the tokens.
pub(crate) fn mentions(tokens: TokenStream, names: &[Ident]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => names.contains(&ident),
        TokenTree::Group(group) => mentions(group.stream(), names),
        _ => false,
    })
}

/// Returns whether a token is the `[cfg(..)]` behind a `#`.
fn is_cfg(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    let first = group.stream().into_iter().next();
    group.delimiter() == Delimiter::Bracket
        && matches!(first, Some(TokenTree::Ident(ident)) if ident == "cfg")
}

/// Returns whether an item with an attribute ends here: with a `;`, a `,` or a block.
fn ends_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), ';' | ','),
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    }
}

/// A count of the names while a body is visited.
#[derive(Default)]
struct NameCounter {
    names: BodyNames,
    /// Whether the visited code may be removed by `cfg`. No name counts as written there: without
    /// it it would be unused.
    configured: bool,
    /// The number of loops around.
    loops: u32,
    /// The number of loops around the first binding of each name.
    bound_in: HashMap<String, u32>,
    /// The names that are assigned to, with how often each was written until then. Those in a loop
    /// that may read them in its next turn are left out.
    assigned: Vec<(Ident, u32)>,
}

impl NameCounter {
    /// Visits an assignment, whose right side runs first.
    fn assign(&mut self, left: &Expr, right: &Expr) {
        self.visit_expr(right);
        self.visit_expr(left);
        if let Some(name) = variable(left)
            && self.bound_in.get(&plain(name)) == Some(&self.loops)
        {
            let written = self.names.written.get(&plain(name)).copied().unwrap_or_default();
            self.assigned.push((name.clone(), written));
        }
    }

    /// Visits the code of a loop.
    fn in_loop(&mut self, visit: impl FnOnce(&mut Self)) {
        self.loops += 1;
        visit(self);
        self.loops -= 1;
    }

    /// Visits code with attributes.
    fn within(&mut self, attrs: &[Attribute], visit: impl FnOnce(&mut Self)) {
        let outer = self.configured;
        self.configured |= attrs.iter().any(|attr| attr.path().is_ident("cfg"));
        visit(self);
        self.configured = outer;
    }
}

macro_rules! configurable {
    ($($visit:ident: |$node:ident: $type:ty| $attrs:expr;)+) => {$(
        fn $visit(&mut self, $node: &'ast $type) {
            self.within($attrs, |count| visit::$visit(count, $node));
        }
    )+};
}

impl<'ast> Visit<'ast> for NameCounter {
    configurable! {
        visit_arm: |arm: Arm| &arm.attrs;
        visit_expr: |expr: Expr| attributes(expr);
        visit_field_pat: |field: FieldPat| &field.attrs;
        visit_field_value: |field: FieldValue| &field.attrs;
        visit_local: |local: Local| &local.attrs;
        visit_stmt_macro: |call: StmtMacro| &call.attrs;
    }

    fn visit_ident(&mut self, ident: &'ast Ident) {
        if !self.configured {
            self.names.count(plain(ident));
        }
    }

    fn visit_expr_assign(&mut self, assign: &'ast ExprAssign) {
        self.assign(&assign.left, &assign.right);
    }

    fn visit_expr_binary(&mut self, binary: &'ast ExprBinary) {
        match is_assignment(&binary.op) {
            true => self.assign(&binary.left, &binary.right),
            false => visit::visit_expr_binary(self, binary),
        }
    }

    fn visit_expr_loop(&mut self, each: &'ast ExprLoop) {
        self.in_loop(|count| visit::visit_expr_loop(count, each));
    }

    fn visit_expr_while(&mut self, each: &'ast ExprWhile) {
        self.in_loop(|count| visit::visit_expr_while(count, each));
    }

    fn visit_expr_for_loop(&mut self, each: &'ast ExprForLoop) {
        self.in_loop(|count| visit::visit_expr_for_loop(count, each));
    }

    fn visit_block(&mut self, block: &'ast Block) {
        for pair in block.stmts.windows(2) {
            if let [first, Stmt::Expr(Expr::Assign(next), _)] = pair
                && let (Some(first), Some(next_name)) = (given_value(first), variable(&next.left))
                && first == next_name
                && !mentions(next.right.to_token_stream(), std::slice::from_ref(first))
            {
                self.names.unread.push(first.clone());
            }
        }
        visit::visit_block(self, block);
    }

    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        let loops = self.loops;
        self.bound_in.entry(plain(&pat.ident)).or_insert(loops);
        *self.names.bound.entry(plain(&pat.ident)).or_default() += 1;
        if pat.mutability.is_some() {
            self.names.mutable.insert(plain(&pat.ident));
        }
        visit::visit_pat_ident(self, pat);
    }

    fn visit_expr_cast(&mut self, cast: &'ast ExprCast) {
        self.names.casts |= is_open(cast.ty.to_token_stream());
        visit::visit_expr_cast(self, cast);
    }

    /// Counts the names in macros, and in code that the parser does not know.
    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        if !self.configured {
            self.names.write(tokens.clone());
        }
    }
}

/// Returns the variable that an expression is.
fn variable(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    }
}

/// Returns the variable that a statement gives a value.
fn given_value(stmt: &Stmt) -> Option<&Ident> {
    match stmt {
        Stmt::Local(Local { pat: Pat::Ident(pat), init: Some(_), .. }) => Some(&pat.ident),
        Stmt::Expr(Expr::Assign(assign), _) => variable(&assign.left),
        _ => None,
    }
}

/// Returns the variables that a pattern binds, in order. Patterns with an attribute are left out.
pub(crate) fn bound_by(pat: &Pat) -> Vec<Ident> {
    let mut found = Vec::new();
    bindings(pat, &mut found);
    found
}

fn bindings(pat: &Pat, found: &mut Vec<Ident>) {
    match pat {
        Pat::Ident(pat) if pat.attrs.is_empty() => {
            let name = pat.ident.to_string();
            // A name with a capital is a constant or a unit struct.
            let is_variable =
                name.starts_with(|c: char| c.is_lowercase() || c == 'r') && name != "self";
            if is_variable && !found.contains(&pat.ident) {
                found.push(pat.ident.clone());
            }
            if let Some((_, pat)) = &pat.subpat {
                bindings(pat, found);
            }
        }
        Pat::Or(pat) => pat.cases.iter().for_each(|pat| bindings(pat, found)),
        Pat::Paren(pat) => bindings(&pat.pat, found),
        Pat::Guard(pat) => bindings(&pat.pat, found),
        Pat::Reference(pat) => bindings(&pat.pat, found),
        Pat::Slice(pat) => pat.elems.iter().for_each(|pat| bindings(pat, found)),
        Pat::Struct(pat) => {
            pat.fields
                .iter()
                .filter(|field| field.attrs.is_empty())
                .for_each(|field| bindings(&field.pat, found));
        }
        Pat::Tuple(pat) => pat.elems.iter().for_each(|pat| bindings(pat, found)),
        Pat::TupleStruct(pat) => pat.elems.iter().for_each(|pat| bindings(pat, found)),
        Pat::Type(pat) => bindings(&pat.pat, found),
        _ => {}
    }
}
