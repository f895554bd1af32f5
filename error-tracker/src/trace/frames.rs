//! Turns a live frame into what an event keeps of it.

use std::time::Instant;

use super::guard::FrameRef;
use super::meta::{Head, Meta, Site};
use crate::event::{Exit, Frame, Variable, short_type};
use crate::mask::Taint;
use crate::snapshot::keep::Role;
use crate::snapshot::policy;
use crate::snapshot::read::Reader;

pub(super) struct Seen {
    pub(super) frame: Frame,
    pub(super) globals: Vec<Variable>,
    /// Values of the option `context`.
    pub(super) context: Vec<Variable>,
}

/// Reads a live frame. With `user_code` the `Debug` of references and globals may run.
pub(super) fn of(
    frame: FrameRef<'_>,
    site: Option<Site>,
    exit: Exit,
    taint: &mut Taint,
    user_code: bool,
) -> Seen {
    let meta = frame.meta();
    let head = meta.head();
    let mut seen = Seen {
        frame: Frame {
            function: function(meta, &head),
            module: meta.module.strip_prefix("r#").unwrap_or(meta.module).into(),
            file: meta.file.into(),
            line: site.as_ref().map_or(head.first_line, |site| site.line),
            column: site.as_ref().map_or(0, |site| site.column),
            expression: site.as_ref().map(|site| site.text.into()).unwrap_or_default(),
            ordinal: site.as_ref().map_or(0, |site| site.ordinal),
            exit,
            root: meta.root,
            extent: (head.first_line, head.last_line),
            arguments: Vec::with_capacity(meta.slots.min(8)),
            locals: Vec::with_capacity(meta.slots.min(8)),
            ..Frame::default()
        },
        globals: Vec::new(),
        context: Vec::new(),
    };
    if !user_code {
        read(frame, site.as_ref(), taint, false, &mut seen);
    } else if meta.budget.reads() {
        let begun = Instant::now();
        read(frame, site.as_ref(), taint, true, &mut seen);
        meta.budget.spend_reading(begun.elapsed());
    }
    seen
}

/// Reads the variables that can be named at a site, and with `user_code` the globals.
fn read(frame: FrameRef<'_>, site: Option<&Site>, taint: &mut Taint, user_code: bool, seen: &mut Seen) {
    let meta = frame.meta();
    let mut reader = Reader { policy: policy::get(), taint, user_code };
    for (var, slot) in meta.variables().zip(frame.slots()) {
        if site.is_some_and(|site| !(var.from..=var.to).contains(&site.order)) {
            continue;
        }
        let Some(variable) = reader.read(&var, slot, frame) else { continue };
        match var.role {
            Role::Argument => seen.frame.arguments.push(variable),
            Role::Local => push_local(&mut seen.frame.locals, variable),
            Role::Context => seen.context.push(variable),
        }
    }
    if user_code {
        for global in meta.globals {
            (global.read)(&mut |type_name, value| {
                seen.globals.push(reader.value(global.name, type_name, value))
            });
        }
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
