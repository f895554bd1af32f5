//! The attributes of error-tracker. They are documented where they are re-exported, in `error-tracker`.
//!
//! In the order of the work: `options` and `function` read what stands in the source, `validate` holds one against the
//! other, `walk` goes through the body, `expand` and `meta` write the result.

mod boxed;
mod container;
mod exits;
mod expand;
mod expressions;
mod function;
mod late;
mod library;
mod meta;
mod names;
mod options;
mod small;
mod text;
mod validate;
mod walk;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;
use syn::{Error, FnArg};

use container::Container;
use function::Function;
use options::Options;

/// Whether items are handed on as they are. Wrong options are errors all the same: a program must not compile in this way only.
const DISABLED: bool = cfg!(feature = "disabled");

/// Records what the function fails with.
#[proc_macro_attribute]
pub fn auto_track_exception(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    attribute(args.into(), item.into(), false).into()
}

/// Records the error that the function is given, or what the function fails with.
#[proc_macro_attribute]
pub fn track_exception(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    attribute(args.into(), item.into(), true).into()
}

/// Takes a function out of the attribute on the `impl`, `trait` or `mod` around it.
#[proc_macro_attribute]
pub fn untracked(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    item
}

fn attribute(args: TokenStream, item: TokenStream, records_argument: bool) -> TokenStream {
    let (options, mut errors) = match syn::parse2::<Options>(args) {
        Ok(options) => (options, Vec::new()),
        Err(error) => (Options::default(), vec![error]),
    };
    let expanded = match syn::parse2::<Function>(item.clone()) {
        Ok(function) => {
            if errors.is_empty() {
                errors = validate::validate(&function, &options);
            }
            if errors.is_empty() && !DISABLED {
                one(function, &options, item, records_argument)
            } else {
                item
            }
        }
        Err(_) if is_container(&item) => match syn::parse2::<Container>(item.clone()) {
            Ok(container) => {
                if errors.is_empty() {
                    errors = Container::validate(&options);
                }
                if errors.is_empty() && !DISABLED {
                    container.expand(&|function, tokens| one(function, &options, tokens, records_argument))
                } else {
                    item
                }
            }
            Err(error) => {
                errors.push(error);
                item
            }
        },
        Err(error) => {
            // Half-typed code keeps its own errors; what is no function at all gets ours.
            if errors.is_empty() {
                errors.push(container::cannot_be_annotated(&item).unwrap_or(error));
            }
            item
        }
    };
    if errors.is_empty() {
        return expanded;
    }
    let errors = errors.iter().map(Error::to_compile_error);
    quote!(#(#errors)* #expanded)
}

/// Whether an item is something else than a function, so that it is worth to say what can be annotated.
fn is_container(item: &TokenStream) -> bool {
    const OTHER: [&str; 9] = ["impl", "trait", "mod", "struct", "enum", "union", "static", "type", "use"];
    let words = item.clone().into_iter().filter_map(|token| match token {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    });
    words.take_while(|word| word != "fn").any(|word| OTHER.contains(&word.as_str()))
}

fn one(function: Function, options: &Options, item: TokenStream, records_argument: bool) -> TokenStream {
    let records = if records_argument { error_argument(&function, options) } else { options.error.clone() };
    let plain = records.is_none() && options.context.is_empty() && small::is_plain(&function.block);
    if function.sig.constness.is_some() || function.attrs.naked || plain {
        return item;
    }
    expand::expand(function, options, records.as_ref()).unwrap_or(item)
}

/// The argument that holds the error which a handler is given.
fn error_argument(function: &Function, options: &Options) -> Option<Ident> {
    if options.error.is_some() {
        return options.error.clone();
    }
    function.sig.inputs.iter().find_map(|input| match input {
        FnArg::Typed(argument) => names::bound_by(&argument.pat)
            .into_iter()
            .find(|name| ["e", "err", "error", "exception"].iter().any(|known| name == known)),
        FnArg::Receiver(_) => None,
    })
}
