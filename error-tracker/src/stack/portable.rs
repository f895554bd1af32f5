//! Call stacks on other systems, by the crate `backtrace`. Calls are stored as addresses, which
//! only the process itself can name.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::Object;
use crate::event::{BacktraceFrame, ObjectFile};

/// Calls `visit` with an address within each call of this thread and the begin of its stack frame,
/// innermost first, until it returns false.
pub(super) fn walk(visit: &mut dyn FnMut(usize, usize) -> bool) {
    // The return address is after the call.
    backtrace::trace(|frame| visit(frame.ip().addr().saturating_sub(1), frame.sp().addr()));
}

/// Returns false: not known on these systems.
#[cfg(feature = "panic")]
pub(crate) fn is_in_caller(_: usize, _: &u8) -> bool {
    false
}

/// Returns false: not known on these systems.
pub(crate) fn runs_nothing_between(_: usize, _: usize) -> bool {
    false
}

/// Returns false: not known on these systems.
#[cfg(feature = "panic")]
pub(crate) fn must_not_unwind(_: usize) -> bool {
    false
}

/// Returns one object that represents the whole process.
pub(super) fn objects() -> &'static [Object] {
    static OBJECTS: OnceLock<[Object; 1]> = OnceLock::new();
    OBJECTS.get_or_init(|| {
        let path = std::env::current_exe()
            .map(|path| path.to_string_lossy().into_owned())
            .unwrap_or_default();
        // Identifies this run of the program: another one has other addresses.
        let build_id = format!("process {} {}", std::process::id(), crate::event::new_id());
        [Object { file: ObjectFile { path, build_id }, bias: 0, code: vec![0..usize::MAX] }]
    })
}

/// Returns the names of calls of this process; `None` for calls of another process.
pub(crate) fn names(
    file: &ObjectFile,
    offsets: &[u64],
) -> Option<HashMap<u64, Vec<BacktraceFrame>>> {
    if objects()[0].file != *file {
        return None;
    }
    let mut names = HashMap::new();
    for offset in offsets {
        let mut calls = Vec::new();
        let address =
            std::ptr::without_provenance_mut(usize::try_from(*offset).unwrap_or_default());
        backtrace::resolve(address, |symbol| {
            calls.push(BacktraceFrame {
                function: symbol.name().map(|name| format!("{name:#}")).unwrap_or_default(),
                file: symbol.filename().map(|file| file.to_string_lossy().into_owned()),
                line: symbol.lineno(),
                ..BacktraceFrame::default()
            });
        });
        names.insert(*offset, calls);
    }
    backtrace::clear_symbol_cache();
    Some(names)
}

/// Does nothing: there is no portable way.
pub(crate) fn lower_priority() {}

/// Does nothing: the allocator of the system decides when free memory is returned.
pub(crate) fn trim_memory() {}
