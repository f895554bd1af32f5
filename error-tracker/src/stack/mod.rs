//! Call stacks. A failure has the addresses of the calls in the program's own object files, and its
//! event their offsets in these files. Names are found later: when the event is read, or while the
//! program is idle.

#[cfg(all(any(target_os = "linux", target_os = "android"), not(target_arch = "arm")))]
mod cleanup;
#[cfg(all(any(target_os = "linux", target_os = "android"), not(target_arch = "arm")))]
mod elf;
#[cfg(all(any(target_os = "linux", target_os = "android"), not(target_arch = "arm")))]
#[allow(unsafe_code, reason = "the unwinder, and the list of loaded objects")]
mod native;
#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(target_arch = "arm"))))]
#[path = "portable.rs"]
mod native;
mod take;

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use serde::Deserialize;

use crate::event::{BacktraceFrame, ObjectFile};

#[cfg(feature = "panic")]
pub(crate) use native::{is_in_caller, must_not_unwind};
pub(crate) use native::{lower_priority, names, runs_nothing_between, trim_memory};
pub(crate) use take::take;

/// The failures whose call stack is taken.
///
/// ```
/// use error_tracker::BacktraceMode;
///
/// let builder = error_tracker::builder().backtrace(BacktraceMode::Off);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BacktraceMode {
    /// Panics, and errors and messages that passed no annotated function: a return trace says more
    /// than a call stack.
    #[default]
    Auto,
    /// All failures, up to 100 per second.
    All,
    /// None.
    Off,
}

static MODE: AtomicU8 = AtomicU8::new(BacktraceMode::Auto as u8);

/// Sets the mode of the whole program, and finds the program's object files.
pub(crate) fn choose(mode: BacktraceMode) {
    MODE.store(mode as u8, Relaxed);
    if mode != BacktraceMode::Off {
        native::objects();
    }
}

pub(crate) fn mode() -> BacktraceMode {
    match MODE.load(Relaxed) {
        mode if mode == BacktraceMode::All as u8 => BacktraceMode::All,
        mode if mode == BacktraceMode::Off as u8 => BacktraceMode::Off,
        _ => BacktraceMode::Auto,
    }
}

/// Addresses of calls in the program's own object files, innermost first.
pub(crate) type CallAddresses = Vec<usize>;

/// An object file of this process that contains code of the program.
pub(crate) struct LoadedObject {
    file: ObjectFile,
    /// The difference between an address and its offset in the file.
    bias: usize,
    code: Vec<std::ops::Range<usize>>,
}

impl LoadedObject {
    fn holds(&self, address: usize) -> bool {
        self.code.iter().any(|range| range.contains(&address))
    }
}

/// Returns the calls for an event, without names, and the files of their offsets.
pub(crate) fn unnamed(addresses: &[usize]) -> (Vec<BacktraceFrame>, Vec<ObjectFile>) {
    let objects = native::objects();
    let mut files: Vec<&LoadedObject> = Vec::new();
    let mut calls = Vec::with_capacity(addresses.len());
    for address in addresses {
        let Some(object) = objects.iter().find(|object| object.holds(*address)) else { continue };
        let known = files.iter().position(|file| std::ptr::eq(*file, object));
        let index = known.unwrap_or_else(|| {
            files.push(object);
            files.len() - 1
        });
        calls.push(BacktraceFrame {
            offset: Some(address.wrapping_sub(object.bias) as u64),
            object: index,
            ..BacktraceFrame::default()
        });
    }
    (calls, files.into_iter().map(|object| object.file.clone()).collect())
}
