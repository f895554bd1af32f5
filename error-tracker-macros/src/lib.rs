//! The attributes of error-tracker. They are documented where they are re-exported, in
//! `error-tracker`.
//!
//! In the order of the work: `options` and `function` parse, `earlier_attribute` removes what
//! another attribute of this crate has made of the function, `validate` checks the options, `walk`
//! goes through the body, `expand` and `meta` write the result. `container` does that for each
//! function of an `impl`, `trait` or `mod`.

mod argument_kind;
mod arguments;
mod body_names;
mod boxed_future;
mod container;
mod earlier_attribute;
mod expand;
mod expressions;
mod function;
mod late_types;
mod meta;
mod meta_text;
mod open_types;
mod options;
mod outer_attributes;
mod return_type;
mod returning_macros;
mod small_body;
mod text;
mod tokens;
mod validate;
mod walk;
mod wrapped_body;

use std::sync::LazyLock;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;
use syn::{Error, FnArg};

use container::ItemContainer;
use earlier_attribute::{AttributeRequest, RestoredFunction};
use function::FunctionItem;
use options::AttributeOptions;

/// Whether items are returned as they are. Wrong options are errors all the same, so that a program
/// which compiles with the feature compiles without it.
const DISABLED: bool = cfg!(feature = "disabled");

/// Records the failures of a function.
#[proc_macro_attribute]
pub fn auto_track_exception(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expand_attribute(args.into(), item.into(), false).into()
}

/// Records the error that is an argument of a function, and the failures of the function.
#[proc_macro_attribute]
pub fn track_exception(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expand_attribute(args.into(), item.into(), true).into()
}

/// Excludes a function from the attribute on the `impl`, `trait` or `mod` around it.
#[proc_macro_attribute]
pub fn untracked(
    _: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    if DISABLED { item } else { earlier_attribute::remove_marks(item.into()).into() }
}

/// Returns the item as the attribute rewrites it, behind the errors of wrong options.
/// `records_argument` says that the attribute is `#[track_exception]`.
fn expand_attribute(args: TokenStream, item: TokenStream, records_argument: bool) -> TokenStream {
    let (options, mut errors) = match syn::parse2::<AttributeOptions>(args.clone()) {
        Ok(options) => (options, Vec::new()),
        Err(error) => (AttributeOptions::default(), vec![error]),
    };
    let request = AttributeRequest::new(options, &args, records_argument);
    let expanded = match syn::parse2::<FunctionItem>(item.clone()) {
        Ok(function) => {
            let function = earlier_attribute::restore(function, item);
            if errors.is_empty() {
                errors = validate::validate(&function.function, &request.options);
            }
            if errors.is_empty() && !DISABLED {
                expand_function(function, &request)
            } else {
                function.item
            }
        }
        Err(_) if is_container(&item) => match syn::parse2::<ItemContainer>(item.clone()) {
            Ok(container) => {
                if errors.is_empty() {
                    errors = ItemContainer::validate(&request.options);
                }
                if errors.is_empty() && !DISABLED {
                    container.expand(&|function, item| {
                        expand_function(earlier_attribute::restore(function, item), &request)
                    })
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
            // Half-typed code keeps the compiler's errors; an item that cannot be annotated gets
            // ours.
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

/// Returns whether an item is no function, so that an error should say which items can be
/// annotated.
fn is_container(item: &TokenStream) -> bool {
    const OTHER: [&str; 9] =
        ["impl", "trait", "mod", "struct", "enum", "union", "static", "type", "use"];
    let words = item.clone().into_iter().filter_map(|token| match token {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    });
    words.take_while(|word| word != "fn").any(|word| OTHER.contains(&word.as_str()))
}

/// Returns whether clippy runs. Items are returned as they are then, so that its lints, and
/// `expect` attributes for them, apply to the code that the user wrote.
fn is_linting() -> bool {
    static IS_CLIPPY: LazyLock<bool> = LazyLock::new(|| {
        std::env::current_exe()
            .is_ok_and(|path| path.file_stem().is_some_and(|name| name == "clippy-driver"))
    });
    *IS_CLIPPY
}

/// Returns a function as the attribute rewrites it, or unchanged where there is nothing to track.
fn expand_function(
    RestoredFunction { mut function, item, layers }: RestoredFunction,
    request: &AttributeRequest,
) -> TokenStream {
    let merged = (!layers.is_empty()).then(|| request.with_earlier(layers));
    let request = merged.as_ref().unwrap_or(request);
    let options = &request.options;
    if function.sig.constness.is_some() || function.attrs.naked || function.attrs.untracked {
        return item;
    }
    let records = if request.records_argument {
        error_argument(&function, options)
    } else {
        options.error.clone()
    };
    if is_linting() && records.is_none() && !options.evaluates() {
        return item;
    }
    function.mark = function.attrs.may_have_macro.then(|| request.mark(&function));
    let plain =
        records.is_none() && options.context.is_empty() && small_body::is_plain(&function.block);
    let expanded = if plain { None } else { expand::expand(&function, options, records.as_ref()) };
    match expanded {
        Some(expanded) => expanded,
        None if function.mark.is_some() => function.with_body(&function.sig, function.statements()),
        None => item,
    }
}

/// Returns the argument of `#[track_exception]` that holds the error.
fn error_argument(function: &FunctionItem, options: &AttributeOptions) -> Option<Ident> {
    if options.error.is_some() {
        return options.error.clone();
    }
    function.sig.inputs.iter().find_map(|input| match input {
        FnArg::Typed(argument) => body_names::bound_by(&argument.pat)
            .into_iter()
            .find(|name| ["e", "err", "error", "exception"].iter().any(|known| name == known)),
        FnArg::Receiver(_) => None,
    })
}
