//! Handlers: places where errors end, in a `match`, an `if let`, a `let .. else`, or in calls that
//! discard them.
//!
//! An error that was handled must not be taken for an equal one that leaves the same function
//! later, and one that is made of it belongs to the same failure. So each handler inspects its
//! error. A success pays nothing for that but the test that the code around it does anyway.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Expr, ExprMethodCall, Pat};

use super::patterns::{
    error_names, is_success, matches_nested_result, matches_option, matches_result, tuple_of,
};
use super::site::{FunctionSite, HandlerSite, OpenHandler};
use super::{BodyWalk, WalkPlan};
use crate::body_names::mentions;
use crate::expressions::{is_made, is_one_of, is_value, source, variable};

impl BodyWalk<'_> {
    /// Goes through a value that patterns take apart. If it is a `Result`, a handler is added,
    /// which the caller opens. One pattern handles the error where it matches, or with `negated`
    /// where it does not.
    pub(super) fn walk_matched(&mut self, value: &mut Expr, patterns: &[&Pat], negated: bool) {
        // Each of several patterns says for itself what its arm is for.
        let success = patterns.len() == 1 && is_success(patterns[0]) != negated;
        if let Some(columns) = tuple_of(value, patterns) {
            let Expr::Tuple(tuple) = value else { return };
            for (value, column) in tuple.elems.iter_mut().zip(columns) {
                self.walk_matched_value(value, &column, success);
            }
            return;
        }
        self.walk_matched_value(value, patterns, success);
    }

    /// Does the same for a value that is no tuple.
    fn walk_matched_value(&mut self, value: &mut Expr, patterns: &[&Pat], success: bool) {
        let names = || patterns.iter().flat_map(|pat| error_names(pat)).collect();
        match value {
            Expr::MethodCall(call)
                if is_one_of(call, &["ok"]) && patterns.iter().any(|pat| matches_option(pat)) =>
            {
                self.walk_handled(&mut call.receiver, Vec::new(), success, false);
            }
            _ if patterns.iter().any(|pat| matches_result(pat)) => {
                let within = patterns.iter().any(|pat| matches_nested_result(pat));
                self.walk_handled(value, names(), success, within);
            }
            _ => self.walk_expr(value),
        }
    }

    /// Goes through a condition that tests whether there is an error: `.is_err()`, `.is_ok()` and
    /// the like.
    pub(super) fn walk_error_test(&mut self, call: &mut ExprMethodCall, negated: bool) {
        let success = is_one_of(call, &["is_ok", "is_ok_and"]) != negated;
        self.walk_handled(&mut call.receiver, Vec::new(), success, false);
        call.args.iter_mut().for_each(|expr| self.walk_expr(expr));
    }

    /// Goes through a value whose error is handled behind it, and inspects it. With `within` the
    /// error of a `Result` inside the value is handled as well, by a handler of its own.
    fn walk_handled(&mut self, value: &mut Expr, names: Vec<Ident>, success: bool, within: bool) {
        let (calls, crossing) = (self.list_handled_calls(value), self.find_crossing(value));
        let whole = variable(value).cloned();
        self.walk_operand(value);
        let source = source(value);
        let named = variable(source).cloned();
        if !is_value(source) && named.is_none() {
            return;
        }
        self.found.handles = true;
        // An error in a variable can be returned later.
        let names_it = named.is_some() || !names.is_empty();
        let is_inspected = match &named {
            Some(name) => self.inspect_before_match("inspect_handled", name),
            None => {
                let probe = self.name_handler_probe();
                self.wrap_inspected(source, "inspect_handled", self.found.sites.len(), &probe);
                true
            }
        };
        if !is_inspected {
            return;
        }
        let handler = |calls| HandlerSite {
            from: 0,
            to: 0,
            probe: None,
            names_it,
            crossing,
            leads: false,
            leads_to: Vec::new(),
            calls,
        };
        self.add_handler(handler(calls.clone()), names.clone(), success);
        if !within {
            return;
        }
        let is_inspected = match (&named, &whole) {
            (Some(_), Some(name)) => self.inspect_before_match("inspect_handled_nested", name),
            (Some(_), None) => false,
            (None, _) => {
                let probe = self.name_handler_probe();
                let site = self.found.sites.len();
                self.wrap_inspected(value, "inspect_handled_nested", site, &probe);
                true
            }
        };
        if is_inspected {
            self.add_handler(handler(calls), names, success);
        }
    }

    /// Returns the name for the probe of the handler that is added next.
    fn name_handler_probe(&self) -> Ident {
        Ident::new(&format!("__q{}", self.found.sites.len()), Span::mixed_site())
    }

    /// Inspects a variable before the statement, since a place must not be moved into a call.
    /// Returns `false`, and does nothing, where no code can be put there.
    fn inspect_before_match(&mut self, inspect: &str, name: &Ident) -> bool {
        if self.may_inspect_before {
            let inspect = Ident::new(inspect, Span::mixed_site());
            let probe = self.name_handler_probe();
            let WalkPlan { p, guard, .. } = &self.plan;
            let site = self.found.sites.len() as u32;
            self.before.extend(quote!(#probe = #p::#inspect(&#name, #guard, #site).1;));
        }
        self.may_inspect_before
    }

    /// Adds the site of a handler whose inspection is written already.
    fn add_handler(&mut self, handler: HandlerSite, names: Vec<Ident>, success: bool) {
        let (site, probe) = (self.found.sites.len(), self.name_handler_probe());
        let from = self.next_order();
        let handler = HandlerSite { from, probe: Some(probe), ..handler };
        self.found.sites.push(FunctionSite::Handler(handler));
        self.handlers.push(OpenHandler { site, names, success, active: false, asked: false });
    }

    /// Opens the handlers from number `handlers` on that apply to a success, or to an error: their
    /// code begins here.
    pub(super) fn begin_handling(&mut self, handlers: usize, success: bool) {
        let order = self.next_order();
        for open in self.handlers[handlers..].iter_mut().filter(|open| open.success == success) {
            open.active = true;
            if let Some(handler) = self.found.sites[open.site].handler_mut()
                && handler.to == 0
                && !open.asked
            {
                handler.from = order;
            }
        }
    }

    /// Notes for the same handlers that their code ends here, and whether an exit in it makes
    /// another error.
    pub(super) fn end_handling(&mut self, handlers: usize, success: bool) {
        for open in self.handlers[handlers..].iter_mut().filter(|open| open.success == success) {
            open.active = false;
            if open.asked {
                continue;
            }
            let Some(from) = self.found.sites[open.site].handler_mut().map(|handler| handler.from)
            else {
                continue;
            };
            let range = from..=self.order;
            let leads = self
                .found
                .exits()
                .any(|exit| exit.origin.creates_error && range.contains(&exit.order));
            if let Some(handler) = self.found.sites[open.site].handler_mut() {
                (handler.to, handler.leads) = (self.order, handler.leads || leads);
            }
        }
    }

    /// Forgets the handlers from number `handlers` on: what they belong to ends here.
    pub(super) fn close_handlers(&mut self, handlers: usize) {
        self.handlers.truncate(handlers);
    }

    /// Inspects a value whose error is discarded.
    pub(super) fn inspect_discarded(&mut self, value: &mut Expr) {
        let value = source(value);
        if !is_value(value) {
            return;
        }
        self.found.handles = true;
        let probe = self.add_conversion_probe();
        self.wrap_inspected(value, "inspect_discarded", 0, &probe);
    }

    /// Returns whether an expression makes an error, or makes something of one that is being
    /// handled.
    pub(super) fn creates_error(&self, expr: &Expr, tokens: &TokenStream) -> bool {
        is_made(expr) || self.mentions_handled(tokens)
    }

    /// Returns whether the tokens name an error that is being handled.
    pub(super) fn mentions_handled(&self, tokens: &TokenStream) -> bool {
        self.handlers.iter().any(|handler| mentions(tokens.clone(), &handler.names))
    }
}
