//! What the library is told of a function: a static, whose text says everything that is wanted at a failure only. A table
//! of constants would take the compiler's time in every annotated function.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;

use crate::exits::Hidden;
use crate::function::Function;
use crate::library::Library;
use crate::options::{Locals, Options};
use crate::walk::{Site, Var, Walk};

/// Parts the groups of the text, the entries of a group, and the fields of an entry.
const GROUP: char = '\u{1d}';
const ENTRY: char = '\u{1e}';
const FIELD: char = '\u{1f}';

/// Where the scope of an argument ends.
const EVERYWHERE: u32 = u32::MAX;

/// The crate's folder, the function's text, how many slots it has, and what the options add to its `Meta`, for the macro `begin`.
pub(crate) fn of(
    function: &Function,
    options: &Options,
    p: &Library,
    arguments: &[&Ident],
    walk: &Walk<'_>,
    small: bool,
) -> [TokenTree; 4] {
    let lines = Lines::of(function);
    let mut text = head(function, options, walk, small, &lines);
    text.push(GROUP);
    let mut variable = |ident: &Ident, role: &str, from: u32, to: u32| {
        let masked = u8::from(options.mask.iter().any(|mask| mask == ident));
        let to: &dyn Display = if to == EVERYWHERE { &"" } else { &to };
        entry(&mut text, &[&ident.unraw(), &role, &masked, &from, to]);
    };
    arguments.iter().for_each(|ident| variable(ident, "a", 0, EVERYWHERE));
    options.context.iter().for_each(|(name, _)| variable(name, "c", 0, EVERYWHERE));
    walk.vars.iter().for_each(|Var { ident, from, to, .. }| variable(ident, "l", *from, *to));
    text.push(GROUP);
    for Site { at, exit, ordinal, order, text: shown, makes, crosses, .. } in &walk.sites {
        let (line, column) = lines.place(*at);
        entry(
            &mut text,
            &[
                &line,
                &column,
                exit,
                &(u8::from(*makes) + 2 * u8::from(*crosses)),
                ordinal,
                order,
                &unparted(shown),
            ],
        );
    }
    let slots = arguments.len() + options.context.len() + walk.vars.len();
    let globals = options.globals.iter().map(|path| {
        let name = path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        quote!(#p::Global::new(#name, |__see| #p::shown(&#path).__error_tracker_show(__see)))
    });
    let globals = (!options.globals.is_empty()).then(|| quote!(.with_globals(&[#(#globals),*])));
    let budget = match options.locals {
        Locals::Adaptive => None,
        Locals::Always => Some(quote!(.always())),
        Locals::Never => Some(quote!(.never())),
    };
    let made = lines.is_made.then(|| quote!(.made()));
    let options = if globals.is_none() && budget.is_none() && made.is_none() {
        TokenStream::new()
    } else {
        quote!(#globals #budget #made)
    };
    // The same for all functions of a crate, so that it is in the program once.
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    [
        Literal::string(&root).into(),
        Literal::string(&text).into(),
        Literal::usize_unsuffixed(slots).into(),
        Group::new(Delimiter::Bracket, options).into(),
    ]
}

/// The text's first group.
fn head(function: &Function, options: &Options, walk: &Walk<'_>, small: bool, lines: &Lines) -> String {
    let (name, renamed) = match &options.name {
        Some(name) => (name.value(), 1),
        None => (function.sig.ident.unraw().to_string(), 0),
    };
    let level = options.level.as_deref().unwrap_or_default();
    let silent = u8::from(options.silent.is_some());
    let hidden = match walk.hidden {
        Hidden::Never => "n",
        Hidden::Perhaps => "p",
        Hidden::Likely => "l",
    };
    let Lines { first, last, file, .. } = lines;
    let mut text = String::new();
    let small = u8::from(small);
    entry(&mut text, &[first, last, &renamed, &silent, &small, &hidden, &level, &file, &unparted(&name)]);
    text
}

/// The lines of a function.
struct Lines {
    first: usize,
    last: usize,
    /// Where they are counted.
    file: String,
    /// Whether a macro made the function: its body may not stand where the macro is called.
    is_made: bool,
}

impl Lines {
    fn of(function: &Function) -> Self {
        let keyword = function.sig.fn_token.span;
        let braces = function.block.brace_token.span;
        let is_made = is_made(keyword);
        let file = file(braces.open());
        let start = if is_made && file != self::file(keyword) { braces.open() } else { keyword };
        Self { first: start.unwrap().line(), last: braces.close().unwrap().end().line(), file, is_made }
    }

    /// Line and column of what stands in the function; what does not stand in its file, but came in through a macro's
    /// arguments, is where the function starts.
    fn place(&self, at: Span) -> (usize, usize) {
        if self.is_made && self.file != file(at) {
            return (self.first, 0);
        }
        (at.unwrap().line(), at.unwrap().column())
    }
}

fn file(span: Span) -> String {
    span.unwrap().file()
}

/// Whether it stands in a macro's definition. The compiler shows spans that do not as `#0 bytes(..)`; where it shows them
/// in another way, all functions are taken for made.
fn is_made(span: Span) -> bool {
    !format!("{:?}", span.unwrap()).starts_with("#0 ")
}

/// A zero is left out, unless it is the last.
fn entry(text: &mut String, fields: &[&dyn Display]) {
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            text.push(FIELD);
        }
        let start = text.len();
        let _ = write!(text, "{field}");
        if &text[start..] == "0" && index + 1 < fields.len() {
            text.truncate(start);
        }
    }
    text.push(ENTRY);
}

/// A text of the source without the characters that part others.
fn unparted(text: &str) -> Cow<'_, str> {
    match text.contains([GROUP, ENTRY, FIELD]) {
        true => text.replace([GROUP, ENTRY, FIELD], "").into(),
        false => text.into(),
    }
}
