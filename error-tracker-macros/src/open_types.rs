//! Types that are written with a `_`, and casts to them.

use proc_macro2::{TokenStream, TokenTree};

/// Returns whether a type has a `_`.
pub(crate) fn is_open(ty: TokenStream) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "_",
        TokenTree::Group(group) => is_open(group.stream()),
        _ => false,
    })
}

/// Returns whether the tokens have an `as` with a `_` behind, as in `as *const _`.
pub(crate) fn has_open_cast(tokens: TokenStream) -> bool {
    let mut cast = OpenCast::default();
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => cast.ends_with(Some(&ident.to_string())),
        TokenTree::Group(group) if has_open_cast(group.stream()) => true,
        _ => cast.ends_with(None),
    })
}

/// A search for an `as` with a `_` behind, token by token.
#[derive(Default)]
pub(crate) struct OpenCast {
    /// The number of tokens since the last `as`.
    since: Option<usize>,
}

impl OpenCast {
    /// Returns whether such a cast ends with this token, whose word is `word`, if it is one.
    pub(crate) fn ends_with(&mut self, word: Option<&str>) -> bool {
        let since = self.since.filter(|since| *since < MAX_TOKENS);
        self.since = match word {
            Some("as") => Some(0),
            _ => since.map(|since| since + 1),
        };
        since.is_some() && word == Some("_")
    }
}

/// How many tokens are between the `as` and the `_` at most.
const MAX_TOKENS: usize = 8;
