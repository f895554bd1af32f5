//! The frame of an untracked call, which exists only while an error is observed in it.

use super::finish::finish;
use super::function_meta::FunctionMeta;
use super::observation::Observation;
use super::pending_failure::PendingFailure;
use super::pending_list::{take, with_pending};
use super::thread::{self, TrackedFrame};
use crate::frame::SlotContent;

/// Links a frame for an untracked call that fails, and notes the call's stack address.
#[inline(never)]
pub(super) extern "C" fn link(meta: &'static FunctionMeta) -> TrackedFrame<'static> {
    meta.budget.note_failure();
    let here = 0_u8;
    let frame = thread::with(|thread| {
        thread.stack_address.set((&raw const here).addr());
        TrackedFrame::enter_anyway(meta, &thread.frames)
    });
    frame.slots().for_each(|slot| slot.set(SlotContent::untracked()));
    frame
}

/// Returns the stack address of the untracked call of an observation (the stack grows down); 0 for a tracked call.
pub(super) fn stack_address(observation: Observation<'_>) -> usize {
    if observation.is_temporary() { thread::with(|thread| thread.stack_address.get()) } else { 0 }
}

/// Unlinks the frame of an observation if it is temporary.
///
/// Invariant: no pending failure names a frame that is gone, since its memory, and with it the key, is used again.
/// So failures that are pending in the frame move to the next tracked call outward. Without one, those that leave the
/// call have left the outermost tracked function and are finished; only provisional ones, and those that wait for
/// their conversion, stay until the function's next observation.
pub(super) fn release(observation: Observation<'_>) {
    if !observation.is_temporary() {
        return;
    }
    let (key, caller) = (observation.frame.key(), observation.frame.caller());
    with_pending(|list| {
        for pending in list {
            if pending.caller == key {
                pending.caller = caller;
            }
        }
    });
    thread::with(|thread| {
        observation.frame.leave(&thread.frames);
        thread.frames.mark(caller);
    });
    if caller == 0 {
        let leaves = |pending: &PendingFailure| {
            pending.frame == key && pending.through.is_none() && !pending.is_provisional()
        };
        for pending in take(|pending| leaves(pending) && pending.unwinding.is_none()) {
            finish(pending, false);
        }
    }
}
