//! Variables that may have changed since their capture.
//!
//! A macro sees no borrows, so this is decided by what is written: a variable that is borrowed
//! mutably, assigned in part, or the receiver of a method may have changed from there on, until it
//! is captured again. Whether its type allows that is tested at a failure.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Block, Expr, Pat, Stmt};

use super::BodyWalk;
use crate::expressions::{calls_one_of, is_assignment, root};

/// How a variable may have changed, weakest first. The numbers are part of the text format of
/// `meta_text.rs`.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ChangeKind {
    #[default]
    None,
    /// It was borrowed by `&`: a value with a `Cell` inside may have changed.
    Lent,
    /// It was an argument, or the receiver of a method and not `mut`: the value behind a `&mut` may
    /// have changed.
    HandedOver,
    /// It is `mut`, and was the receiver of a method.
    Receiver,
    /// It was borrowed by `&mut`, or assigned in part.
    Written,
}

/// A place from which on a variable may have changed in this way.
pub(crate) struct ChangePoint {
    pub(crate) slot: usize,
    pub(crate) order: u32,
    pub(crate) change: ChangeKind,
}

/// How the variable of each slot may have changed, at one place of the body.
#[derive(Clone, Default)]
pub(super) struct ChangeState(Vec<ChangeKind>);

impl ChangeState {
    /// Returns how the variable of a slot may have changed.
    fn of(&self, slot: usize) -> ChangeKind {
        self.0.get(slot).copied().unwrap_or_default()
    }

    /// Returns for each slot the stronger of two changes.
    fn with(mut self, other: &Self) -> Self {
        self.0.resize(self.0.len().max(other.0.len()), ChangeKind::None);
        self.0.iter_mut().zip(&other.0).for_each(|(ours, theirs)| *ours = (*theirs).max(*ours));
        self
    }
}

impl BodyWalk<'_> {
    /// Notes that the variable of a slot was captured.
    pub(super) fn note_captured(&mut self, slot: usize) {
        self.set_change(slot, ChangeKind::None);
    }

    /// Notes how the variable of a slot may have changed from here on.
    fn set_change(&mut self, slot: usize, change: ChangeKind) {
        if self.change_state.of(slot) != change {
            let order = self.next_order();
            if self.change_state.0.len() <= slot {
                self.change_state.0.resize(slot + 1, ChangeKind::None);
            }
            self.change_state.0[slot] = change;
            self.found.changes.push(ChangePoint { slot, order, change });
        }
    }

    /// Returns what is known at this place, for [`Self::restore_changes`].
    pub(super) fn save_changes(&self) -> ChangeState {
        self.change_state.clone()
    }

    /// Makes what was known at another place known here.
    pub(super) fn restore_changes(&mut self, state: &ChangeState) {
        for slot in 0..self.change_state.0.len().max(state.0.len()) {
            self.set_change(slot, state.of(slot));
        }
    }

    /// Adds the changes that other branches end with, where all of them join.
    pub(super) fn merge_changes(&mut self, others: impl IntoIterator<Item = ChangeState>) {
        let joined =
            others.into_iter().fold(self.save_changes(), |joined, other| joined.with(&other));
        self.restore_changes(&joined);
    }

    /// Notes a change of the variable that a place belongs to.
    pub(super) fn note_change(&mut self, place: &Expr, change: ChangeKind) {
        if let Some(name) = root(place) {
            self.note_variable_change(name, change);
        }
    }

    /// Notes a change of a variable.
    pub(super) fn note_variable_change(&mut self, name: &Ident, change: ChangeKind) {
        let Some(slot) = self.find_slot(name) else { return };
        let change = if change == ChangeKind::Receiver && !self.plan.names.is_mut(name) {
            ChangeKind::HandedOver
        } else {
            change
        };
        self.set_change(slot, self.change_state.of(slot).max(change));
    }

    /// Returns the slot of a local, or of an argument that may change.
    fn find_slot(&self, name: &Ident) -> Option<usize> {
        match self.find_variable(name) {
            Some(index) => Some(self.plan.first_slot + index),
            None => (self.plan.argument_slot)(name),
        }
    }

    /// Notes the variables among the arguments of a call.
    pub(super) fn note_handed_over<'e>(&mut self, args: impl IntoIterator<Item = &'e Expr>) {
        for arg in args {
            if matches!(arg, Expr::Path(_) | Expr::Field(_)) {
                self.note_change(arg, ChangeKind::HandedOver);
            }
        }
    }

    /// Notes the left side of an assignment.
    pub(super) fn note_assignment(&mut self, left: &Expr) {
        match left {
            Expr::Tuple(tuple) => tuple.elems.iter().for_each(|left| self.note_assignment(left)),
            Expr::Array(array) => array.elems.iter().for_each(|left| self.note_assignment(left)),
            _ => self.note_change(left, ChangeKind::Written),
        }
    }

    /// Notes a value that a pattern with `ref mut` takes apart.
    pub(super) fn note_ref_mut(&mut self, pat: &Pat, value: &Expr) {
        if has_ref_mut(pat.to_token_stream()) {
            self.note_change(value, ChangeKind::Written);
        }
    }

    /// Notes the changes in a macro's arguments, and the variable that `write!` writes to.
    pub(super) fn note_changes_in_macro(&mut self, call: &syn::Macro) {
        let writes = call
            .path
            .segments
            .last()
            .is_some_and(|name| name.ident == "write" || name.ident == "writeln");
        let tokens = call.tokens.clone();
        let mut first = tokens.clone().into_iter();
        if writes && let Some(TokenTree::Ident(name)) = first.next() {
            self.note_variable_change(&name, ChangeKind::Written);
        }
        // `name = value` is an argument's name there.
        self.note_changes_among(tokens, false);
    }

    /// Notes the changes in code that the walk does not go through.
    pub(super) fn note_changes_in(&mut self, tokens: TokenStream) {
        self.note_changes_among(tokens, true);
    }

    /// Notes at the start of a loop the changes in its body, which may come from the turn before.
    /// Variables that are assigned as a whole are captured again there, so they do not count.
    pub(super) fn note_changes_in_loop(&mut self, tokens: TokenStream) {
        self.note_changes_among(tokens, false);
    }

    /// Notes the changes among tokens; with `assigned` also variables that are assigned as a whole.
    fn note_changes_among(&mut self, tokens: TokenStream, assigned: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.note_changes_among(group.stream(), assigned),
                TokenTree::Ident(name) => {
                    if let Some(change) = written(&tokens, at, name, assigned) {
                        self.note_variable_change(name, change);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Returns how the tokens change the variable at an index; with `assigned` an assignment of it as a
/// whole counts.
fn written(tokens: &[TokenTree], at: usize, name: &Ident, assigned: bool) -> Option<ChangeKind> {
    let punct = |index: usize| match tokens.get(index) {
        Some(TokenTree::Punct(punct)) => Some(punct.as_char()),
        _ => None,
    };
    let word = |index: Option<usize>| match index.and_then(|index| tokens.get(index)) {
        Some(TokenTree::Ident(word)) => Some(word.to_string()),
        _ => None,
    };
    let before = at.checked_sub(1).and_then(punct);
    if name == "mut" || matches!(before, Some('.' | '\'')) {
        return None;
    }
    if word(at.checked_sub(1)).as_deref() == Some("let") {
        return None;
    }
    if word(at.checked_sub(1)).as_deref() == Some("mut") {
        let is_lent = at.checked_sub(2).and_then(punct) == Some('&');
        return is_lent.then_some(ChangeKind::Written);
    }
    // Fields and indices follow, then a method or an assignment.
    let (mut end, mut method) = (at + 1, None);
    loop {
        match tokens.get(end) {
            Some(TokenTree::Punct(dot)) if dot.as_char() == '.' => {
                method = match tokens.get(end + 1) {
                    Some(TokenTree::Ident(name)) => Some(name),
                    Some(TokenTree::Literal(_)) => None,
                    _ => break,
                };
                end += 2;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
                method = None;
                end += 1;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                return method.map(kind_of_method);
            }
            _ => break,
        }
    }
    let counts = assigned || end > at + 1 || before == Some('*');
    let assigns = match (punct(end), punct(end + 1)) {
        (Some('='), next) => !matches!(next, Some('=' | '>')),
        (Some('+' | '-' | '*' | '/' | '%' | '&' | '|' | '^'), Some('=')) => true,
        _ => false,
    };
    (counts && assigns).then_some(ChangeKind::Written)
}

/// Returns whether a pattern has a `ref mut`.
fn has_ref_mut(pat: TokenStream) -> bool {
    let mut is_ref = false;
    pat.into_iter().any(|token| match token {
        TokenTree::Ident(word) => {
            let was_ref = std::mem::replace(&mut is_ref, word == "ref");
            was_ref && word == "mut"
        }
        TokenTree::Group(group) => has_ref_mut(group.stream()),
        _ => false,
    })
}

/// Returns how a method may change its receiver. Those of the standard library that only read are
/// known by name.
pub(super) fn kind_of_method(method: &Ident) -> ChangeKind {
    const READING: &[&str] = &[
        "len",
        "iter",
        "clone",
        "get",
        "first",
        "last",
        "keys",
        "values",
        "parse",
        "lines",
        "chars",
        "bytes",
        "capacity",
        "cloned",
        "copied",
        "unwrap",
        "expect",
        "ok",
        "err",
        "map",
        "map_err",
        "ok_or",
        "ok_or_else",
        "and_then",
        "or_else",
        "cmp",
        "partial_cmp",
        "eq",
        "ne",
        "min",
        "max",
        "abs",
        "pow",
        "context",
        "with_context",
        "wrap_err",
        "await",
        "display",
        "path",
        "parent",
        "file_name",
        "extension",
        "exists",
        "metadata",
        "join",
        "concat",
        "repeat",
        "checked_add",
        "checked_sub",
        "checked_mul",
        "checked_div",
        "filter",
        "elapsed",
        "duration_since",
        "fmt",
        "char_indices",
        "windows",
        "chunks",
        "binary_search",
        "count_ones",
        "leading_zeros",
        "rev",
        "find",
        "rfind",
        "strip_prefix",
        "strip_suffix",
        "contains",
    ];
    const STARTS: &[&str] = &[
        "as_",
        "is_",
        "to_",
        "into_",
        "has_",
        "contains_",
        "starts_with",
        "ends_with",
        "trim",
        "split",
        "unwrap_or",
        "wrapping_",
        "saturating_",
        "eq_",
        "iter_",
    ];
    let name = method.to_string();
    let writes = name.contains("mut") || name == "split_off";
    let reads = READING.contains(&&*name) || STARTS.iter().any(|start| name.starts_with(start));
    if reads && !writes { ChangeKind::Lent } else { ChangeKind::Receiver }
}

/// Returns whether a block leaves before its end is reached.
pub(super) fn leaves(block: &Block) -> bool {
    match block.stmts.last() {
        Some(Stmt::Expr(expr, _)) => leaves_by(expr),
        Some(Stmt::Macro(call)) => never_returns(&call.mac),
        _ => false,
    }
}

/// Returns the same for an expression.
pub(super) fn leaves_by(expr: &Expr) -> bool {
    match expr {
        Expr::Return(_) => true,
        Expr::Macro(call) => never_returns(&call.mac),
        Expr::Block(block) => leaves(&block.block),
        Expr::Call(call) => calls_one_of(call, &["exit", "abort"]),
        _ => false,
    }
}

/// Returns whether a macro never returns to the code behind it.
fn never_returns(call: &syn::Macro) -> bool {
    call.path.segments.last().is_some_and(|name| {
        ["bail", "panic", "unreachable", "todo", "unimplemented"]
            .iter()
            .any(|known| name.ident == known)
    })
}

/// Returns the left side of an assignment, with or without an operator.
pub(super) fn assigned_by(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Assign(assign) if assign.attrs.is_empty() => Some(&assign.left),
        Expr::Binary(binary) if binary.attrs.is_empty() && is_assignment(&binary.op) => {
            Some(&binary.left)
        }
        _ => None,
    }
}
