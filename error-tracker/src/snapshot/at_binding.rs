//! Snapshots where a variable is bound: texts are copied always, values are rendered while the
//! budget allows.

use std::cell::RefCell;

use super::budget::CaptureGrant;
use super::capture_kind::{TrackedFunction, VariableInfo, VariableRef};
use super::debug::{self, RenderLimits};
use super::policy;
use crate::frame::{ArgumentValue, ChunkPiece, ChunkSpan, PendingText, PendingValue, VariableSlot};
use crate::mask::EventTaint;
use crate::user_code::{UserCodeGuard, in_user_code};

/// How many bytes of a string are copied, and of one that the option `context` names.
const MAX_TEXT: usize = 160;
const MAX_CONTEXT_TEXT: usize = 1024;
/// How many bytes of a rendered value are stored, and of the values that were masked in it, for
/// which other text is searched.
const MAX_RENDERED: usize = 768;
const MAX_MASKED: usize = 2048;

thread_local! {
    static SCRATCH: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Copies the start of a text.
#[inline(always)]
pub(crate) fn text<M: TrackedFunction>(variable: VariableRef<'_, M>, text: PendingText<'_>) {
    let Some(slot) = variable.frame.slot(variable.index) else { return };
    let earlier = slot.span();
    let copies = variable.frame.meta().budget().copies_text(variable.index);
    if in_user_code() || !(copies || admitted(variable) != CaptureGrant::Nothing) {
        return slot.set_omitted(text.descriptor(), earlier);
    }
    copy(variable, slot, text, earlier, MAX_TEXT);
}

#[inline(always)]
fn copy<M: TrackedFunction>(
    variable: VariableRef<'_, M>,
    slot: VariableSlot<'_>,
    text: PendingText<'_>,
    earlier: Option<ChunkSpan>,
    max: usize,
) {
    let (descriptor, text) = (text.descriptor(), text.text());
    let start = if text.len() <= max { text } else { &text[..text.floor_char_boundary(max)] };
    let chunk = variable.frame.chunk();
    let span = chunk.put_at_hand(start.as_bytes(), earlier).or_else(|| {
        // The chunk may need memory, and the allocator may have annotated functions: they must not
        // capture variables meanwhile, which would need memory again.
        let _capturing = UserCodeGuard::start();
        chunk.put(start.as_bytes(), earlier)
    });
    match span {
        Some(span) => slot.set_stored(ChunkPiece::text(span, start.len(), text.len()), descriptor),
        None => slot.set_omitted(descriptor, earlier),
    }
}

/// Renders a value, if the budget allows.
pub(crate) fn value<M: TrackedFunction>(variable: VariableRef<'_, M>, value: PendingValue<'_>) {
    let Some(slot) = variable.frame.slot(variable.index) else { return };
    let budget = variable.frame.meta().budget();
    let earlier = slot.span();
    let is_open = budget.is_open(variable.index);
    variable.frame.leave_out(variable.index, !is_open);
    let admits = || budget.is_unmasked(variable.index) || admitted(variable) == CaptureGrant::All;
    if !is_open
        || in_user_code()
        || !admits()
        || budget.is_suspended(variable.index, value.descriptor())
    {
        return slot.set_omitted(value.descriptor(), earlier);
    }
    let _capturing = UserCodeGuard::start();
    let policy = policy::get();
    if !policy.skipped_types.is_empty() {
        slot.set_omitted(value.descriptor(), earlier);
        if slot.type_name().is_some_and(|name| policy.skips(&name)) {
            return;
        }
    }
    let watch = budget.start_rendering(variable.index);
    let bytes = render(variable, slot, value, earlier);
    budget.spend_rendering(variable.index, value.descriptor(), bytes, watch);
}

/// Renders a value into the frame's chunk, and returns how many bytes its `Debug` has written.
fn render<M: TrackedFunction>(
    variable: VariableRef<'_, M>,
    slot: VariableSlot<'_>,
    value: PendingValue<'_>,
    earlier: Option<ChunkSpan>,
) -> usize {
    let _capturing = UserCodeGuard::start();
    let descriptor = value.descriptor();
    slot.set_omitted(descriptor, earlier);
    let mut bytes = 0;
    let _ = SCRATCH.try_with(|scratch| {
        // Moved out, not borrowed: the value's `Debug` may bind variables of annotated functions.
        let mut text = scratch.take();
        text.clear();
        let policy = policy::get();
        let limits = RenderLimits { bytes: policy.limits.bytes.min(MAX_RENDERED), ..policy.limits };
        let mut taint = EventTaint::default();
        value.show(|value| {
            let outcome =
                debug::render_variable(value, &limits, &policy.masking, &mut taint, &mut text);
            bytes = outcome.written;
            let len = text.len();
            for masked in taint.values() {
                if text.len() + masked.len() < len + MAX_MASKED {
                    text.push_str(masked);
                    text.push('\0');
                }
            }
            if let Some(span) = variable.frame.chunk().put(text.as_bytes(), earlier) {
                slot.set_stored(
                    ChunkPiece::rendered(span, len, text.len() - len, outcome.cut),
                    descriptor,
                );
            }
        });
        scratch.replace(text);
    });
    bytes
}

/// Captures a value of the option `context`: at any cost, and also without a tracker.
pub(crate) fn context<M: TrackedFunction>(variable: VariableRef<'_, M>, value: ArgumentValue<'_>) {
    let Some(slot) = variable.frame.slot(variable.index) else { return };
    match value {
        ArgumentValue::Content(content) => slot.set(content),
        ArgumentValue::Text(text) if in_user_code() => slot.set_omitted(text.descriptor(), None),
        ArgumentValue::Text(text) => copy(variable, slot, text, None, MAX_CONTEXT_TEXT),
        ArgumentValue::Value(value) if in_user_code() || is_masked(variable) => {
            slot.set_omitted(value.descriptor(), None);
        }
        ArgumentValue::Value(value) => drop(render(variable, slot, value, None)),
    }
}

/// Asks the budget what may be captured of the variable.
#[cold]
#[inline(never)]
fn admitted<M: TrackedFunction>(variable: VariableRef<'_, M>) -> CaptureGrant {
    variable.frame.meta().budget().grant(variable.index, || is_masked(variable))
}

/// Returns whether the variable is masked, so that its `Debug` does not run.
#[cold]
#[inline(never)]
fn is_masked<M: TrackedFunction>(variable: VariableRef<'_, M>) -> bool {
    // As in `copy`: looking up the name may need memory.
    let _capturing = UserCodeGuard::start();
    let masked =
        |var: VariableInfo| var.masked || policy::get().masking.certain_mask(var.name).is_some();
    variable.frame.meta().variable(variable.index).is_some_and(masked)
}
