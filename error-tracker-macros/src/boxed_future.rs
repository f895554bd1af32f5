//! Functions that only make a future: `Box::pin(async move { .. })`, as `#[async_trait]` writes
//! them, or the bare block. The future is tracked.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::{
    Expr, ExprAsync, GenericArgument, Pat, PathArguments, ReturnType, Stmt, Token, Type,
    TypeParamBound,
};

use crate::function::FunctionItem;
use crate::return_type::has_impl;

/// The block of such a future as an async function.
pub(crate) struct BoxedFuture {
    pub(crate) function: FunctionItem,
    /// The function that boxes the future, if there is one.
    around: Option<Expr>,
}

impl BoxedFuture {
    /// Returns the future of a function that makes nothing else.
    pub(crate) fn of(function: &FunctionItem) -> Option<Self> {
        let ReturnType::Type(arrow, ty) = &function.sig.output else { return None };
        let output = output(ty).filter(|output| !has_impl(output))?;
        let [Stmt::Expr(tail, None)] = &function.block.stmts[..] else { return None };
        if function.sig.asyncness.is_some() || !function.attrs.inner_is_empty() {
            return None;
        }
        let (block, around) = match tail {
            Expr::Async(block) => (block, None),
            Expr::Call(call) if call.attrs.is_empty() && call.args.len() == 1 => {
                let Expr::Path(path) = &*call.func else { return None };
                let Some(Expr::Async(block)) = call.args.first() else { return None };
                if path.path.segments.last()?.ident != "pin" {
                    return None;
                }
                (block, Some((*call.func).clone()))
            }
            _ => return None,
        };
        let ExprAsync { attrs, capture: Some(_), block, .. } = block else { return None };
        if !attrs.is_empty() {
            return None;
        }
        let mut inner = function.with_block(block.clone());
        inner.sig.output = ReturnType::Type(*arrow, Box::new(output.clone()));
        inner.sig.asyncness = Some(<Token![async]>::default());
        Some(Self { function: inner, around })
    }

    /// Returns the body of the function, with other code in the block.
    pub(crate) fn body(&self, future: &TokenStream) -> TokenStream {
        match &self.around {
            Some(pin) => quote!(#pin(async move { #future })),
            None => quote!(async move { #future }),
        }
    }
}

/// Returns the output of a future of this type, if it is written out.
fn output(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Path(path) => {
            let segment = path.path.segments.last()?;
            let PathArguments::AngleBracketed(args) = &segment.arguments else { return None };
            let mut types = args.args.iter().filter_map(|arg| match arg {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            });
            match segment.ident.to_string().as_str() {
                "Pin" | "Box" => output(types.next()?),
                "BoxFuture" | "LocalBoxFuture" => types.next(),
                _ => None,
            }
        }
        Type::TraitObject(object) => object.bounds.iter().find_map(of_bound),
        Type::ImplTrait(object) => object.bounds.iter().find_map(of_bound),
        Type::Paren(paren) => output(&paren.elem),
        Type::Group(group) => output(&group.elem),
        _ => None,
    }
}

/// Returns the output in a bound such as `Future<Output = T>`.
fn of_bound(bound: &TypeParamBound) -> Option<&Type> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    let segment = bound.path.segments.last().filter(|segment| segment.ident == "Future")?;
    let PathArguments::AngleBracketed(args) = &segment.arguments else { return None };
    args.args.iter().find_map(|arg| match arg {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(&output.ty),
        _ => None,
    })
}

/// The variable of `#[async_trait]` for a function's value: `let __ret: T = { .. };`, where the
/// block is the body.
const RESULT: &str = "__ret";

/// Returns whether a pattern is that variable.
pub(crate) fn is_result(pat: &Pat) -> bool {
    match pat {
        Pat::Type(typed) => is_result(&typed.pat),
        Pat::Ident(pat) => pat.ident == RESULT,
        _ => false,
    }
}

/// Returns whether tokens are the `return __ret` that never runs.
pub(crate) fn is_unreachable_return(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| matches!(token, TokenTree::Ident(ident) if ident == RESULT))
}
