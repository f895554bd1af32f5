//! Goes through a body, wraps the operands that can fail, and keeps variables behind their bindings. The body itself
//! stays where it is: closures, async blocks, nested items, macros, and whatever carries an attribute are not touched.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{BinOp, Block, Expr, ExprBlock, Pat, Stmt, token};

use crate::exits;
use crate::expressions::{attributes, changed, ends_with, is_assignment};
use crate::names::{Names, bound_by};
use crate::text;

/// Most variables of a function that are kept.
const MOST_VARIABLES: usize = 64;

/// A place where a failure can leave.
pub(crate) struct Site {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) text: String,
    pub(crate) ordinal: usize,
    pub(crate) exit: &'static str,
    pub(crate) order: u32,
    /// The link of a `?`; the sites that hand on the returned value share one.
    pub(crate) link: Option<Ident>,
}

/// A variable that is kept.
pub(crate) struct Var {
    pub(crate) ident: Ident,
    pub(crate) from: u32,
    /// Where its scope ends.
    pub(crate) to: u32,
    pub(crate) link: Ident,
}

/// What to look for.
pub(crate) struct Plan<'a> {
    pub(crate) names: &'a Names,
    /// Path of the private module.
    pub(crate) p: &'a TokenStream,
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
    /// Links of operands that `.context(..)` and the like change.
    pub(crate) sources: Vec<Ident>,
    /// The variables that can be named here, innermost last.
    scope: Vec<usize>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(plan: Plan<'a>) -> Self {
        Self {
            plan,
            order: 1,
            sites: Vec::new(),
            vars: Vec::new(),
            leaves_in_macros: false,
            sources: Vec::new(),
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

    fn order(&mut self) -> u32 {
        self.order += 1;
        self.order
    }

    /// A block whose last expression is, with `tail`, what the function returns. `entering` are variables that were
    /// bound by what the block belongs to.
    fn block(&mut self, block: &mut Block, tail: bool, entering: &[Ident]) {
        let outer = self.scope.len();
        let mut stmts = Vec::with_capacity(block.stmts.len() * 2);
        for ident in entering {
            stmts.extend(self.bind(ident));
        }
        let last = block.stmts.len().wrapping_sub(1);
        for (index, mut stmt) in std::mem::take(&mut block.stmts).into_iter().enumerate() {
            let mut after = Vec::new();
            match &mut stmt {
                Stmt::Local(local) if local.attrs.is_empty() => {
                    if let Some(init) = &mut local.init {
                        self.expr(&mut init.expr);
                        if let Some((_, diverge)) = &mut init.diverge {
                            self.expr(diverge);
                        }
                        for ident in bound_by(&local.pat) {
                            after.extend(self.bind(&ident));
                        }
                    } else {
                        for ident in bound_by(&local.pat) {
                            self.declare(&ident);
                        }
                    }
                }
                Stmt::Macro(call) if call.attrs.is_empty() => {
                    stmts.extend(
                        self.leaving_macro(&mut call.mac).map(|note| Stmt::Expr(Expr::Verbatim(note), None)),
                    );
                }
                Stmt::Expr(expr, None) if tail && index == last => self.tail(expr),
                Stmt::Expr(expr, semi) => {
                    self.expr(expr);
                    if let Some(keep) = self.assigned(expr) {
                        semi.get_or_insert_default();
                        after.push(keep);
                    }
                }
                _ => {}
            }
            stmts.push(stmt);
            stmts.append(&mut after);
        }
        block.stmts = stmts;
        self.close(outer);
    }

    /// The variables of a scope that ends here can be named no more.
    fn close(&mut self, outer: usize) {
        for index in self.scope.drain(outer..) {
            self.vars[index].to = self.order;
        }
    }

    fn declare(&mut self, ident: &Ident) -> Option<usize> {
        if !self.plan.names.mentions(ident)
            || (self.plan.skips)(ident)
            || self.plan.first_slot + self.vars.len() >= MOST_VARIABLES
        {
            return None;
        }
        let index = self.vars.len();
        let link = Ident::new(&format!("__l{index}"), Span::mixed_site());
        let from = self.order();
        self.vars.push(Var { ident: ident.clone(), from, to: u32::MAX, link });
        self.scope.push(index);
        Some(index)
    }

    fn bind(&mut self, ident: &Ident) -> Option<Stmt> {
        let index = self.declare(ident)?;
        Some(self.keep(index))
    }

    fn keep(&self, index: usize) -> Stmt {
        let Var { ident, link, .. } = &self.vars[index];
        let Plan { p, guard, first_slot, .. } = &self.plan;
        let slot = first_slot + index;
        Stmt::Expr(Expr::Verbatim(quote!(#link = #p::keep(&#ident, #guard, #slot);)), None)
    }

    /// Keeps a variable again behind `x = ..` and `x += ..`.
    fn assigned(&mut self, expr: &Expr) -> Option<Stmt> {
        let left = match expr {
            Expr::Assign(assign) if assign.attrs.is_empty() => &assign.left,
            Expr::Binary(binary) if binary.attrs.is_empty() && is_assignment(&binary.op) => &binary.left,
            _ => return None,
        };
        let Expr::Path(path) = &**left else { return None };
        let ident = path.path.get_ident()?;
        if let Some(index) = self.scope.iter().rev().find(|index| self.vars[**index].ident == *ident) {
            return Some(self.keep(*index));
        }
        let keep = (self.plan.keep_argument)(ident)?;
        Some(Stmt::Expr(Expr::Verbatim(keep), None))
    }

    fn site(&mut self, exit: &'static str, shown: &impl ToTokens, link: Option<Ident>) -> usize {
        let tokens = shown.to_token_stream();
        let at =
            tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span()).unwrap();
        let text = text::of(tokens);
        let ordinal = self.sites.iter().filter(|site| site.text == text).count();
        let order = self.order();
        self.sites.push(Site { line: at.line(), column: at.column(), text, ordinal, exit, order, link });
        self.sites.len() - 1
    }

    /// What the function returns.
    fn tail(&mut self, expr: &mut Expr) {
        if !attributes(expr).is_empty() {
            return;
        }
        match expr {
            Expr::If(branch) => {
                let entering = self.condition(&mut branch.cond);
                self.block(&mut branch.then_branch, true, &entering);
                if let Some((_, other)) = &mut branch.else_branch {
                    self.tail(other);
                }
            }
            Expr::Match(choice) => {
                self.expr(&mut choice.expr);
                self.arms(&mut choice.arms, true);
            }
            Expr::Block(block) => self.block(&mut block.block, true, &[]),
            Expr::Unsafe(block) => self.block(&mut block.block, true, &[]),
            Expr::Paren(paren) => self.tail(&mut paren.expr),
            Expr::Group(group) => self.tail(&mut group.expr),
            _ => self.returned(expr, "t"),
        }
    }

    /// The operand of a `return`, or a leaf of the last expression.
    fn returned(&mut self, expr: &mut Expr, exit: &'static str) {
        let is_value = matches!(
            expr,
            Expr::Call(_)
                | Expr::MethodCall(_)
                | Expr::Path(_)
                | Expr::Field(_)
                | Expr::Index(_)
                | Expr::Await(_)
                | Expr::Try(_)
        );
        if !self.plan.returns_failure || !is_value || self.is_success(expr) {
            self.expr(expr);
            return;
        }
        let shown = expr.to_token_stream();
        self.expr(expr);
        let site = self.site(exit, &shown, None);
        self.look_before(expr, site);
        let Plan { p, guard, returned, none, silent, .. } = &self.plan;
        let at = Ident::new(if *none { "at_none" } else { "at" }, Span::mixed_site());
        let site = site as u32;
        let mut tokens = quote!(#p::#at(#expr, #guard, #site, &#returned));
        if let Some(silent) = silent {
            tokens = quote!(#p::silence(#tokens, &#returned, || #silent));
        }
        *expr = Expr::Verbatim(tokens);
    }

    /// `Ok(..)`, `Some(..)`, and `None` where that is an answer.
    fn is_success(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Call(call) => matches!(&*call.func, Expr::Path(path) if ends_with(path, &["Ok", "Some"])),
            Expr::Path(path) => !self.plan.none && ends_with(path, &["None"]),
            _ => false,
        }
    }

    /// Looks at what `.context(..)` and the like change, before they do.
    fn look_before(&mut self, expr: &mut Expr, site: usize) {
        let Some(source) = changed(expr) else { return };
        let Plan { p, guard, .. } = &self.plan;
        let link = Ident::new(&format!("__s{}", self.sources.len()), Span::mixed_site());
        let site = site as u32;
        *source = Expr::Verbatim(quote!((match #source { __v => {
                let (__v, __k) = #p::see_source(__v, #guard, #site);
                #link = __k;
                __v
            } })));
        self.sources.push(link);
    }

    fn question(&mut self, expr: &mut syn::ExprTry) {
        let shown = expr.to_token_stream();
        self.expr(&mut expr.expr);
        let link = Ident::new(&format!("__q{}", self.sites.len()), Span::mixed_site());
        let site = self.site("q", &shown, Some(link.clone()));
        self.look_before(&mut expr.expr, site);
        let Plan { p, guard, none, silent, .. } = &self.plan;
        let see = Ident::new(if *none { "see_none" } else { "see" }, Span::mixed_site());
        let (site, operand) = (site as u32, &expr.expr);
        // What is wrong with the operand's type is said where it stands.
        let span = Span::mixed_site().located_at(operand.span());
        let leave =
            silent.map(|silent| quote_spanned!(span=> if #p::failed(&__v, &#link) { return #silent; }));
        let operand = quote_spanned!(span=> (match #operand { __v => {
            let (__v, __k) = #p::#see(__v, #guard, #site);
            #link = __k;
            #leave
            __v
        } }));
        *expr.expr = Expr::Verbatim(operand);
    }

    /// `bail!` and `ensure!` of anyhow and eyre return from inside. Answers what is to be noted before a `bail!`; an
    /// `ensure!` notes it itself.
    fn leaving_macro(&mut self, call: &mut syn::Macro) -> Option<TokenStream> {
        if !self.plan.returns_failure || self.plan.return_type.is_none() {
            return None;
        }
        let leaving = exits::leaving(call)?;
        let site = self.site("m", &*call, None) as u32;
        let Plan { p, guard, returned, .. } = &self.plan;
        let note = |message: TokenStream| quote!(#p::leave(#guard, #site, &#returned, #message););
        match leaving {
            exits::Leaving::Bail(message) => {
                self.leaves_in_macros = true;
                Some(note(message))
            }
            exits::Leaving::Ensure { condition, message, rest } => {
                self.leaves_in_macros = true;
                let note = note(message);
                call.tokens = quote!((match #condition { __c => { if !__c { #note } __c } }), #rest);
                None
            }
        }
    }

    /// Goes through a condition; answers what it binds for the block behind it.
    fn condition(&mut self, cond: &mut Expr) -> Vec<Ident> {
        if !attributes(cond).is_empty() {
            return Vec::new();
        }
        match cond {
            Expr::Let(binding) => {
                self.expr(&mut binding.expr);
                bound_by(&binding.pat)
            }
            Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
                let mut bound = self.condition(&mut binary.left);
                bound.extend(self.condition(&mut binary.right));
                bound
            }
            _ => {
                self.expr(cond);
                Vec::new()
            }
        }
    }

    fn arms(&mut self, arms: &mut [syn::Arm], tail: bool) {
        for arm in arms.iter_mut().filter(|arm| arm.attrs.is_empty()) {
            if let Pat::Guard(guard) = &mut arm.pat {
                self.condition(&mut guard.guard);
            }
            let entering = bound_by(&arm.pat);
            let wanted =
                entering.iter().any(|ident| self.plan.names.mentions(ident) && !(self.plan.skips)(ident));
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
            return;
        }
        match expr {
            Expr::Array(array) => array.elems.iter_mut().for_each(|expr| self.expr(expr)),
            Expr::Assign(assign) => {
                self.expr(&mut assign.right);
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
                call.args.iter_mut().for_each(|expr| self.expr(expr));
            }
            Expr::Cast(cast) => self.expr(&mut cast.expr),
            Expr::Field(field) => self.expr(&mut field.base),
            Expr::ForLoop(each) => {
                self.expr(&mut each.expr);
                let entering = bound_by(&each.pat);
                self.block(&mut each.body, false, &entering);
            }
            Expr::Group(group) => self.expr(&mut group.expr),
            Expr::If(branch) => {
                let entering = self.condition(&mut branch.cond);
                self.block(&mut branch.then_branch, false, &entering);
                if let Some((_, other)) = &mut branch.else_branch {
                    self.expr(other);
                }
            }
            Expr::Index(index) => {
                self.expr(&mut index.expr);
                self.expr(&mut index.index);
            }
            Expr::Let(binding) => self.expr(&mut binding.expr),
            Expr::Loop(each) => self.block(&mut each.body, false, &[]),
            Expr::Match(choice) => {
                self.expr(&mut choice.expr);
                self.arms(&mut choice.arms, false);
            }
            Expr::Macro(call) => {
                if let Some(note) = self.leaving_macro(&mut call.mac) {
                    *expr = Expr::Verbatim(quote!({ #note #call }));
                }
            }
            Expr::MethodCall(call) => {
                self.expr(&mut call.receiver);
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
                let entering = self.condition(&mut each.cond);
                self.block(&mut each.body, false, &entering);
            }
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
