//! Errors that are put into a box or a report where they are made. They are inspected before that,
//! while their type and variant are known.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Expr, ExprCall, ExprMethodCall, ExprPath, Pat};

use super::site::{FunctionSite, HandlerSite};
use super::{BodyWalk, WalkPlan};
use crate::body_names::{bound_by, mentions};
use crate::expressions::{
    attributes, bare, calls_one_of, is_chaining, is_made, is_mapping, is_one_of, last_mut, variable,
};
use crate::meta_text::{ExitKind, ThreadCrossing};
use crate::return_type::is_written_result;
use crate::returning_macros;

/// Methods that put a report into another one.
pub(super) const ADDING: &[&str] = &["context", "with_context", "wrap_err", "wrap_err_with"];

/// How errors that are put into a box are inspected.
pub(super) struct InspectionMode {
    /// The library's function that inspects them.
    inspect: &'static str,
    site: usize,
    /// Whether closures are called at once, so that an inspection in them may borrow from the
    /// function.
    enters_closures: bool,
    /// The probes that the closure around uses; `None` outside of closures.
    in_closure: Option<Vec<Ident>>,
    /// The arguments of the closures around. One of them is an error that was inspected already.
    pub(super) closure_arguments: Vec<Ident>,
    /// Those whose type may be known late, since the closure is no argument of a call.
    pub(super) late_arguments: Vec<Ident>,
    /// Whether the code may run after the function, or on another thread.
    is_deferred: bool,
}

impl InspectionMode {
    fn new(inspect: &'static str, site: usize, enters_closures: bool) -> Self {
        Self {
            inspect,
            site,
            enters_closures,
            in_closure: None,
            closure_arguments: Vec::new(),
            late_arguments: Vec::new(),
            is_deferred: false,
        }
    }

    /// Returns the mode for closures and `async` blocks, which know no site of the function.
    pub(super) fn deferred() -> Self {
        Self { is_deferred: true, ..Self::new("inspect_inside", 0, false) }
    }
}

impl BodyWalk<'_> {
    /// Inspects the errors that are put into a box or a report at an exit, in an expression of type
    /// `Result`.
    pub(super) fn inspect_boxed(&mut self, expr: &mut Expr, site: usize, kind: ExitKind) {
        // A function that returns another type, such as a future or a parser, may store a closure
        // in it.
        let enters_closures =
            kind == ExitKind::Question || self.plan.return_type.is_some_and(is_written_result);
        self.walk_result(expr, &mut InspectionMode::new("inspect_boxed", site, enters_closures));
    }

    /// Inspects an error that is put into a box or a report, gets a name, and leaves by that:
    /// `let error = anyhow!(x); Err(error)`. `following` returns the statements behind.
    pub(super) fn inspect_bound(
        &mut self,
        pat: &Pat,
        value: &mut Expr,
        following: impl FnOnce() -> TokenStream,
    ) {
        let is_result = may_be_result(value);
        if !self.plan.returns_failure || !(is_result || may_be_made(value)) {
            return;
        }
        let [name] = &bound_by(pat)[..] else { return };
        let leaves = match value {
            Expr::Call(_) if is_result => true,
            _ if is_result => is_asked(following(), name),
            _ => leaves_unchanged(following(), name),
        };
        // An error that was observed already is recognised by its text.
        if !leaves || self.mentions_handled(&value.to_token_stream()) {
            return;
        }
        let (site, before) = (self.found.sites.len(), self.found.conversion_probes.len());
        let mut mode = InspectionMode::new("inspect_bound", site, is_result);
        if is_result {
            self.walk_result(value, &mut mode);
        } else {
            self.walk_boxed(value, &mut mode);
        }
        if self.found.conversion_probes.len() == before {
            return;
        }
        // To the library it is a handler, whose error may leave later.
        let order = self.next_order();
        self.found.sites.push(FunctionSite::Handler(HandlerSite {
            from: order,
            to: order,
            probe: None,
            names_it: true,
            crossing: ThreadCrossing::Never,
            leads: true,
            leads_to: Vec::new(),
            calls: String::new(),
        }));
    }

    /// Goes through an expression of type `Result`.
    fn walk_result(&mut self, expr: &mut Expr, mode: &mut InspectionMode) {
        if !attributes(expr).is_empty() {
            return;
        }
        match expr {
            Expr::Paren(paren) => self.walk_result(&mut paren.expr, mode),
            Expr::Group(group) => self.walk_result(&mut group.expr, mode),
            Expr::Block(block) if block.label.is_none() => {
                if let Some(last) = last_mut(&mut block.block) {
                    self.walk_result(last, mode);
                }
            }
            Expr::Call(call) if call.args.len() != 1 => {}
            Expr::Call(call) if calls_one_of(call, &["Err"]) => {
                self.walk_boxed(&mut call.args[0], mode);
            }
            Expr::Call(call) if calls_one_of(call, &["Some", "Ready"]) => {
                self.walk_result(&mut call.args[0], mode);
            }
            Expr::MethodCall(call) => self.walk_result_method(call, mode),
            // The function that made the future may store its closures.
            Expr::Await(wait) => self.walk_deferred_chain(&mut wait.base),
            _ => {}
        }
    }

    /// Goes through a method call that returns a `Result`.
    fn walk_result_method(&mut self, call: &mut ExprMethodCall, mode: &mut InspectionMode) {
        if is_mapping(call) || is_chaining(call) {
            self.walk_result(&mut call.receiver, mode);
        }
        let (name, count) = (call.method.to_string(), call.args.len());
        let Some(first) = call.args.first_mut() else { return };
        match (name.as_str(), count) {
            ("ok_or", 1) => self.walk_boxed(first, mode),
            ("or" | "unwrap_or", 1) | ("map_or", 2) => self.walk_result(first, mode),
            ("ok_or_else" | "map_err", 1) => {
                self.walk_called_closure(first, mode, Self::walk_boxed);
            }
            ("or_else" | "unwrap_or_else" | "and_then", 1) | ("map_or_else", 2) => {
                self.walk_called_closure(first, mode, Self::walk_result);
            }
            _ => {}
        }
    }

    /// Goes through a closure that is called at once. `walk_value` goes through its body.
    ///
    /// Elsewhere a probe is assigned where it is used. A closure cannot assign a variable of the
    /// function without borrowing it mutably, so the probes that it uses get their value in front
    /// of it, and it borrows them.
    fn walk_called_closure(
        &mut self,
        expr: &mut Expr,
        mode: &mut InspectionMode,
        walk_value: fn(&mut Self, &mut Expr, &mut InspectionMode),
    ) {
        let Expr::Closure(closure) = expr else { return };
        let is_plain =
            closure.attrs.is_empty() && closure.asyncness.is_none() && closure.constness.is_none();
        if !mode.enters_closures || !is_plain {
            return self.walk_deferred_closure(closure, false);
        }
        let outermost = mode.in_closure.is_none();
        mode.in_closure.get_or_insert_default();
        mode.closure_arguments.extend(closure.inputs.iter().flat_map(bound_by));
        walk_value(self, &mut closure.body, mode);
        let closure_arguments = mode.closure_arguments.clone();
        let mut deferred = InspectionMode { closure_arguments, ..InspectionMode::deferred() };
        self.walk_deferred(&mut closure.body, &mut deferred);
        if outermost
            && let Some(probes) = mode.in_closure.take()
            && !probes.is_empty()
        {
            let p = self.plan.p;
            *expr = Expr::Verbatim(quote!({ #(#probes = #p::outcome_probe();)* #expr }));
        }
    }

    /// Goes through an expression whose value is a box or a report.
    pub(super) fn walk_boxed(&mut self, expr: &mut Expr, mode: &mut InspectionMode) {
        if !attributes(expr).is_empty() {
            return;
        }
        match expr {
            Expr::Paren(paren) => self.walk_boxed(&mut paren.expr, mode),
            Expr::Group(group) => self.walk_boxed(&mut group.expr, mode),
            Expr::Cast(cast) => self.walk_boxed(&mut cast.expr, mode),
            Expr::Block(block) if block.label.is_none() => {
                if let Some(last) = last_mut(&mut block.block) {
                    self.walk_boxed(last, mode);
                }
            }
            Expr::If(branch) => {
                if let Some(last) = last_mut(&mut branch.then_branch) {
                    self.walk_boxed(last, mode);
                }
                if let Some((_, other)) = &mut branch.else_branch {
                    self.walk_boxed(other, mode);
                }
            }
            Expr::Match(choice) => {
                for arm in choice.arms.iter_mut().filter(|arm| arm.attrs.is_empty()) {
                    self.walk_boxed(&mut arm.body, mode);
                }
            }
            Expr::MethodCall(call) if is_one_of(call, ADDING) => {
                self.walk_boxed(&mut call.receiver, mode);
            }
            Expr::MethodCall(call) if is_one_of(call, &["into"]) => {
                self.inspect_boxed_value(&mut call.receiver, true, mode);
            }
            Expr::Call(call) if wraps(call) => {
                if let Some(value) = call.args.last_mut() {
                    self.inspect_boxed_value(value, false, mode);
                }
            }
            Expr::Macro(call) => {
                if let Some(mut value) = returning_macros::wrapped(&call.mac) {
                    self.inspect_boxed_value(&mut value, true, mode);
                    call.mac.tokens = value.into_token_stream();
                }
            }
            _ => {}
        }
    }

    /// Inspects a value that is put into a box or a report; a literal text is none. `known` says
    /// that the compiler knows its type there without the code behind.
    pub(super) fn inspect_boxed_value(
        &mut self,
        value: &mut Expr,
        known: bool,
        mode: &mut InspectionMode,
    ) {
        let has_type = matches!(
            bare(value),
            Expr::Call(_)
                | Expr::MethodCall(_)
                | Expr::Struct(_)
                | Expr::Path(_)
                | Expr::Field(_)
                | Expr::Await(_)
                | Expr::Try(_)
        );
        let is_given = variable(value).is_some_and(|name| mode.closure_arguments.contains(name));
        if !has_type || is_given || !attributes(bare(value)).is_empty() {
            return;
        }
        if mode.is_deferred {
            if known || names_its_type(bare(value), &mode.late_arguments) {
                let (p, operand) = (self.plan.p, bare(value));
                *value =
                    Expr::Verbatim(quote!((match #p::inspect_inside(#operand) { (__v, __k) => {
                    __k.__error_tracker_close_inside();
                    __v
                } })));
            }
            return;
        }
        let probe = self.add_conversion_probe();
        match &mut mode.in_closure {
            None => self.wrap_inspected(value, mode.inspect, mode.site, &probe),
            Some(probes) => {
                let WalkPlan { p, guard, .. } = &self.plan;
                let (operand, site) = (bare(value), mode.site as u32);
                *value = Expr::Verbatim(
                    quote!(#p::inspect_boxed_in_closure(#operand, #guard, #site, &#probe)),
                );
                probes.push(probe);
            }
        }
    }
}

/// Returns whether the type of an expression is known by what is written there, without the types
/// of `late` variables.
fn names_its_type(value: &Expr, late: &[Ident]) -> bool {
    match value {
        Expr::Struct(_) => true,
        Expr::Path(path) => is_capital(path),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => is_capital(path) || !mentions(call.args.to_token_stream(), late),
            _ => false,
        },
        _ => false,
    }
}

/// Returns whether a path ends with a type or a variant.
fn is_capital(path: &ExprPath) -> bool {
    path.path
        .segments
        .last()
        .is_some_and(|name| name.ident.to_string().starts_with(char::is_uppercase))
}

/// Returns whether a call puts its last argument into a box or a report: `Box::new(x)`,
/// `Report::from(x)`, `Into::into(x)`, `io::Error::other(x)`.
fn wraps(call: &ExprCall) -> bool {
    let Expr::Path(path) = &*call.func else { return false };
    let mut names = path.path.segments.iter().rev().map(|name| name.ident.to_string());
    let (name, ty) = (names.next(), names.next());
    if call.args.len() != 1 {
        let of_io = names.next().is_some_and(|module| module == "io") && call.args.len() == 2;
        return of_io && (name.as_deref(), ty.as_deref()) == (Some("new"), Some("Error"));
    }
    match (name.as_deref(), ty.as_deref()) {
        (Some("new"), Some(ty)) => matches!(ty, "Box" | "Arc" | "Rc" | "Report" | "Error"),
        (Some("other"), Some("Error")) => true,
        (Some("from"), ty) => ty.is_some() || path.qself.is_some(),
        (Some("into"), Some("Into")) => true,
        _ => false,
    }
}

/// Returns whether an expression may be a `Result` with a box or a report inside.
fn may_be_result(expr: &Expr) -> bool {
    match expr {
        Expr::Call(_) => is_made(expr),
        Expr::MethodCall(call) => {
            is_one_of(call, &["ok_or", "ok_or_else", "or", "or_else", "map_err"])
        }
        _ => false,
    }
}

/// Returns whether an expression may be a box or a report.
pub(super) fn may_be_made(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(paren) => may_be_made(&paren.expr),
        Expr::Cast(cast) => may_be_made(&cast.expr),
        Expr::MethodCall(call) if is_one_of(call, ADDING) => may_be_made(&call.receiver),
        Expr::MethodCall(call) => is_one_of(call, &["into"]),
        Expr::Call(call) => wraps(call),
        Expr::Macro(call) => returning_macros::wrapped(&call.mac).is_some(),
        _ => false,
    }
}

/// Returns whether a `?` takes the error of a variable: `found?`. So neither it nor the closures in
/// it are stored.
fn is_asked(tokens: TokenStream, name: &Ident) -> bool {
    let mut named = false;
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => {
            named = false;
            is_asked(group.stream(), name)
        }
        TokenTree::Punct(punct) => std::mem::take(&mut named) && punct.as_char() == '?',
        token => {
            named = matches!(token, TokenTree::Ident(word) if word == *name);
            false
        }
    })
}

/// Returns whether a variable leaves by its name alone: `Err(error)`, `.ok_or(error)`,
/// `bail!(error)`.
fn leaves_unchanged(tokens: TokenStream, name: &Ident) -> bool {
    let mut last = None;
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => {
            let is_it = matches!(last.as_deref(), Some("Err" | "ok_or" | "bail"))
                && matches!(&group.stream().into_iter().collect::<Vec<_>>()[..],
                    [TokenTree::Ident(only)] if only == name);
            last = None;
            is_it || leaves_unchanged(group.stream(), name)
        }
        TokenTree::Ident(word) => {
            last = Some(word.to_string());
            false
        }
        TokenTree::Punct(_) => false,
        TokenTree::Literal(_) => {
            last = None;
            false
        }
    })
}
