//! Snapshots that copy or render a value where it is bound, while the budget allows.

use std::cell::RefCell;
use std::time::Instant;

use super::budget;
use super::debug::{self, Limits};
use super::keep::{Function, Held};
use super::policy;
use crate::frame::{Piece, Slot, Untaken};
use crate::mask::{Taint, rendering};

/// How much of a string is copied.
const TEXT: usize = 64;
/// How much of a rendered value is kept.
const RENDERED: usize = 768;

thread_local! {
    static SCRATCH: RefCell<String> = const { RefCell::new(String::new()) };
}

pub(crate) fn text<M: Function>(held: Held<'_, M>, text: &str) {
    let Some(slot) = admitted(held) else { return };
    let len = text.floor_char_boundary(TEXT);
    if let Some(start) = held.frame.put(&text.as_bytes()[..len]) {
        slot.put(Piece::text(start, len, text.len()));
    }
    held.frame.meta().budget().spend(held.index, budget::COPY);
}

pub(crate) fn value<M: Function>(held: Held<'_, M>, value: Untaken<'_>) {
    let Some(slot) = admitted(held) else { return };
    let begun = Instant::now();
    let _ = SCRATCH.try_with(|scratch| {
        // Taken, not borrowed: the value's Debug may bind variables of annotated functions.
        let mut text = scratch.take();
        text.clear();
        let policy = policy::get();
        let limits = Limits { bytes: policy.limits.bytes.min(RENDERED), ..policy.limits };
        let mut taint = Taint::default();
        value.show(|value| {
            let outcome = debug::render(value, &limits, &policy.masking, &mut taint, &mut text);
            let len = text.len();
            for masked in taint.values() {
                text.push_str(masked);
                text.push('\0');
            }
            if let Some(start) = held.frame.put(text.as_bytes()) {
                slot.put(Piece::rendered(start, len, text.len() - len, outcome.cut));
            }
        });
        scratch.replace(text);
    });
    let took = u32::try_from(begun.elapsed().as_nanos()).unwrap_or(u32::MAX);
    held.frame.meta().budget().spend(held.index, took);
}

/// The slot, if the variable may be taken now.
fn admitted<M: Function>(held: Held<'_, M>) -> Option<Slot<'_>> {
    let (meta, index) = (held.frame.meta(), held.index);
    let budget = meta.budget();
    if rendering() || !budget.admits() {
        return None;
    }
    if budget.asks_about(index)
        && let Some(var) = meta.variable(index)
        && (var.masked || policy::get().masking.name(var.name).is_some())
    {
        budget.close(index);
        return None;
    }
    held.frame.slot(index)
}
