//! Macros that return from the function around them, known by name.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{BinOp, Expr, ExprAssign, Lit, LitStr, Macro, Result, Token, UnOp};

use crate::text;

/// What such a macro does. `message` is the tokens of an `Option<fmt::Arguments>`, or the macro's own text.
pub(crate) enum Leaving {
    Bail(TokenStream),
    /// Leaves when the condition does not hold. `rest` is what follows it.
    Ensure {
        condition: Box<Expr>,
        message: TokenStream,
        rest: TokenStream,
    },
}

pub(crate) fn leaving(call: &Macro) -> Option<Leaving> {
    let name = call.path.segments.last()?.ident.to_string();
    match name.as_str() {
        "bail" => Some(Leaving::Bail(message(call.tokens.clone(), call))),
        "ensure" => {
            let ensure: Ensure = syn::parse2(call.tokens.clone()).ok()?;
            if !is_bool(&ensure.condition) {
                return None;
            }
            let message = message(ensure.rest.clone(), call);
            Some(Leaving::Ensure { condition: Box::new(ensure.condition), message, rest: ensure.rest })
        }
        _ => None,
    }
}

struct Ensure {
    condition: Expr,
    rest: TokenStream,
}

impl Parse for Ensure {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let condition = input.parse()?;
        // Without a message of its own the macro shows the text of the condition, which so must stay.
        input.parse::<Token![,]>()?;
        if input.is_empty() {
            return Err(input.error("no message"));
        }
        Ok(Self { condition, rest: input.parse()? })
    }
}

/// Whether an expression can only be a `bool`.
fn is_bool(expr: &Expr) -> bool {
    match expr {
        Expr::Binary(binary) => matches!(
            binary.op,
            BinOp::And(_)
                | BinOp::Or(_)
                | BinOp::Eq(_)
                | BinOp::Ne(_)
                | BinOp::Lt(_)
                | BinOp::Le(_)
                | BinOp::Gt(_)
                | BinOp::Ge(_)
        ),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Not(_)) && is_bool(&unary.expr),
        Expr::MethodCall(call) => {
            let name = call.method.to_string();
            name.starts_with("is_")
                || matches!(name.as_str(), "contains" | "contains_key" | "starts_with" | "ends_with")
        }
        Expr::Paren(paren) => is_bool(&paren.expr),
        Expr::Lit(lit) => matches!(lit.lit, Lit::Bool(_)),
        Expr::Let(_) => true,
        _ => false,
    }
}

/// The text that the macro will format, when formatting it twice does nothing; else the macro's own text.
fn message(tokens: TokenStream, call: &Macro) -> TokenStream {
    match syn::parse2::<Formatted>(tokens.clone()) {
        Ok(formatted) if formatted.args.iter().all(is_plain) => quote!(::core::format_args!(#tokens)),
        _ => {
            let text = text::of(call.to_token_stream());
            quote!(::core::format_args!("{}", #text))
        }
    }
}

struct Formatted {
    args: Punctuated<Expr, Token![,]>,
}

impl Parse for Formatted {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        input.parse::<LitStr>()?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        Ok(Self { args: Punctuated::parse_terminated(input)? })
    }
}

/// A name, a field, a literal, or a reference to one.
fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) | Expr::Lit(_) => true,
        Expr::Field(field) => is_plain(&field.base),
        Expr::Reference(reference) => is_plain(&reference.expr),
        Expr::Assign(ExprAssign { right, .. }) => is_plain(right),
        _ => false,
    }
}
