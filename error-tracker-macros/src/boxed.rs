//! Functions that only make a future: `Box::pin(async move { .. })`, as `#[async_trait]` writes them, or the bare block. What
//! is tracked is the future.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::{
    Expr, ExprAsync, GenericArgument, Pat, PathArguments, ReturnType, Stmt, Token, Type, TypeParamBound,
};

use crate::function::{Function, has_impl};

/// The block as a function of its own, and what stands around its body.
pub(crate) struct Boxed {
    pub(crate) function: Function,
    around: Option<Expr>,
}

impl Boxed {
    pub(crate) fn of(function: &Function) -> Option<Self> {
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

    /// The body of the function, with another future in the block.
    pub(crate) fn body(&self, future: &TokenStream) -> TokenStream {
        match &self.around {
            Some(pin) => quote!(#pin(async move { #future })),
            None => quote!(async move { #future }),
        }
    }
}

/// What a future of this type answers, where that is written out.
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

fn of_bound(bound: &TypeParamBound) -> Option<&Type> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    let segment = bound.path.segments.last().filter(|segment| segment.ident == "Future")?;
    let PathArguments::AngleBracketed(args) = &segment.arguments else { return None };
    args.args.iter().find_map(|arg| match arg {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(&output.ty),
        _ => None,
    })
}

/// What `#[async_trait]` calls a function's answer: `let __ret: T = { .. };`, where the block is the function's body.
const ANSWER: &str = "__ret";

pub(crate) fn is_answer(pat: &Pat) -> bool {
    match pat {
        Pat::Type(typed) => is_answer(&typed.pat),
        Pat::Ident(pat) => pat.ident == ANSWER,
        _ => false,
    }
}

/// `return __ret`, which never runs.
pub(crate) fn never_answers(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| matches!(token, TokenTree::Ident(ident) if ident == ANSWER))
}
