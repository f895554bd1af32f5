//! The options of the attributes.

use proc_macro2::{Ident, Span};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, LitStr, Path, Result, Token, parenthesized, token};

/// The option `locals`: how values of locals are captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LocalsOption {
    #[default]
    Adaptive,
    Always,
    Never,
}

/// The option `silent`, with the value to return in place of an error.
pub(crate) struct SilentOption {
    pub(crate) span: Span,
    pub(crate) value: Option<Expr>,
}

/// The options in the parentheses of an attribute.
#[derive(Default)]
pub(crate) struct AttributeOptions {
    pub(crate) skip: Vec<Ident>,
    pub(crate) skip_all: Option<Span>,
    pub(crate) none: Option<Span>,
    pub(crate) mask: Vec<Ident>,
    pub(crate) silent: Option<SilentOption>,
    pub(crate) context: Vec<(Ident, Expr)>,
    pub(crate) globals: Vec<Path>,
    pub(crate) error: Option<Ident>,
    pub(crate) level: Option<String>,
    pub(crate) name: Option<LitStr>,
    pub(crate) locals: LocalsOption,
    pub(crate) krate: Option<Path>,
    /// The names of the options that were given.
    seen: Vec<String>,
}

const KNOWN: &str = "skip(a, b), skip_all, none, mask(a), silent, silent = value, context(name = value), \
                     globals(PATH), error = name, level = \"..\", name = \"..\", \
                     locals = \"adaptive\" | \"always\" | \"never\", crate = path";

impl Parse for AttributeOptions {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        while !input.is_empty() {
            options.parse_option(input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

impl AttributeOptions {
    /// Parses one option.
    fn parse_option(&mut self, input: ParseStream<'_>) -> Result<()> {
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
                self.silent = Some(SilentOption { span, value });
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
                self.error = Some(variable(input)?);
            }
            "level" => {
                let text = text(&word, input)?;
                let level = text.value();
                if !["debug", "info", "warning", "error", "fatal"].contains(&level.as_str()) {
                    let what =
                        "`level` is one of \"debug\", \"info\", \"warning\", \"error\", \"fatal\"";
                    return Err(Error::new(text.span(), what));
                }
                self.level = Some(level);
            }
            "name" => self.name = Some(text(&word, input)?),
            "locals" => {
                let text = text(&word, input)?;
                self.locals = match text.value().as_str() {
                    "adaptive" => LocalsOption::Adaptive,
                    "always" => LocalsOption::Always,
                    "never" => LocalsOption::Never,
                    _ => {
                        let what = "`locals` is one of \"adaptive\", \"always\", \"never\"";
                        return Err(Error::new(text.span(), what));
                    }
                };
            }
            other => {
                let what = match closest_option(other) {
                    Some(option) => {
                        format!("there is no option `{other}`; did you mean `{option}`?")
                    }
                    None => format!("there is no option `{other}`; the options are {KNOWN}"),
                };
                return Err(Error::new(span, what));
            }
        }
        Ok(())
    }

    /// Adds the options of an attribute further out. The lists of both count; of an option with one
    /// value this one's counts.
    pub(crate) fn add(&mut self, outer: Self) {
        let says_locals = |options: &Self| options.seen.iter().any(|seen| seen == "locals");
        if !says_locals(self) && says_locals(&outer) {
            self.locals = outer.locals;
            self.seen.push("locals".into());
        }
        self.skip.extend(outer.skip);
        self.mask.extend(outer.mask);
        self.skip_all = self.skip_all.or(outer.skip_all);
        self.none = self.none.or(outer.none);
        self.silent = self.silent.take().or(outer.silent);
        self.error = self.error.take().or(outer.error);
        self.level = self.level.take().or(outer.level);
        self.name = self.name.take().or(outer.name);
        self.krate = self.krate.take().or(outer.krate);
        for (name, value) in outer.context {
            if self.context.iter().all(|(known, _)| *known != name) {
                self.context.push((name, value));
            }
        }
        self.globals.extend(outer.globals);
    }

    /// Returns whether the options have code that uses names of the function or its module.
    pub(crate) fn evaluates(&self) -> bool {
        !self.context.is_empty() || !self.globals.is_empty() || self.silent.is_some()
    }

    /// Notes that an option was given.
    ///
    /// # Errors
    /// It was given before.
    fn once(&mut self, word: &str, span: Span) -> Result<()> {
        if self.seen.iter().any(|seen| seen == word) {
            return Err(Error::new(span, format!("`{word}` is given twice")));
        }
        self.seen.push(word.into());
        Ok(())
    }
}

/// Returns the option that is closest to a misspelt name, or that `#[tracing::instrument]` calls by
/// this name.
fn closest_option(word: &str) -> Option<&'static str> {
    const NAMES: [&str; 12] = [
        "skip", "skip_all", "none", "mask", "silent", "context", "globals", "error", "level",
        "name", "locals", "crate",
    ];
    if word == "fields" {
        return Some("context");
    }
    let closest = NAMES.into_iter().min_by_key(|name| edit_distance(word, name))?;
    (edit_distance(word, closest) <= 1 + closest.len() / 5).then_some(closest)
}

/// Returns how many letters have to be added, removed or changed to make one word of the other.
fn edit_distance(from: &str, to: &str) -> usize {
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

/// Parses the `=` behind the name of an option.
fn equals(word: &Ident, input: ParseStream<'_>) -> Result<()> {
    match input.parse::<Token![=]>() {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(word.span(), format!("`{word}` needs a value: `{word} = ..`"))),
    }
}

/// Parses `= ".."`.
fn text(word: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    equals(word, input)?;
    input
        .parse()
        .map_err(|error| Error::new(error.span(), format!("`{word}` is a text: `{word} = \"..\"`")))
}

/// Parses names in parentheses.
fn names(word: &Ident, input: ParseStream<'_>) -> Result<Vec<Ident>> {
    list(word, input, variable)
}

/// Parses the name of a variable, or `self`.
fn variable(input: ParseStream<'_>) -> Result<Ident> {
    if input.peek(Token![self]) {
        let word: Token![self] = input.parse()?;
        return Ok(Ident::new("self", word.span));
    }
    input.parse()
}

/// Parses entries in parentheses, at least one.
fn list<T>(
    word: &Ident,
    input: ParseStream<'_>,
    entry: fn(ParseStream<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    if !input.peek(token::Paren) {
        return Err(Error::new(
            word.span(),
            format!("`{word}` needs a list in parentheses: `{word}(..)`"),
        ));
    }
    let content;
    parenthesized!(content in input);
    let entries: Punctuated<T, Token![,]> = content.parse_terminated(entry, Token![,])?;
    if entries.is_empty() {
        return Err(Error::new(word.span(), format!("`{word}` needs at least one entry")));
    }
    Ok(entries.into_iter().collect())
}
