//! What is kept of a live frame, and what an event shows of it. Names and texts are constants: they become the event's only
//! when there is one, since most failures of a storm are counted onto an issue that is known.

use std::time::Instant;

use super::failure::Failure;
use super::guard::FrameRef;
use super::meta::{Head, Meta};
use crate::event::{Cause, Exit, Frame, Level, Variable, short_type};
use crate::snapshot::keep::Role;
use crate::snapshot::policy;
use crate::snapshot::read::Reader;

/// A function that a failure passed, or that was running above.
#[derive(Clone)]
pub(crate) struct Passed {
    pub(super) meta: &'static Meta,
    site: Option<u32>,
    /// How it left, where the site does not tell.
    pub(crate) exit: Option<Exit>,
    /// Line and column, where these are not the site's.
    pub(super) place: Option<(u32, u32)>,
    /// The error as this function returned it, where that differs from what it received.
    pub(super) error: Option<Box<Cause>>,
    variables: Option<Box<Variables>>,
}

#[derive(Clone, Default)]
struct Variables {
    arguments: Vec<Variable>,
    locals: Vec<Variable>,
}

impl Passed {
    /// Keeps what is wanted of a live frame. Its variables are read while the budget lasts, without `user_code` only those
    /// that take no `Debug`; values of globals and of the option `context` go to the failure.
    pub(super) fn new(
        frame: FrameRef<'_>,
        site: Option<u32>,
        exit: Option<Exit>,
        failure: &mut Failure,
        user_code: bool,
    ) -> Self {
        let meta = frame.meta();
        let mut passed = Self { meta, site, exit, place: None, error: None, variables: None };
        if !user_code {
            passed.read(frame, failure, false);
        } else if meta.budget.reads() {
            let begun = Instant::now();
            passed.read(frame, failure, true);
            meta.budget.spend_reading(begun.elapsed());
        }
        passed
    }

    pub(super) fn is_of(&self, function: &Meta) -> bool {
        std::ptr::eq(self.meta, function)
    }

    /// Whether an error that passed this function last can be what a call meets that is not followed. In a small function, which is one
    /// expression, that names whom the error comes from; else nothing tells it from an equal one that was met shortly before.
    pub(super) fn may_lead_to(&self, function: &'static Meta, site: u32) -> bool {
        let known = function.known();
        !known.head.small || known.site(site).is_some_and(|site| site.names(self.meta.name()))
    }

    /// Reads the variables that can be named at a site, and with `user_code` the globals.
    fn read(&mut self, frame: FrameRef<'_>, failure: &mut Failure, user_code: bool) {
        let known = self.meta.known();
        let site = self.site.and_then(|site| known.site(site));
        let mut reader = Reader { policy: policy::get(), taint: &mut failure.taint, user_code };
        let running = self.exit == Some(Exit::Running);
        let slots = self.meta.slots.min(8);
        let mut variables =
            Variables { arguments: Vec::with_capacity(slots), locals: Vec::with_capacity(slots) };
        for (var, slot) in self.meta.variables().zip(frame.slots()) {
            if site.is_some_and(|site| !(var.from..=var.to).contains(&site.order)) {
                continue;
            }
            let Some(variable) = reader.read(&var, slot, frame) else { continue };
            match var.role {
                Role::Argument => variables.arguments.push(variable),
                Role::Local => push_local(&mut variables.locals, variable),
                // Those of running callers are not what this failure is about.
                Role::Context if running => {}
                Role::Context => failure.context.push(variable),
            }
        }
        self.variables = Some(variables.into());
        if user_code && !running {
            for global in self.meta.globals.unwrap_or_default() {
                (global.read)(&mut |type_name, value| {
                    failure.globals.push(reader.value(global.name, type_name, value))
                });
            }
        }
    }

    /// What an event shows.
    pub(crate) fn frame(&self) -> Frame {
        let Self { meta, exit, place, error, variables, .. } = self;
        let known = meta.known();
        let (head, site) = (&known.head, self.site.and_then(|site| known.site(site)));
        let Variables { arguments, locals } = variables.as_deref().cloned().unwrap_or_default();
        let (line, column) =
            place.or(site.map(|site| (site.line, site.column))).unwrap_or((head.first_line, 0));
        Frame {
            function: function(meta, head),
            module: meta.module.strip_prefix("r#").unwrap_or(meta.module).into(),
            file: head.file.into(),
            line,
            column,
            expression: site.map(|site| site.text.into()).unwrap_or_default(),
            ordinal: site.map_or(0, |site| site.ordinal),
            exit: exit.or(site.map(|site| site.exit)).unwrap_or(Exit::Hidden),
            root: meta.root,
            extent: (head.first_line, head.last_line),
            error: error.as_deref().cloned(),
            arguments,
            locals,
            ..Frame::default()
        }
    }

    /// What is the same for all failures that rise at this place of the source, as numbers; and whether it is one expression.
    pub(crate) fn origin(&self) -> ((usize, Option<u32>), bool) {
        let is_expression = |site| self.meta.known().site(site).is_some_and(|site| !site.text.is_empty());
        ((std::ptr::from_ref(self.meta).addr(), self.site), self.site.is_some_and(is_expression))
    }

    /// Notes where in the function it was, unless its lines are those of another file.
    pub(crate) fn set_place(&mut self, file: &str, line: u32, column: u32) {
        if self.meta.known().head.file == file {
            self.place = Some((line, column));
        }
    }

    /// Whether it has variables that were not read, since the budget for that was spent.
    pub(crate) fn is_unread(&self) -> bool {
        self.variables.is_none() && self.meta.slots > 0
    }

    pub(super) fn level(&self) -> Option<Level> {
        self.meta.known().head.level
    }
}

/// A name that was bound again hides what it was bound to before.
fn push_local(locals: &mut Vec<Variable>, variable: Variable) {
    match locals.iter_mut().find(|known| known.name == variable.name) {
        Some(known) => *known = variable,
        None => locals.push(variable),
    }
}

/// `Cart::total`, `<Cart as Total>::total` or `main`: the path without the module.
fn function(meta: &Meta, head: &Head) -> String {
    if head.renamed {
        return head.name.into();
    }
    // `crate::module::Cart::total::__ErrorTracker`
    let path = (meta.path)();
    let mut path = path.rsplit_once("::__ErrorTracker").map_or(head.name, |(path, _)| path);
    // The body of an async function is a closure to the compiler.
    while let Some(outer) = path.strip_suffix("::{{closure}}") {
        path = outer;
    }
    let module = meta.module.strip_prefix("r#").unwrap_or(meta.module);
    let path = path.strip_prefix(module).and_then(|path| path.strip_prefix("::")).unwrap_or(path);
    match path.strip_prefix('<').and_then(|path| path.rsplit_once(">::")) {
        Some((implementation, name)) => format!("<{}>::{name}", short_type(implementation, None)),
        None => path.into(),
    }
}
