//! What the attributes of an item say.

use proc_macro2::{TokenStream, TokenTree};
use syn::Attribute;

/// Returns whether an attribute is `/// ..`, and not `#[doc(hidden)]`.
pub(super) fn is_documentation(attribute: &Attribute) -> bool {
    attribute.path().is_ident("doc") && matches!(attribute.meta, syn::Meta::NameValue(_))
}

/// Returns whether an item has an attribute of error-tracker already, in a `cfg_attr` too.
pub(super) fn is_decided(attributes: &[Attribute]) -> bool {
    let ours = ["auto_track_exception", "track_exception", "untracked"];
    attributes.iter().any(|attribute| {
        let last = attribute.path().segments.last();
        last.is_some_and(|last| ours.iter().any(|name| last.ident == name))
            || (attribute.path().is_ident("cfg_attr")
                && words(attribute).iter().any(|word| ours.contains(&&**word)))
    })
}

/// Returns whether an attribute is the one that this program writes.
pub(super) fn is_written(attribute: &Attribute) -> bool {
    let syn::Meta::Path(path) = &attribute.meta else { return false };
    let names: Vec<String> =
        path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    path.leading_colon.is_none() && names == ["error_tracker", "auto_track_exception"]
}

/// Returns whether `#[cfg(test)]` or the like keeps an item out of the program.
pub(super) fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let words = words(attribute);
        attribute.path().is_ident("cfg")
            && words.iter().any(|word| word == "test")
            && !words.iter().any(|word| word == "not")
    })
}

/// Returns the words between the parentheses of an attribute.
fn words(attribute: &Attribute) -> Vec<String> {
    fn collect(tokens: TokenStream, words: &mut Vec<String>) {
        for token in tokens {
            match token {
                TokenTree::Ident(word) => words.push(word.to_string()),
                TokenTree::Group(group) => collect(group.stream(), words),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
    let mut all = Vec::new();
    if let syn::Meta::List(list) = &attribute.meta {
        collect(list.tokens.clone(), &mut all);
    }
    all
}
