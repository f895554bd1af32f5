//! Which names a body binds and mentions.

use std::collections::HashMap;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Ident, Pat, PatIdent};

use crate::function::Function;
use crate::late::OpenCast;

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
        let mut names = Self::default();
        names.write(function.body.clone());
        names.visit_block(&function.block);
        names
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

impl<'ast> Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        *self.bound.entry(plain(&pat.ident)).or_default() += 1;
        visit::visit_pat_ident(self, pat);
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
