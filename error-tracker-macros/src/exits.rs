//! Macros that return from the function around them, known by name, and those in whose arguments somebody may.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{BinOp, Expr, ExprAssign, Lit, LitStr, Macro, Pat, Result, Token, UnOp};

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

/// Whether an error may leave the function where nobody sees it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hidden {
    #[default]
    Never,
    /// There are macros of whom nothing is known.
    Perhaps,
    /// There is a `?` or a `return` in what cannot be gone into.
    Likely,
}

/// What can be said of a macro's arguments.
pub(crate) enum Arguments {
    /// These are all of them, parted by commas.
    List(Punctuated<Expr, Token![,]>),
    /// `vec![value; length]`
    Repeat(Box<[Expr; 2]>),
    /// `matches!(value, pattern)`
    Matches(Box<Expr>, TokenStream),
    Unknown(Hidden),
}

/// Macros that evaluate each of their arguments in its turn and show none as text.
const LISTS: &[&str] = &[
    "format",
    "print",
    "println",
    "eprint",
    "eprintln",
    "write",
    "writeln",
    "panic",
    "unreachable",
    "format_args",
    "vec",
    "assert_eq",
    "assert_ne",
    "debug_assert_eq",
    "debug_assert_ne",
    "anyhow",
    "eyre",
    "join",
    "try_join",
];

/// Macros of the standard library, and of those that log, that do not leave the function.
const HARMLESS: &[&str] = &[
    "assert",
    "debug_assert",
    "todo",
    "unimplemented",
    "dbg",
    "matches",
    "concat",
    "stringify",
    "include_str",
    "include_bytes",
    "env",
    "option_env",
    "line",
    "column",
    "file",
    "module_path",
    "cfg",
    "thread_local",
    "pin",
    "addr_of",
    "addr_of_mut",
    "offset_of",
    "is_x86_feature_detected",
    "trace",
    "debug",
    "info",
    "warn",
    "error",
    "log",
    "event",
    "span",
    "capture_exception",
    "capture_message",
    "print_exception",
    "format_exception",
    "json",
];

pub(crate) fn arguments(call: &Macro) -> Arguments {
    let name = call.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
    let name = name.as_str();
    if !leaves(call.tokens.clone()) {
        let known = LISTS.contains(&name) || HARMLESS.contains(&name);
        return Arguments::Unknown(if known { Hidden::Never } else { Hidden::Perhaps });
    }
    let parsed = match name {
        "matches" => syn::parse2::<Matches>(call.tokens.clone())
            .map(|Matches { value, rest }| Arguments::Matches(Box::new(value), rest)),
        _ if LISTS.contains(&name) => syn::parse2::<Listed>(call.tokens.clone()).map(|listed| match listed {
            Listed::All(all) => Arguments::List(all),
            Listed::Repeat(both) => Arguments::Repeat(both),
        }),
        _ => return Arguments::Unknown(Hidden::Likely),
    };
    parsed.unwrap_or(Arguments::Unknown(Hidden::Likely))
}

/// Whether there is a `?` behind an operand, or a `return`. A `?` elsewhere is a sign of some macro, as in `info!(?id)`.
pub(crate) fn leaves(tokens: TokenStream) -> bool {
    let mut operand = false;
    tokens.into_iter().any(|token| {
        let found = match &token {
            TokenTree::Punct(punct) => operand && punct.as_char() == '?',
            TokenTree::Ident(ident) => ident == "return",
            TokenTree::Group(group) => leaves(group.stream()),
            TokenTree::Literal(_) => false,
        };
        operand = !matches!(token, TokenTree::Punct(_));
        found
    })
}

/// Whether there is a `break` or a `continue`, be it of a loop inside.
pub(crate) fn leaves_loop(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "break" || ident == "continue",
        TokenTree::Group(group) => leaves_loop(group.stream()),
        _ => false,
    })
}

enum Listed {
    All(Punctuated<Expr, Token![,]>),
    Repeat(Box<[Expr; 2]>),
}

impl Parse for Listed {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let ahead = input.fork();
        if ahead.parse::<Expr>().is_ok() && ahead.peek(Token![;]) {
            let value = input.parse()?;
            input.parse::<Token![;]>()?;
            return Ok(Self::Repeat(Box::new([value, input.parse()?])));
        }
        Punctuated::parse_terminated(input).map(Self::All)
    }
}

struct Matches {
    value: Expr,
    rest: TokenStream,
}

impl Parse for Matches {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let value = input.parse()?;
        input.parse::<Token![,]>()?;
        let rest: TokenStream = input.fork().parse()?;
        Pat::parse_multi_with_leading_vert(input)?;
        if input.parse::<Option<Token![if]>>()?.is_some() {
            let guard = input.parse::<TokenStream>()?;
            if leaves(guard) {
                return Err(input.error("leaves in its guard"));
            }
        }
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { value, rest })
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
