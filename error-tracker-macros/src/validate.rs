//! Holds the options against the function they stand on.

use std::cell::LazyCell;

use proc_macro2::Ident;
use syn::{Error, FnArg, ReturnType, Type};

use crate::function::Function;
use crate::names::{Names, bound_by};
use crate::options::Options;

/// What is wrong with the options; nothing of it keeps the function from compiling.
pub(crate) fn validate(function: &Function, options: &Options) -> Vec<Error> {
    let mut errors = Vec::new();
    let arguments: Vec<Ident> = function
        .sig
        .inputs
        .iter()
        .flat_map(|input| match input {
            FnArg::Receiver(receiver) => vec![Ident::from(receiver.self_token)],
            FnArg::Typed(argument) => bound_by(&argument.pat),
        })
        .collect();
    let names = LazyCell::new(|| Names::of(function));
    for (option, idents) in [("skip", &options.skip), ("mask", &options.mask)] {
        for ident in idents {
            if !arguments.contains(ident) && !names.binds(ident) {
                let what =
                    format!("`{option}({ident})`: the function has no argument or local called `{ident}`");
                errors.push(Error::new(ident.span(), what));
            }
        }
    }
    errors.extend(contradictions(options));
    if let Some(error) = &options.error
        && !arguments.contains(error)
    {
        let what = format!("`error = {error}`: the function has no argument called `{error}`");
        errors.push(Error::new(error.span(), what));
    }
    if let Some(silent) = &options.silent
        && !function.may_return_failure(false)
    {
        let what = "`silent` needs a function that returns a Result: it returns `Ok` with the default in place of an error";
        errors.push(Error::new(silent.span, what));
    }
    if let Some(none) = options.none
        && !returns_option(&function.sig.output)
        && !function.may_return_failure(true)
    {
        errors.push(Error::new(none, "`none` needs a function that returns an Option"));
    }
    errors
}

/// Options that leave each other nothing to do.
pub(crate) fn contradictions(options: &Options) -> Vec<Error> {
    let mut errors = Vec::new();
    if let Some(span) = options.skip_all {
        for (option, idents) in [("skip", &options.skip), ("mask", &options.mask)] {
            if !idents.is_empty() {
                let what = format!("`skip_all` leaves nothing for `{option}(..)`: take one of them out");
                errors.push(Error::new(span, what));
            }
        }
    }
    for ident in options.mask.iter().filter(|ident| options.skip.contains(ident)) {
        let what = format!("`{ident}` is skipped, so there is nothing to mask: take one of them out");
        errors.push(Error::new(ident.span(), what));
    }
    errors
}

fn returns_option(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, ty) if matches!(&**ty, Type::Path(path)
        if path.path.segments.last().is_some_and(|segment| segment.ident == "Option")))
}
