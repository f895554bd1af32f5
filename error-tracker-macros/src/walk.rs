//! Goes through a body, wraps the operands that can fail, and keeps variables behind their bindings. The body itself
//! stays where it is: closures, async blocks, nested items, macros, and whatever carries an attribute are not touched.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Block, Expr, Pat, Stmt};

use crate::boxed::{is_answer, never_answers};
use crate::exits::{self, Hidden};
use crate::expressions::{attributes, ends_with, loses_error};
use crate::late::LateTypes;
use crate::library::Library;
use crate::names::{Names, bound_by};

mod branches;
mod crossing;
mod handled;
mod lent;
mod sites;
mod variables;

use lent::lends;
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
    /// Variables that are to be kept where they are lent first.
    lent: Vec<usize>,
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
            lent: Vec::new(),
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

    /// The links of operands, but for those of what is returned.
    pub(crate) fn ties(&self) -> impl Iterator<Item = &Ident> {
        self.sites.iter().filter_map(|site| site.link.as_ref()).chain(&self.sources)
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
        let mut following = std::mem::take(&mut block.stmts).into_iter().enumerate().peekable();
        while let Some((index, mut stmt)) = following.next() {
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
                            let next = following.peek().map(|(_, next)| next);
                            for ident in bound_by(&local.pat) {
                                if lends(next, &ident) {
                                    self.bind_lent(&ident);
                                } else {
                                    after.extend(self.bind(&ident));
                                }
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
            Expr::Reference(reference) => {
                self.expr(&mut reference.expr);
                self.keep_lent(expr);
            }
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
