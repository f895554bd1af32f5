//! Goes through a body, wraps the operands that can fail, and keeps variables behind their bindings. The body itself
//! stays where it is: closures, async blocks, nested items, macros, and whatever carries an attribute are not touched.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{BinOp, Block, Expr, ExprBlock, Pat, Stmt, token};

use crate::boxed::{is_answer, never_answers};
use crate::exits::{self, Hidden};
use crate::expressions::{attributes, ends_with, loses_error};
use crate::late::LateTypes;
use crate::library::Library;
use crate::names::{Names, bound_by};

mod crossing;
mod handled;
mod sites;
mod variables;

use variables::{Entering, binds_itself, entering};
pub(crate) use variables::{MOST_VARIABLES, Var};

/// A place where a failure can leave.
pub(crate) struct Site {
    /// Where it starts.
    pub(crate) at: Span,
    pub(crate) text: String,
    pub(crate) ordinal: usize,
    pub(crate) exit: &'static str,
    pub(crate) order: u32,
    /// The link of a `?`; the sites that hand on the returned value share one.
    pub(crate) link: Option<Ident>,
    /// Its error is made there, or of the one that is being handled around it.
    pub(crate) makes: bool,
    /// Its error may have left another thread or task.
    pub(crate) crosses: bool,
}

/// What to look for.
pub(crate) struct Plan<'a> {
    pub(crate) names: &'a Names,
    /// Path of the private module.
    pub(crate) p: &'a Library,
    pub(crate) guard: &'a Ident,
    /// Link of the returned value.
    pub(crate) returned: &'a Ident,
    pub(crate) returns_failure: bool,
    /// The written return type, where it can be written in the body as well.
    pub(crate) return_type: Option<&'a syn::Type>,
    pub(crate) none: bool,
    pub(crate) silent: Option<&'a TokenStream>,
    pub(crate) skips: &'a dyn Fn(&Ident) -> bool,
    /// What keeps an argument again.
    pub(crate) keep_argument: &'a dyn Fn(&Ident) -> Option<TokenStream>,
    /// Slots that are in use before the first local.
    pub(crate) first_slot: usize,
}

pub(crate) struct Walk<'a> {
    plan: Plan<'a>,
    order: u32,
    pub(crate) sites: Vec<Site>,
    pub(crate) vars: Vec<Var>,
    /// Whether a `bail!` or `ensure!` was found.
    pub(crate) leaves_in_macros: bool,
    /// Links of operands that `.context(..)` and the like change, or whose error is lost.
    pub(crate) sources: Vec<Ident>,
    /// Whether errors are handled or lost somewhere.
    pub(crate) handles: bool,
    /// Whether an error may leave where it is not looked at.
    pub(crate) hidden: Hidden,
    /// The sites around this place whose errors are being handled here, and the names that those are bound to.
    handlers: Vec<(usize, Vec<Ident>)>,
    /// The variables that can be named here, innermost last.
    scope: Vec<usize>,
    late: LateTypes,
    /// The names of what came from another thread or task.
    received: Vec<Ident>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(plan: Plan<'a>, late: LateTypes) -> Self {
        Self {
            plan,
            late,
            received: Vec::new(),
            order: 1,
            sites: Vec::new(),
            vars: Vec::new(),
            leaves_in_macros: false,
            sources: Vec::new(),
            handles: false,
            hidden: Hidden::Never,
            handlers: Vec::new(),
            scope: Vec::new(),
        }
    }

    /// The function's own block.
    pub(crate) fn body(&mut self, block: &mut Block) {
        self.block(block, true, &[]);
    }

    /// Whether something was found for which a guard is not enough.
    pub(crate) fn wraps_returned(&self) -> bool {
        self.sites.iter().any(|site| site.link.is_none())
    }

    /// Something that is not gone into.
    fn passes(&mut self, tokens: &impl ToTokens) {
        let tokens = tokens.to_token_stream();
        if exits::leaves(tokens.clone()) && !never_answers(tokens) {
            self.hidden = Hidden::Likely;
        }
    }

    fn order(&mut self) -> u32 {
        self.order += 1;
        self.order
    }

    /// A block whose last expression is, with `tail`, what the function returns. `entering` are variables that were
    /// bound by what the block belongs to.
    fn block(&mut self, block: &mut Block, tail: bool, entering: &[Entering]) {
        let outer = self.scope.len();
        let mut stmts = Vec::with_capacity(block.stmts.len() * 2);
        for variable in entering {
            match variable {
                Entering::Bound(ident) => stmts.extend(self.bind(ident)),
                Entering::Kept(index) => self.scope.push(*index),
            }
        }
        let last = block.stmts.len().wrapping_sub(1);
        for (index, mut stmt) in std::mem::take(&mut block.stmts).into_iter().enumerate() {
            let mut after = Vec::new();
            match &mut stmt {
                Stmt::Local(local) if local.attrs.is_empty() => {
                    if let Some(init) = &mut local.init
                        && is_answer(&local.pat)
                    {
                        self.tail(&mut init.expr);
                    } else if let Some(init) = &mut local.init {
                        self.late.bind(&local.pat, &init.expr);
                        self.receives(&local.pat, &init.expr);
                        self.expr(&mut init.expr);
                        if let Some((_, diverge)) = &mut init.diverge {
                            let handlers = self.handlers.len();
                            self.handles(&mut init.expr, &[&local.pat]);
                            self.expr(diverge);
                            self.handled_since(handlers);
                        } else if matches!(local.pat, Pat::Wild(_)) {
                            self.loses(&mut init.expr);
                        }
                        if !binds_itself(&local.pat, &init.expr) {
                            for ident in bound_by(&local.pat) {
                                after.extend(self.bind(&ident));
                            }
                        }
                    } else {
                        for ident in bound_by(&local.pat) {
                            self.declare(&ident);
                        }
                    }
                }
                Stmt::Macro(call) if call.attrs.is_empty() => {
                    stmts.extend(self.call(&mut call.mac).map(|note| Stmt::Expr(Expr::Verbatim(note), None)));
                }
                Stmt::Expr(expr, None) if tail && index == last => self.tail(expr),
                Stmt::Expr(expr, semi) => {
                    if let Expr::Assign(assign) = &*expr
                        && let Expr::Path(left) = &*assign.left
                        && let Some(name) = left.path.get_ident()
                    {
                        let is_late = self.late.assign(name, &assign.right);
                        if let Some(index) = self.named(name) {
                            self.vars[index].is_late |= is_late;
                        }
                    }
                    self.expr(expr);
                    if let Some(keep) = self.assigned(expr) {
                        semi.get_or_insert_default();
                        after.push(keep);
                    }
                }
                other => self.passes(other),
            }
            stmts.push(stmt);
            stmts.append(&mut after);
        }
        block.stmts = stmts;
        self.close(outer);
    }

    /// What the function returns.
    fn tail(&mut self, expr: &mut Expr) {
        if !attributes(expr).is_empty() {
            return self.passes(expr);
        }
        match expr {
            Expr::If(branch) => {
                let handlers = self.handlers.len();
                let entering = self.condition(&mut branch.cond);
                self.block(&mut branch.then_branch, true, &entering);
                if let Some((_, other)) = &mut branch.else_branch {
                    self.tail(other);
                }
                self.handled_since(handlers);
            }
            Expr::Match(choice) => self.choice(choice, true),
            Expr::Block(block) => self.block(&mut block.block, true, &[]),
            Expr::Unsafe(block) => self.block(&mut block.block, true, &[]),
            Expr::Paren(paren) => self.tail(&mut paren.expr),
            Expr::Group(group) => self.tail(&mut group.expr),
            _ => self.returned(expr, "t"),
        }
    }

    /// Goes through a condition; answers what it binds for the block behind it.
    fn condition(&mut self, cond: &mut Expr) -> Vec<Entering> {
        if !attributes(cond).is_empty() {
            return Vec::new();
        }
        match cond {
            Expr::Let(binding) => {
                self.late.bind(&binding.pat, &binding.expr);
                self.receives(&binding.pat, &binding.expr);
                self.expr(&mut binding.expr);
                self.handles(&mut binding.expr, &[&binding.pat]);
                entering(&binding.pat)
            }
            Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
                let mut bound = self.condition(&mut binary.left);
                let left = &mut *binary.left;
                bound.iter_mut().for_each(|variable| self.bind_before(variable, left, &binary.right));
                bound.extend(self.condition(&mut binary.right));
                bound
            }
            _ => {
                self.expr(cond);
                Vec::new()
            }
        }
    }

    fn choice(&mut self, choice: &mut syn::ExprMatch, tail: bool) {
        let handlers = self.handlers.len();
        for arm in &choice.arms {
            self.late.bind(&arm.pat, &choice.expr);
            self.receives(&arm.pat, &choice.expr);
        }
        self.expr(&mut choice.expr);
        let patterns: Vec<_> = choice.arms.iter().map(|arm| &arm.pat).collect();
        self.handles(&mut choice.expr, &patterns);
        self.arms(&mut choice.arms, tail);
        self.handled_since(handlers);
    }

    fn arms(&mut self, arms: &mut [syn::Arm], tail: bool) {
        for arm in arms {
            if !arm.attrs.is_empty() {
                self.passes(arm);
                continue;
            }
            if let Pat::Guard(guard) = &mut arm.pat {
                self.condition(&mut guard.guard);
            }
            let wanted = bound_by(&arm.pat)
                .iter()
                .any(|ident| self.plan.names.mentions(ident) && !(self.plan.skips)(ident));
            let entering = entering(&arm.pat);
            if let Expr::Block(body) = &mut *arm.body
                && body.attrs.is_empty()
                && body.label.is_none()
            {
                self.block(&mut body.block, tail, &entering);
            } else if wanted && !matches!(*arm.body, Expr::Macro(_)) {
                // The body of an arm is a scope of temporaries of its own, so a block around it changes nothing.
                let span = arm.body.span();
                let body = std::mem::replace(&mut *arm.body, Expr::Verbatim(TokenStream::new()));
                let mut block =
                    Block { brace_token: token::Brace(span), stmts: vec![Stmt::Expr(body, None)] };
                self.block(&mut block, tail, &entering);
                *arm.body = if block.stmts.len() == 1 {
                    match block.stmts.pop() {
                        Some(Stmt::Expr(body, _)) => body,
                        _ => Expr::Verbatim(TokenStream::new()),
                    }
                } else {
                    Expr::Block(ExprBlock { attrs: Vec::new(), label: None, block })
                };
            } else if tail {
                self.tail(&mut arm.body);
            } else {
                self.expr(&mut arm.body);
            }
        }
    }

    fn expr(&mut self, expr: &mut Expr) {
        if !attributes(expr).is_empty() {
            return self.passes(expr);
        }
        match expr {
            Expr::Array(array) => array.elems.iter_mut().for_each(|expr| self.expr(expr)),
            Expr::Assign(assign) => {
                self.expr(&mut assign.right);
                if matches!(*assign.left, Expr::Infer(_)) {
                    self.loses(&mut assign.right);
                }
                self.expr(&mut assign.left);
            }
            Expr::Await(wait) => self.expr(&mut wait.base),
            Expr::Binary(binary) => {
                self.expr(&mut binary.left);
                self.expr(&mut binary.right);
            }
            Expr::Block(block) => self.block(&mut block.block, false, &[]),
            Expr::Break(leave) => leave.expr.iter_mut().for_each(|expr| self.expr(expr)),
            Expr::Call(call) => {
                self.expr(&mut call.func);
                let drops = matches!(&*call.func, Expr::Path(path) if ends_with(path, &["drop"]));
                for arg in &mut call.args {
                    self.expr(arg);
                    if drops {
                        self.loses(arg);
                    }
                }
            }
            Expr::Cast(cast) => self.expr(&mut cast.expr),
            Expr::Field(field) => self.expr(&mut field.base),
            Expr::ForLoop(each) => {
                self.late.bind(&each.pat, &each.expr);
                self.receives(&each.pat, &each.expr);
                self.expr(&mut each.expr);
                self.block(&mut each.body, false, &entering(&each.pat));
            }
            Expr::Group(group) => self.expr(&mut group.expr),
            Expr::If(branch) => {
                let handlers = self.handlers.len();
                let entering = self.condition(&mut branch.cond);
                self.block(&mut branch.then_branch, false, &entering);
                if let Some((_, other)) = &mut branch.else_branch {
                    self.expr(other);
                }
                self.handled_since(handlers);
            }
            Expr::Index(index) => {
                self.expr(&mut index.expr);
                self.expr(&mut index.index);
            }
            Expr::Let(binding) => self.expr(&mut binding.expr),
            Expr::Loop(each) => self.block(&mut each.body, false, &[]),
            Expr::Match(choice) => self.choice(choice, false),
            Expr::Macro(call) => {
                if let Some(note) = self.call(&mut call.mac) {
                    *expr = Expr::Verbatim(quote!({ #note #call }));
                }
            }
            Expr::MethodCall(call) => {
                if loses_error(call) {
                    self.operand(&mut call.receiver);
                    self.loses(&mut call.receiver);
                } else {
                    self.expr(&mut call.receiver);
                }
                call.args.iter_mut().for_each(|expr| self.expr(expr));
            }
            Expr::Paren(paren) => self.expr(&mut paren.expr),
            Expr::Range(range) => {
                range.start.iter_mut().chain(range.end.iter_mut()).for_each(|expr| self.expr(expr));
            }
            Expr::RawAddr(address) => self.expr(&mut address.expr),
            Expr::Reference(reference) => self.expr(&mut reference.expr),
            Expr::Repeat(repeat) => self.expr(&mut repeat.expr),
            Expr::Return(leave) => {
                if let Some(expr) = &mut leave.expr
                    && attributes(expr).is_empty()
                {
                    self.leaves(expr);
                }
            }
            Expr::Struct(value) => {
                value.fields.iter_mut().filter(|field| field.attrs.is_empty()).for_each(|field| {
                    // A shorthand has no expression of its own.
                    if field.colon_token.is_some() {
                        self.expr(&mut field.expr);
                    }
                });
                value.rest.iter_mut().for_each(|expr| self.expr(expr));
            }
            Expr::Try(question) => self.question(question),
            Expr::Tuple(tuple) => tuple.elems.iter_mut().for_each(|expr| self.expr(expr)),
            Expr::Unary(unary) => self.expr(&mut unary.expr),
            Expr::Unsafe(block) => self.block(&mut block.block, false, &[]),
            Expr::While(each) => {
                let handlers = self.handlers.len();
                let entering = self.condition(&mut each.cond);
                self.block(&mut each.body, false, &entering);
                self.handled_since(handlers);
            }
            Expr::Verbatim(tokens) => self.passes(tokens),
            _ => {}
        }
    }

    /// The operand of a `return`: its leaves are what the function returns.
    fn leaves(&mut self, expr: &mut Expr) {
        match expr {
            Expr::If(_)
            | Expr::Match(_)
            | Expr::Block(_)
            | Expr::Unsafe(_)
            | Expr::Paren(_)
            | Expr::Group(_) => {
                self.tail(expr);
            }
            _ => self.returned(expr, "r"),
        }
    }
}
