//! Where errors end: in a `match`, an `if let`, a `let .. else`, or in calls that lose them, such as `.ok()`.
//!
//! An error that was lost must not be taken for an equal one that rises later in the same function. Each such place looks
//! at the error, which costs a success nothing but the test that the code around it makes anyway.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, Pat};

use super::{Site, Walk};
use crate::expressions::{changed, ends_with, is_value};
use crate::names::{bound_by, mentions};

impl Walk<'_> {
    /// What the patterns part is a `Result`: its error is being handled from here on.
    pub(super) fn handles(&mut self, value: &mut Expr, patterns: &[&Pat]) {
        if !patterns.iter().any(|pat| parts_result(pat)) {
            return;
        }
        let Some(value) = source(value) else { return };
        self.handles = true;
        let names: Vec<Ident> = patterns.iter().flat_map(|pat| error_names(pat)).collect();
        let site = self.sites.len();
        let link = Ident::new(&format!("__q{site}"), Span::mixed_site());
        self.look(value, "see_handled", site, &link);
        let order = self.order();
        self.sites.push(Site {
            at: Span::call_site(),
            text: String::new(),
            ordinal: 0,
            exit: "h",
            order,
            link: Some(link),
            makes: !names.is_empty(),
            crosses: false,
        });
        self.handlers.push((site, names));
    }

    /// What was handled since there were so many handlers is handled no more.
    pub(super) fn handled_since(&mut self, handlers: usize) {
        for (site, _) in self.handlers.drain(handlers..) {
            self.sites[site].ordinal = self.order as usize;
        }
    }

    /// What happens to the value loses its error.
    pub(super) fn loses(&mut self, value: &mut Expr) {
        if source(value).is_none() {
            return;
        }
        self.handles = true;
        let link = self.source_link();
        if let Some(value) = source(value) {
            self.look(value, "see_lost", 0, &link);
        }
    }

    /// Whether the expression makes an error, or makes something of one that is being handled.
    pub(super) fn makes_error(&self, expr: &Expr, tokens: &TokenStream) -> bool {
        matches!(expr, Expr::Call(call) if matches!(&*call.func, Expr::Path(path) if ends_with(path, &["Err"])))
            || self.handlers.iter().any(|(_, names)| mentions(tokens.clone(), names))
    }
}

/// The value that an error first comes from; not a place, which cannot be moved out of.
fn source(expr: &mut Expr) -> Option<&mut Expr> {
    if changed(expr).is_some() {
        return changed(expr);
    }
    is_value(expr).then_some(expr)
}

/// Whether it is a pattern of a `Result`.
fn parts_result(pat: &Pat) -> bool {
    match pat {
        Pat::TupleStruct(pat) => {
            pat.path.segments.last().is_some_and(|name| name.ident == "Ok" || name.ident == "Err")
        }
        Pat::Or(pat) => pat.cases.iter().any(parts_result),
        Pat::Paren(pat) => parts_result(&pat.pat),
        Pat::Guard(pat) => parts_result(&pat.pat),
        Pat::Ident(pat) => pat.subpat.as_ref().is_some_and(|(_, pat)| parts_result(pat)),
        _ => false,
    }
}

/// The names that a pattern binds an error to, or what holds one.
fn error_names(pat: &Pat) -> Vec<Ident> {
    match pat {
        Pat::TupleStruct(tuple) if tuple.path.segments.last().is_some_and(|name| name.ident == "Ok") => {
            Vec::new()
        }
        Pat::Or(pat) => pat.cases.iter().flat_map(error_names).collect(),
        Pat::Paren(pat) => error_names(&pat.pat),
        Pat::Guard(pat) => error_names(&pat.pat),
        _ => bound_by(pat),
    }
}
