//! The walk through a body. It wraps the operands that can fail and writes a capture behind each
//! binding.
//!
//! The body itself stays in its place. Nested items, unknown macros and everything with an
//! attribute are left alone; in closures and `async` blocks only the errors that they put into a
//! box are inspected.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Block, Expr, FnArg, Pat};

use crate::body_names::BodyNames;
use crate::boxed_future::is_unreachable_return;
use crate::expressions::{attributes, calls_one_of, discards_error, is_assignment, root};
use crate::late_types::LateTypes;
use crate::meta_text::{ExitKind, HiddenExit};
use crate::returning_macros;
use crate::tokens::LibraryPath;

mod boxed_errors;
mod branches;
mod calls;
mod changes;
mod cross_thread;
mod deferred_code;
mod exits;
mod findings;
mod handled;
mod lent_variables;
mod macros;
mod patterns;
mod retained_errors;
mod site;
mod statements;
mod variables;

use calls::CallOrigins;
use changes::{ChangeKind, ChangeState, kind_of_method};
pub(crate) use findings::BodyFindings;
use retained_errors::RetainedErrors;
use site::OpenHandler;
pub(crate) use site::{ExitSite, FunctionSite, HandlerSite};
pub(crate) use variables::MAX_VARIABLES;
use variables::entering;

/// What the walk has to know of the function and of the attribute's options.
pub(crate) struct WalkPlan<'a> {
    pub(crate) names: &'a BodyNames,
    /// The path of the library's private module.
    pub(crate) p: &'a LibraryPath,
    /// The variable that holds the function's guard.
    pub(crate) guard: &'a Ident,
    /// The probe of the returned value.
    pub(crate) returned: &'a Ident,
    /// Whether the returned value can be a failure.
    pub(crate) returns_failure: bool,
    /// Whether the function returns an `Option`, in which a failure may be.
    pub(crate) returns_option: bool,
    /// The written return type, unless it cannot be written in the body.
    pub(crate) return_type: Option<&'a syn::Type>,
    /// The option `none`: a `None` is a failure.
    pub(crate) none: bool,
    /// The value to return in place of an error, by the option `silent`.
    pub(crate) silent: Option<&'a TokenStream>,
    /// Whether a local is not to be captured.
    pub(crate) skips: &'a dyn Fn(&Ident) -> bool,
    /// Returns the statement that captures an argument again.
    pub(crate) capture_argument: &'a dyn Fn(&Ident) -> Option<TokenStream>,
    /// Returns the slot of an argument that is captured when the function starts and may change
    /// afterwards.
    pub(crate) argument_slot: &'a dyn Fn(&Ident) -> Option<usize>,
    /// The number of slots in front of those of the locals.
    pub(crate) first_slot: usize,
}

/// A walk through the body of one function.
pub(crate) struct BodyWalk<'a> {
    plan: WalkPlan<'a>,
    found: BodyFindings,
    /// The last position that was given to a binding or a site.
    order: u32,
    /// How each variable may have changed since its capture, at this place.
    change_state: ChangeState,
    /// The handlers around this place, and those of the value that the walk has just gone through.
    handlers: Vec<OpenHandler>,
    /// The inspections to run before the statement, `match` or `if` that the walk is in.
    before: TokenStream,
    /// Whether code can be put before it.
    may_inspect_before: bool,
    /// The handlers of the loop that was the last statement, if an error ends that loop.
    ended_handlers: Vec<OpenHandler>,
    origins: CallOrigins,
    retained: RetainedErrors,
    /// Whether the next block may end with a statement of any type, since its value is not used.
    may_end: bool,
    /// The variables in scope, innermost last, as indices into the variables that were found.
    scope: Vec<usize>,
    /// The variables whose capture waits for the statement that lends them.
    lent_variables: Vec<usize>,
    late_types: LateTypes,
    /// The names of values that came from another thread or task.
    received: Vec<Ident>,
    /// Those of them whose work is written where they are bound.
    received_inline: Vec<Ident>,
}

impl<'a> BodyWalk<'a> {
    pub(crate) fn new(plan: WalkPlan<'a>, late_types: LateTypes) -> Self {
        Self {
            plan,
            found: BodyFindings::default(),
            // The arguments are bound at 0, and 1 is the start of the body.
            order: 1,
            change_state: ChangeState::default(),
            handlers: Vec::new(),
            before: TokenStream::new(),
            may_inspect_before: true,
            ended_handlers: Vec::new(),
            origins: CallOrigins::default(),
            retained: RetainedErrors::default(),
            may_end: false,
            scope: Vec::new(),
            lent_variables: Vec::new(),
            late_types,
            received: Vec::new(),
            received_inline: Vec::new(),
        }
    }

    /// Rewrites the block of a function with these arguments, and returns what was found in it.
    pub(crate) fn walk_function<'b>(
        mut self,
        arguments: impl IntoIterator<Item = &'b FnArg>,
        block: &mut Block,
    ) -> BodyFindings {
        self.note_received_arguments(arguments);
        self.walk_block(block, true, &[]);
        self.found
    }

    /// Leaves tokens alone. Notes which variables they may change, and whether an error may leave
    /// in them.
    fn skip(&mut self, tokens: &impl ToTokens) {
        let tokens = tokens.to_token_stream();
        self.note_changes_in(tokens.clone());
        if returning_macros::leaves(tokens.clone()) && !is_unreachable_return(tokens) {
            self.found.hidden = HiddenExit::Likely;
        }
    }

    /// Notes what is known of the values that a pattern binds.
    fn note_binding(&mut self, pat: &Pat, value: &Expr) {
        self.note_value(pat, value);
        let origins = self.find_origins(pat, value);
        self.note_origins(origins);
    }

    /// Notes the same, except for the calls that the values come from. A variable of the same name
    /// may still be used in the value, so its calls are replaced when the walk has gone through
    /// that.
    fn note_value(&mut self, pat: &Pat, value: &Expr) {
        self.late_types.bind(pat, value);
        self.note_received(pat, value);
        self.note_ref_mut(pat, value);
        self.rebind_retained(pat, value);
    }

    /// Returns the position of the next binding or site.
    fn next_order(&mut self) -> u32 {
        self.order += 1;
        self.order
    }

    /// Goes through the value that the function returns.
    fn walk_tail(&mut self, expr: &mut Expr) {
        if !attributes(expr).is_empty() {
            return self.skip(expr);
        }
        match expr {
            Expr::If(_) | Expr::Match(_) => self.walk_branches(expr, true),
            Expr::Block(block) => self.walk_block(&mut block.block, true, &[]),
            Expr::Unsafe(block) => self.walk_block(&mut block.block, true, &[]),
            Expr::Paren(paren) => self.walk_tail(&mut paren.expr),
            Expr::Group(group) => self.walk_tail(&mut group.expr),
            _ => self.wrap_returned(expr, ExitKind::Tail),
        }
    }

    /// Goes through an expression whose value the function does not return.
    fn walk_expr(&mut self, expr: &mut Expr) {
        if !attributes(expr).is_empty() {
            return self.skip(expr);
        }
        self.note_assigned_elsewhere(expr);
        match expr {
            Expr::Array(array) => array.elems.iter_mut().for_each(|expr| self.walk_expr(expr)),
            Expr::Assign(assign) => {
                self.retain_assigned(assign);
                self.walk_expr(&mut assign.right);
                self.retain_yields(
                    root(&assign.left).map(std::slice::from_ref).unwrap_or_default(),
                );
                if matches!(*assign.left, Expr::Infer(_)) {
                    self.inspect_discarded(&mut assign.right);
                }
                self.walk_expr(&mut assign.left);
                self.note_assignment(&assign.left);
            }
            Expr::Await(wait) => self.walk_expr(&mut wait.base),
            Expr::Binary(binary) => {
                self.retain_counted(binary);
                self.walk_expr(&mut binary.left);
                self.walk_expr(&mut binary.right);
                if is_assignment(&binary.op) {
                    self.note_assignment(&binary.left);
                }
            }
            Expr::Block(block) => self.walk_block(&mut block.block, false, &[]),
            Expr::Break(leave) => leave.expr.iter_mut().for_each(|expr| self.walk_expr(expr)),
            Expr::Call(call) => {
                self.walk_expr(&mut call.func);
                let drops = calls_one_of(call, &["drop"]);
                for arg in &mut call.args {
                    self.walk_expr(arg);
                    if drops {
                        self.inspect_discarded(arg);
                    }
                }
                self.note_handed_over(&call.args);
            }
            Expr::Closure(closure) => {
                if closure.capture.is_none() {
                    self.note_changes_in(closure.body.to_token_stream());
                }
                self.walk_deferred_closure(closure, true);
            }
            Expr::Async(block) => {
                if block.capture.is_none() {
                    self.note_changes_in(block.block.to_token_stream());
                }
                self.walk_deferred_block(&mut block.block);
            }
            Expr::Cast(cast) => self.walk_expr(&mut cast.expr),
            Expr::Field(field) => self.walk_expr(&mut field.base),
            Expr::ForLoop(each) => {
                self.note_binding(&each.pat, &each.expr);
                self.walk_expr(&mut each.expr);
                self.note_changes_in_loop(each.body.to_token_stream());
                let before = self.save_changes();
                self.walk_block(&mut each.body, false, &entering(&each.pat));
                self.merge_changes([before]);
            }
            Expr::Group(group) => self.walk_expr(&mut group.expr),
            Expr::If(_) | Expr::Match(_) => self.walk_branches(expr, false),
            Expr::Index(index) => {
                self.walk_expr(&mut index.expr);
                self.walk_expr(&mut index.index);
            }
            Expr::Let(binding) => self.walk_expr(&mut binding.expr),
            Expr::Loop(each) => {
                self.note_changes_in_loop(each.body.to_token_stream());
                let before = self.save_changes();
                self.walk_block(&mut each.body, false, &[]);
                self.merge_changes([before]);
            }
            Expr::Macro(call) => {
                if let Some(around) = self.walk_macro(&mut call.mac) {
                    *expr = Expr::Verbatim(around.expression(self.plan.p, call));
                }
            }
            Expr::MethodCall(call) => {
                let receiver = root(&call.receiver).cloned();
                self.retain_collected(call);
                if discards_error(call) {
                    self.walk_operand(&mut call.receiver);
                    self.inspect_discarded(&mut call.receiver);
                } else {
                    self.walk_expr(&mut call.receiver);
                }
                call.args.iter_mut().for_each(|expr| self.walk_argument(&call.method, expr));
                self.note_handed_over(&call.args);
                if let Some(receiver) = receiver {
                    self.note_variable_change(&receiver, kind_of_method(&call.method));
                }
            }
            Expr::Paren(paren) => self.walk_expr(&mut paren.expr),
            Expr::Range(range) => {
                range
                    .start
                    .iter_mut()
                    .chain(range.end.iter_mut())
                    .for_each(|expr| self.walk_expr(expr));
            }
            Expr::RawAddr(address) => {
                self.walk_expr(&mut address.expr);
                self.note_change(&address.expr, ChangeKind::Written);
            }
            Expr::Reference(reference) => {
                let lent = root(&reference.expr).cloned();
                let change = if reference.mutability.is_some() {
                    ChangeKind::Written
                } else {
                    ChangeKind::Lent
                };
                self.walk_expr(&mut reference.expr);
                self.capture_lent(expr);
                if let Some(lent) = lent {
                    self.note_variable_change(&lent, change);
                }
            }
            Expr::Repeat(repeat) => self.walk_expr(&mut repeat.expr),
            Expr::Return(leave) => {
                if let Some(expr) = &mut leave.expr
                    && attributes(expr).is_empty()
                {
                    self.walk_returned(expr);
                }
            }
            Expr::Struct(value) => {
                value.fields.iter_mut().filter(|field| field.attrs.is_empty()).for_each(|field| {
                    // A shorthand has no expression of its own.
                    if field.colon_token.is_some() {
                        self.walk_expr(&mut field.expr);
                    }
                });
                value.rest.iter_mut().for_each(|expr| self.walk_expr(expr));
            }
            Expr::Try(question) => self.wrap_question(question),
            Expr::Tuple(tuple) => tuple.elems.iter_mut().for_each(|expr| self.walk_expr(expr)),
            Expr::Unary(unary) => self.walk_expr(&mut unary.expr),
            Expr::Unsafe(block) => self.walk_block(&mut block.block, false, &[]),
            Expr::While(each) => self.walk_while(each),
            Expr::Verbatim(tokens) => self.skip(tokens),
            _ => {}
        }
    }

    /// Goes through the operand of a `return`.
    fn walk_returned(&mut self, expr: &mut Expr) {
        match expr {
            Expr::If(_)
            | Expr::Match(_)
            | Expr::Block(_)
            | Expr::Unsafe(_)
            | Expr::Paren(_)
            | Expr::Group(_) => {
                self.walk_tail(expr);
            }
            _ => self.wrap_returned(expr, ExitKind::Return),
        }
    }
}
