//! Macro calls of a body: those that return, and the arguments of those that are known.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, Lifetime};

use super::site::ErrorOrigin;
use super::{BodyWalk, WalkPlan};
use crate::meta_text::{ExitKind, HiddenExit, ThreadCrossing};
use crate::returning_macros::{self, ErrorOperand, MacroArguments, ReturningMacro};
use crate::text;

impl BodyWalk<'_> {
    /// Goes through a macro call. Returns the code to put around it, if it may return from the
    /// function.
    pub(super) fn walk_macro(&mut self, call: &mut syn::Macro) -> Option<MacroWrapper> {
        let written = call.clone();
        let around = self.wrap_macro(call);
        self.note_changes_in_macro(&written);
        around
    }

    /// Goes through a macro call without noting which variables it may change.
    fn wrap_macro(&mut self, call: &mut syn::Macro) -> Option<MacroWrapper> {
        if let Some(leaving) = returning_macros::leaving(call) {
            let around = leaving.and_then(|leaving| self.wrap_returning_macro(call, leaving));
            if around.is_none() {
                self.found.hidden = HiddenExit::Likely;
            }
            return around;
        }
        match returning_macros::arguments(call) {
            MacroArguments::List(mut args) => {
                args.iter_mut().for_each(|arg| self.walk_expr(arg));
                call.tokens = args.into_token_stream();
            }
            MacroArguments::Repeat(mut args) => {
                args.iter_mut().for_each(|arg| self.walk_expr(arg));
                let [value, length] = *args;
                call.tokens = quote!(#value; #length);
            }
            MacroArguments::Matches(mut value, rest) => {
                self.walk_expr(&mut value);
                call.tokens = quote!(#value, #rest);
            }
            MacroArguments::Unknown(hidden) => self.found.hidden = self.found.hidden.max(hidden),
        }
        None
    }

    /// Wraps `bail!`, `ensure!` and the like of anyhow, eyre and snafu, which return from inside.
    ///
    /// The operand of such a macro is put into a call that notes the exit and sets `__m..`, a flag
    /// behind which [`MacroWrapper`] detects that the macro did not return after all. A text is no
    /// operand of its own: it is noted before the macro runs, or together with the condition.
    fn wrap_returning_macro(
        &mut self,
        call: &mut syn::Macro,
        ReturningMacro { condition, operand }: ReturningMacro,
    ) -> Option<MacroWrapper> {
        let is_value = matches!(
            operand,
            ErrorOperand::Value(_) | ErrorOperand::Selector(_) | ErrorOperand::Source(..)
        );
        if !self.plan.returns_failure || (self.plan.return_type.is_none() && !is_value) {
            return None;
        }
        let shown = call.to_token_stream();
        let handled = self.find_handled_sources_in(&shown);
        let probe = Ident::new(&format!("__q{}", self.found.sites.len()), Span::mixed_site());
        let origin = ErrorOrigin {
            creates_error: true,
            crossing: ThreadCrossing::Never,
            calls: String::new(),
        };
        let own = is_value.then(|| probe.clone());
        let site = self.add_exit(ExitKind::Macro, shown, origin, own);
        self.note_leads(handled, site);
        let left = Ident::new(&format!("__m{site}"), Span::mixed_site());
        let number = site as u32;
        let label = Lifetime::new(&format!("'__t{site}"), Span::mixed_site());
        if let ErrorOperand::Condition(condition) = operand {
            self.found.leaves_in_macros = true;
            // Nothing is known of a macro that makes another error.
            self.found.hidden = HiddenExit::Likely;
            let WalkPlan { p, guard, returned, .. } = &self.plan;
            let condition = text::of(condition);
            return Some(MacroWrapper {
                before: quote!(let #left = #p::watch_return(#guard, #number, &#returned, #condition);),
                after: quote!(#left.holds();),
                always: false,
                label,
            });
        }
        let leading = condition.as_ref().map(|condition| quote!(#condition,));
        let mut notes = TokenStream::new();
        let mut always = condition.is_none();
        match operand {
            ErrorOperand::Condition(_) => {}
            ErrorOperand::Source(mut value, rest) => {
                always = false;
                self.walk_operand(&mut value);
                let value = self.write_inspection("inspect_source", &value, site, &probe, &left);
                call.tokens = quote!(#value, #rest);
            }
            ErrorOperand::Value(mut value) => {
                self.walk_expr(&mut value);
                let value = self.write_inspection("inspect_built", &value, site, &probe, &left);
                call.tokens = quote!(#leading #value);
            }
            ErrorOperand::Selector(value) => {
                let value = self.write_inspection(
                    "inspect_built",
                    &quote!(#value.build()),
                    site,
                    &probe,
                    &left,
                );
                let p = self.plan.p;
                call.tokens = quote!(#leading #p::SelectedError(#value));
            }
            ErrorOperand::Computed(text) => {
                self.found.leaves_in_macros = true;
                let note = self.write_note("note_return_with", site, &text, &left);
                call.tokens = quote!(#leading "{}", #note);
            }
            ErrorOperand::Text { text, rest } => {
                self.found.leaves_in_macros = true;
                let note = self.write_note("note_return", site, &text, &left);
                notes = quote!(#note;);
                if let Some(condition) = condition {
                    let p = self.plan.p;
                    let if_it_fails = |condition: TokenStream| {
                        quote!({
                            #[allow(unused_imports)]
                            use #p::OtherCondition as _;
                            if #p::MacroCondition(&#condition).__error_tracker_fails() { #notes }
                        })
                    };
                    // A place whose type is not `bool` must not be moved.
                    notes = if is_place(&condition) {
                        if_it_fails(condition.to_token_stream())
                    } else {
                        let notes = if_it_fails(quote!(__c));
                        call.tokens = quote!((match #condition { __c => { #notes __c } }), #rest);
                        TokenStream::new()
                    };
                }
            }
        }
        let WalkPlan { p, guard, .. } = &self.plan;
        Some(MacroWrapper {
            before: quote!(let mut #left = false; #notes),
            after: quote!(if #left { #p::note_no_return(#guard, #number); };),
            always,
            label,
        })
    }

    /// Writes a call that notes that an error of this text is about to leave, and sets `left`.
    fn write_note(&self, how: &str, site: usize, text: &TokenStream, left: &Ident) -> TokenStream {
        let WalkPlan { p, guard, returned, .. } = &self.plan;
        let (how, site) = (Ident::new(how, Span::mixed_site()), site as u32);
        quote!(#p::#how(#guard, #site, &#returned, ::core::format_args!(#text), &mut #left))
    }

    /// Writes the same for an error, or for a `Result` that the macro makes its error of.
    fn write_inspection(
        &self,
        inspect: &str,
        value: &impl ToTokens,
        site: usize,
        probe: &Ident,
        left: &Ident,
    ) -> TokenStream {
        let WalkPlan { p, guard, .. } = &self.plan;
        let (inspect, site) = (Ident::new(inspect, Span::mixed_site()), site as u32);
        quote!((match #p::#inspect(#value, #guard, #site, &mut #left) { (__v, __k) => {
            #probe = __k;
            __v
        } }))
    }
}

/// The code around a macro that may return. Behind the macro it takes the note back: the function
/// was not left.
pub(super) struct MacroWrapper {
    before: TokenStream,
    after: TokenStream,
    /// Whether the macro is taken to return each time.
    always: bool,
    label: Lifetime,
}

impl MacroWrapper {
    /// Returns the macro's call as a statement. With `ends` the block around it may rely on that
    /// the macro returns.
    pub(super) fn statements(&self, call: &impl ToTokens, ends: bool) -> TokenStream {
        let Self { before, after, always, label } = self;
        match (always, ends) {
            (true, true) => quote!(#before #call),
            (true, false) => quote!(#before #label: { if false { break #label; } #call } #after),
            (false, _) => quote!(#before #call #after),
        }
    }

    /// Returns the macro's call as an expression. The `break` keeps the code behind it reachable.
    pub(super) fn expression(&self, p: &impl ToTokens, call: &impl ToTokens) -> TokenStream {
        let Self { before, after, label, .. } = self;
        quote!({
            #before
            match #label: { if false { break #label #p::never(); } #call } {
                __v => { #after __v }
            }
        })
    }
}

/// Returns whether an expression is a variable, or a field of one.
fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_place(&field.base),
        _ => false,
    }
}
