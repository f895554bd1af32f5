//! The guard that an annotated function owns while it runs.

use super::function_meta::FunctionMeta;
use super::observation::{ErrorFate, Observation, ObservationSource};
use super::thread::{self, TrackedFrame};
use super::{panic, settle, temporary_frame};
use crate::frame::{CallArgument, DeferredArgument};
use crate::snapshot::at_binding;
use crate::snapshot::capture_kind::{VariableRef, capture_argument};

/// The guard of a running call of an annotated function; it ends the call when it is dropped. It is a local variable
/// that only the expansion can name, which passes it by reference.
///
/// With `TASK` it is part of a future, which may be dropped while its frame is not on the list of the thread.
pub struct CallGuard<const ARGUMENTS: usize, const TASK: bool> {
    /// `None` in an untracked call.
    frame: Option<TrackedFrame<'static>>,
    meta: &'static FunctionMeta,
    /// Captured when an untracked call fails.
    arguments: [DeferredArgument; ARGUMENTS],
}

/// Begins a call of a function.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn enter<const N: usize>(
    meta: &'static FunctionMeta,
    arguments: [CallArgument<'_>; N],
) -> CallGuard<N, false> {
    let frame = frame_for(meta.budget.tracks_call(), meta, arguments);
    CallGuard { frame, meta, arguments: CallArgument::deferred(arguments) }
}

/// Begins a call of a small function. It is not tracked.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn enter_small<const N: usize>(
    meta: &'static FunctionMeta,
    arguments: [CallArgument<'_>; N],
) -> CallGuard<N, false> {
    CallGuard { frame: None, meta, arguments: CallArgument::deferred(arguments) }
}

/// Begins a call of a small function that code without the attribute may call. It is tracked if no other tracked call
/// runs: the fate of an error is decided where the outermost tracked call ends.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn enter_small_public<const N: usize>(
    meta: &'static FunctionMeta,
    arguments: [CallArgument<'_>; N],
) -> CallGuard<N, false> {
    let is_tracked = thread::innermost() == 0 && meta.budget.tracks_call();
    let frame = frame_for(is_tracked, meta, arguments);
    CallGuard { frame, meta, arguments: CallArgument::deferred(arguments) }
}

/// Begins a future. Each is tracked, so no arguments are deferred.
pub fn enter_task<const N: usize>(
    meta: &'static FunctionMeta,
    arguments: [CallArgument<'_>; N],
) -> CallGuard<0, true> {
    CallGuard { frame: frame_for(true, meta, arguments), meta, arguments: [] }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn frame_for<const N: usize>(
    is_tracked: bool,
    meta: &'static FunctionMeta,
    arguments: [CallArgument<'_>; N],
) -> Option<TrackedFrame<'static>> {
    if is_tracked {
        // A copy that might be written to: otherwise the optimizer puts the list into memory for untracked calls, too.
        let mut copy = arguments;
        track(meta, &mut copy)
    } else {
        None
    }
}

impl<const N: usize, const TASK: bool> CallGuard<N, TASK> {
    /// Returns an observation at a site. In an untracked call it links a temporary frame.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn observation(&self, site: u32, fate: ErrorFate) -> Observation<'_> {
        let Self { frame, meta, mut arguments } = *self;
        // `arguments` is a copy that might be written to: otherwise the optimizer keeps the list in memory where no
        // error is observed, too. The site is no argument: calls that differ in it only would be merged into one,
        // which costs each site an instruction.
        observe_here(frame, meta, &mut arguments).at(site, fate)
    }

    /// Returns the place of a variable, if this call is tracked.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn variable(&self, index: usize) -> Option<VariableRef<'_, FunctionMeta>> {
        self.frame.map(|frame| VariableRef { frame, index })
    }
}

/// A site of a running call, with the fate of an error there.
pub(super) struct ObservationPlace<'a, const ARGUMENTS: usize, const TASK: bool> {
    pub(super) guard: &'a CallGuard<ARGUMENTS, TASK>,
    pub(super) site: u32,
    pub(super) fate: ErrorFate,
}

impl<'a, const N: usize, const TASK: bool> ObservationSource<'a> for ObservationPlace<'a, N, TASK> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn observation(self) -> Observation<'a> {
        self.guard.observation(self.site, self.fate)
    }
}

impl<const N: usize, const TASK: bool> Drop for CallGuard<N, TASK> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        if let Some(frame) = self.frame {
            if TASK { settle::settle_task(frame) } else { settle::settle_call(frame) }
        }
    }
}

/// Links a frame for a tracked call and captures the arguments. Few calls of a function that is called often are
/// tracked, so this is cold. By its ABI it does not unwind, so a caller needs no landing pad for it.
#[cold]
#[inline(never)]
#[expect(improper_ctypes_definitions, reason = "only Rust calls it")]
extern "C" fn track(
    meta: &'static FunctionMeta,
    arguments: &mut [CallArgument<'_>],
) -> Option<TrackedFrame<'static>> {
    if meta.context > 0 {
        return track_with_context(meta, arguments);
    }
    meta.budget.note_tracked_call();
    let frame = link_frame(meta)?;
    for (index, argument) in arguments.iter().enumerate() {
        capture_argument(*argument, VariableRef { frame, index });
    }
    Some(frame)
}

/// Links a new frame, the innermost of this thread.
#[cfg_attr(not(debug_assertions), inline(always))]
fn link_frame(meta: &'static FunctionMeta) -> Option<TrackedFrame<'static>> {
    // Not part of the closure below, which is small enough to be inlined.
    if thread::with(|thread| thread.pending.get()) != 0 {
        panic::call_begins();
    }
    thread::with(|thread| TrackedFrame::enter(meta, &thread.frames))
}

/// Links a frame for a function with the option `context`. All its calls are tracked, so that the values are captured.
#[cold]
#[inline(never)]
fn track_with_context(
    meta: &'static FunctionMeta,
    arguments: &mut [CallArgument<'_>],
) -> Option<TrackedFrame<'static>> {
    let frame = link_frame(meta)?;
    let own = arguments.len().saturating_sub(meta.context);
    for (index, argument) in arguments.iter().enumerate() {
        let variable = VariableRef { frame, index };
        if index < own {
            capture_argument(*argument, variable);
        } else {
            at_binding::context(variable, argument.into_value());
        }
    }
    Some(frame)
}

/// Returns an observation without its site. An untracked call gets a temporary frame with its arguments. By its ABI it
/// does not unwind.
#[cold]
#[inline(never)]
#[expect(improper_ctypes_definitions, reason = "only Rust calls it")]
extern "C" fn observe_here<'a>(
    frame: Option<TrackedFrame<'a>>,
    meta: &'static FunctionMeta,
    arguments: &mut [DeferredArgument],
) -> Observation<'a> {
    match frame {
        Some(frame) => Observation::new(frame),
        None => {
            let frame = temporary_frame::link(meta);
            for (slot, argument) in frame.slots().zip(arguments) {
                if let Some(content) = argument.content() {
                    slot.set(content);
                }
            }
            Observation::temporary(frame)
        }
    }
}
