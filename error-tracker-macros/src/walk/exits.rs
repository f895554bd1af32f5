//! The exits of a body: operands of `?`, and what is returned.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Lifetime};

use super::site::{ErrorOrigin, ExitSite, FunctionSite};
use super::{BodyWalk, WalkPlan};
use crate::expressions::{
    ErrorMapping, bare, calls_one_of, ends_with, had_error, is_value, mapping, may_make_error,
    receiver, source, variable,
};
use crate::meta_text::ExitKind;
use crate::returning_macros::leaves_loop;
use crate::text;

impl BodyWalk<'_> {
    /// Adds the exit whose expression these tokens are, and returns its number.
    pub(super) fn add_exit(
        &mut self,
        kind: ExitKind,
        tokens: TokenStream,
        origin: ErrorOrigin,
        probe: Option<Ident>,
    ) -> usize {
        let at =
            tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
        let text = text::of(tokens);
        let ordinal = self.found.exits().filter(|exit| exit.text == text).count();
        let order = self.next_order();
        let exit = ExitSite { kind, at, text, ordinal, order, probe, origin };
        self.found.sites.push(FunctionSite::Exit(exit));
        self.found.sites.len() - 1
    }

    /// Wraps the operand of a `return`, or the value of the last expression.
    pub(super) fn wrap_returned(&mut self, expr: &mut Expr, kind: ExitKind) {
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
            self.walk_expr(expr);
            return;
        }
        let shown = expr.to_token_stream();
        let creates_error = self.creates_error(expr, &shown);
        let (crossing, calls) = (self.find_crossing(expr), self.list_calls(expr));
        let handled = self.find_handled_sources(expr, creates_error);
        // Within a labelled block a `break` or `continue` without a label is an error.
        let span = expr.span();
        let may_diverge = may_diverge(expr) && !leaves_loop(shown.clone());
        self.walk_operand(expr);
        let site = self.add_exit(kind, shown, ErrorOrigin { creates_error, crossing, calls }, None);
        self.note_leads(handled, site);
        self.inspect_boxed(expr, site, kind);
        let returns_option = self.plan.returns_option;
        self.inspect_before_conversion(
            if returns_option { within_option(expr) } else { expr },
            site,
        );
        if may_diverge {
            self.keep_reachable(expr, site, span);
        }
        let WalkPlan { p, guard, returned, none, silent, .. } = &self.plan;
        let inspect = Ident::new(
            if *none { "inspect_returned_none" } else { "inspect_returned" },
            Span::mixed_site(),
        );
        let site = site as u32;
        let mut tokens = quote!(#p::#inspect(#expr, #guard, #site, &#returned));
        if let Some(silent) = silent {
            tokens = quote!(#p::replace_error(#tokens, &#returned, || #silent));
        }
        *expr = Expr::Verbatim(tokens);
    }

    /// Puts a labelled block around a call, so that the code behind it stays reachable.
    ///
    /// A call that never returns would make the inspection around it unreachable, and the compiler
    /// would warn. A block with a `break` is reachable behind. It begins and ends with the user's
    /// spans, because their edition decides how long its temporaries live.
    fn keep_reachable(&self, expr: &mut Expr, site: usize, span: Span) {
        let p = self.plan.p;
        let label = Lifetime::new(&format!("'__t{site}"), span);
        let mut block =
            Group::new(Delimiter::Brace, quote!(if false { break #label #p::never(); } #expr));
        block.set_span(span);
        *expr = Expr::Verbatim(quote!(#label: #block));
    }

    /// Returns whether an expression is `Ok(..)`, `Some(..)`, or a `None` that is no failure.
    fn is_success(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Call(call) if calls_one_of(call, &["Some"]) => {
                !self.plan.returns_option || call.args.iter().all(|value| self.is_success(value))
            }
            Expr::Call(call) => calls_one_of(call, &["Ok"]),
            Expr::Path(path) => !self.plan.none && ends_with(path, &["None"]),
            _ => false,
        }
    }

    /// Inspects the error that `.context(..)` and the like convert, before they do.
    fn inspect_before_conversion(&mut self, expr: &mut Expr, site: usize) {
        match mapping(expr) {
            None => return,
            Some(ErrorMapping::Passes | ErrorMapping::Chains) => {
                return self.inspect_before_conversion(receiver(expr), site);
            }
            Some(ErrorMapping::Converts) => {}
        }
        let had_error = had_error(expr);
        if matches!(receiver(expr), Expr::MethodCall(made) if may_make_error(made)) {
            self.inspect_before_conversion(receiver(expr), site);
            let probe = self.add_conversion_probe();
            return self.wrap_inspected(receiver(expr), "inspect_converted", site, &probe);
        }
        let source = source(receiver(expr));
        self.inspect_before_conversion(source, site);
        if !had_error {
            return;
        }
        if is_value(source) {
            let probe = self.add_conversion_probe();
            self.wrap_inspected(source, "inspect_converted", site, &probe);
        } else if let Some(name) = variable(source).cloned() {
            // A place must not be moved into a call, so it is inspected before.
            let probe = self.add_conversion_probe();
            let WalkPlan { p, guard, .. } = &self.plan;
            let site = site as u32;
            let inspected = quote!(#p::inspect_converted(&#name, #guard, #site).1);
            *expr =
                Expr::Verbatim(quote!((match #p::with_probe(#inspected, #expr) { (__v, __k) => {
                #probe = __k;
                __v
            } })));
        }
    }

    /// Goes through an operand whose error is inspected around it. So `.ok()` and the like in it
    /// discard nothing.
    pub(super) fn walk_operand(&mut self, expr: &mut Expr) {
        if mapping(expr).is_none() {
            return self.walk_expr(expr);
        }
        self.walk_operand(receiver(expr));
        match expr {
            Expr::MethodCall(call) => {
                call.args.iter_mut().for_each(|expr| self.walk_argument(&call.method, expr));
            }
            Expr::Call(call) => call.args.iter_mut().skip(1).for_each(|expr| self.walk_expr(expr)),
            _ => {}
        }
    }

    /// Adds a probe for an operand that is converted or discarded, and returns its name.
    pub(super) fn add_conversion_probe(&mut self) -> Ident {
        let probe =
            Ident::new(&format!("__s{}", self.found.conversion_probes.len()), Span::mixed_site());
        self.found.conversion_probes.push(probe.clone());
        probe
    }

    /// Puts a call of the library's function `inspect` around a value.
    pub(super) fn wrap_inspected(
        &self,
        value: &mut Expr,
        inspect: &str,
        site: usize,
        probe: &Ident,
    ) {
        let WalkPlan { p, guard, .. } = &self.plan;
        let (inspect, site) = (Ident::new(inspect, Span::mixed_site()), site as u32);
        let operand = bare(value);
        *value =
            Expr::Verbatim(quote!((match #p::#inspect(#operand, #guard, #site) { (__v, __k) => {
                #probe = __k;
                __v
            } })));
    }

    /// Wraps the operand of a `?`.
    pub(super) fn wrap_question(&mut self, expr: &mut syn::ExprTry) {
        let shown = expr.to_token_stream();
        let (creates_error, begins) = (self.creates_error(&expr.expr, &shown), shown.span());
        let (crossing, calls) = (self.find_crossing(&expr.expr), self.list_calls(&expr.expr));
        let mut handled = self.find_handled_sources(&expr.expr, creates_error);
        let outer = self.take_yields();
        self.walk_operand(&mut expr.expr);
        handled.append(&mut self.take_yields());
        self.add_yields(outer);
        let probe = Ident::new(&format!("__q{}", self.found.sites.len()), Span::mixed_site());
        let origin = ErrorOrigin { creates_error, crossing, calls };
        let site = self.add_exit(ExitKind::Question, shown, origin, Some(probe.clone()));
        self.note_leads(handled, site);
        self.inspect_boxed(&mut expr.expr, site, ExitKind::Question);
        self.inspect_before_conversion(&mut expr.expr, site);
        let WalkPlan { p, guard, none, silent, .. } = &self.plan;
        let inspect =
            Ident::new(if *none { "inspect_none" } else { "inspect" }, Span::mixed_site());
        let (site, operand) = (site as u32, bare(&expr.expr));
        // The compiler reports a wrong type of the operand at the operand.
        let span = Span::mixed_site().located_at(expr.expr.span());
        let leave = silent.map(
            |silent| quote_spanned!(span=> if #p::is_failure(&__v, &#probe) { return #silent; }),
        );
        let operand = quote_spanned!(span=> match #p::#inspect(#operand, #guard, #site) { (__v, __k) => {
            #probe = __k;
            #leave
            __v
        } });
        // The `?` begins where it did: a conversion with `#[track_caller]` gets that place.
        let mut operand = Group::new(Delimiter::Parenthesis, operand);
        operand.set_span(begins);
        *expr.expr = Expr::Verbatim(operand.into_token_stream());
    }
}

/// Returns the operand of a `Some(..)`, where a `Result` in an `Option` is returned; else the
/// expression itself.
fn within_option(expr: &mut Expr) -> &mut Expr {
    if !matches!(expr, Expr::Call(call) if call.args.len() == 1 && calls_one_of(call, &["Some"])) {
        return expr;
    }
    match expr {
        Expr::Call(call) => &mut call.args[0],
        other => other,
    }
}

/// Returns whether an expression is a call that may never return. A capital names a variant or a
/// struct.
fn may_diverge(expr: &Expr) -> bool {
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
