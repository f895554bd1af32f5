//! Written return types: whether a value of them can be a failure, and how they can be written in
//! the body.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::Visit;
use syn::{
    Block, Expr, GenericArgument, Generics, PathArguments, ReturnType, Signature, Stmt, Type,
    TypeImplTrait,
};

use crate::function::FunctionItem;

/// Returns whether the function's value can be a failure. With `none` a `None` is one.
pub(crate) fn may_return_failure(function: &FunctionItem, none: bool) -> bool {
    let ReturnType::Type(_, ty) = &function.sig.output else { return false };
    match may_be_failure(ty, none) {
        FailureHint::No => false,
        FailureHint::Yes => true,
        // A name without arguments can be an alias of a `Result`. The body shows whether it is, or
        // the value comes from another function, and the compiler knows.
        FailureHint::BareName => {
            uses_result(function.body.clone()) || ends_with_call(&function.block)
        }
        FailureHint::Inside => {
            function.sig.ident == "next"
                || function.sig.ident == "next_back"
                || mentions_any(function.body.clone(), &["Ok", "Err"])
        }
    }
}

/// Returns whether a function returns an `Option`, in which a failure may be.
pub(crate) fn returns_option(sig: &Signature) -> bool {
    matches!(&sig.output, ReturnType::Type(_, ty) if option_of(ty).is_some())
}

/// Returns whether a type is written as a `Result`, an `Option` or a `Poll`.
pub(crate) fn is_written_result(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => is_written_result(&group.elem),
        Type::Paren(paren) => is_written_result(&paren.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|segment| {
            let name = segment.ident.to_string();
            name.ends_with("Result") || ["Option", "Poll"].contains(&name.as_str())
        }),
        _ => false,
    }
}

/// Returns whether a body ends with the value of another function. A path with a capital makes a
/// value itself.
fn ends_with_call(block: &Block) -> bool {
    let Some(Stmt::Expr(expr, None)) = block.stmts.last() else { return false };
    match expr {
        Expr::MethodCall(_) | Expr::Await(_) => true,
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => !path
                .path
                .segments
                .iter()
                .any(|name| name.ident.to_string().starts_with(char::is_uppercase)),
            _ => true,
        },
        _ => false,
    }
}

/// Returns the type in a written `Option`.
fn option_of(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == "Option")?;
    let PathArguments::AngleBracketed(args) = &segment.arguments else { return None };
    args.args.iter().find_map(|arg| match arg {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Returns whether the returned error's type has a type parameter inside, as in
/// `IntoInnerError<W>`. Such a type may be an `Error` for some lifetimes only (`W: 'static`). The
/// compiler checks them after method lookup, so its probe must not ask for the trait.
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

/// Returns whether a type parameter is among the tokens. Those of an `impl` around are not known
/// here, so one or two capitals count as one.
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

/// Whether the values of a written type can be failures.
enum FailureHint {
    No,
    Yes,
    /// A name without arguments, which may be an alias.
    BareName,
    /// An `Option` of such a name.
    Inside,
}

/// Returns whether one of the names is among the tokens.
fn mentions_any(tokens: TokenStream, names: &[&str]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => names.contains(&ident.to_string().as_str()),
        TokenTree::Group(group) => mentions_any(group.stream(), names),
        _ => false,
    })
}

/// Returns whether a body has something that only a `Result` needs, such as a `?` or an `Ok`.
fn uses_result(body: TokenStream) -> bool {
    let mut operand = false;
    body.into_iter().any(|token| {
        let found = match &token {
            TokenTree::Punct(punct) => operand && punct.as_char() == '?',
            TokenTree::Ident(ident) => {
                ["Ok", "Err", "Ready", "bail", "ensure", "whatever", "ensure_whatever"]
                    .contains(&ident.to_string().as_str())
            }
            TokenTree::Group(group) => uses_result(group.stream()),
            TokenTree::Literal(_) => false,
        };
        operand = !matches!(token, TokenTree::Punct(_));
        found
    })
}

/// Returns what a written type says. With `none` an `Option` can be a failure.
fn may_be_failure(ty: &Type, none: bool) -> FailureHint {
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
            let Some(segment) = path.path.segments.last() else { return FailureHint::No };
            let name = segment.ident.to_string();
            if !none && let Some(inner) = option_of(ty) {
                return match may_be_failure(inner, false) {
                    FailureHint::Yes if mentions_any(inner.to_token_stream(), &["Result"]) => {
                        FailureHint::Yes
                    }
                    FailureHint::No => FailureHint::No,
                    _ => FailureHint::Inside,
                };
            }
            if NEVER.contains(&name.as_str()) || (!none && name == "Option") {
                FailureHint::No
            } else if !segment.arguments.is_empty() || name.contains("Res") {
                FailureHint::Yes
            } else {
                FailureHint::BareName
            }
        }
        Type::Macro(_) => FailureHint::Yes,
        _ => FailureHint::No,
    }
}

/// Returns the type with `_` in place of each `impl Trait`, so that an expression can name it.
pub(crate) fn without_impl(ty: &Type) -> Type {
    let mut ty = ty.clone();
    open_impls(&mut ty);
    ty
}

/// Puts `_` in the place of each `impl Trait`.
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
        // An `impl Trait` is allowed nowhere else but in the arguments of another one's trait.
        _ => {}
    }
}

/// Returns whether a written type contains `impl Trait`.
pub(crate) fn has_impl(ty: &Type) -> bool {
    struct ImplTraitSearch(bool);

    impl<'ast> Visit<'ast> for ImplTraitSearch {
        fn visit_type_impl_trait(&mut self, _: &'ast TypeImplTrait) {
            self.0 = true;
        }
    }

    let mut search = ImplTraitSearch(false);
    search.visit_type(ty);
    search.0
}
