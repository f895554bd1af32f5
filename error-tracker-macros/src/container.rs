//! The attribute on an `impl`, a `trait` or an inline `mod`: on every function inside.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, ForeignItem, ImplItem, Item, ItemImpl, ItemMod, ItemTrait, Result, TraitItem};

use crate::function::{Function, without_body};
use crate::options::Options;
use crate::validate::contradictions;

const ONLY: &str =
    "only functions, and `impl`, `trait` and `mod` blocks with functions inside, can be annotated";

/// Says so of what can be read as something else than a function.
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

pub(crate) enum Container {
    Impl(ItemImpl),
    Trait(ItemTrait),
    Mod(ItemMod),
}

impl Parse for Container {
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

/// What a function inside becomes.
type Expand<'a> = &'a dyn Fn(Function, TokenStream) -> TokenStream;

impl Container {
    /// Options that only make sense on one function.
    pub(crate) fn validate(options: &Options) -> Vec<Error> {
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

    /// Annotates every function inside that is not marked `#[untracked]` and has no attribute of ours.
    pub(crate) fn expand(mut self, expand: Expand<'_>) -> TokenStream {
        match &mut self {
            Self::Impl(item) => in_impl(item, expand),
            Self::Trait(item) => in_trait(item, expand),
            Self::Mod(item) => in_mod(item, expand),
        }
        match self {
            Self::Impl(item) => item.into_token_stream(),
            Self::Trait(item) => item.into_token_stream(),
            Self::Mod(item) => item.into_token_stream(),
        }
    }
}

fn in_impl(item: &mut ItemImpl, expand: Expand<'_>) {
    for item in &mut item.items {
        if let ImplItem::Fn(function) = item
            && takes_part(&function.attrs)
        {
            *item = ImplItem::Verbatim(annotated(function.to_token_stream(), expand));
        }
    }
}

fn in_trait(item: &mut ItemTrait, expand: Expand<'_>) {
    for item in &mut item.items {
        if let TraitItem::Fn(function) = item
            && takes_part(&function.attrs)
            && function.default.is_some()
        {
            *item = TraitItem::Verbatim(annotated(function.to_token_stream(), expand));
        }
    }
}

fn in_mod(item: &mut ItemMod, expand: Expand<'_>) {
    let Some((_, items)) = &mut item.content else { return };
    for item in items {
        let attrs = match item {
            Item::Fn(function) => &function.attrs,
            Item::Impl(inner) => &inner.attrs,
            Item::Trait(inner) => &inner.attrs,
            Item::Mod(inner) => &inner.attrs,
            _ => continue,
        };
        if !takes_part(attrs) {
            continue;
        }
        match item {
            Item::Fn(function) => *item = Item::Verbatim(annotated(function.to_token_stream(), expand)),
            Item::Impl(inner) => in_impl(inner, expand),
            Item::Trait(inner) => in_trait(inner, expand),
            Item::Mod(inner) => in_mod(inner, expand),
            _ => {}
        }
    }
}

/// Whether an item is to be annotated: it has no attribute of ours, nor the mark `#[untracked]`.
fn takes_part(attrs: &[Attribute]) -> bool {
    const OURS: [&str; 3] = ["untracked", "auto_track_exception", "track_exception"];
    let is_ours = |attr: &Attribute| {
        attr.path().segments.last().is_some_and(|segment| OURS.iter().any(|name| segment.ident == name))
    };
    !attrs.iter().any(is_ours)
}

fn annotated(tokens: TokenStream, expand: Expand<'_>) -> TokenStream {
    match syn::parse2::<Function>(tokens.clone()) {
        Ok(function) => expand(function, tokens),
        Err(_) => tokens,
    }
}
