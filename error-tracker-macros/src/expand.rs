//! Writes the function that does what the user's function does, and knows what it was doing when it failed.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Block, FnArg, Pat, PatIdent, ReturnType, Signature, Type, Visibility, parse_quote};

use crate::boxed::Boxed;
use crate::exits::Hidden;
use crate::function::{ArgumentKind, Function, argument_kind, has_generic_error, has_impl, without_impl};
use crate::late::LateTypes;
use crate::library::{Library, Trees};
use crate::meta;
use crate::names::{Names, bound_by};
use crate::options::{Locals, Options};
use crate::small::is_small;
use crate::walk::{MOST_VARIABLES, Plan, Walk};

/// An argument that is kept.
struct Argument {
    ident: Ident,
    kind: ArgumentKind,
}

struct Words {
    p: Library,
    guard: Ident,
    returned: Ident,
}

/// What was found in a body.
struct Walked<'a> {
    walk: Walk<'a>,
    block: Block,
    small: bool,
}

/// The method that finds the kind of an argument.
const FOUND: &str = "__error_tracker_found";

/// The function with the attribute's work done.
/// Nothing when there is nothing to do.
pub(crate) fn expand(function: Function, options: &Options, records: Option<&Ident>) -> Option<TokenStream> {
    let at_once = records.is_some() || !options.context.is_empty() || options.silent.is_some();
    match Boxed::of(&function).filter(|_| !at_once) {
        Some(boxed) => {
            let (_, future) = tracked(&boxed.function, options, None)?;
            Some(function.with_body(&function.sig, boxed.body(&future)))
        }
        None => {
            let (sig, body) = tracked(&function, options, records)?;
            Some(function.with_body(&sig, body))
        }
    }
}

/// The signature and the body of what does the function's work.
fn tracked(
    function: &Function,
    options: &Options,
    records: Option<&Ident>,
) -> Option<(Signature, TokenStream)> {
    let words = Words {
        p: Library::new(options.krate.as_ref()),
        guard: Ident::new("__g", Span::mixed_site()),
        returned: Ident::new("__r", Span::mixed_site()),
    };
    let names = Names::of(function);
    // A `fmt` may run while a value is being rendered.
    let keeps = options.skip_all.is_none() && function.sig.ident != "fmt";
    let skips = |ident: &Ident| !keeps || options.skip.iter().any(|skip| skip == ident);
    let skips_locals = |ident: &Ident| skips(ident) || options.locals == Locals::Never;
    let arguments: Vec<Argument> = arguments(&function.sig)
        .filter(|argument| !skips(&argument.ident))
        .filter(|argument| names_it(&names, argument, function))
        .take(MOST_VARIABLES.saturating_sub(options.context.len()))
        .collect();
    let silent = options.silent.as_ref().map(|silent| {
        let p = &words.p;
        match &silent.value {
            Some(value) => quote_spanned!(silent.span=> #p::silent(#value)),
            None => quote_spanned!(silent.span=> #p::silent(::core::default::Default::default())),
        }
    });
    let keep_argument = |ident: &Ident| {
        let slot = arguments.iter().rposition(|argument| argument.ident == *ident)?;
        Some(keep(&words, &arguments[slot], slot).into_token_stream())
    };
    let skips_all = |_: &Ident| true;
    let walk = |small: bool| {
        let mut block = function.block.clone();
        let mut walk = Walk::new(
            Plan {
                names: &names,
                p: &words.p,
                guard: &words.guard,
                returned: &words.returned,
                returns_failure: function.may_return_failure(options.none.is_some()),
                return_type: writable_return_type(&function.sig),
                none: options.none.is_some(),
                silent: silent.as_ref(),
                skips: if small { &skips_all } else { &skips_locals },
                keep_argument: &keep_argument,
                first_slot: arguments.len() + options.context.len(),
            },
            LateTypes::new(names.casts),
        );
        walk.body(&mut block);
        Walked { walk, block, small }
    };
    let small = may_be_small(function, options, records).then(|| walk(true));
    let walked = small.filter(|walked| !walked.walk.handles).unwrap_or_else(|| walk(false));
    if walked.small && walked.walk.sites.is_empty() && walked.walk.hidden == Hidden::Never {
        return None;
    }
    let inner = inner(function, options, &words, &arguments, &walked, records);
    let mut sig = function.sig.clone();
    let body = if sig.asyncness.is_some() {
        let binds = (!function.is_block).then(|| bound_again(&mut sig));
        in_future(&sig, &words, binds.as_ref(), &inner)
    } else {
        inner
    };
    Some((sig, body))
}

fn may_be_small(function: &Function, options: &Options, records: Option<&Ident>) -> bool {
    let asks_for_more = records.is_some()
        || !options.context.is_empty()
        || !options.globals.is_empty()
        || options.silent.is_some()
        || options.level.is_some()
        || function.sig.ident == "main"
        || options.locals == Locals::Always;
    !asks_for_more && is_small(function)
}

/// The return type, where it can be written in the body as well.
fn writable_return_type(sig: &Signature) -> Option<&Type> {
    match &sig.output {
        ReturnType::Type(_, ty) if !has_impl(ty) => Some(ty),
        _ => None,
    }
}

/// Whether the body names it. A block would capture what it does not, and be `Send` no more.
fn names_it(names: &Names, argument: &Argument, function: &Function) -> bool {
    (argument.ident == "self" && !function.is_block) || names.mentions(&argument.ident)
}

fn arguments(sig: &Signature) -> impl Iterator<Item = Argument> {
    sig.inputs.iter().flat_map(|input| {
        let kind = argument_kind(input);
        let idents = match input {
            FnArg::Receiver(receiver) if receiver.attrs.is_empty() => vec![Ident::from(receiver.self_token)],
            FnArg::Typed(argument) if argument.attrs.is_empty() => bound_by(&argument.pat),
            _ => Vec::new(),
        };
        idents.into_iter().map(move |ident| Argument { ident, kind })
    })
}

/// Guard, the user's block, and the code that never runs.
fn inner(
    function: &Function,
    options: &Options,
    words: &Words,
    arguments: &[Argument],
    Walked { walk, block, small }: &Walked<'_>,
    records: Option<&Ident>,
) -> TokenStream {
    let Words { p, guard, returned } = words;
    let returned = walk.wraps_returned().then_some(returned);
    let written = writable_return_type(&function.sig).filter(|_| walk.leaves_in_macros);
    let typed = returned.zip(written).map(|(returned, ty)| quote!(let mut #returned = #p::tie::<#ty, _>();));
    let open = returned.filter(|_| typed.is_none());
    let begin = begin(function, options, words, arguments, walk, *small, open);
    let records = records.map(|error| {
        quote! {{
            use #p::LookAt as _;
            #p::record(&|__see: &mut dyn ::core::ops::FnMut(&#p::ErrorRef<'_>)| {
                (&&&&&&&#p::Given(&#error)).__error_tracker_look(__see)
            }, #guard);
        }}
    });
    let closed = close(function, p, walk, returned);
    // No `return`, and no attribute that allows a lint: what the compiler says of the body stays as it was, and a crate
    // may forbid what it likes. But what a closure takes is known from the `impl Fn` that is returned, and a branch
    // does not hand that on.
    let body = if matches!(&function.sig.output, ReturnType::Type(_, ty) if has_impl(ty)) {
        quote! {
            #[allow(unused_braces, unreachable_code, clippy::needless_return, clippy::diverging_sub_expression)]
            return #block;
            #[allow(unreachable_code)]
            { #closed };
        }
    } else {
        quote!(if true #block else { #closed loop {} })
    };
    quote! {
        #begin
        #records
        #typed
        #body
    }
}

/// Closes the links. Each gets a value here only: while types are open the compiler looks at them again and again.
fn close(function: &Function, p: &Library, walk: &Walk<'_>, returned: Option<&Ident>) -> TokenStream {
    // A function that returns a generic error has it from where it looks.
    let close = match has_generic_error(&function.sig) {
        true => "__error_tracker_close_unasked",
        false => "__error_tracker_close",
    };
    let close = Ident::new(close, Span::mixed_site());
    let links = walk.links().map(|(link, is_late)| match is_late {
        true => quote!(#link = #p::link(); #p::close_late(&#link);),
        false => quote!(#link = #p::link(); #link.__error_tracker_close();),
    });
    let returned = returned.map(|returned| quote!(#returned.#close();));
    let ties = walk.ties().map(|tie| quote!(#tie = #p::tie(); #tie.#close();));
    quote!(#(#links)* #returned #(#ties)*)
}

/// Guard, arguments, and the values of the option `context`.
fn begin(
    function: &Function,
    options: &Options,
    Words { p, guard, .. }: &Words,
    arguments: &[Argument],
    walk: &Walk<'_>,
    small: bool,
    returned: Option<&Ident>,
) -> Trees {
    let names: Vec<_> = arguments.iter().map(|argument| &argument.ident).collect();
    let enter = match () {
        () if function.sig.asyncness.is_some() => "enter_task",
        () if small && matches!(function.vis, Visibility::Public(_)) => "enter_small_public",
        () if small => "enter_small",
        () => "enter",
    };
    let mut begin = TokenStream::new();
    begin.append_all([Ident::new(enter, Span::call_site()), guard.clone()]);
    begin.append_all(meta::of(function, options, p, &names, walk, small));
    let mut links = TokenStream::new();
    links.append_all(walk.links().map(|(link, _)| link).chain(walk.ties()));
    let mut open = TokenStream::new();
    open.append_all(returned);
    begin.append_all([links, open].map(|idents| Group::new(Delimiter::Bracket, idents)));
    let mut argument = |kind: ArgumentKind, value: TokenTree| {
        begin.append_all([kind.keeps().into(), value]);
        if kind.is_found() {
            begin.append(Punct::new('.', Spacing::Alone));
            begin.append(Ident::new(FOUND, Span::call_site()));
        }
    };
    for Argument { ident, kind } in arguments {
        argument(*kind, ident.clone().into());
    }
    for (_, value) in &options.context {
        argument(ArgumentKind::Other, Group::new(Delimiter::Parenthesis, value.to_token_stream()).into());
    }
    p.invocation("begin", begin)
}

/// Keeps an argument again.
fn keep(Words { p, guard, .. }: &Words, Argument { ident, kind }: &Argument, slot: usize) -> Trees {
    let kept = p.call(kind.keeps(), quote!(&#ident));
    let found = if kind.is_found() { kept.method(FOUND) } else { kept };
    p.call(Ident::new("keep_argument", Span::call_site()), quote!(#found, #guard, #slot)).statement()
}

/// An async function stays one: its parameters are bound again inside the future in their order, which keeps the
/// order in which they are dropped.
fn bound_again(sig: &mut Signature) -> TokenStream {
    let mut binds = TokenStream::new();
    for (index, input) in sig.inputs.iter_mut().enumerate() {
        let argument = match input {
            FnArg::Receiver(_) => {
                binds.extend(quote!(let _ = &self;));
                continue;
            }
            FnArg::Typed(argument) => argument,
        };
        // Lints are about the binding; what configures the parameter out does so with both.
        let attrs = argument.attrs.clone();
        argument.attrs.retain(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr"));
        let configured = &argument.attrs;
        let pat = (*argument.pat).clone();
        // The macro's, so that no lint takes it for a use of a parameter that is meant to be unused.
        let span = Span::mixed_site().located_at(pat.span());
        let mut passed = Ident::new(&format!("__a{index}"), span);
        if let Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. }) = &pat {
            // The span brings the macro's edition along, in which this is a keyword.
            passed = if ident == "gen" { Ident::new_raw("gen", span) } else { ident.clone() };
            passed.set_span(span);
            binds.extend(quote_spanned!(span=> #(#attrs)* let #pat = match #passed { __v => __v };));
        } else {
            // What the pattern leaves is dropped behind what it binds.
            binds.extend(quote_spanned! {span=>
                #(#configured)* let #passed = #passed;
                #(#attrs)* let #pat = #passed;
            });
        }
        *argument.pat = parse_quote!(#passed);
    }
    binds
}

/// An async function's body as a future that is tracked, and waited for.
fn in_future(
    sig: &Signature,
    words: &Words,
    binds: Option<&TokenStream>,
    inner: &TokenStream,
) -> TokenStream {
    let p = &words.p;
    let returns = match &sig.output {
        // A type that has no values cannot be written there.
        ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)) => None,
        ReturnType::Type(_, ty) => {
            let ty = without_impl(ty);
            Some(quote! {
                if false {
                    return #p::never::<#ty>();
                }
            })
        }
        ReturnType::Default => Some(quote!(if false {
            return;
        })),
    };
    quote! {
        #p::Tracked::new(async move {
            #returns
            #binds
            #inner
        })
        .await
    }
}
