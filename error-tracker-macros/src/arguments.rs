//! The parameters of an async function, inside its future.
//!
//! Attribute macros below read the signature, so it stays as it was written. The future moves the
//! bindings of the parameters into itself, in their order, which keeps the order in which they are
//! dropped.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, Pat, PatIdent, PatType, ReceiverKind, Signature, Type, parse_quote};

use crate::argument_kind::is_primitive;
use crate::body_names::{BodyNames, mentions};

/// Returns the statements that bind the parameters again. A value that a pattern leaves in its
/// place (`_`, `..`) cannot be moved into the future, and would be dropped after the parameters in
/// front of it. Where no attribute macro reads the signature, such a parameter gets a name.
pub(crate) fn bound_again(
    sig: &mut Signature,
    names: &BodyNames,
    may_have_macro: bool,
) -> TokenStream {
    let mut binds = TokenStream::new();
    let mut drops_before = false;
    for (index, input) in sig.inputs.iter_mut().enumerate() {
        match input {
            FnArg::Receiver(receiver) => {
                binds.extend(quote!(let _ = &self;));
                drops_before |= !matches!(receiver.kind, ReceiverKind::Reference(..));
            }
            FnArg::Typed(argument) => {
                if drops_before
                    && !may_have_macro
                    && may_drop(&argument.ty)
                    && leaves_something(&argument.pat)
                {
                    binds.extend(name_parameter(argument, index));
                } else {
                    binds.extend(move_bindings(argument, names));
                }
                drops_before |= may_drop(&argument.ty);
            }
        }
    }
    binds
}

/// Returns the statements that move what a parameter binds. Lints apply to the binding inside,
/// which uses the one outside; an `expect` of the parameter stays with the one outside.
fn move_bindings(argument: &PatType, names: &BodyNames) -> TokenStream {
    let attrs: Vec<_> = argument.attrs.iter().filter(|attr| belongs_to_binding(attr)).collect();
    let expects = |lints: &[&str]| {
        let expected = argument.attrs.iter().filter(|attr| attr.path().is_ident("expect"));
        let lints: Vec<_> = lints.iter().map(|lint| Ident::new(lint, Span::call_site())).collect();
        expected.clone().any(|attr| mentions(attr.meta.to_token_stream(), &lints))
    };
    let mut bound = Vec::new();
    bindings(&argument.pat, false, &mut bound);
    let mut binds = TokenStream::new();
    for ArgumentBinding { pat, is_shorthand } in bound {
        // For a field of a struct the lint gives a better hint outside.
        if (is_shorthand || expects(&["unused_variables", "unused"])) && !names.mentions(&pat.ident)
        {
            continue;
        }
        let name = &pat.ident;
        let span = Span::mixed_site().located_at(name.span());
        let mut inside = name.to_token_stream();
        if pat.mutability.is_some() && pat.by_ref.is_none() && !expects(&["unused_mut", "unused"]) {
            inside = pat.to_token_stream();
            // Else the compiler would say that the binding outside need not be mutable.
            binds.extend(quote_spanned!(span=> #(#attrs)* { if false { let _ = &mut #name; } }));
        }
        binds.extend(quote_spanned!(span=> #(#attrs)* let #inside = match #name { __v => __v };));
    }
    binds
}

/// Gives a parameter a name, and returns the statements that take it apart inside: what the pattern
/// leaves is then dropped after what it binds.
fn name_parameter(argument: &mut PatType, index: usize) -> TokenStream {
    let attrs = argument.attrs.clone();
    argument.attrs.retain(is_configuration);
    let configured = &argument.attrs;
    let pat = (*argument.pat).clone();
    let span = Span::mixed_site().located_at(pat.span());
    let name = Ident::new(&format!("__a{index}"), span);
    let binds = quote_spanned! {span=>
        #(#configured)* let #name = #name;
        #(#attrs)* let #pat = #name;
    };
    *argument.pat = parse_quote!(#name);
    binds
}

/// A name that a parameter binds.
struct ArgumentBinding<'a> {
    pat: &'a PatIdent,
    /// Whether it is `x` in `Point { x, .. }`.
    is_shorthand: bool,
}

/// Adds the names that a pattern binds, in order. Patterns with an attribute are left out, as are
/// names with a capital, which are constants or unit structs.
fn bindings<'a>(pat: &'a Pat, is_shorthand: bool, found: &mut Vec<ArgumentBinding<'a>>) {
    match pat {
        Pat::Ident(pat) if pat.attrs.is_empty() => {
            if !pat.ident.unraw().to_string().starts_with(char::is_uppercase) {
                found.push(ArgumentBinding { pat, is_shorthand });
            }
            if let Some((_, pat)) = &pat.subpat {
                bindings(pat, false, found);
            }
        }
        // Each case binds the same names.
        Pat::Or(pat) => pat.cases.iter().take(1).for_each(|pat| bindings(pat, is_shorthand, found)),
        Pat::Paren(pat) => bindings(&pat.pat, is_shorthand, found),
        Pat::Reference(pat) => bindings(&pat.pat, false, found),
        Pat::Slice(pat) => pat.elems.iter().for_each(|pat| bindings(pat, false, found)),
        Pat::Struct(pat) => {
            for field in pat.fields.iter().filter(|field| field.attrs.is_empty()) {
                bindings(&field.pat, field.colon_token.is_none(), found);
            }
        }
        Pat::Tuple(pat) => pat.elems.iter().for_each(|pat| bindings(pat, false, found)),
        Pat::TupleStruct(pat) => pat.elems.iter().for_each(|pat| bindings(pat, false, found)),
        Pat::Type(pat) => bindings(&pat.pat, false, found),
        _ => {}
    }
}

/// Returns whether a pattern may leave a part of the value in its place.
fn leaves_something(pat: &Pat) -> bool {
    match pat {
        Pat::Ident(pat) => pat.by_ref.is_some() || pat.subpat.is_some(),
        Pat::Paren(pat) => leaves_something(&pat.pat),
        Pat::Struct(pat) => {
            pat.rest.is_some() || pat.fields.iter().any(|field| leaves_something(&field.pat))
        }
        Pat::Tuple(pat) => pat.elems.iter().any(leaves_something),
        Pat::TupleStruct(pat) => pat.elems.iter().any(leaves_something),
        Pat::Type(pat) => leaves_something(&pat.pat),
        _ => true,
    }
}

/// Returns whether a value of this type may run code when it is dropped.
fn may_drop(ty: &Type) -> bool {
    !matches!(ty, Type::Reference(_)) && !is_primitive(ty)
}

/// Returns whether an attribute can remove a parameter, and so its binding.
pub(crate) fn is_configuration(attr: &Attribute) -> bool {
    attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr")
}

/// Returns whether an attribute of a parameter applies to its binding as well. Others may be of a
/// macro, which removes them.
fn belongs_to_binding(attr: &Attribute) -> bool {
    const LINTS: [&str; 4] = ["allow", "warn", "deny", "forbid"];
    attr.path().is_ident("cfg") || LINTS.iter().any(|level| attr.path().is_ident(level))
}
