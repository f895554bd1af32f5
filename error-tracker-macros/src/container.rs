//! The attribute on an `impl`, a `trait` or an inline `mod`, which applies to each function inside.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, Error, ForeignItem, ImplItem, Item, ItemImpl, ItemMod, ItemTrait, Result, TraitItem,
};

use crate::function::{FunctionItem, without_body};
use crate::options::AttributeOptions;
use crate::outer_attributes::has_macro;
use crate::validate::contradictions;

const ONLY: &str =
    "only functions, and `impl`, `trait` and `mod` blocks with functions inside, can be annotated";

/// Returns the error for an item that is no function; `None` for tokens that are no item.
pub(crate) fn cannot_be_annotated(item: &TokenStream) -> Option<Error> {
    if let Ok(ForeignItem::Fn(function)) = syn::parse2(item.clone()) {
        return Some(without_body(&function.sig));
    }
    let is_other = match syn::parse2(item.clone()) {
        Ok(Item::Fn(_)) => false,
        Ok(Item::Verbatim(_)) | Err(_) => {
            matches!(syn::parse2(item.clone()), Ok(TraitItem::Const(_) | TraitItem::Type(_)))
        }
        Ok(_) => true,
    };
    is_other.then(|| Error::new_spanned(item, ONLY))
}

/// An item with functions inside.
pub(crate) enum ItemContainer {
    Impl(ItemImpl),
    Trait(ItemTrait),
    Mod(ItemMod),
}

impl Parse for ItemContainer {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        match input.parse()? {
            Item::Impl(item) => Ok(Self::Impl(item)),
            Item::Trait(item) => Ok(Self::Trait(item)),
            Item::Mod(item) if item.content.is_some() => Ok(Self::Mod(item)),
            Item::Mod(item) => Err(Error::new_spanned(
                item,
                "a module in a file of its own cannot be annotated from here: put the attribute on the items inside",
            )),
            item => Err(Error::new_spanned(item, ONLY)),
        }
    }
}

/// Returns the new tokens of a function inside, from the function and its tokens.
type ExpandFunction<'a> = &'a dyn Fn(FunctionItem, TokenStream) -> TokenStream;

impl ItemContainer {
    /// Returns an error for each option that only makes sense on one function.
    pub(crate) fn validate(options: &AttributeOptions) -> Vec<Error> {
        let mut errors = contradictions(options);
        if let Some(name) = &options.name {
            errors.push(Error::new(name.span(), "`name` belongs on a function"));
        }
        if let Some(error) = &options.error {
            errors.push(Error::new(error.span(), "`error` belongs on a function"));
        }
        if let Some(silent) = &options.silent {
            errors.push(Error::new(silent.span, "`silent` belongs on a function"));
        }
        errors
    }

    /// Annotates every function inside that is not marked `#[untracked]`.
    pub(crate) fn expand(mut self, expand: ExpandFunction<'_>) -> TokenStream {
        match &mut self {
            Self::Impl(item) => in_impl(item, false, expand),
            Self::Trait(item) => in_trait(item, false, expand),
            Self::Mod(item) => in_mod(item, false, expand),
        }
        match self {
            Self::Impl(item) => item.into_token_stream(),
            Self::Trait(item) => item.into_token_stream(),
            Self::Mod(item) => item.into_token_stream(),
        }
    }
}

// `may_have_macro`: an item around has an attribute that may be a macro.

fn in_impl(item: &mut ItemImpl, may_have_macro: bool, expand: ExpandFunction<'_>) {
    let may_have_macro = may_have_macro || has_macro(&item.attrs);
    for item in &mut item.items {
        if let ImplItem::Fn(function) = item {
            *item =
                ImplItem::Verbatim(annotated(function.to_token_stream(), may_have_macro, expand));
        }
    }
}

fn in_trait(item: &mut ItemTrait, may_have_macro: bool, expand: ExpandFunction<'_>) {
    let may_have_macro = may_have_macro || has_macro(&item.attrs);
    for item in &mut item.items {
        if let TraitItem::Fn(function) = item
            && function.default.is_some()
        {
            *item =
                TraitItem::Verbatim(annotated(function.to_token_stream(), may_have_macro, expand));
        }
    }
}

fn in_mod(item: &mut ItemMod, may_have_macro: bool, expand: ExpandFunction<'_>) {
    let may_have_macro = may_have_macro || has_macro(&item.attrs);
    let Some((_, items)) = &mut item.content else { return };
    for item in items {
        match item {
            Item::Fn(function) => {
                *item =
                    Item::Verbatim(annotated(function.to_token_stream(), may_have_macro, expand));
            }
            Item::Impl(inner) if takes_part(&inner.attrs) => in_impl(inner, may_have_macro, expand),
            Item::Trait(inner) if takes_part(&inner.attrs) => {
                in_trait(inner, may_have_macro, expand);
            }
            Item::Mod(inner) if takes_part(&inner.attrs) => in_mod(inner, may_have_macro, expand),
            _ => {}
        }
    }
}

/// Returns whether the functions of an item are tracked: it is not `#[untracked]`.
fn takes_part(attrs: &[Attribute]) -> bool {
    !attrs
        .iter()
        .any(|attr| attr.path().segments.last().is_some_and(|name| name.ident == "untracked"))
}

/// Returns the new tokens of a function.
fn annotated(tokens: TokenStream, may_have_macro: bool, expand: ExpandFunction<'_>) -> TokenStream {
    match syn::parse2::<FunctionItem>(tokens.clone()) {
        Ok(mut function) => {
            function.attrs.may_have_macro |= may_have_macro;
            expand(function, tokens)
        }
        Err(_) => tokens,
    }
}
