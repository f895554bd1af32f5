//! Calls of the library, token by token: to put a stream into another one is a call of the compiler, and these are many.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote};
use syn::Path;

/// The path of the private module.
pub(crate) struct Library(Vec<TokenTree>);

impl Library {
    /// `krate` is the option `crate`.
    pub(crate) fn new(krate: Option<&Path>) -> Self {
        let path = match krate {
            Some(krate) => quote!(#krate::__private),
            None => quote!(::error_tracker::__private),
        };
        Self(path.into_iter().collect())
    }

    /// A call of one of its functions.
    pub(crate) fn call(&self, function: Ident, arguments: TokenStream) -> Trees {
        let mut trees = Trees(self.0.clone());
        trees.0.extend([
            Punct::new(':', Spacing::Joint).into(),
            Punct::new(':', Spacing::Alone).into(),
            function.into(),
            Group::new(Delimiter::Parenthesis, arguments).into(),
        ]);
        trees
    }

    /// The invocation of one of its macros, as a statement.
    pub(crate) fn invocation(&self, name: &str, arguments: TokenStream) -> Trees {
        let mut trees = Trees(self.0.clone());
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

impl ToTokens for Library {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(self.0.iter().cloned());
    }
}

/// An expression or a statement.
pub(crate) struct Trees(Vec<TokenTree>);

impl Trees {
    /// The call of a method of it.
    pub(crate) fn method(mut self, name: &str) -> Self {
        self.0.extend([
            TokenTree::from(Punct::new('.', Spacing::Alone)),
            Ident::new(name, Span::call_site()).into(),
            Group::new(Delimiter::Parenthesis, TokenStream::new()).into(),
        ]);
        self
    }

    pub(crate) fn statement(mut self) -> Self {
        self.0.push(Punct::new(';', Spacing::Alone).into());
        self
    }
}

impl ToTokens for Trees {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(self.0.iter().cloned());
    }
}
