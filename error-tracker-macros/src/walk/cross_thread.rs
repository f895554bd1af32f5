//! Errors that come from another thread or task: through a `join`, a channel, a value behind a
//! lock, or a handle that is awaited. They were observed there, and are the same error here.
//! Whether errors come in at a place is decided by what is written there.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Expr, ExprCall, ExprMethodCall, FnArg, Pat};

use super::BodyWalk;
use crate::body_names::{bound_by, mentions};
use crate::expressions::{calls_one_of, is_mapping};
use crate::meta_text::ThreadCrossing;

/// Methods that return the result of another thread or task.
const RECEIVING: &[&str] = &[
    "join_next",
    "recv",
    "recv_async",
    "recv_timeout",
    "recv_deadline",
    "try_recv",
    "try_iter",
    "blocking_recv",
    "lock",
    "blocking_lock",
    "try_lock",
    "install",
    "in_place_scope",
    "join_all",
];
/// Methods that do so if they have no argument, unlike those of paths, maps and files with the same
/// name.
const RECEIVING_WITHOUT_ARGUMENT: &[&str] =
    &["join", "into_inner", "get", "take", "pop", "pop_front"];
/// Functions that return the result of other threads or tasks, or a channel for it.
const RECEIVING_CALLS: &[&str] = &[
    "scope",
    "in_place_scope",
    "join",
    "join_all",
    "try_join_all",
    "select_all",
    "select_ok",
    "channel",
    "sync_channel",
    "unbounded_channel",
    "bounded",
    "unbounded",
    "try_unwrap",
    "into_inner",
];

impl BodyWalk<'_> {
    /// Notes the names of values that come from elsewhere.
    pub(super) fn note_received(&mut self, pat: &Pat, value: &Expr) {
        if self.may_cross(value) {
            self.received.extend(bound_by(pat));
            if self.find_crossing(value) == ThreadCrossing::Inline {
                self.received_inline.extend(bound_by(pat));
            }
        }
    }

    /// Returns how an operand's error may come from elsewhere.
    pub(super) fn find_crossing(&self, operand: &Expr) -> ThreadCrossing {
        let tokens = || operand.to_token_stream();
        match self.may_cross(operand) {
            false => ThreadCrossing::Never,
            true if has_inline_work(tokens()) || mentions(tokens(), &self.received_inline) => {
                ThreadCrossing::Inline
            }
            true => ThreadCrossing::Possible,
        }
    }

    /// Notes the arguments through which values come from elsewhere.
    pub(super) fn note_received_arguments<'b>(
        &mut self,
        arguments: impl IntoIterator<Item = &'b FnArg>,
    ) {
        for argument in arguments {
            let FnArg::Typed(argument) = argument else { continue };
            if any_word(argument.ty.to_token_stream(), &|word, _| {
                ["Receiver", "JoinHandle", "JoinSet"].iter().any(|end| word.ends_with(end))
            }) {
                self.received.extend(bound_by(&argument.pat));
            }
        }
    }

    /// Notes variables that other threads assign: `scope.spawn(|| result = work())`.
    pub(super) fn note_assigned_elsewhere(&mut self, call: &Expr) {
        let (runs_elsewhere, args) = match call {
            Expr::Call(call) => (calls_elsewhere(call), &call.args),
            Expr::MethodCall(call) => {
                (runs_elsewhere(&call.method.unraw().to_string()), &call.args)
            }
            _ => return,
        };
        if runs_elsewhere {
            let mut names = Vec::new();
            args.iter().for_each(|arg| assigned(arg.to_token_stream(), &mut names));
            self.received.extend(names);
        }
    }

    /// Returns whether an operand's error may come from another thread or task.
    pub(super) fn may_cross(&self, operand: &Expr) -> bool {
        match operand {
            // One `?` for the task, one for its result.
            Expr::Try(inner) => self.may_cross(&inner.expr) || is_awaited(&inner.expr),
            Expr::Await(wait) => match &*wait.base {
                Expr::MethodCall(call) if call.method == "next" || call.method == "try_next" => {
                    true
                }
                base => self.may_cross(base),
            },
            Expr::MethodCall(call) => self.method_may_cross(call),
            Expr::Call(call) if calls_one_of(call, &["Err"]) => {
                mentions(call.args.to_token_stream(), &self.received)
            }
            Expr::Call(call) if calls_one_of(call, &["take", "replace"]) => {
                call.args.iter().any(|arg| self.may_cross(arg))
            }
            Expr::Call(call) => calls_elsewhere(call),
            Expr::Path(path) => {
                path.path.get_ident().is_some_and(|name| self.received.contains(name))
            }
            Expr::Macro(call) => call
                .mac
                .path
                .segments
                .last()
                .is_some_and(|name| name.ident == "join" || name.ident == "try_join"),
            Expr::Unary(unary) => self.may_cross(&unary.expr),
            Expr::Reference(reference) => self.may_cross(&reference.expr),
            Expr::Field(field) => self.may_cross(&field.base),
            Expr::Index(index) => self.may_cross(&index.expr),
            Expr::Paren(paren) => self.may_cross(&paren.expr),
            Expr::Group(group) => self.may_cross(&group.expr),
            _ => false,
        }
    }

    /// Returns the same for a method call.
    fn method_may_cross(&self, call: &ExprMethodCall) -> bool {
        let name = call.method.unraw().to_string();
        if RECEIVING.contains(&name.as_str())
            || call.args.is_empty() && RECEIVING_WITHOUT_ARGUMENT.contains(&name.as_str())
            || runs_elsewhere(&name)
        {
            return true;
        }
        // `handle.await.unwrap()`: as with `??`, one for the task.
        if matches!(name.as_str(), "unwrap" | "expect") && is_awaited(&call.receiver) {
            return true;
        }
        let receives_each = |arg: &Expr| {
            matches!(arg, Expr::Closure(_))
                && any_word(arg.to_token_stream(), &|word, has_no_argument| {
                    runs_elsewhere(word)
                        || RECEIVING.contains(&word)
                        || word == "join" && has_no_argument
                })
        };
        if call.args.iter().any(receives_each) {
            return true;
        }
        // An error of a method of a received value did not cross: `request.await?.json().await?`.
        match &*call.receiver {
            Expr::Try(_) => is_mapping(call) && self.may_cross(&call.receiver),
            receiver => self.may_cross(receiver),
        }
    }
}

/// Returns whether a function of this name runs work elsewhere: `spawn`, `spawn_blocking`, rayon's
/// iterators.
fn runs_elsewhere(name: &str) -> bool {
    name.starts_with("spawn") || name.starts_with("par_") || name.starts_with("into_par_")
}

/// Returns whether a call runs work elsewhere, or returns the result of such work.
fn calls_elsewhere(call: &ExprCall) -> bool {
    let Expr::Path(path) = &*call.func else { return false };
    path.path.segments.last().is_some_and(|name| {
        let name = name.ident.unraw().to_string();
        runs_elsewhere(&name) || RECEIVING_CALLS.contains(&name.as_str())
    })
}

/// Returns whether an expression is awaited, and then perhaps mapped.
fn is_awaited(expr: &Expr) -> bool {
    match expr {
        Expr::Await(_) => true,
        Expr::MethodCall(call) => is_mapping(call) && is_awaited(&call.receiver),
        Expr::Paren(paren) => is_awaited(&paren.expr),
        Expr::Group(group) => is_awaited(&group.expr),
        _ => false,
    }
}

/// Returns whether `wanted` accepts one of the words. Its second argument says whether `()` follows
/// the word.
fn any_word(tokens: TokenStream, wanted: &dyn Fn(&str, bool) -> bool) -> bool {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let found = match token {
            TokenTree::Ident(word) => {
                let has_no_argument = matches!(tokens.peek(), Some(TokenTree::Group(group))
                    if group.delimiter() == Delimiter::Parenthesis && group.stream().is_empty());
                wanted(&word.unraw().to_string(), has_no_argument)
            }
            TokenTree::Group(group) => any_word(group.stream(), wanted),
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

/// Returns whether a closure or an `async` block is an argument of a function that runs it
/// elsewhere.
fn has_inline_work(tokens: TokenStream) -> bool {
    let mut spawns = false;
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => {
            spawns = word.to_string().starts_with("spawn");
            false
        }
        TokenTree::Group(group) => {
            let is_code = match group.stream().into_iter().next() {
                Some(TokenTree::Ident(word)) => word == "move" || word == "async",
                Some(TokenTree::Punct(punct)) => punct.as_char() == '|',
                _ => false,
            };
            std::mem::take(&mut spawns) && is_code || has_inline_work(group.stream())
        }
        TokenTree::Punct(_) | TokenTree::Literal(_) => {
            spawns = false;
            false
        }
    })
}

/// Adds the names in front of a `=`.
fn assigned(tokens: TokenStream, names: &mut Vec<proc_macro2::Ident>) {
    let mut tokens = tokens.into_iter().peekable();
    let mut declares = false;
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "let" => declares = true,
            TokenTree::Ident(word) => {
                let is_assigned = matches!(tokens.peek(), Some(TokenTree::Punct(punct))
                    if punct.as_char() == '=' && punct.spacing() == proc_macro2::Spacing::Alone);
                if is_assigned && !declares {
                    names.push(word);
                }
            }
            TokenTree::Group(group) => assigned(group.stream(), names),
            TokenTree::Punct(punct) if punct.as_char() == ';' || punct.as_char() == '=' => {
                declares = false;
            }
            _ => {}
        }
    }
}
