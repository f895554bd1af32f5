//! Errors that come from another thread or task: through a `join`, a channel, or a handle that is awaited. They became an
//! event where they left, and are the same error here.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::{Expr, Pat};

use super::Walk;
use crate::expressions::ends_with;
use crate::names::bound_by;

/// Methods that answer what another thread or task has come to; `join` without an argument, unlike that of paths.
const RECEIVING: &[&str] = &[
    "join",
    "join_next",
    "recv",
    "recv_async",
    "recv_timeout",
    "recv_deadline",
    "try_recv",
    "blocking_recv",
];

impl Walk<'_> {
    /// Notes the names of what comes from elsewhere.
    pub(super) fn receives(&mut self, pat: &Pat, value: &Expr) {
        if self.crosses(value) {
            self.received.extend(bound_by(pat));
        }
    }

    /// Whether an operand's error may have left another thread or task.
    pub(super) fn crosses(&self, operand: &Expr) -> bool {
        match operand {
            // One `?` for the task, one for what it answered.
            Expr::Try(inner) => self.crosses(&inner.expr) || matches!(*inner.expr, Expr::Await(_)),
            Expr::Await(wait) => self.crosses(&wait.base),
            Expr::MethodCall(call) => {
                let receives = RECEIVING.contains(&call.method.unraw().to_string().as_str())
                    && (call.args.is_empty() || call.method != "join");
                receives || self.crosses(&call.receiver)
            }
            Expr::Call(call) => {
                matches!(&*call.func, Expr::Path(path) if ends_with(path, &["scope", "join"]))
            }
            Expr::Path(path) => path.path.get_ident().is_some_and(|name| self.is_received(name)),
            Expr::Macro(call) => call
                .mac
                .path
                .segments
                .last()
                .is_some_and(|name| name.ident == "join" || name.ident == "try_join"),
            Expr::Paren(paren) => self.crosses(&paren.expr),
            Expr::Group(group) => self.crosses(&group.expr),
            _ => false,
        }
    }

    fn is_received(&self, name: &Ident) -> bool {
        self.received.contains(name)
    }
}
