//! Functions with two attributes of this crate: one on the `impl` around and one on the function,
//! or two on one function. The second cannot recognise the first by its name: `use .. as` may have
//! renamed it, or it is in a `cfg_attr`.
//!
//! So a function with an attribute that may be one of this crate is marked: its body begins with
//! `original! { {..} [..] }`, a macro that expands to nothing. It holds the original body, and the
//! options of all attributes so far. The next attribute restores that body, and adds those options
//! to its own.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::visit::{self, Visit};
use syn::{Macro, Path};

use crate::function::FunctionItem;
use crate::options::AttributeOptions;
use crate::tokens::{LibraryPath, TokenTrees};

const MARK: &str = "original";

/// An attribute with its options, and those of earlier ones.
pub(crate) struct AttributeRequest {
    pub(crate) options: AttributeOptions,
    /// Whether one of them is `#[track_exception]`.
    pub(crate) records_argument: bool,
    /// The attributes as a mark holds them, this one first: `[true skip(a)]`, where `true` says
    /// `#[track_exception]`.
    layers: TokenStream,
}

impl AttributeRequest {
    pub(crate) fn new(
        options: AttributeOptions,
        args: &TokenStream,
        records_argument: bool,
    ) -> Self {
        Self { options, records_argument, layers: quote!([#records_argument #args]) }
    }

    /// Returns the request with the options of earlier attributes added.
    pub(crate) fn with_earlier(&self, layers: TokenStream) -> Self {
        let mut all = self.layers.clone();
        all.extend(layers);
        let mut request =
            Self { options: AttributeOptions::default(), records_argument: false, layers: all };
        for layer in request.layers.clone() {
            let TokenTree::Group(layer) = layer else { continue };
            let mut tokens = layer.stream().into_iter();
            request.records_argument |=
                tokens.next().is_some_and(|word| word.to_string() == "true");
            if let Ok(options) = syn::parse2(tokens.collect()) {
                request.options.add(options);
            }
        }
        request
    }

    /// Returns the mark for a function.
    pub(crate) fn mark(&self, function: &FunctionItem) -> TokenTrees {
        let original = Group::new(Delimiter::Brace, function.statements());
        let layers = &self.layers;
        LibraryPath::new(self.options.krate.as_ref()).invocation(MARK, quote!(#original #layers))
    }
}

/// A function as it was before any attribute of this crate.
pub(crate) struct RestoredFunction {
    pub(crate) function: FunctionItem,
    pub(crate) item: TokenStream,
    /// The options of those attributes.
    pub(crate) layers: TokenStream,
}

/// Returns the function without what earlier attributes have made of it.
pub(crate) fn restore(function: FunctionItem, item: TokenStream) -> RestoredFunction {
    let mut layers = TokenStream::new();
    if is_marked(&function) {
        let item = restore_bodies(item.clone(), &mut layers);
        if let Ok(mut original) = syn::parse2::<FunctionItem>(item.clone()) {
            original.attrs.may_have_macro |= function.attrs.may_have_macro;
            return RestoredFunction { function: original, item, layers };
        }
    }
    RestoredFunction { function, item, layers }
}

/// Returns whether a body has a mark.
fn is_marked(function: &FunctionItem) -> bool {
    struct MarkSearch(bool);

    impl<'ast> Visit<'ast> for MarkSearch {
        fn visit_macro(&mut self, call: &'ast Macro) {
            self.0 |= is_mark(&call.path);
        }

        // These have no mark.
        fn visit_pat(&mut self, _: &'ast syn::Pat) {}
        fn visit_type(&mut self, _: &'ast syn::Type) {}
        fn visit_path(&mut self, _: &'ast Path) {}
        fn visit_item(&mut self, _: &'ast syn::Item) {}

        fn visit_block(&mut self, block: &'ast syn::Block) {
            if !self.0 {
                visit::visit_block(self, block);
            }
        }
    }

    let mut search = MarkSearch(false);
    search.visit_block(&function.block);
    search.0
}

/// Returns whether a path is that of the mark's macro.
fn is_mark(path: &Path) -> bool {
    let mut names = path.segments.iter().rev().map(|segment| &segment.ident);
    names.next().is_some_and(|name| name == MARK)
        && names.next().is_some_and(|name| name == "__private")
}

/// Returns the tokens with the original bodies of marked functions. `layers` gets the options of
/// their attributes.
fn restore_bodies(tokens: TokenStream, layers: &mut TokenStream) -> TokenStream {
    let mut restored: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let TokenTree::Group(group) = token else {
            restored.push(token);
            continue;
        };
        let path = mark_before(&restored);
        if path > 0 && group.delimiter() == Delimiter::Brace {
            restored.truncate(restored.len() - path);
            let mut tokens = group.stream().into_iter();
            if let Some(TokenTree::Group(original)) = tokens.next() {
                restored.extend(original.stream());
            }
            layers.extend(tokens);
            // The rest of the body was made by the attribute.
            break;
        }
        let mut again = Group::new(group.delimiter(), restore_bodies(group.stream(), layers));
        again.set_span(group.span());
        restored.push(again.into());
    }
    restored.into_iter().collect()
}

/// Returns the number of tokens of a mark's path and its `!`, if these tokens end with them, or 0.
fn mark_before(tokens: &[TokenTree]) -> usize {
    let is_path = |token: &&TokenTree| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        _ => false,
    };
    let Some((TokenTree::Punct(bang), path)) = tokens.split_last() else { return 0 };
    let [.., private, _, _, mark] = path else { return 0 };
    if bang.as_char() != '!' || mark.to_string() != MARK || private.to_string() != "__private" {
        return 0;
    }
    1 + path.iter().rev().take_while(is_path).count()
}

/// Returns an item with the original bodies of its marked functions.
pub(crate) fn remove_marks(item: TokenStream) -> TokenStream {
    restore_bodies(item, &mut TokenStream::new())
}
