//! How an argument is captured, as far as its written type decides that.

use proc_macro2::{Ident, Span};
use syn::{FnArg, Pat, ReceiverKind, Type};

/// The kinds of arguments that the library captures differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArgumentKind {
    /// A number or the like.
    Primitive,
    /// `&str`.
    Text,
    /// `&T`: it lives as long as the function runs, so it is read at a failure.
    Reference,
    /// Any other type, or one that is not known.
    Other,
}

impl ArgumentKind {
    /// Returns the name of the library's function that captures such an argument.
    pub(crate) fn capture_function(self) -> Ident {
        let name = match self {
            Self::Primitive => "primitive",
            Self::Text => "text",
            Self::Reference => "reference",
            Self::Other => "argument",
        };
        Ident::new(name, Span::call_site())
    }

    /// Returns whether a method call has to select the way of capturing by the type, which costs
    /// compile time.
    pub(crate) fn depends_on_type(self) -> bool {
        matches!(self, Self::Reference | Self::Other)
    }
}

/// Returns the kind of an argument.
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

/// Returns the kind of a written type.
fn written_kind(ty: &Type, is_mutable: bool) -> ArgumentKind {
    match ty {
        Type::Reference(reference) if reference.mutability.is_none() && !is_mutable => {
            match &*reference.elem {
                Type::Path(ty) if ty.path.is_ident("str") => ArgumentKind::Text,
                _ => ArgumentKind::Reference,
            }
        }
        ty if is_primitive(ty) => ArgumentKind::Primitive,
        _ => ArgumentKind::Other,
    }
}

/// Returns whether a written type is `bool`, `char` or a number.
pub(crate) fn is_primitive(ty: &Type) -> bool {
    const PRIMITIVES: [&str; 16] = [
        "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
        "i128", "isize", "f32", "f64",
    ];
    matches!(ty, Type::Path(ty) if PRIMITIVES.iter().any(|known| ty.path.is_ident(known)))
}
