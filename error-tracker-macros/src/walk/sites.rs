//! The sites of a body: operands of `?`, what is returned, and where errors are handled.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Lifetime};

use super::{Plan, Site, Walk};
use crate::exits::leaves_loop;
use crate::exits::{self, Arguments, Hidden};
use crate::expressions::{bare, changed, ends_with, is_mapping};
use crate::text;

impl Walk<'_> {
    fn site(&mut self, exit: &'static str, tokens: TokenStream, makes: bool, link: Option<Ident>) -> usize {
        let at = tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
        let text = text::of(tokens);
        let ordinal = self.sites.iter().filter(|site| site.text == text).count();
        let order = self.order();
        self.sites.push(Site { at, text, ordinal, exit, order, link, makes, crosses: false });
        self.sites.len() - 1
    }

    /// The operand of a `return`, or a leaf of the last expression.
    pub(super) fn returned(&mut self, expr: &mut Expr, exit: &'static str) {
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
        let (makes, crosses) = (self.makes_error(expr, &shown), self.crosses(expr));
        // Within a labelled block a `break` or `continue` without one is an error.
        let (span, calls) = (expr.span(), is_call(expr) && !leaves_loop(shown.clone()));
        self.operand(expr);
        let site = self.site(exit, shown, makes, None);
        self.sites[site].crosses = crosses;
        self.look_before(expr, site);
        if calls {
            self.keep_reachable(expr, site, span);
        }
        let Plan { p, guard, returned, none, silent, .. } = &self.plan;
        let at = Ident::new(if *none { "at_none" } else { "at" }, Span::mixed_site());
        let site = site as u32;
        let mut tokens = quote!(#p::#at(#expr, #guard, #site, &#returned));
        if let Some(silent) = silent {
            tokens = quote!(#p::silence(#tokens, &#returned, || #silent));
        }
        *expr = Expr::Verbatim(tokens);
    }

    /// A call that never comes back would make what is put around it unreachable, and the compiler say so. A block that
    /// may be left otherwise is reachable behind. It begins and ends with the user's spans, whose edition says how long
    /// its temporaries live.
    fn keep_reachable(&self, expr: &mut Expr, site: usize, span: Span) {
        let p = self.plan.p;
        let label = Lifetime::new(&format!("'__t{site}"), span);
        let mut block = Group::new(Delimiter::Brace, quote!(if false { break #label #p::never(); } #expr));
        block.set_span(span);
        *expr = Expr::Verbatim(quote!(#label: #block));
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
        if let Some(source) = changed(expr) {
            let link = self.source_link();
            self.look(source, "see_source", site, &link);
        }
    }

    /// Goes through an operand whose error is looked at further out: below `.ok()` and the like it is not lost.
    pub(super) fn operand(&mut self, expr: &mut Expr) {
        match expr {
            Expr::MethodCall(call) if is_mapping(call) => {
                self.operand(&mut call.receiver);
                call.args.iter_mut().for_each(|expr| self.expr(expr));
            }
            _ => self.expr(expr),
        }
    }

    pub(super) fn source_link(&mut self) -> Ident {
        let link = Ident::new(&format!("__s{}", self.sources.len()), Span::mixed_site());
        self.sources.push(link.clone());
        link
    }

    /// Puts a call of `see_..` around a value.
    pub(super) fn look(&self, value: &mut Expr, see: &str, site: usize, link: &Ident) {
        let Plan { p, guard, .. } = &self.plan;
        let (see, site) = (Ident::new(see, Span::mixed_site()), site as u32);
        let operand = bare(value);
        *value = Expr::Verbatim(quote!((match #p::#see(#operand, #guard, #site) { (__v, __k) => {
                #link = __k;
                __v
            } })));
    }

    pub(super) fn question(&mut self, expr: &mut syn::ExprTry) {
        let shown = expr.to_token_stream();
        let (makes, begins) = (self.makes_error(&expr.expr, &shown), shown.span());
        let crosses = self.crosses(&expr.expr);
        self.operand(&mut expr.expr);
        let link = Ident::new(&format!("__q{}", self.sites.len()), Span::mixed_site());
        let site = self.site("q", shown, makes, Some(link.clone()));
        self.sites[site].crosses = crosses;
        self.look_before(&mut expr.expr, site);
        let Plan { p, guard, none, silent, .. } = &self.plan;
        let see = Ident::new(if *none { "see_none" } else { "see" }, Span::mixed_site());
        let (site, operand) = (site as u32, bare(&expr.expr));
        // What is wrong with the operand's type is said where it stands.
        let span = Span::mixed_site().located_at(expr.expr.span());
        let leave =
            silent.map(|silent| quote_spanned!(span=> if #p::failed(&__v, &#link) { return #silent; }));
        let operand = quote_spanned!(span=> match #p::#see(#operand, #guard, #site) { (__v, __k) => {
            #link = __k;
            #leave
            __v
        } });
        // The `?` begins where it did, which is what a conversion with `#[track_caller]` is told.
        let mut operand = Group::new(Delimiter::Parenthesis, operand);
        operand.set_span(begins);
        *expr.expr = Expr::Verbatim(operand.into_token_stream());
    }

    /// A macro call. Answers what is to be noted before it.
    pub(super) fn call(&mut self, call: &mut syn::Macro) -> Option<TokenStream> {
        if exits::leaving(call).is_some() {
            let sites = self.sites.len();
            let note = self.leaving_macro(call);
            if self.sites.len() == sites {
                self.hidden = Hidden::Likely;
            }
            return note;
        }
        match exits::arguments(call) {
            Arguments::List(mut args) => {
                args.iter_mut().for_each(|arg| self.expr(arg));
                call.tokens = args.into_token_stream();
            }
            Arguments::Repeat(mut args) => {
                args.iter_mut().for_each(|arg| self.expr(arg));
                let [value, length] = *args;
                call.tokens = quote!(#value; #length);
            }
            Arguments::Matches(mut value, rest) => {
                self.expr(&mut value);
                call.tokens = quote!(#value, #rest);
            }
            Arguments::Unknown(hidden) => self.hidden = self.hidden.max(hidden),
        }
        None
    }

    /// `bail!` and `ensure!` of anyhow and eyre return from inside. Answers what is to be noted before a `bail!`; an
    /// `ensure!` notes it itself.
    fn leaving_macro(&mut self, call: &mut syn::Macro) -> Option<TokenStream> {
        if !self.plan.returns_failure || self.plan.return_type.is_none() {
            return None;
        }
        let leaving = exits::leaving(call)?;
        let site = self.site("m", call.to_token_stream(), true, None) as u32;
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
}

/// Whether an expression may turn out never to come back. The names of variants and structs are capitals.
fn is_call(expr: &Expr) -> bool {
    match expr {
        Expr::MethodCall(_) => true,
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => path.path.segments.last().is_some_and(|name| {
                name.ident.unraw().to_string().starts_with(|first: char| !first.is_uppercase())
            }),
            _ => true,
        },
        _ => false,
    }
}
