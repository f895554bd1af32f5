//! Calls of the library. They are built token by token, because each stream that is put into
//! another one costs a call into the compiler, and expansions have many.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote};
use syn::Path;

/// The path of the library's private module.
pub(crate) struct LibraryPath(Vec<TokenTree>);

impl LibraryPath {
    /// Returns the path below `krate`, the value of the option `crate`, or below `::error_tracker`.
    pub(crate) fn new(krate: Option<&Path>) -> Self {
        let path = match krate {
            Some(krate) => quote!(#krate::__private),
            None => quote!(::error_tracker::__private),
        };
        Self(path.into_iter().collect())
    }

    /// Returns a call of one of its functions.
    pub(crate) fn call(&self, function: Ident, arguments: TokenStream) -> TokenTrees {
        let mut trees = TokenTrees(self.0.clone());
        trees.0.extend([
            Punct::new(':', Spacing::Joint).into(),
            Punct::new(':', Spacing::Alone).into(),
            function.into(),
            Group::new(Delimiter::Parenthesis, arguments).into(),
        ]);
        trees
    }

    /// Returns an invocation of one of its macros, as a statement.
    pub(crate) fn invocation(&self, name: &str, arguments: TokenStream) -> TokenTrees {
        let mut trees = TokenTrees(self.0.clone());
        trees.0.extend([
            Punct::new(':', Spacing::Joint).into(),
            Punct::new(':', Spacing::Alone).into(),
            Ident::new(name, Span::call_site()).into(),
            Punct::new('!', Spacing::Alone).into(),
            Group::new(Delimiter::Brace, arguments).into(),
        ]);
        trees
    }
}

impl ToTokens for LibraryPath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(self.0.iter().cloned());
    }
}

/// An expression or a statement.
pub(crate) struct TokenTrees(Vec<TokenTree>);

impl TokenTrees {
    /// Returns the call of a method of this value.
    pub(crate) fn method(mut self, name: &str) -> Self {
        self.0.extend([
            TokenTree::from(Punct::new('.', Spacing::Alone)),
            Ident::new(name, Span::call_site()).into(),
            Group::new(Delimiter::Parenthesis, TokenStream::new()).into(),
        ]);
        self
    }

    /// Returns the tokens with a semicolon.
    pub(crate) fn statement(mut self) -> Self {
        self.0.push(Punct::new(';', Spacing::Alone).into());
        self
    }
}

impl ToTokens for TokenTrees {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(self.0.iter().cloned());
    }
}
