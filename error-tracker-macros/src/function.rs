//! A function as it is written. It is parsed as far as its rewriting needs.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote};
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Block, Error, Expr, Result, Signature, Stmt, Token, Visibility, braced, token};

use crate::outer_attributes::OuterAttributes;
use crate::tokens::TokenTrees;

/// A function with its body as statements and as tokens.
pub(crate) struct FunctionItem {
    pub(crate) attrs: OuterAttributes,
    pub(crate) vis: Visibility,
    pub(crate) default: Option<Token![default]>,
    pub(crate) sig: Signature,
    pub(crate) block: Block,
    /// The body's tokens as they were written.
    pub(crate) body: TokenStream,
    /// Whether it is a block inside a function, which captures the arguments.
    pub(crate) is_block: bool,
    /// The `move` of the future that an async function becomes.
    pub(crate) capture: Option<Token![move]>,
    /// The macro call that marks the body for another attribute of this crate: see
    /// `earlier_attribute`.
    pub(crate) mark: Option<TokenTrees>,
}

impl Parse for FunctionItem {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut attrs = OuterAttributes::default();
        attrs.outer = attrs.take(input, false)?;
        let vis = input.parse()?;
        let default = if input.peek(Token![default]) && !input.peek2(Token![!]) {
            Some(input.parse()?)
        } else {
            None
        };
        let sig: Signature = input.parse()?;
        if input.peek(Token![;]) {
            return Err(without_body(&sig));
        }
        let body = input.fork().parse::<TokenTree>()?.into();
        let content;
        let brace_token: token::Brace = braced!(content in input);
        attrs.inner = attrs.take(&content, true)?;
        let stmts = statements(&content, brace_token.span.join())?;
        Ok(Self {
            attrs,
            vis,
            default,
            sig,
            block: Block { brace_token, stmts },
            body,
            is_block: false,
            capture: Some(<Token![move]>::default()),
            mark: None,
        })
    }
}

/// Returns the error for an attribute on a function of a trait or of an `extern` block that has no
/// body.
pub(crate) fn without_body(sig: &Signature) -> Error {
    Error::new(sig.ident.span(), "a function without a body cannot fail: take the attribute off")
}

/// Parses the statements of a body. A body that this parser does not understand, such as half-typed
/// code, becomes one statement that the walk leaves alone. The function is tracked all the same.
fn statements(body: ParseStream<'_>, braces: Span) -> Result<Vec<Stmt>> {
    let ahead = body.fork();
    if let Ok(stmts) = Block::parse_within(&ahead)
        && ahead.is_empty()
    {
        body.advance_to(&ahead);
        return Ok(stmts);
    }
    let body: TokenStream = body.parse()?;
    Ok(Block::parse_within
        .parse2(with_open_blocks(body.clone(), braces))
        .unwrap_or_else(|_| vec![Stmt::Expr(Expr::Verbatim(body), None)]))
}

/// Returns the tokens without the invisible groups around blocks that a `macro_rules!` got as
/// arguments: this parser would expect a semicolon behind them. The braces get the span of the
/// macro, or the compiler would call them needless.
fn with_open_blocks(tokens: TokenStream, braces: Span) -> TokenStream {
    let open = |token| {
        let TokenTree::Group(group) = token else { return token };
        let inner = with_open_blocks(group.stream(), braces);
        if group.delimiter() == Delimiter::None {
            let mut tokens = inner.clone().into_iter();
            if let (Some(TokenTree::Group(mut block)), None) = (tokens.next(), tokens.next()) {
                block.set_span(block.span().resolved_at(braces));
                return TokenTree::Group(block);
            }
        }
        let mut again = Group::new(group.delimiter(), inner);
        again.set_span(group.span());
        TokenTree::Group(again)
    };
    tokens.into_iter().map(open).collect()
}

impl FunctionItem {
    /// Returns the function with other statements in its body. The braces keep the user's span:
    /// lints are silent about an item that seems to end in a macro of another crate.
    pub(crate) fn with_body(&self, sig: &Signature, stmts: TokenStream) -> TokenStream {
        let Self { attrs, vis, default, block, mark, .. } = self;
        let OuterAttributes { outer, inner, .. } = attrs;
        let mut function = TokenStream::new();
        function.append_all(outer);
        vis.to_tokens(&mut function);
        default.to_tokens(&mut function);
        sig.to_tokens(&mut function);
        let body = if inner.is_empty() && mark.is_none() {
            stmts
        } else {
            quote!(#(#inner)* #mark #stmts)
        };
        let mut body = Group::new(Delimiter::Brace, body);
        body.set_span(block.brace_token.span.join());
        function.append(body);
        function
    }

    /// Returns a function of this name and with these arguments that consists of a block inside
    /// this one.
    pub(crate) fn with_block(&self, block: Block) -> Self {
        Self {
            attrs: OuterAttributes::default(),
            vis: Visibility::Inherited,
            default: None,
            sig: self.sig.clone(),
            body: block.to_token_stream(),
            block,
            is_block: true,
            capture: Some(<Token![move]>::default()),
            mark: None,
        }
    }

    /// Returns the tokens between the body's braces, without the inner attributes.
    pub(crate) fn statements(&self) -> TokenStream {
        let tokens = self.body.clone().into_iter().filter_map(|token| match token {
            TokenTree::Group(group) => Some(group.stream()),
            _ => None,
        });
        tokens.flatten().skip(self.attrs.inner.len()).collect()
    }
}
