//! A function as it stands in the source, read so far as it has to be understood.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote};
use syn::buffer::Cursor;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::visit::Visit;
use syn::{
    Block, Error, Expr, FnArg, GenericArgument, Generics, Pat, PathArguments, ReceiverKind, Result,
    ReturnType, Signature, Stmt, Token, Type, TypeImplTrait, Visibility, braced, token,
};

pub(crate) struct Function {
    pub(crate) attrs: Attributes,
    pub(crate) vis: Visibility,
    pub(crate) default: Option<Token![default]>,
    pub(crate) sig: Signature,
    pub(crate) block: Block,
    /// The body's tokens as they were written.
    pub(crate) body: TokenStream,
    /// It is the block of a function that makes a future: its arguments are what the block captures.
    pub(crate) is_block: bool,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut attrs = Attributes::default();
        attrs.outer = attrs.take(input, false)?;
        let vis = input.parse()?;
        let default =
            if input.peek(Token![default]) && !input.peek2(Token![!]) { Some(input.parse()?) } else { None };
        let sig: Signature = input.parse()?;
        if input.peek(Token![;]) {
            return Err(without_body(&sig));
        }
        let body = input.fork().parse::<TokenTree>()?.into();
        let content;
        let brace_token: token::Brace = braced!(content in input);
        attrs.inner = attrs.take(&content, true)?;
        let stmts = statements(&content, brace_token.span.join())?;
        Ok(Self { attrs, vis, default, sig, block: Block { brace_token, stmts }, body, is_block: false })
    }
}

/// Attributes as they were written: reading them, documentation above all, would take longer than the rest.
#[derive(Default)]
pub(crate) struct Attributes {
    outer: Vec<TokenTree>,
    inner: Vec<TokenTree>,
    /// Whether one of them is `naked`.
    pub(crate) naked: bool,
}

impl Attributes {
    pub(crate) fn inner_is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    fn take(&mut self, input: ParseStream<'_>, inner: bool) -> Result<Vec<TokenTree>> {
        let mut taken = Vec::new();
        while input.peek(Token![#]) && input.peek2(Token![!]) == inner {
            let tokens = if inner { 3 } else { 2 };
            for index in 1..=tokens {
                if index == tokens {
                    self.naked |= is_naked(input.cursor());
                }
                taken.push(input.parse::<TokenTree>()?);
            }
        }
        Ok(taken)
    }
}

/// Whether an attribute's path ends with `naked`, also within `unsafe(..)`.
fn is_naked(attr: Cursor<'_>) -> bool {
    let Some((mut inside, ..)) = attr.any_group() else { return false };
    let mut last = None;
    loop {
        if let Some((ident, rest)) = inside.ident() {
            (last, inside) = (Some(ident), rest);
        } else if let Some((_, rest)) = inside.punct().filter(|(punct, _)| punct.as_char() == ':') {
            inside = rest;
        } else if last.as_ref().is_some_and(|word| word == "unsafe") {
            return is_naked(inside);
        } else {
            return last.is_some_and(|word| word == "naked");
        }
    }
}

/// What is wrong with an attribute on a function of a trait or of an `extern` block.
pub(crate) fn without_body(sig: &Signature) -> Error {
    Error::new(sig.ident.span(), "a function without a body cannot fail: take the attribute off")
}

/// The statements of a body. What the compiler understands and this parser does not, or what is half typed, stays as it
/// is: then the function's frame is known, and nothing inside.
fn statements(body: ParseStream<'_>, braces: Span) -> Result<Vec<Stmt>> {
    let ahead = body.fork();
    if let Ok(stmts) = Block::parse_within(&ahead)
        && ahead.is_empty()
    {
        body.advance_to(&ahead);
        return Ok(stmts);
    }
    let body: TokenStream = body.parse()?;
    Ok(Block::parse_within
        .parse2(with_open_blocks(body.clone(), braces))
        .unwrap_or_else(|_| vec![Stmt::Expr(Expr::Verbatim(body), None)]))
}

/// A block that a `macro_rules!` was given stands in a group of its own, behind which this parser wants a semicolon.
/// Without that group its braces are made to be of the macro as well, since the compiler would take them for needless.
fn with_open_blocks(tokens: TokenStream, braces: Span) -> TokenStream {
    let open = |token| {
        let TokenTree::Group(group) = token else { return token };
        let inner = with_open_blocks(group.stream(), braces);
        if group.delimiter() == Delimiter::None {
            let mut tokens = inner.clone().into_iter();
            if let (Some(TokenTree::Group(mut block)), None) = (tokens.next(), tokens.next()) {
                block.set_span(block.span().resolved_at(braces));
                return TokenTree::Group(block);
            }
        }
        let mut again = Group::new(group.delimiter(), inner);
        again.set_span(group.span());
        TokenTree::Group(again)
    };
    tokens.into_iter().map(open).collect()
}

/// What an argument is, as far as its written type tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArgumentKind {
    /// A number or the like.
    Primitive,
    /// `&str`.
    Text,
    /// `&T`: alive as long as the function runs, so it is read at a failure.
    Reference,
    Other,
}

impl ArgumentKind {
    /// The library's function that keeps such an argument.
    pub(crate) fn keeps(self) -> Ident {
        let name = match self {
            Self::Primitive => "primitive",
            Self::Text => "text",
            Self::Reference => "reference",
            Self::Other => "argument",
        };
        Ident::new(name, Span::call_site())
    }

    /// Whether the compiler is to find out what the type is, by the method behind. It takes long to.
    pub(crate) fn is_found(self) -> bool {
        matches!(self, Self::Reference | Self::Other)
    }
}

impl Function {
    /// The function with other statements in its body. The braces stay the user's: lints are silent about an item that
    /// seems to end in a macro of another crate.
    pub(crate) fn with_body(&self, sig: &Signature, stmts: TokenStream) -> TokenStream {
        let Self { attrs, vis, default, block, .. } = self;
        let Attributes { outer, inner, .. } = attrs;
        let mut function = TokenStream::new();
        function.append_all(outer);
        vis.to_tokens(&mut function);
        default.to_tokens(&mut function);
        sig.to_tokens(&mut function);
        let body = if inner.is_empty() { stmts } else { quote!(#(#inner)* #stmts) };
        let mut body = Group::new(Delimiter::Brace, body);
        body.set_span(block.brace_token.span.join());
        function.append(body);
        function
    }

    /// A function of this name and these arguments with another block.
    pub(crate) fn with_block(&self, block: Block) -> Self {
        Self {
            attrs: Attributes::default(),
            vis: Visibility::Inherited,
            default: None,
            sig: self.sig.clone(),
            body: block.to_token_stream(),
            block,
            is_block: true,
        }
    }

    /// Whether a value of the return type could be a failure.
    pub(crate) fn may_return_failure(&self, none: bool) -> bool {
        let ReturnType::Type(_, ty) = &self.sig.output else { return false };
        match may_be_failure(ty, none) {
            MayBe::No => false,
            MayBe::Yes => true,
            // A bare name that is no common alias would be one for this type only; then its body tells.
            MayBe::BareName => parts_results(self.body.clone()),
        }
    }
}

/// Whether the returned error's type has a type parameter inside, as in `IntoInnerError<W>`. Such a type may be an
/// `Error` only for some lifetimes of it (`W: 'static`), which shows when it is too late: so nobody asks.
pub(crate) fn has_generic_error(sig: &Signature) -> bool {
    let ReturnType::Type(_, ty) = &sig.output else { return false };
    let Type::Path(path) = &**ty else { return false };
    let Some(PathArguments::AngleBracketed(args)) =
        path.path.segments.last().map(|segment| &segment.arguments)
    else {
        return false;
    };
    let types = args.args.iter().filter(|arg| matches!(arg, GenericArgument::Type(_)));
    let Some(GenericArgument::Type(Type::Path(error))) = types.last() else { return false };
    error
        .path
        .segments
        .iter()
        .any(|segment| mentions_parameter(segment.arguments.to_token_stream(), &sig.generics))
}

/// Whether a type parameter is among the tokens. Those of an `impl` around cannot be seen; by custom they are one or
/// two capitals.
fn mentions_parameter(tokens: TokenStream, generics: &Generics) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => {
            let name = ident.to_string();
            (name.len() <= 2 && name.chars().all(|c| c.is_uppercase() || c.is_numeric()))
                || name == "Self"
                || generics.type_params().any(|param| param.ident == ident)
        }
        TokenTree::Group(group) => mentions_parameter(group.stream(), generics),
        _ => false,
    })
}

enum MayBe {
    No,
    Yes,
    /// A name without arguments that does not tell.
    BareName,
}

/// Whether something in a body can only be of use with a `Result`.
fn parts_results(body: TokenStream) -> bool {
    let mut operand = false;
    body.into_iter().any(|token| {
        let found = match &token {
            TokenTree::Punct(punct) => operand && punct.as_char() == '?',
            TokenTree::Ident(ident) => {
                ["Ok", "Err", "Ready", "bail", "ensure"].contains(&ident.to_string().as_str())
            }
            TokenTree::Group(group) => parts_results(group.stream()),
            TokenTree::Literal(_) => false,
        };
        operand = !matches!(token, TokenTree::Punct(_));
        found
    })
}

fn may_be_failure(ty: &Type, none: bool) -> MayBe {
    const NEVER: &[&str] = &[
        "bool",
        "char",
        "str",
        "u8",
        "u16",
        "u32",
        "u64",
        "u128",
        "usize",
        "i8",
        "i16",
        "i32",
        "i64",
        "i128",
        "isize",
        "f32",
        "f64",
        "String",
        "Vec",
        "Box",
        "Arc",
        "Rc",
        "Self",
        "HashMap",
        "BTreeMap",
        "Cow",
        "Ordering",
        "TokenStream",
        "Duration",
        "PathBuf",
    ];
    match ty {
        Type::Group(group) => may_be_failure(&group.elem, none),
        Type::Paren(paren) => may_be_failure(&paren.elem, none),
        Type::Path(path) => {
            let Some(segment) = path.path.segments.last() else { return MayBe::No };
            let name = segment.ident.to_string();
            if NEVER.contains(&name.as_str()) || (!none && name == "Option") {
                MayBe::No
            } else if !segment.arguments.is_empty() || name.contains("Res") {
                MayBe::Yes
            } else {
                MayBe::BareName
            }
        }
        Type::Macro(_) => MayBe::Yes,
        _ => MayBe::No,
    }
}

/// The type with `_` in place of each `impl Trait`, as an expression can name it.
pub(crate) fn without_impl(ty: &Type) -> Type {
    let mut ty = ty.clone();
    open_impls(&mut ty);
    ty
}

fn open_impls(ty: &mut Type) {
    match ty {
        Type::ImplTrait(_) => *ty = syn::parse_quote!(_),
        Type::Path(path) => {
            for segment in &mut path.path.segments {
                let PathArguments::AngleBracketed(args) = &mut segment.arguments else { continue };
                for arg in &mut args.args {
                    if let GenericArgument::Type(ty) = arg {
                        open_impls(ty);
                    }
                }
            }
        }
        Type::Reference(reference) => open_impls(&mut reference.elem),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(open_impls),
        Type::Array(array) => open_impls(&mut array.elem),
        Type::Paren(paren) => open_impls(&mut paren.elem),
        Type::Group(group) => open_impls(&mut group.elem),
        // Nowhere else may an `impl Trait` stand, but in a trait's arguments, which belong to another one.
        _ => {}
    }
}

/// Whether the written type contains `impl Trait`.
pub(crate) fn has_impl(ty: &Type) -> bool {
    struct Search(bool);

    impl<'ast> Visit<'ast> for Search {
        fn visit_type_impl_trait(&mut self, _: &'ast TypeImplTrait) {
            self.0 = true;
        }
    }

    let mut search = Search(false);
    search.visit_type(ty);
    search.0
}

pub(crate) fn argument_kind(argument: &FnArg) -> ArgumentKind {
    match argument {
        FnArg::Receiver(receiver) => match &receiver.kind {
            ReceiverKind::Reference(_, _, None) => ArgumentKind::Reference,
            _ => ArgumentKind::Other,
        },
        FnArg::Typed(argument) => match (&*argument.pat, &*argument.ty) {
            (Pat::Ident(pat), ty) if pat.by_ref.is_none() && pat.subpat.is_none() => {
                written_kind(ty, pat.mutability.is_some())
            }
            _ => ArgumentKind::Other,
        },
    }
}

fn written_kind(ty: &Type, is_mutable: bool) -> ArgumentKind {
    match ty {
        Type::Reference(reference) if reference.mutability.is_none() && !is_mutable => match &*reference.elem
        {
            Type::Path(ty) if ty.path.is_ident("str") => ArgumentKind::Text,
            _ => ArgumentKind::Reference,
        },
        ty if is_primitive(ty) => ArgumentKind::Primitive,
        _ => ArgumentKind::Other,
    }
}

pub(crate) fn is_primitive(ty: &Type) -> bool {
    const PRIMITIVES: [&str; 16] = [
        "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
        "isize", "f32", "f64",
    ];
    matches!(ty, Type::Path(ty) if PRIMITIVES.iter().any(|known| ty.path.is_ident(known)))
}
