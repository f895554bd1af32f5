//! Macros that return from the function around them, by name, and macros in whose arguments a `?`
//! or `return` can be.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprAssign, LitStr, Macro, Pat, Result, Token};

use crate::meta_text::HiddenExit;
use crate::text;

/// A macro that returns: each time, or when the condition does not hold.
pub(crate) struct ReturningMacro {
    pub(crate) condition: Option<Expr>,
    pub(crate) operand: ErrorOperand,
}

/// The operand that such a macro makes its error of.
pub(crate) enum ErrorOperand {
    /// A text, and the macro's tokens for it. Formatting it twice has no effect on the program.
    Text { text: TokenStream, rest: TokenStream },
    /// A text with values that are computed.
    Computed(TokenStream),
    /// An error, or a value that is converted to one.
    Value(Box<Expr>),
    /// A context selector of snafu, which makes an error.
    Selector(Box<Expr>),
    /// A `Result`, and the macro's tokens for the error that it makes of the result's error.
    Source(Box<Expr>, TokenStream),
    /// Nothing: the macro shows the condition.
    Condition(TokenStream),
}

/// Returns what a macro that returns does: `None` for any other macro, `Some(None)` for one that is
/// not understood.
#[expect(clippy::option_option, reason = "one that is not understood returns as well")]
pub(crate) fn leaving(call: &Macro) -> Option<Option<ReturningMacro>> {
    let name = call.path.segments.last()?.ident.to_string();
    let operand = |tokens| ErrorOperand::of(tokens, call);
    match name.as_str() {
        "bail" => {
            Some(Some(ReturningMacro { condition: None, operand: operand(call.tokens.clone()) }))
        }
        "whatever" => Some(match operand(call.tokens.clone()) {
            operand @ (ErrorOperand::Text { .. } | ErrorOperand::Computed(_))
                if starts_with_text(&call.tokens) =>
            {
                Some(ReturningMacro { condition: None, operand })
            }
            // With a `Result` in front the macro returns its success.
            _ => syn::parse2::<EnsureArguments>(call.tokens.clone()).ok().and_then(
                |EnsureArguments { condition, rest }| {
                    let is_source = starts_with_text(&rest) && !is_capital(&condition);
                    let operand = ErrorOperand::Source(Box::new(condition), rest);
                    is_source.then_some(ReturningMacro { condition: None, operand })
                },
            ),
        }),
        "ensure" | "ensure_whatever" => {
            let ensure = syn::parse2::<EnsureArguments>(call.tokens.clone()).ok();
            Some(ensure.and_then(|EnsureArguments { condition, rest }| {
                let operand = match rest.is_empty() {
                    true => ErrorOperand::condition(&condition)?,
                    false => operand(rest),
                };
                Some(ReturningMacro { condition: Some(condition), operand })
            }))
        }
        _ => None,
    }
}

/// Returns the value of which a macro such as `anyhow!(error)` makes an error.
pub(crate) fn wrapped(call: &Macro) -> Option<Expr> {
    value_of(call, &["anyhow", "eyre", "miette", "report", "format_err"])
}

/// Returns the value of a `bail!(error)`.
pub(crate) fn bailed(call: &Macro) -> Option<Expr> {
    value_of(call, &["bail"])
}

/// Returns the only argument of a macro with one of these names, unless it is a text.
fn value_of(call: &Macro, names: &[&str]) -> Option<Expr> {
    let name = call.path.segments.last()?.ident.to_string();
    if !names.contains(&name.as_str()) {
        return None;
    }
    match ErrorOperand::of(call.tokens.clone(), call) {
        ErrorOperand::Value(value) => Some(*value),
        _ => None,
    }
}

/// Returns whether the first token is a literal.
fn starts_with_text(tokens: &TokenStream) -> bool {
    matches!(tokens.clone().into_iter().next(), Some(TokenTree::Literal(_)))
}

impl ErrorOperand {
    /// Returns the condition as the operand, if only the macro can leave it.
    fn condition(condition: &Expr) -> Option<Self> {
        let tokens = condition.to_token_stream();
        let may_leave =
            leaves(tokens.clone()) || has_word(tokens.clone(), &["break", "continue", "await"]);
        (!may_leave).then_some(Self::Condition(tokens))
    }

    /// Returns the operand of a macro that gets these tokens for its error.
    fn of(tokens: TokenStream, call: &Macro) -> Self {
        if let Ok(text) = syn::parse2::<FormatArguments>(tokens.clone()) {
            return if text.args.iter().all(is_plain) {
                Self::Text { text: tokens.clone(), rest: tokens }
            } else {
                Self::Computed(tokens)
            };
        }
        match syn::parse2::<SingleArgument>(tokens.clone()) {
            Ok(SingleArgument(value)) if is_selector(&value) => Self::Selector(Box::new(value)),
            // A single name with a capital can be anything to the macro, such as a pattern.
            Ok(SingleArgument(value)) if !is_capital(&value) => Self::Value(Box::new(value)),
            _ => {
                let shown = text::of(call.to_token_stream());
                Self::Text { text: quote!("{}", #shown), rest: tokens }
            }
        }
    }
}

/// Returns whether a value is a single name with a capital.
fn is_capital(value: &Expr) -> bool {
    match value {
        Expr::Path(path) => path
            .path
            .get_ident()
            .is_some_and(|name| name.to_string().starts_with(char::is_uppercase)),
        _ => false,
    }
}

/// Returns whether a value is a context selector of snafu, by its name.
fn is_selector(value: &Expr) -> bool {
    let path = match value {
        Expr::Path(path) => &path.path,
        Expr::Struct(value) => &value.path,
        _ => return false,
    };
    path.segments.last().is_some_and(|name| name.ident.to_string().ends_with("Snafu"))
}

/// Returns whether a macro is `bail!`.
pub(crate) fn is_bail(call: &Macro) -> bool {
    call.path.segments.last().is_some_and(|name| name.ident == "bail")
}

/// The arguments of a macro, as far as they are known to be expressions.
pub(crate) enum MacroArguments {
    /// These are all of them, separated by commas.
    List(Punctuated<Expr, Token![,]>),
    /// `vec![value; length]`
    Repeat(Box<[Expr; 2]>),
    /// `matches!(value, pattern)`
    Matches(Box<Expr>, TokenStream),
    /// Unknown tokens, with whether an error may leave in them.
    Unknown(HiddenExit),
}

/// Macros that evaluate their arguments in order, and do not show their source.
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

/// Macros of the standard library and of logging crates that do not return from the function.
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

/// Returns the arguments of a macro that does not return from the function by itself.
pub(crate) fn arguments(call: &Macro) -> MacroArguments {
    let name =
        call.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
    let name = name.as_str();
    if !leaves(call.tokens.clone()) {
        let known = LISTS.contains(&name) || HARMLESS.contains(&name);
        return MacroArguments::Unknown(if known {
            HiddenExit::Never
        } else {
            HiddenExit::Possible
        });
    }
    let parsed = match name {
        "matches" => syn::parse2::<MatchesArguments>(call.tokens.clone()).map(
            |MatchesArguments { value, rest, .. }| MacroArguments::Matches(Box::new(value), rest),
        ),
        _ if LISTS.contains(&name) => {
            syn::parse2::<MacroArgument>(call.tokens.clone()).map(|listed| match listed {
                MacroArgument::All(all) => MacroArguments::List(all),
                MacroArgument::Repeat(both) => MacroArguments::Repeat(both),
            })
        }
        _ => return MacroArguments::Unknown(HiddenExit::Likely),
    };
    parsed.unwrap_or(MacroArguments::Unknown(HiddenExit::Likely))
}

/// Returns whether there is a `?` behind an operand, or a `return`. A `?` elsewhere is syntax of a
/// macro: `info!(?id)`.
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

/// Returns whether there is a `break` or a `continue`, even of a loop inside.
pub(crate) fn leaves_loop(tokens: TokenStream) -> bool {
    has_word(tokens, &["break", "continue"])
}

/// Returns whether one of the words is among the tokens.
fn has_word(tokens: TokenStream, words: &[&str]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => words.iter().any(|word| ident == word),
        TokenTree::Group(group) => has_word(group.stream(), words),
        _ => false,
    })
}

/// The arguments of a macro of [`LISTS`].
enum MacroArgument {
    All(Punctuated<Expr, Token![,]>),
    Repeat(Box<[Expr; 2]>),
}

impl Parse for MacroArgument {
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

/// The arguments of `matches!`.
pub(crate) struct MatchesArguments {
    pub(crate) value: Expr,
    pub(crate) pat: Pat,
    /// Pattern and guard as they are written.
    pub(crate) rest: TokenStream,
}

impl MatchesArguments {
    /// Returns the arguments of a call of `matches!`.
    pub(crate) fn of(call: &Macro) -> Option<Self> {
        let is_it = call.path.segments.last().is_some_and(|name| name.ident == "matches");
        if is_it { syn::parse2(call.tokens.clone()).ok() } else { None }
    }
}

impl Parse for MatchesArguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let value = input.parse()?;
        input.parse::<Token![,]>()?;
        let rest: TokenStream = input.fork().parse()?;
        let pat = Pat::parse_multi_with_leading_vert(input)?;
        if input.parse::<Option<Token![if]>>()?.is_some() {
            let guard = input.parse::<TokenStream>()?;
            if leaves(guard) {
                return Err(input.error("leaves in its guard"));
            }
        }
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { value, pat, rest })
    }
}

/// A condition or value, and the tokens behind the comma.
struct EnsureArguments {
    condition: Expr,
    rest: TokenStream,
}

impl Parse for EnsureArguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let condition = input.parse()?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        Ok(Self { condition, rest: input.parse()? })
    }
}

/// One value, perhaps with a comma behind.
struct SingleArgument(Expr);

impl Parse for SingleArgument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let value = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        if input.is_empty() { Ok(Self(value)) } else { Err(input.error("more than one value")) }
    }
}

/// A format string with its arguments.
struct FormatArguments {
    args: Punctuated<Expr, Token![,]>,
}

impl Parse for FormatArguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        input.parse::<LitStr>()?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        Ok(Self { args: Punctuated::parse_terminated(input)? })
    }
}

/// Returns whether an expression is a name, a field, a literal, or a reference to one.
fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) | Expr::Lit(_) => true,
        Expr::Field(field) => is_plain(&field.base),
        Expr::Reference(reference) => is_plain(&reference.expr),
        Expr::Assign(ExprAssign { right, .. }) => is_plain(right),
        _ => false,
    }
}
