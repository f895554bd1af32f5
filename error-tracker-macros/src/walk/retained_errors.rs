//! Errors that a handler stores in a variable, and variables that say whether there was one: `last
//! = Some(error)`, `errors.push(error)`, `let failed = read().is_err()`. An error that is made of
//! them later continues their trace.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{BinOp, Expr, ExprAssign, ExprBinary, ExprMethodCall, Lit, Pat, UnOp};

use super::BodyWalk;
use super::patterns::matches_result;
use super::site::OpenHandler;
use crate::body_names::{bound_by, mentions};
use crate::expressions::{is_made, is_one_of, is_test, last_of, root};
use crate::returning_macros::MatchesArguments;

/// Methods that add a value to a collection.
const COLLECTING: &[&str] = &[
    "push",
    "push_back",
    "push_front",
    "push_str",
    "insert",
    "replace",
    "get_or_insert",
    "or_insert",
    "set",
    "add",
    "extend",
];
/// Methods that return the same error, or a text or another error made of it.
const REMAKING: &[&str] =
    &["into", "clone", "cloned", "to_string", "to_owned", "context", "wrap_err", "change_context"];

/// The relation of a variable to an error that was handled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ErrorRelation {
    /// The error, or a value made of it.
    Is,
    /// A value with the error inside, or one that depends on it.
    Contains,
    /// A flag that is true if there was none.
    SaysFine,
    /// A flag that is true if there was one.
    SaysFailed,
}

/// The errors in variables, and in the value that the walk went through last.
#[derive(Default)]
pub(crate) struct RetainedErrors {
    variables: Vec<ErrorVariable>,
    /// The numbers of the handlers of whose errors that value is made.
    yields: Vec<usize>,
}

struct ErrorVariable {
    name: Ident,
    relation: ErrorRelation,
    /// The number of the handler of its error.
    site: usize,
}

impl BodyWalk<'_> {
    /// Notes that a variable has this relation to the error of a handler.
    fn retain_error(&mut self, name: &Ident, relation: ErrorRelation, site: usize) {
        let known = |retained: &ErrorVariable| {
            retained.name == *name && retained.relation == relation && retained.site == site
        };
        if !self.retained.variables.iter().any(known) {
            self.retained.variables.push(ErrorVariable { name: name.clone(), relation, site });
        }
    }

    /// Notes which retained errors the names of a pattern get from a value, in place of those that
    /// they had.
    pub(super) fn rebind_retained(&mut self, pat: &Pat, value: &Expr) {
        let names = bound_by(pat);
        if self.retained.variables.is_empty() || names.is_empty() {
            return;
        }
        let tokens = value.to_token_stream();
        let (from, mut taken) = (start(value), Vec::new());
        for retained in &self.retained.variables {
            if from == Some(&retained.name) {
                taken.push((retained.relation, retained.site));
            } else if mentions_name(tokens.clone(), &retained.name) {
                taken.push((ErrorRelation::Contains, retained.site));
            }
        }
        self.retained.variables.retain(|retained| !names.contains(&retained.name));
        for name in names {
            taken.iter().for_each(|(relation, site)| self.retain_error(&name, *relation, *site));
        }
    }

    /// Retains an error that a handler assigns to a variable: `last = Some(error)`, `failed =
    /// true`.
    pub(super) fn retain_assigned(&mut self, assign: &ExprAssign) {
        let Some(name) = root(&assign.left).cloned() else { return };
        let is_true =
            matches!(&*assign.right, Expr::Lit(lit) if matches!(&lit.lit, Lit::Bool(b) if b.value));
        for (names, site) in self.list_active_handlers() {
            if is_true {
                self.retain_error(&name, ErrorRelation::SaysFailed, site);
            } else if is_error(&assign.right, &names) {
                self.retain_error(&name, ErrorRelation::Is, site);
            }
        }
    }

    /// Retains an error that a handler counts: `failures += 1`.
    pub(super) fn retain_counted(&mut self, binary: &ExprBinary) {
        if let BinOp::AddAssign(_) = binary.op
            && let Expr::Lit(_) = &*binary.right
            && let Some(name) = root(&binary.left).cloned()
        {
            for (_, site) in self.list_active_handlers() {
                self.retain_error(&name, ErrorRelation::Contains, site);
            }
        }
    }

    /// Retains an error that a handler adds to a collection: `errors.push(error)`.
    pub(super) fn retain_collected(&mut self, call: &ExprMethodCall) {
        if is_one_of(call, COLLECTING)
            && let Some(name) = root(&call.receiver).cloned()
        {
            for (names, site) in self.list_active_handlers() {
                if call.args.iter().any(|arg| is_error(arg, &names)) {
                    self.retain_error(&name, ErrorRelation::Contains, site);
                }
            }
        }
    }

    /// Returns the names and the numbers of the handlers whose code the walk is in.
    fn list_active_handlers(&self) -> Vec<(Vec<Ident>, usize)> {
        let here = self.handlers.iter().filter(|handler| handler.active && !handler.asked);
        here.map(|handler| (handler.names.clone(), handler.site)).collect()
    }

    /// Returns the handlers of whose errors the value of their code is made.
    pub(super) fn find_yields(&mut self, value: Option<&Expr>) -> Vec<usize> {
        let Some(value) = value.and_then(last) else { return Vec::new() };
        let here = self.list_active_handlers().into_iter();
        here.filter(|(names, _)| is_error(value, names)).map(|(_, site)| site).collect()
    }

    /// Adds handlers to those of whose errors the last value is made.
    pub(super) fn add_yields(&mut self, sites: Vec<usize>) {
        self.retained.yields.extend(sites);
    }

    /// Returns the handlers of whose errors the last value is made, and forgets them.
    pub(super) fn take_yields(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.retained.yields)
    }

    /// Retains the errors of the last value for the names that it is bound to.
    pub(super) fn retain_yields(&mut self, names: &[Ident]) {
        for site in self.take_yields() {
            names.iter().for_each(|name| self.retain_error(name, ErrorRelation::Is, site));
        }
    }

    /// Ends a statement. Its value is forgotten, unless it is the value of the block. `outer` are
    /// the handlers of the value before the statement.
    pub(super) fn end_statement(&mut self, outer: Vec<usize>, is_value: bool) {
        let own = std::mem::replace(&mut self.retained.yields, outer);
        if is_value {
            self.retained.yields.extend(own);
        }
    }

    /// Returns the handlers whose errors an expression returns, or makes an error of if it `creates_error`
    /// one.
    pub(super) fn find_handled_sources(&self, expr: &Expr, creates_error: bool) -> Vec<usize> {
        let tokens = creates_error.then(|| expr.to_token_stream());
        let from = start(expr);
        let is_of = |retained: &&ErrorVariable| {
            retained.relation == ErrorRelation::Is && from == Some(&retained.name)
                || tokens
                    .as_ref()
                    .is_some_and(|tokens| mentions_name(tokens.clone(), &retained.name))
        };
        let mut sites: Vec<_> =
            self.retained.variables.iter().filter(is_of).map(|retained| retained.site).collect();
        if creates_error {
            sites.extend(self.list_asked());
        }
        sites
    }

    /// Returns the same for a macro that returns an error.
    pub(super) fn find_handled_sources_in(&self, tokens: &TokenStream) -> Vec<usize> {
        let of_name = self
            .retained
            .variables
            .iter()
            .filter(|retained| mentions_name(tokens.clone(), &retained.name));
        of_name.map(|retained| retained.site).chain(self.list_asked()).collect()
    }

    /// Returns the handlers that a condition around this place asks about.
    fn list_asked(&self) -> impl Iterator<Item = usize> {
        self.handlers
            .iter()
            .filter(|handler| handler.active && handler.asked)
            .map(|handler| handler.site)
    }

    /// Notes that the errors of these handlers leave at an exit.
    pub(super) fn note_leads(&mut self, handlers: Vec<usize>, exit: usize) {
        let Some(order) = self.found.sites[exit].exit().map(|exit| exit.order) else { return };
        for handler in handlers {
            let Some(handler) = self.found.sites[handler].handler_mut() else { continue };
            handler.leads = true;
            if !handler.leads_to.contains(&order) {
                handler.leads_to.push(order);
            }
        }
    }

    /// Opens the handlers of the retained errors that a condition, or the value of a `match`,
    /// mentions. The code behind it may run because there was an error.
    pub(super) fn note_asked(&mut self, condition: &Expr) {
        if self.retained.variables.is_empty() {
            return;
        }
        let tokens = condition.to_token_stream();
        let mut asked = Vec::new();
        for retained in &self.retained.variables {
            if matches!(retained.relation, ErrorRelation::Is | ErrorRelation::Contains)
                && mentions_name(tokens.clone(), &retained.name)
            {
                asked.extend([(retained.site, false), (retained.site, true)]);
            }
        }
        self.handlers
            .extend(asked.into_iter().map(|(site, success)| OpenHandler::asked(site, success)));
    }

    /// Opens those of a flag that is the condition.
    pub(super) fn note_asked_flag(&mut self, flag: &Expr, negated: bool) {
        let Some(name) = root(flag) else { return };
        let mut asked = Vec::new();
        for retained in self.retained.variables.iter().filter(|retained| retained.name == *name) {
            match retained.relation {
                ErrorRelation::SaysFine => asked.push(OpenHandler::asked(retained.site, !negated)),
                ErrorRelation::SaysFailed => asked.push(OpenHandler::asked(retained.site, negated)),
                ErrorRelation::Is | ErrorRelation::Contains => {}
            }
        }
        self.handlers.extend(asked);
    }

    /// Goes through the value of a flag: `let failed = read().is_err()`. Returns `false`, and does
    /// nothing, if it is none.
    pub(super) fn retain_test(&mut self, pat: &Pat, value: &mut Expr) -> bool {
        let Some(name) = flag_name(pat) else { return false };
        if !tests(value) {
            return false;
        }
        let handlers = self.handlers.len();
        self.walk_test(value, false);
        for handler in self.handlers.split_off(handlers) {
            let relation =
                if handler.success { ErrorRelation::SaysFine } else { ErrorRelation::SaysFailed };
            self.retain_error(name, relation, handler.site);
        }
        true
    }
}

/// Returns the variable of a pattern that is one name.
fn flag_name(pat: &Pat) -> Option<&Ident> {
    match pat {
        Pat::Ident(name) if name.subpat.is_none() && name.attrs.is_empty() => Some(&name.ident),
        Pat::Type(typed) => flag_name(&typed.pat),
        _ => None,
    }
}

/// Returns whether a value is a test by `.is_err()` or the like.
fn tests(value: &Expr) -> bool {
    match value {
        Expr::Paren(paren) => tests(&paren.expr),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Not(_)) && tests(&unary.expr),
        Expr::Binary(binary) => {
            matches!(binary.op, BinOp::And(_) | BinOp::Or(_))
                && (tests(&binary.left) || tests(&binary.right))
        }
        Expr::MethodCall(call) => is_test(call),
        Expr::Macro(call) => {
            MatchesArguments::of(&call.mac).is_some_and(|matches| matches_result(&matches.pat))
        }
        _ => false,
    }
}

/// Returns whether a value is the error that one of these names is bound to, is made of it, or is a
/// new error.
fn is_error(value: &Expr, names: &[Ident]) -> bool {
    let any_is = |mut args: syn::punctuated::Iter<'_, Expr>| args.any(|arg| is_error(arg, names));
    match value {
        Expr::Path(path) => path.path.get_ident().is_some_and(|name| names.contains(name)),
        Expr::Call(call) => is_made(value) || any_is(call.args.iter()),
        Expr::MethodCall(call) => is_one_of(call, REMAKING) && is_error(&call.receiver, names),
        Expr::Tuple(tuple) => any_is(tuple.elems.iter()),
        Expr::Array(array) => any_is(array.elems.iter()),
        Expr::Struct(value) => value.fields.iter().any(|field| is_error(&field.expr, names)),
        Expr::Reference(reference) => is_error(&reference.expr, names),
        Expr::Paren(paren) => is_error(&paren.expr, names),
        Expr::Macro(call) => names.iter().any(|name| mentions_name(call.mac.tokens.clone(), name)),
        _ => false,
    }
}

/// Returns the value of a block, or the expression itself.
fn last(value: &Expr) -> Option<&Expr> {
    match value {
        Expr::Block(block) => last(last_of(&block.block)?),
        value => Some(value),
    }
}

/// Returns the variable with which a chain of fields and calls begins.
fn start(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::MethodCall(call) => start(&call.receiver),
        Expr::Try(question) => start(&question.expr),
        Expr::Await(wait) => start(&wait.base),
        place => root(place),
    }
}

/// Returns whether the tokens have a name, also in a format string: `"{name}"`.
fn mentions_name(tokens: TokenStream, name: &Ident) -> bool {
    if mentions(tokens.clone(), std::slice::from_ref(name)) {
        return true;
    }
    let within = format!("{{{name}");
    tokens.into_iter().any(|token| match token {
        TokenTree::Literal(text) => text.to_string().contains(&within),
        TokenTree::Group(group) => mentions_name(group.stream(), name),
        _ => false,
    })
}
