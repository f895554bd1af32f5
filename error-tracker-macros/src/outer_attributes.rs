//! The attributes of an item, as they were written.

use proc_macro2::TokenTree;
use syn::buffer::Cursor;
use syn::parse::ParseStream;
use syn::{Attribute, Result, Token};

/// The attributes of a function, as tokens: parsing them, documentation above all, would take
/// longer than all else.
#[derive(Default)]
pub(crate) struct OuterAttributes {
    pub(crate) outer: Vec<TokenTree>,
    pub(crate) inner: Vec<TokenTree>,
    /// Whether one of them is `naked`.
    pub(crate) naked: bool,
    /// Whether one of them is `untracked`.
    pub(crate) untracked: bool,
    /// Whether one of them, or of the items around, may be a macro.
    pub(crate) may_have_macro: bool,
}

impl OuterAttributes {
    pub(crate) fn inner_is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// Parses the attributes at the start of `input`: `#![..]` with `inner`, else `#[..]`.
    pub(crate) fn take(&mut self, input: ParseStream<'_>, inner: bool) -> Result<Vec<TokenTree>> {
        let mut taken = Vec::new();
        while input.peek(Token![#]) && input.peek2(Token![!]) == inner {
            let tokens = if inner { 3 } else { 2 };
            for index in 1..=tokens {
                if index == tokens {
                    self.note(input.cursor());
                }
                taken.push(input.parse::<TokenTree>()?);
            }
        }
        Ok(taken)
    }

    /// Notes what an attribute is, by its path.
    fn note(&mut self, attr: Cursor<'_>) {
        let path = path(attr);
        let name = path.last().map_or("", String::as_str);
        self.naked |= name == "naked";
        self.untracked |= name == "untracked";
        self.may_have_macro |= may_be_macro(&path);
    }
}

/// Returns the names in an attribute's path, or in the path of the attribute in `unsafe(..)`.
fn path(attr: Cursor<'_>) -> Vec<String> {
    let mut path = Vec::new();
    let Some((mut inside, ..)) = attr.any_group() else { return path };
    loop {
        if let Some((ident, rest)) = inside.ident() {
            path.push(ident.to_string());
            inside = rest;
        } else if let Some((_, rest)) = inside.punct().filter(|(punct, _)| punct.as_char() == ':') {
            inside = rest;
        } else if path == ["unsafe"] {
            return self::path(inside);
        } else {
            return path;
        }
    }
}

/// Returns whether an attribute may be a macro that reads the item, one of this crate included: it
/// is not built in.
pub(crate) fn may_be_macro(path: &[String]) -> bool {
    const BUILT_IN: [&str; 20] = [
        "allow",
        "automatically_derived",
        "cfg",
        "cold",
        "default",
        "deny",
        "deprecated",
        "doc",
        "expect",
        "export_name",
        "forbid",
        "ignore",
        "inline",
        "must_use",
        "no_mangle",
        "should_panic",
        "test",
        "track_caller",
        "unsafe",
        "warn",
    ];
    const TOOLS: [&str; 4] = ["clippy", "diagnostic", "rustdoc", "rustfmt"];
    match path {
        [name] => !BUILT_IN.contains(&name.as_str()),
        [tool, ..] => !TOOLS.contains(&tool.as_str()),
        [] => false,
    }
}

/// Returns whether one of the attributes of an `impl`, a `trait` or a `mod` may be a macro.
pub(crate) fn has_macro(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        let path: Vec<_> =
            attr.path().segments.iter().map(|segment| segment.ident.to_string()).collect();
        may_be_macro(&path)
    })
}
