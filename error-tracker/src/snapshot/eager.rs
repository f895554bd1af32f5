//! Snapshots that copy or render a value where it is bound, while the budget allows.

use std::cell::RefCell;
use std::time::Instant;

use super::budget;
use super::debug::{self, Limits};
use super::keep::{Function, Held, Var};
use super::policy;
use crate::frame::{Piece, Untaken, UntakenText};
use crate::mask::{Rendering, Taint, rendering};

/// How much of a string is copied.
const TEXT: usize = 64;
/// How much of a rendered value is kept.
const RENDERED: usize = 768;

thread_local! {
    static SCRATCH: RefCell<String> = const { RefCell::new(String::new()) };
}

#[inline(always)]
pub(crate) fn text<M: Function>(held: Held<'_, M>, text: UntakenText<'_>) {
    let Some(slot) = held.frame.slot(held.index) else { return };
    slot.untaken_text(text);
    let Some(_taking) = admitted(held) else { return };
    let text = text.text();
    let len = text.floor_char_boundary(TEXT);
    if let Some(start) = held.frame.put(&text.as_bytes()[..len]) {
        slot.put(Piece::text(start, len, text.len()));
    }
    held.frame.meta().budget().spend(held.index, budget::COPY);
}

pub(crate) fn value<M: Function>(held: Held<'_, M>, value: Untaken<'_>) {
    let Some(slot) = held.frame.slot(held.index) else { return };
    slot.untaken(value);
    let Some(_taking) = admitted(held) else { return };
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

/// Held while the variable is taken, if it may be now. Nothing else is taken meanwhile: the memory that this wants may come from an
/// allocator that is annotated, and would be waited for by itself.
#[inline(always)]
fn admitted<M: Function>(held: Held<'_, M>) -> Option<Rendering> {
    let index = held.index;
    let budget = held.frame.meta().budget();
    if !budget.is_open(index) || rendering() || !budget.admits() {
        return None;
    }
    let taking = Rendering::start();
    (!budget.asks_about(index) || !is_masked(held)).then_some(taking)
}

/// Whether the variable is masked by its name, and so is left alone from now on.
#[cold]
#[inline(never)]
fn is_masked<M: Function>(held: Held<'_, M>) -> bool {
    let (meta, index) = (held.frame.meta(), held.index);
    let masked = |var: Var| var.masked || policy::get().masking.name(var.name).is_some();
    let is_masked = meta.variable(index).is_some_and(masked);
    if is_masked {
        meta.budget().close(index);
    }
    is_masked
}
