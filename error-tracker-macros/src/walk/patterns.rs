//! Patterns that take a `Result` or an `Option` apart.

use proc_macro2::Ident;
use syn::{Expr, Pat};

use crate::body_names::bound_by;
use crate::expressions::{ends_with, is_value, variable};

/// Returns the patterns in one that match the same value.
pub(super) fn cases(pat: &Pat) -> Vec<&Pat> {
    match pat {
        Pat::Or(pat) => pat.cases.iter().flat_map(cases).collect(),
        Pat::Paren(pat) => cases(&pat.pat),
        Pat::Guard(pat) => cases(&pat.pat),
        Pat::Reference(pat) => cases(&pat.pat),
        Pat::Ident(ident) => ident.subpat.as_ref().map_or_else(|| vec![pat], |(_, pat)| cases(pat)),
        _ => vec![pat],
    }
}

/// Returns whether a pattern takes a `Result` apart, or a value with one inside: `Some(Err(..))`,
/// `Poll::Ready(Ok(..))`.
pub(super) fn matches_result(pat: &Pat) -> bool {
    cases(pat).into_iter().any(|pat| match pat {
        Pat::TupleStruct(tuple) => match variant(tuple).as_str() {
            "Ok" | "Err" => true,
            "Some" | "Ready" => tuple.elems.iter().any(matches_result),
            _ => false,
        },
        _ => false,
    })
}

/// Returns whether a pattern takes a `Result` inside a `Result` apart, as channels and task handles
/// return.
pub(super) fn matches_nested_result(pat: &Pat) -> bool {
    cases(pat).into_iter().any(|pat| match pat {
        Pat::TupleStruct(tuple) => {
            tuple.path.is_ident("Ok") && tuple.elems.iter().any(matches_result)
        }
        _ => false,
    })
}

/// Returns whether a pattern takes an `Option` apart.
pub(super) fn matches_option(pat: &Pat) -> bool {
    cases(pat).into_iter().any(|pat| match pat {
        Pat::TupleStruct(tuple) => variant(tuple) == "Some",
        Pat::Ident(ident) => ident.ident == "None",
        Pat::Path(path) => ends_with(path, &["None"]),
        _ => false,
    })
}

/// Returns whether a pattern matches no error.
pub(super) fn is_success(pat: &Pat) -> bool {
    cases(pat).into_iter().all(|pat| match pat {
        Pat::TupleStruct(tuple) => match variant(tuple).as_str() {
            "Ok" | "Some" | "Ready" => {
                !tuple.elems.iter().any(matches_result) || tuple.elems.iter().all(is_success)
            }
            _ => false,
        },
        Pat::Tuple(tuple) => is_success_of_all(tuple),
        _ => false,
    })
}

/// Returns the name of the variant that a pattern matches.
fn variant(pat: &syn::PatTupleStruct) -> String {
    pat.path.segments.last().map(|name| name.ident.to_string()).unwrap_or_default()
}

/// Returns the names that a pattern binds to an error, or to a value with one inside.
pub(super) fn error_names(pat: &Pat) -> Vec<Ident> {
    cases(pat).into_iter().filter(|pat| !is_success(pat)).flat_map(bound_by).collect()
}

/// Returns the patterns for each value of a tuple, such as those of `(Ok(a), Ok(b))` for `(first(),
/// second())`. Returns `None` if the value is no tuple that can be inspected value by value, or if
/// no `Result` is taken apart.
pub(super) fn tuple_of<'p>(value: &Expr, patterns: &[&'p Pat]) -> Option<Vec<Vec<&'p Pat>>> {
    let Expr::Tuple(tuple) = value else { return None };
    // A variable is inspected before the other values run, so they must not assign it.
    let is_plain =
        |elem: &Expr| is_value(elem) || variable(elem).is_some() || matches!(elem, Expr::Lit(_));
    if !tuple.elems.iter().all(is_plain) {
        return None;
    }
    let mut columns = vec![Vec::new(); tuple.elems.len()];
    for pat in patterns.iter().copied().flat_map(cases) {
        let Pat::Tuple(pat) = pat else { continue };
        if pat.elems.len() != columns.len()
            || pat.elems.iter().any(|elem| matches!(elem, Pat::Rest(_)))
        {
            return None;
        }
        pat.elems.iter().zip(&mut columns).for_each(|(elem, column)| column.push(elem));
    }
    let parts = |column: &Vec<&Pat>| column.iter().any(|pat| matches_result(pat));
    columns.iter().any(parts).then_some(columns)
}

/// Returns whether the pattern of a tuple matches no error.
fn is_success_of_all(pat: &syn::PatTuple) -> bool {
    let mut parts = pat
        .elems
        .iter()
        .filter(|pat| matches_result(pat) || matches!(pat, Pat::Wild(_) | Pat::Ident(_)));
    let any = pat.elems.iter().any(matches_result);
    any && parts.all(is_success)
}
