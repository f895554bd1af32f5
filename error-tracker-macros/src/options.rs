//! The words inside the attribute's parentheses.

use proc_macro2::{Ident, Span};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, LitStr, Path, Result, Token, parenthesized, token};

/// How the values of locals are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Locals {
    #[default]
    Adaptive,
    Always,
    Never,
}

/// The option `silent`.
pub(crate) struct Silent {
    pub(crate) span: Span,
    pub(crate) value: Option<Expr>,
}

#[derive(Default)]
pub(crate) struct Options {
    pub(crate) skip: Vec<Ident>,
    pub(crate) skip_all: Option<Span>,
    pub(crate) none: Option<Span>,
    pub(crate) mask: Vec<Ident>,
    pub(crate) silent: Option<Silent>,
    pub(crate) context: Vec<(Ident, Expr)>,
    pub(crate) globals: Vec<Path>,
    pub(crate) error: Option<Ident>,
    pub(crate) level: Option<String>,
    pub(crate) name: Option<LitStr>,
    pub(crate) locals: Locals,
    pub(crate) krate: Option<Path>,
    seen: Vec<String>,
}

const KNOWN: &str = "skip(a, b), skip_all, none, mask(a), silent, silent = value, context(name = value), \
                     globals(PATH), error = name, level = \"..\", name = \"..\", \
                     locals = \"adaptive\" | \"always\" | \"never\", crate = path";

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        while !input.is_empty() {
            options.option(input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

impl Options {
    fn option(&mut self, input: ParseStream<'_>) -> Result<()> {
        if input.peek(Token![crate]) {
            let word: Token![crate] = input.parse()?;
            self.once("crate", word.span)?;
            input.parse::<Token![=]>()?;
            self.krate = Some(Path::parse_mod_style(input)?);
            return Ok(());
        }
        let word: Ident = input
            .parse()
            .map_err(|error| Error::new(error.span(), format!("expected an option: {KNOWN}")))?;
        let span = word.span();
        self.once(&word.to_string(), span)?;
        match word.to_string().as_str() {
            "skip" => self.skip = names(&word, input)?,
            "mask" => self.mask = names(&word, input)?,
            "skip_all" => self.skip_all = Some(span),
            "none" => self.none = Some(span),
            "silent" => {
                let value = if input.peek(Token![=]) {
                    input.parse::<Token![=]>()?;
                    Some(input.parse()?)
                } else {
                    None
                };
                self.silent = Some(Silent { span, value });
            }
            "context" => {
                let entries = list(&word, input, |input| {
                    let name: Ident = input.parse()?;
                    equals(&name, input)?;
                    Ok((name, input.parse()?))
                })?;
                self.context = entries;
            }
            "globals" => self.globals = list(&word, input, Path::parse_mod_style)?,
            "error" => {
                equals(&word, input)?;
                self.error = Some(input.parse()?);
            }
            "level" => {
                let text = text(&word, input)?;
                let level = text.value();
                if !["debug", "info", "warning", "error", "fatal"].contains(&level.as_str()) {
                    let what = "`level` is one of \"debug\", \"info\", \"warning\", \"error\", \"fatal\"";
                    return Err(Error::new(text.span(), what));
                }
                self.level = Some(level);
            }
            "name" => self.name = Some(text(&word, input)?),
            "locals" => {
                let text = text(&word, input)?;
                self.locals = match text.value().as_str() {
                    "adaptive" => Locals::Adaptive,
                    "always" => Locals::Always,
                    "never" => Locals::Never,
                    _ => {
                        let what = "`locals` is one of \"adaptive\", \"always\", \"never\"";
                        return Err(Error::new(text.span(), what));
                    }
                };
            }
            other => {
                let what = match meant(other) {
                    Some(option) => format!("there is no option `{other}`; did you mean `{option}`?"),
                    None => format!("there is no option `{other}`; the options are {KNOWN}"),
                };
                return Err(Error::new(span, what));
            }
        }
        Ok(())
    }

    fn once(&mut self, word: &str, span: Span) -> Result<()> {
        if self.seen.iter().any(|seen| seen == word) {
            return Err(Error::new(span, format!("`{word}` is given twice")));
        }
        self.seen.push(word.into());
        Ok(())
    }
}

/// The option that was meant by a misspelt one, or by the name that it has in `#[tracing::instrument]`.
fn meant(word: &str) -> Option<&'static str> {
    const NAMES: [&str; 12] = [
        "skip", "skip_all", "none", "mask", "silent", "context", "globals", "error", "level", "name",
        "locals", "crate",
    ];
    if word == "fields" {
        return Some("context");
    }
    let closest = NAMES.into_iter().min_by_key(|name| edits(word, name))?;
    (edits(word, closest) <= 1 + closest.len() / 5).then_some(closest)
}

/// How many letters have to be put in, taken out or changed to make one word of the other.
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (index, other) in to.bytes().enumerate() {
            let changed = diagonal + usize::from(letter != other);
            diagonal = row[index + 1];
            row[index + 1] = changed.min(diagonal + 1).min(row[index] + 1);
        }
    }
    row[to.len()]
}

fn equals(word: &Ident, input: ParseStream<'_>) -> Result<()> {
    match input.parse::<Token![=]>() {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(word.span(), format!("`{word}` needs a value: `{word} = ..`"))),
    }
}

fn text(word: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    equals(word, input)?;
    input.parse().map_err(|error| Error::new(error.span(), format!("`{word}` is a text: `{word} = \"..\"`")))
}

fn names(word: &Ident, input: ParseStream<'_>) -> Result<Vec<Ident>> {
    list(word, input, |input| {
        if input.peek(Token![self]) {
            let word: Token![self] = input.parse()?;
            return Ok(Ident::new("self", word.span));
        }
        input.parse()
    })
}

fn list<T>(word: &Ident, input: ParseStream<'_>, entry: fn(ParseStream<'_>) -> Result<T>) -> Result<Vec<T>> {
    if !input.peek(token::Paren) {
        return Err(Error::new(word.span(), format!("`{word}` needs a list in parentheses: `{word}(..)`")));
    }
    let content;
    parenthesized!(content in input);
    let entries: Punctuated<T, Token![,]> = content.parse_terminated(entry, Token![,])?;
    if entries.is_empty() {
        return Err(Error::new(word.span(), format!("`{word}` needs at least one entry")));
    }
    Ok(entries.into_iter().collect())
}
