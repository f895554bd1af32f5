//! Writes the expansion: the user's body with a guard in front, and captures and inspections
//! inside.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote, quote_spanned};
use syn::{Block, FnArg, ReturnType, Signature, Type, Visibility};

use crate::argument_kind::{ArgumentKind, argument_kind};
use crate::arguments::{bound_again, is_configuration};
use crate::body_names::{BodyNames, bound_by};
use crate::boxed_future::BoxedFuture;
use crate::function::FunctionItem;
use crate::late_types::LateTypes;
use crate::meta;
use crate::meta_text::HiddenExit;
use crate::options::{AttributeOptions, LocalsOption};
use crate::return_type::{
    has_generic_error, has_impl, may_return_failure, returns_option, without_impl,
};
use crate::small_body::is_small;
use crate::tokens::{LibraryPath, TokenTrees};
use crate::walk::{BodyFindings, BodyWalk, MAX_VARIABLES, WalkPlan};
use crate::wrapped_body::WrappedBody;

/// An argument that is captured.
struct CapturedArgument {
    ident: Ident,
    kind: ArgumentKind,
}

/// The names that an expansion uses.
struct ExpansionIdents {
    p: LibraryPath,
    guard: Ident,
    /// The probe of the returned value.
    returned: Ident,
}

/// A body after the walk.
struct ExpandedBody {
    found: BodyFindings,
    block: Block,
    /// Whether its calls are not tracked, since it is one short expression.
    small: bool,
}

/// The method that selects how an argument is captured, by its type.
const CAPTURE_METHOD: &str = "__error_tracker_found";

/// Returns the function as the attribute rewrites it, or `None` if there is nothing to track.
/// `records` is the argument with the error to record.
pub(crate) fn expand(
    function: &FunctionItem,
    options: &AttributeOptions,
    records: Option<&Ident>,
) -> Option<TokenStream> {
    let acts_at_call = records.is_some() || !options.context.is_empty() || options.silent.is_some();
    match BoxedFuture::of(function).filter(|_| !acts_at_call) {
        Some(boxed) => {
            let (_, future) = rewrite_work(&boxed.function, options, None)?;
            Some(function.with_body(&function.sig, boxed.body(&future)))
        }
        None => {
            let (sig, body) = rewrite_work(function, options, records)?;
            Some(function.with_body(&sig, body))
        }
    }
}

/// Returns the new signature and body of a function, whose work may be in a block inside.
fn rewrite_work(
    function: &FunctionItem,
    options: &AttributeOptions,
    records: Option<&Ident>,
) -> Option<(Signature, TokenStream)> {
    let mut around = function.block.clone();
    let Some(wrapped) = WrappedBody::of(&mut around, function) else {
        return rewrite(function, options, records);
    };
    let (_, body) = rewrite(&wrapped.function, options, records)?;
    wrapped.fill(body);
    let Block { stmts, .. } = around;
    Some((function.sig.clone(), quote!(#(#stmts)*)))
}

/// Returns the new signature and body of a function that does its work itself.
fn rewrite(
    function: &FunctionItem,
    options: &AttributeOptions,
    records: Option<&Ident>,
) -> Option<(Signature, TokenStream)> {
    let idents = ExpansionIdents {
        p: LibraryPath::new(options.krate.as_ref()),
        guard: Ident::new("__g", Span::mixed_site()),
        returned: Ident::new("__r", Span::mixed_site()),
    };
    let names = BodyNames::of(function);
    // A `fmt` may run while a value is being rendered.
    let captures = options.skip_all.is_none() && function.sig.ident != "fmt";
    let skips = |ident: &Ident| !captures || options.skip.iter().any(|skip| skip == ident);
    let skips_locals = |ident: &Ident| skips(ident) || options.locals == LocalsOption::Never;
    let arguments: Vec<CapturedArgument> = arguments(&function.sig)
        .filter(|argument| !skips(&argument.ident))
        .filter(|argument| is_named(&names, argument, function))
        .take(MAX_VARIABLES.saturating_sub(options.context.len()))
        .collect();
    let silent = options.silent.as_ref().map(|silent| {
        let p = &idents.p;
        match &silent.value {
            Some(value) => quote_spanned!(silent.span=> #p::silent_value(#value)),
            None => {
                quote_spanned!(silent.span=> #p::silent_value(::core::default::Default::default()))
            }
        }
    });
    let capture_argument = |ident: &Ident| {
        let slot = arguments.iter().rposition(|argument| argument.ident == *ident)?;
        Some(capture_again(&idents, &arguments[slot], slot).into_token_stream())
    };
    let argument_slot = |ident: &Ident| {
        let slot = arguments.iter().rposition(|argument| argument.ident == *ident)?;
        // A value that is read at the failure is never outdated.
        let is_read_at_failure =
            matches!(arguments[slot].kind, ArgumentKind::Reference | ArgumentKind::Text);
        (!is_read_at_failure).then_some(slot)
    };
    let skips_all = |_: &Ident| true;
    let walk = |small: bool| {
        let mut block = function.block.clone();
        let walk = BodyWalk::new(
            WalkPlan {
                names: &names,
                p: &idents.p,
                guard: &idents.guard,
                returned: &idents.returned,
                returns_failure: may_return_failure(function, options.none.is_some()),
                returns_option: returns_option(&function.sig),
                return_type: writable_return_type(&function.sig),
                none: options.none.is_some(),
                silent: silent.as_ref(),
                skips: if small { &skips_all } else { &skips_locals },
                capture_argument: &capture_argument,
                argument_slot: &argument_slot,
                first_slot: arguments.len() + options.context.len(),
            },
            LateTypes::new(names.casts),
        );
        let found = walk.walk_function(&function.sig.inputs, &mut block);
        ExpandedBody { found, block, small }
    };
    let small = may_be_small(function, options, records).then(|| walk(true));
    let walked = small.filter(|walked| !walked.found.handles).unwrap_or_else(|| walk(false));
    if walked.small && walked.found.sites.is_empty() && walked.found.hidden == HiddenExit::Never {
        return None;
    }
    let inner = write_inner(function, options, &idents, &arguments, &walked, records);
    let mut sig = function.sig.clone();
    let body = if sig.asyncness.is_some() {
        let binds = (!function.is_block)
            .then(|| bound_again(&mut sig, &names, function.attrs.may_have_macro));
        write_future(function, &idents, binds.as_ref(), &inner)
    } else {
        inner
    };
    Some((sig, body))
}

/// Returns whether the function can do without tracked calls: it is small, and no option needs
/// more.
fn may_be_small(
    function: &FunctionItem,
    options: &AttributeOptions,
    records: Option<&Ident>,
) -> bool {
    let asks_for_more = records.is_some()
        || !options.context.is_empty()
        || !options.globals.is_empty()
        || options.silent.is_some()
        || options.level.is_some()
        || function.sig.ident == "main"
        || options.locals == LocalsOption::Always;
    !asks_for_more && is_small(function)
}

/// Returns the return type, unless it cannot be written in the body.
fn writable_return_type(sig: &Signature) -> Option<&Type> {
    match &sig.output {
        ReturnType::Type(_, ty) if !has_impl(ty) => Some(ty),
        _ => None,
    }
}

/// Returns whether the body names an argument. A block would capture one that it does not name, and
/// might not be `Send` any more.
fn is_named(names: &BodyNames, argument: &CapturedArgument, function: &FunctionItem) -> bool {
    (argument.ident == "self" && !function.is_block) || names.mentions(&argument.ident)
}

/// Returns the names that the parameters bind, each with how it is captured.
fn arguments(sig: &Signature) -> impl Iterator<Item = CapturedArgument> {
    sig.inputs.iter().flat_map(|input| {
        let kind = argument_kind(input);
        let idents = match input {
            FnArg::Receiver(receiver) if receiver.attrs.is_empty() => {
                vec![Ident::from(receiver.self_token)]
            }
            FnArg::Typed(argument) if !argument.attrs.iter().any(is_configuration) => {
                bound_by(&argument.pat)
            }
            _ => Vec::new(),
        };
        idents.into_iter().map(move |ident| CapturedArgument { ident, kind })
    })
}

/// Writes the guard, the user's block, and the code that is only type-checked.
fn write_inner(
    function: &FunctionItem,
    options: &AttributeOptions,
    idents: &ExpansionIdents,
    arguments: &[CapturedArgument],
    ExpandedBody { found, block, small }: &ExpandedBody,
    records: Option<&Ident>,
) -> TokenStream {
    let ExpansionIdents { p, guard, returned } = idents;
    let returned = found.wraps_returned().then_some(returned);
    let written = writable_return_type(&function.sig).filter(|_| found.leaves_in_macros);
    let typed = returned
        .zip(written)
        .map(|(returned, ty)| quote!(let mut #returned = #p::outcome_probe::<#ty, _>();));
    let open = returned.filter(|_| typed.is_none());
    let begin = write_begin(function, options, idents, arguments, found, *small, open);
    let records = records.map(|error| {
        quote! {{
            use #p::InspectGiven as _;
            #p::record_given(&|__see: &mut dyn ::core::ops::FnMut(&#p::ErrorRef<'_>)| {
                (&&&&&&&&#p::GivenError(&#error)).__error_tracker_look(__see)
            }, #guard);
        }}
    });
    let closed = write_close(function, p, found, returned);
    // The body is a branch of `if true`, because a `return` or an `allow` would change which
    // warnings the compiler gives for it, and a crate may forbid lints. Only with `impl Trait` a
    // `return` is needed: the argument types of a closure are inferred from the returned `impl Fn`,
    // and a branch does not pass that expectation on.
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

/// Writes the code that fixes the kind of each probe, behind the body where all types are known. It
/// never runs.
///
/// A probe gets its value only here: the compiler visits open types again and again, so it is
/// cheaper if they are few in the body.
fn write_close(
    function: &FunctionItem,
    p: &LibraryPath,
    found: &BodyFindings,
    returned: Option<&Ident>,
) -> TokenStream {
    // With a generic error the probe must not ask for traits: see `has_generic_error`.
    let close = match has_generic_error(&function.sig) {
        true => "__error_tracker_close_unasked",
        false => "__error_tracker_close",
    };
    let close = Ident::new(close, Span::mixed_site());
    let types = found.type_probes().map(|(probe, is_late)| match is_late {
        true => quote!(#probe = #p::type_probe(); #p::close_late(&#probe);),
        false => quote!(#probe = #p::type_probe(); #probe.__error_tracker_close();),
    });
    let returned = returned.map(|returned| quote!(#returned.#close();));
    let outcomes =
        found.outcome_probes().map(|probe| quote!(#probe = #p::outcome_probe(); #probe.#close();));
    quote!(#(#types)* #returned #(#outcomes)*)
}

/// Writes the macro call that creates the guard and captures the arguments and the values of the
/// option `context`.
fn write_begin(
    function: &FunctionItem,
    options: &AttributeOptions,
    ExpansionIdents { p, guard, .. }: &ExpansionIdents,
    arguments: &[CapturedArgument],
    found: &BodyFindings,
    small: bool,
    returned: Option<&Ident>,
) -> TokenTrees {
    let names: Vec<_> = arguments.iter().map(|argument| &argument.ident).collect();
    let enter = match () {
        () if function.sig.asyncness.is_some() => "enter_task",
        () if small && matches!(function.vis, Visibility::Public(_)) => "enter_small_public",
        () if small => "enter_small",
        () => "enter",
    };
    let mut begin = TokenStream::new();
    begin.append_all([Ident::new(enter, Span::call_site()), guard.clone()]);
    begin.append_all(meta::of(function, options, p, &names, found, small));
    let mut probes = TokenStream::new();
    probes.append_all(found.type_probes().map(|(probe, _)| probe).chain(found.outcome_probes()));
    let mut open = TokenStream::new();
    open.append_all(returned);
    begin.append_all([probes, open].map(|idents| Group::new(Delimiter::Bracket, idents)));
    let mut argument = |kind: ArgumentKind, value: TokenTree| {
        begin.append_all([kind.capture_function().into(), value]);
        if kind.depends_on_type() {
            begin.append(Punct::new('.', Spacing::Alone));
            begin.append(Ident::new(CAPTURE_METHOD, Span::call_site()));
        }
    };
    for CapturedArgument { ident, kind } in arguments {
        argument(*kind, ident.clone().into());
    }
    for (_, value) in &options.context {
        argument(
            ArgumentKind::Other,
            Group::new(Delimiter::Parenthesis, value.to_token_stream()).into(),
        );
    }
    p.invocation("begin", begin)
}

/// Writes the statement that captures an argument again.
fn capture_again(
    ExpansionIdents { p, guard, .. }: &ExpansionIdents,
    CapturedArgument { ident, kind }: &CapturedArgument,
    slot: usize,
) -> TokenTrees {
    let value = p.call(kind.capture_function(), quote!(&#ident));
    let value = if kind.depends_on_type() { value.method(CAPTURE_METHOD) } else { value };
    p.call(Ident::new("capture_argument", Span::call_site()), quote!(#value, #guard, #slot))
        .statement()
}

/// Writes the body of an async function as a tracked future that is awaited.
fn write_future(
    FunctionItem { sig, capture, .. }: &FunctionItem,
    idents: &ExpansionIdents,
    binds: Option<&TokenStream>,
    inner: &TokenStream,
) -> TokenStream {
    let p = &idents.p;
    let returns = match &sig.output {
        // The type `!` cannot be written there.
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
        #p::TrackedFuture::new(async #capture {
            #returns
            #binds
            #inner
        })
        .await
    }
}
