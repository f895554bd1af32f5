//! Which names a body binds and mentions.

use std::collections::HashMap;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Arm, Attribute, Expr, ExprCast, FieldPat, FieldValue, Ident, Local, Pat, PatIdent, StmtMacro};

use crate::expressions::attributes;
use crate::function::Function;
use crate::late::{OpenCast, is_open};

/// How often each name is bound, and how often it is written at all, in a body.
#[derive(Default)]
pub(crate) struct Names {
    written: HashMap<String, u32>,
    bound: HashMap<String, u32>,
    /// Whether there is a cast to `_`.
    pub(crate) casts: bool,
}

impl Names {
    pub(crate) fn of(function: &Function) -> Self {
        let mut count = Count::default();
        count.visit_block(&function.block);
        count.names
    }

    /// Whether the name is used somewhere beside its bindings. One that is not gets no snapshot, which would
    /// take the warning about it away.
    pub(crate) fn mentions(&self, name: &Ident) -> bool {
        let name = plain(name);
        self.written.get(&name) > self.bound.get(&name)
    }

    /// Whether the body binds the name somewhere.
    pub(crate) fn binds(&self, name: &Ident) -> bool {
        self.bound.contains_key(&plain(name))
    }

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
                // What may be configured out does not count: without it the name would be unused.
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

    /// `"{name:?}"` mentions `name`.
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

fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map_or_else(|| name.clone(), Into::into)
}

/// Whether one of the names is written among the tokens.
pub(crate) fn mentions(tokens: TokenStream, names: &[Ident]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => names.contains(&ident),
        TokenTree::Group(group) => mentions(group.stream(), names),
        _ => false,
    })
}

/// `[cfg(..)]` behind a `#`.
fn is_cfg(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    let first = group.stream().into_iter().next();
    group.delimiter() == Delimiter::Bracket
        && matches!(first, Some(TokenTree::Ident(ident)) if ident == "cfg")
}

/// What an attribute stands on ends with a `;`, a `,` or a block.
fn ends_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), ';' | ','),
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    }
}

/// Goes through a body and counts.
#[derive(Default)]
struct Count {
    names: Names,
    /// Within what may be configured out nothing is counted as written: without it the name would be unused.
    configured: bool,
}

impl Count {
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

impl<'ast> Visit<'ast> for Count {
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

    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        *self.names.bound.entry(plain(&pat.ident)).or_default() += 1;
        visit::visit_pat_ident(self, pat);
    }

    fn visit_expr_cast(&mut self, cast: &'ast ExprCast) {
        self.names.casts |= is_open(cast.ty.to_token_stream());
        visit::visit_expr_cast(self, cast);
    }

    /// Of macros, and of what the parser does not know.
    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        if !self.configured {
            self.names.write(tokens.clone());
        }
    }
}

/// The variables that a pattern binds, in order. What carries an attribute is left out.
pub(crate) fn bound_by(pat: &Pat) -> Vec<Ident> {
    let mut found = Vec::new();
    bindings(pat, &mut found);
    found
}

fn bindings(pat: &Pat, found: &mut Vec<Ident>) {
    match pat {
        Pat::Ident(pat) if pat.attrs.is_empty() => {
            let name = pat.ident.to_string();
            // A capital names a constant or a unit struct.
            let is_variable = name.starts_with(|c: char| c.is_lowercase() || c == 'r') && name != "self";
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
