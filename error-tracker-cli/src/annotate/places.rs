//! The places in a file where attributes are added or removed.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{AttrStyle, Attribute, Block, Expr, Signature, Stmt};

use super::ATTRIBUTE;
use super::arithmetic::only_calculates;
use super::attributes::{is_decided, is_documentation, is_test_only, is_written};
use super::files::SourceFile;

/// A replacement of a part of a file's text.
pub(super) struct TextEdit {
    /// The bytes to replace.
    place: Range<usize>,
    text: String,
}

/// Returns the text with all edits made. They are in ascending order and do not overlap.
pub(super) fn apply(text: &str, edits: &[TextEdit]) -> String {
    let mut changed = String::with_capacity(text.len() + edits.len() * (ATTRIBUTE.len() + 8));
    let mut from = 0;
    for edit in edits {
        changed.push_str(&text[from..edit.place.start]);
        changed.push_str(&edit.text);
        from = edit.place.end;
    }
    changed + &text[from..]
}

/// Returns the edits that add attributes: one for a free function, one for the functions of an
/// `impl` or `trait` together.
pub(super) fn to_add(file: &SourceFile) -> Vec<TextEdit> {
    let mut finder = FunctionFinder { action: EditAction::Add, found: Vec::new() };
    finder.visit_file(&file.parsed);
    edits(file, finder.found, |text, place| {
        let line = text[..place.start].rfind('\n').map_or(0, |end| end + 1);
        let before = &text[line..place.start];
        let text = if before.trim().is_empty() {
            let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
            format!("{ATTRIBUTE}{end}{}", before.trim_start_matches('\u{feff}'))
        } else {
            format!("{ATTRIBUTE} ")
        };
        TextEdit { place: place.start..place.start, text }
    })
}

/// Returns the edits that remove the attributes that [`to_add`] has written, with the lines that
/// have nothing else.
pub(super) fn to_remove(file: &SourceFile) -> Vec<TextEdit> {
    let mut finder = FunctionFinder { action: EditAction::Remove, found: Vec::new() };
    finder.visit_file(&file.parsed);
    edits(file, finder.found, |text, place| {
        let line = text[..place.start].rfind('\n').map_or(0, |end| end + 1);
        let rest = &text[place.end..];
        let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let is_alone = text[line..place.start].trim().is_empty() && rest[..end].trim().is_empty();
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let place = if is_alone { line..place.end + end } else { place.start..place.end + blank };
        TextEdit { place, text: String::new() }
    })
}

/// Returns the edits at the places that were found in the parsed part of a file.
fn edits(
    file: &SourceFile,
    mut found: Vec<Range<usize>>,
    edit: impl Fn(&str, Range<usize>) -> TextEdit,
) -> Vec<TextEdit> {
    found.sort_by_key(|place| place.start);
    let moved = |place: Range<usize>| place.start + file.header..place.end + file.header;
    found.into_iter().map(|place| edit(&file.text, moved(place))).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum EditAction {
    Add,
    Remove,
}

/// A search for the places of attributes.
struct FunctionFinder {
    action: EditAction,
    found: Vec<Range<usize>>,
}

impl FunctionFinder {
    /// Returns whether to search an item with these attributes.
    fn enters(&self, attributes: &[Attribute]) -> bool {
        self.action == EditAction::Remove || !is_test_only(attributes)
    }

    /// Adds the place of an item that can have the attribute. `bare` is the item without
    /// attributes; `wants` says whether the attribute is to be added.
    fn item(&mut self, attributes: &[Attribute], bare: &impl Spanned, wants: bool) {
        let outer =
            || attributes.iter().filter(|attribute| matches!(attribute.style, AttrStyle::Outer));
        match self.action {
            EditAction::Add if wants && !is_decided(attributes) => {
                // Above all other attributes, which then get the code that the user wrote; below
                // its documentation.
                let first = outer().find(|attribute| !is_documentation(attribute));
                self.found.push(first.map_or_else(|| bare.span(), Spanned::span).byte_range());
            }
            EditAction::Add => {}
            EditAction::Remove => {
                let written = outer().filter(|attribute| is_written(attribute));
                self.found.extend(written.map(|attribute| attribute.span().byte_range()));
            }
        }
    }
}

impl<'ast> Visit<'ast> for FunctionFinder {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if self.enters(&item.attrs) {
            self.item(&item.attrs, item, false);
            if self.action == EditAction::Remove || !is_decided(&item.attrs) {
                visit::visit_item_mod(self, item);
            }
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if self.enters(&item.attrs) {
            let bare = syn::ItemFn { attrs: Vec::new(), ..item.clone() };
            self.item(&item.attrs, &bare, is_of_interest(&item.attrs, &item.sig, &item.block));
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if self.enters(&item.attrs) {
            let bare = syn::ItemImpl { attrs: Vec::new(), ..item.clone() };
            let wants = item.items.iter().any(|item| match item {
                syn::ImplItem::Fn(function) => {
                    !is_decided(&function.attrs)
                        && is_of_interest(&function.attrs, &function.sig, &function.block)
                }
                _ => false,
            });
            self.item(&item.attrs, &bare, wants);
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        if self.enters(&item.attrs) {
            let bare = syn::ItemTrait { attrs: Vec::new(), ..item.clone() };
            let wants = item.items.iter().any(|item| match item {
                syn::TraitItem::Fn(function) => function.default.as_ref().is_some_and(|body| {
                    !is_decided(&function.attrs)
                        && is_of_interest(&function.attrs, &function.sig, body)
                }),
                _ => false,
            });
            self.item(&item.attrs, &bare, wants);
            visit::visit_item_trait(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if self.enters(&item.attrs) {
            self.item(&item.attrs, item, false);
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if self.enters(&item.attrs) {
            self.item(&item.attrs, item, false);
            visit::visit_trait_item_fn(self, item);
        }
    }
}

/// Returns whether the attribute can show something about a function's failures.
fn is_of_interest(attributes: &[Attribute], signature: &Signature, body: &Block) -> bool {
    const NOT_ON: [&str; 8] = [
        "test",
        "bench",
        "rstest",
        "naked",
        "panic_handler",
        "alloc_error_handler",
        "proc_macro_attribute",
        "proc_macro_derive",
    ];
    let is_special = attributes.iter().any(|attribute| {
        let last =
            attribute.path().segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        last == "proc_macro" || NOT_ON.contains(&&*last)
    });
    // The attribute captures nothing in a `fmt`.
    let is_fmt = signature.ident == "fmt";
    let has_nothing_to_show = is_fmt || is_plain(body) || only_calculates(signature, body);
    signature.constness.is_none()
        && signature.variadic.is_none()
        && !is_special
        && !has_nothing_to_show
}

/// Returns whether a body is empty, or only returns a literal, a variable or a field.
fn is_plain(body: &Block) -> bool {
    fn is_simple(expression: &Expr) -> bool {
        match expression {
            Expr::Lit(_) | Expr::Path(_) => true,
            Expr::Field(field) => is_simple(&field.base),
            Expr::Reference(reference) => is_simple(&reference.expr),
            Expr::Paren(inner) => is_simple(&inner.expr),
            _ => false,
        }
    }
    match &body.stmts[..] {
        [] => true,
        [Stmt::Expr(expression, _)] => is_simple(expression),
        _ => false,
    }
}
