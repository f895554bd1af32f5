//! Checks the options against the function that has the attribute.

use std::cell::LazyCell;

use proc_macro2::Ident;
use syn::{Error, FnArg, ReturnType, Type};

use crate::body_names::{BodyNames, bound_by};
use crate::function::FunctionItem;
use crate::options::AttributeOptions;
use crate::return_type::may_return_failure;

/// Returns the errors in the options. The function itself compiles all the same.
pub(crate) fn validate(function: &FunctionItem, options: &AttributeOptions) -> Vec<Error> {
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
    let names = LazyCell::new(|| BodyNames::of(function));
    for (option, idents) in [("skip", &options.skip), ("mask", &options.mask)] {
        for ident in idents {
            if !arguments.contains(ident) && !names.binds(ident) {
                let what = format!(
                    "`{option}({ident})`: the function has no argument or local called `{ident}`"
                );
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
        && !may_return_failure(function, false)
    {
        let what = "`silent` needs a function that returns a Result: \
                    it returns `Ok` with the default in place of an error";
        errors.push(Error::new(silent.span, what));
    }
    if let Some(none) = options.none
        && !names_option(&function.sig.output)
        && !may_return_failure(function, true)
    {
        errors.push(Error::new(none, "`none` needs a function that returns an Option"));
    }
    errors
}

/// Returns an error for each option that has no effect because of another one.
pub(crate) fn contradictions(options: &AttributeOptions) -> Vec<Error> {
    let mut errors = Vec::new();
    if let Some(span) = options.skip_all {
        for (option, idents) in [("skip", &options.skip), ("mask", &options.mask)] {
            if !idents.is_empty() {
                let what =
                    format!("`skip_all` leaves nothing for `{option}(..)`: take one of them out");
                errors.push(Error::new(span, what));
            }
        }
    }
    for ident in options.mask.iter().filter(|ident| options.skip.contains(ident)) {
        let what =
            format!("`{ident}` is skipped, so there is nothing to mask: take one of them out");
        errors.push(Error::new(ident.span(), what));
    }
    errors
}

/// Returns whether the written return type is called `Option`.
fn names_option(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, ty) if matches!(&**ty, Type::Path(path)
        if path.path.segments.last().is_some_and(|segment| segment.ident == "Option")))
}
