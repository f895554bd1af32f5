//! Reads the reports of anyhow, eyre and miette without their backtrace. With `RUST_BACKTRACE` they
//! take one, and their `Debug` looks up its names: that takes tenths of a second, and megabytes
//! that are not freed. The inspection of an error registers how its message and causes are written
//! instead.

use std::any::type_name;
use std::cell::RefCell;
use std::error::Error;
use std::fmt;

use crate::cast::DebugWriter;

const TYPES: [&str; 3] = ["anyhow::Error", "eyre::Report", "miette::eyreish::Report"];

/// How many causes are shown at most.
const MAX_CAUSES: usize = 32;

thread_local! {
    /// The writers of the report types that this thread has observed.
    static KNOWN: RefCell<Vec<DebugWriter>> = const { RefCell::new(Vec::new()) };
}

/// Returns whether the `Debug` of a type has only a message, causes and a backtrace.
pub(crate) fn is_report(type_name: &str) -> bool {
    TYPES.contains(&type_name.trim_start_matches('&'))
}

/// Registers how values of a type are written on this thread, if it is a report type.
pub(crate) fn register<T>(write: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result) {
    if !TYPES.contains(&type_name::<T>()) {
        return;
    }
    let _ = KNOWN.try_with(|known| {
        if let Ok(mut known) = known.try_borrow_mut()
            && !known.iter().any(DebugWriter::is_of::<T>)
        {
            known.extend(DebugWriter::new(write));
        }
    });
}

/// Writes a value of a registered report type; returns `None` for other types.
pub(crate) fn fmt<T>(value: &T, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
    if !TYPES.contains(&type_name::<T>()) {
        return None;
    }
    let find = |known: &RefCell<Vec<DebugWriter>>| {
        known.try_borrow().ok()?.iter().find(|it| it.is_of::<T>()).copied()
    };
    KNOWN.try_with(find).ok()??.write(value, f)
}

/// Writes the message and the causes.
pub(crate) fn write(error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{error}")?;
    let mut cause = error.source();
    for _ in 0..MAX_CAUSES {
        let Some(error) = cause else { break };
        write!(f, ": {error}")?;
        cause = error.source();
    }
    Ok(())
}
