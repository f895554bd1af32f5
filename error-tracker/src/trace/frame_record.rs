//! What a failure keeps of a live frame. Names and texts stay references to constants until an
//! event is built: most failures of a storm are only counted onto a known issue.

use super::function_meta::{FunctionHead, FunctionMeta};
use super::thread::TrackedFrame;
use crate::event::{Cause, Exit, Frame, Level, Variable, short_type};
use crate::mask::EventTaint;
use crate::snapshot::at_failure::{SlotReader, UserCode};
use crate::snapshot::capture_kind::SlotRole;
use crate::snapshot::policy;
use crate::snapshot::read_budget::{FailureReads, MeasuredRead};

/// Values that the frames of a failure contribute to the failure as a whole.
#[derive(Clone, Default)]
pub(crate) struct FailureValues {
    pub(crate) globals: Vec<Variable>,
    /// Values of the option `context`.
    pub(crate) context: Vec<Variable>,
    /// Masked values, which are masked elsewhere in the event as well.
    pub(crate) taint: EventTaint,
}

/// A function that a failure passed, or one that was running further out.
#[derive(Clone)]
pub(crate) struct FrameRecord {
    pub(super) meta: &'static FunctionMeta,
    site: Option<u32>,
    /// How the failure left it; `None`: as the site says.
    pub(crate) exit: Option<Exit>,
    /// Line and column; `None`: those of the site.
    pub(super) place: Option<(u32, u32)>,
    /// The error that this function returned, if it differs from the one that it received.
    pub(super) error: Option<Box<Cause>>,
    variables: Option<Box<FrameVariables>>,
}

#[derive(Clone, Default)]
struct FrameVariables {
    arguments: Vec<Variable>,
    locals: Vec<Variable>,
}

impl FrameRecord {
    /// Reads a live frame. Variables whose reading runs code of the program are read only with
    /// `user_code`, and within the function's budget. Globals and values of the option `context`
    /// are added to `values`.
    pub(super) fn new(
        frame: TrackedFrame<'_>,
        site: Option<u32>,
        exit: Option<Exit>,
        values: &mut FailureValues,
        user_code: bool,
    ) -> Self {
        let meta = frame.meta();
        let mut record = Self { meta, site, exit, place: None, error: None, variables: None };
        let running = exit == Some(Exit::Running);
        if !user_code {
            record.read(frame, values, UserCode::InPanicHook);
            return record;
        }
        if !running {
            meta.budget.note_passing_failure();
        }
        match meta.budget.allowed_reads(running) {
            FailureReads::All => {
                let watch = meta.budget.start_reading(MeasuredRead::Variables);
                record.read(frame, values, UserCode::Runs);
                meta.budget.spend_reading(MeasuredRead::Variables, record.bytes(), watch);
            }
            FailureReads::AtHand => record.read(frame, values, UserCode::TooCostly),
            FailureReads::Nothing => {}
        }
        if !running {
            record.read_globals(values);
        }
        record
    }

    pub(super) fn is_of(&self, function: &FunctionMeta) -> bool {
        std::ptr::eq(self.meta, function)
    }

    /// Returns whether the failure left at this site of the function.
    pub(super) fn is_at(&self, site: u32) -> bool {
        self.site == Some(site)
    }

    /// Returns whether an untracked call of `function` can observe, at this site, an error that
    /// passed this frame last. The one expression of a small function must name the function that
    /// the error comes from: nothing else distinguishes it from an equal error that was observed
    /// shortly before.
    pub(super) fn may_be_observed_in(&self, function: &'static FunctionMeta, site: u32) -> bool {
        let known = function.parsed();
        !known.head.small || known.site(site).is_some_and(|site| site.names(self.meta.name()))
    }

    /// Returns how many bytes were read.
    fn bytes(&self) -> usize {
        let read = self.variables.iter().flat_map(|read| read.arguments.iter().chain(&read.locals));
        read.filter_map(|variable| variable.value.as_ref()).map(String::len).sum()
    }

    /// Reads the globals. They are always read, whatever the budget, since an option asks for them.
    fn read_globals(&self, values: &mut FailureValues) {
        let taint = &mut values.taint;
        let mut reader = SlotReader { policy: policy::get(), taint, user_code: UserCode::Runs };
        for global in self.meta.globals.unwrap_or_default() {
            (global.read)(&mut |type_name, value| {
                values.globals.push(reader.value(global.name, type_name, value));
            });
        }
    }

    /// Reads the variables that are in scope at the site.
    fn read(&mut self, frame: TrackedFrame<'_>, values: &mut FailureValues, user_code: UserCode) {
        let known = self.meta.parsed();
        let site = self.site.and_then(|site| known.site(site));
        let mut reader = SlotReader { policy: policy::get(), taint: &mut values.taint, user_code };
        let running = self.exit == Some(Exit::Running);
        let slots = self.meta.slots.min(8);
        let mut variables = FrameVariables {
            arguments: Vec::with_capacity(slots),
            locals: Vec::with_capacity(slots),
        };
        for (var, slot) in self.meta.variables().zip(frame.slots()) {
            if site.is_some_and(|site| !(var.from..=var.to).contains(&site.order)) {
                continue;
            }
            let Some(variable) = reader.read(&var, slot, frame, site.map(|site| site.order)) else {
                continue;
            };
            match var.role {
                SlotRole::Argument => variables.arguments.push(variable),
                SlotRole::Local => push_local(&mut variables.locals, variable),
                // Values of running callers do not describe this failure.
                SlotRole::Context if running => {}
                SlotRole::Context => values.context.push(variable),
            }
        }
        self.variables = Some(variables.into());
    }

    /// Builds the frame of an event.
    pub(crate) fn frame(&self) -> Frame {
        let Self { meta, exit, place, error, variables, .. } = self;
        let known = meta.parsed();
        let (head, site) = (&known.head, self.site.and_then(|site| known.site(site)));
        let FrameVariables { arguments, locals } =
            variables.as_deref().cloned().unwrap_or_default();
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

    /// Returns numbers that are equal for all failures that begin at this place of the source, and
    /// whether the place is one expression.
    pub(crate) fn origin(&self) -> ((usize, Option<u32>), bool) {
        let is_expression =
            |site| self.meta.parsed().site(site).is_some_and(|site| !site.text.is_empty());
        ((std::ptr::from_ref(self.meta).addr(), self.site), self.site.is_some_and(is_expression))
    }

    /// Sets the line and column, unless the function's lines belong to another file.
    pub(crate) fn set_place(&mut self, file: &str, line: u32, column: u32) {
        if self.meta.parsed().head.file == file {
            self.place = Some((line, column));
        }
    }

    /// Returns whether its variables were not read because the budget was spent.
    pub(crate) fn is_unread(&self) -> bool {
        self.variables.is_none() && self.meta.slots > 0
    }

    pub(super) fn level(&self) -> Option<Level> {
        self.meta.parsed().head.level
    }
}

/// Adds a local variable, in place of an earlier one of the same name, which it shadows.
fn push_local(locals: &mut Vec<Variable>, variable: Variable) {
    match locals.iter_mut().find(|known| known.name == variable.name) {
        Some(known) => *known = variable,
        None => locals.push(variable),
    }
}

/// Returns a function's path without the module: `Cart::total`, `<Cart as Total>::total` or `main`.
fn function(meta: &FunctionMeta, head: &FunctionHead) -> String {
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
