//! Functions that only calculate with numbers. Programs call them for every byte, and all that is
//! known of a failure in them is the place of a panic, which the event has anyway.

use syn::visit::{self, Visit};
use syn::{
    Block, Expr, ExprCall, ExprMethodCall, FnArg, Item, Macro, Path, ReturnType, Signature, Type,
};

/// Returns whether a function takes numbers, returns one, and calls only methods and conversions of
/// numbers.
pub(super) fn only_calculates(signature: &Signature, body: &Block) -> bool {
    let returns_number = matches!(&signature.output, ReturnType::Type(_, ty) if is_number(ty));
    let takes_numbers = signature.inputs.iter().all(|input| match input {
        FnArg::Typed(argument) => is_number(&argument.ty),
        FnArg::Receiver(_) => false,
    });
    if signature.asyncness.is_some() || !returns_number || !takes_numbers {
        return false;
    }
    let mut search = ArithmeticSearch { calculates: true };
    search.visit_block(body);
    search.calculates
}

/// Returns whether a type is a number, `bool` or `char`.
fn is_number(ty: &Type) -> bool {
    matches!(ty, Type::Path(ty) if ty.qself.is_none() && ty.path.get_ident().is_some_and(is_name_of_number))
}

fn is_name_of_number(name: &syn::Ident) -> bool {
    const NUMBERS: [&str; 16] = [
        "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
        "f32", "f64", "bool", "char",
    ];
    NUMBERS.iter().any(|number| name == number)
}

/// Returns whether a path is `i32::from` or the like.
fn is_of_number(path: &Path) -> bool {
    path.segments.len() == 2
        && path.segments.first().is_some_and(|first| is_name_of_number(&first.ident))
}

/// A search for code that does not only calculate.
struct ArithmeticSearch {
    calculates: bool,
}

impl<'ast> Visit<'ast> for ArithmeticSearch {
    fn visit_expr(&mut self, expression: &'ast Expr) {
        self.calculates &= matches!(
            expression,
            Expr::Binary(_)
                | Expr::Block(_)
                | Expr::Assign(_)
                | Expr::Call(_)
                | Expr::Cast(_)
                | Expr::Group(_)
                | Expr::If(_)
                | Expr::Lit(_)
                | Expr::Match(_)
                | Expr::MethodCall(_)
                | Expr::Paren(_)
                | Expr::Path(_)
                | Expr::Range(_)
                | Expr::Return(_)
                | Expr::Tuple(_)
                | Expr::Unary(_)
        );
        visit::visit_expr(self, expression);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        self.calculates &= matches!(&*call.func, Expr::Path(path) if is_of_number(&path.path));
        visit::visit_expr_call(self, call);
    }

    /// A panic of these shows an unexpected value.
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.calculates &= !["unwrap", "expect"].iter().any(|name| call.method == name);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_item(&mut self, _: &'ast Item) {
        self.calculates = false;
    }

    fn visit_macro(&mut self, _: &'ast Macro) {
        self.calculates = false;
    }
}
