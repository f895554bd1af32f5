//! The static of a function: what an expansion gives the library about it. All that is needed at a
//! failure only is one text, because the compiler would have to evaluate a table of constants in
//! every annotated function.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;

use crate::function::FunctionItem;
use crate::meta_text::{ExitEntry, HandlerEntry, HeadEntry, MetaText, VariableEntry, VariableRole};
use crate::options::{AttributeOptions, LocalsOption};
use crate::tokens::LibraryPath;
use crate::walk::{BodyFindings, ExitSite, FunctionSite, HandlerSite};

/// Returns the arguments of the macro `begin`: the crate's folder, the function's text, the number
/// of its slots, and the calls that add what the options say to its `FunctionMeta`.
pub(crate) fn of(
    function: &FunctionItem,
    options: &AttributeOptions,
    p: &LibraryPath,
    arguments: &[&Ident],
    found: &BodyFindings,
    small: bool,
) -> [TokenTree; 4] {
    let lines = FunctionLines::of(function);
    let text = text(function, options, arguments, found, small, &lines);
    let slots = arguments.len() + options.context.len() + found.variables.len();
    let globals = options.globals.iter().map(|path| {
        let name = path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        quote!(#p::GlobalVariable::new(#name, |__see| #p::shown(&#path).__error_tracker_show(__see)))
    });
    let globals = (!options.globals.is_empty()).then(|| quote!(.with_globals(&[#(#globals),*])));
    let context = match options.context.len() {
        0 => None,
        values => Some(quote!(.with_context(#values))),
    };
    let budget = match options.locals {
        LocalsOption::Adaptive => None,
        LocalsOption::Always => Some(quote!(.always())),
        LocalsOption::Never => Some(quote!(.never())),
    };
    let made = lines.is_made.then(|| quote!(.made()));
    let options = if globals.is_none() && context.is_none() && budget.is_none() && made.is_none() {
        TokenStream::new()
    } else {
        quote!(#globals #context #budget #made)
    };
    // The same text in all functions of a crate, so that the program holds it once.
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    [
        Literal::string(&root).into(),
        Literal::string(&text).into(),
        Literal::usize_unsuffixed(slots).into(),
        Group::new(Delimiter::Bracket, options).into(),
    ]
}

/// Returns the function's text, in the format of [`meta_text`](crate::meta_text).
fn text(
    function: &FunctionItem,
    options: &AttributeOptions,
    arguments: &[&Ident],
    found: &BodyFindings,
    small: bool,
    lines: &FunctionLines,
) -> String {
    let name = match &options.name {
        Some(name) => name.value(),
        None => function.sig.ident.unraw().to_string(),
    };
    let mut text = MetaText::new(&HeadEntry {
        first_line: lines.first,
        last_line: lines.last,
        renamed: options.name.is_some(),
        silent: options.silent.is_some(),
        small,
        hidden: found.hidden,
        level: options.level.as_deref().unwrap_or_default(),
        file: &lines.file,
        name: &name,
    });
    let mut slot = 0;
    let mut variable = |ident: &Ident, role: VariableRole, from: u32, to: Option<u32>| {
        let changes = found.changes.iter().filter(|change| change.slot == slot);
        text.variable(&VariableEntry {
            name: &ident.unraw().to_string(),
            role,
            masked: options.mask.iter().any(|mask| mask == ident),
            from,
            changes: &changes.map(|it| (it.order, it.change as u8)).collect::<Vec<_>>(),
            to,
        });
        slot += 1;
    };
    arguments.iter().for_each(|ident| variable(ident, VariableRole::Argument, 0, None));
    options.context.iter().for_each(|(name, _)| variable(name, VariableRole::Context, 0, None));
    for local in &found.variables {
        variable(&local.ident, VariableRole::Local, local.from, local.to);
    }
    text.end_group();
    for site in &found.sites {
        match site {
            FunctionSite::Exit(exit) => text.exit(&exit_entry(exit, lines)),
            FunctionSite::Handler(handler) => text.handler(&handler_entry(handler, lines)),
        }
    }
    text.finish()
}

fn exit_entry<'a>(exit: &'a ExitSite, lines: &FunctionLines) -> ExitEntry<'a> {
    let (line, column) = lines.place(exit.at);
    ExitEntry {
        line,
        column,
        kind: exit.kind,
        creates_error: exit.origin.creates_error,
        crossing: exit.origin.crossing,
        ordinal: exit.ordinal,
        order: exit.order,
        calls: &exit.origin.calls,
        text: &exit.text,
    }
}

fn handler_entry<'a>(handler: &'a HandlerSite, lines: &FunctionLines) -> HandlerEntry<'a> {
    let (line, column) = lines.place(Span::call_site());
    HandlerEntry {
        line,
        column,
        names_it: handler.names_it,
        crossing: handler.crossing,
        leads: handler.leads,
        from: handler.from,
        to: handler.to,
        calls: &handler.calls,
        leads_to: &handler.leads_to,
    }
}

/// The lines of a function in its file.
struct FunctionLines {
    first: usize,
    last: usize,
    /// The file in which they are counted.
    file: String,
    /// Whether a macro made the function, whose body may be in another file than the macro's call.
    is_made: bool,
}

impl FunctionLines {
    fn of(function: &FunctionItem) -> Self {
        let keyword = function.sig.fn_token.span;
        let braces = function.block.brace_token.span;
        let is_made = is_made(keyword);
        let file = file(braces.open());
        let start = if is_made && file != self::file(keyword) { braces.open() } else { keyword };
        Self {
            first: start.unwrap().line(),
            last: braces.close().unwrap().end().line(),
            file,
            is_made,
        }
    }

    /// Returns line and column of code in the function. Code of another file, from the arguments of
    /// a macro, gets the line where the function starts.
    fn place(&self, at: Span) -> (usize, usize) {
        if self.is_made && self.file != file(at) {
            return (self.first, 0);
        }
        (at.unwrap().line(), at.unwrap().column())
    }
}

/// Returns the file that the compiler names for a span.
fn file(span: Span) -> String {
    span.unwrap().file()
}

/// Returns whether code is from a macro's definition. The compiler shows other spans as `#0
/// bytes(..)`; if it showed them in another way, all functions would count as made by macros.
fn is_made(span: Span) -> bool {
    !format!("{:?}", span.unwrap()).starts_with("#0 ")
}
