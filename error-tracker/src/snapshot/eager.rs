//! Snapshots that copy or render a value where it is bound, while the budget allows.

use std::cell::RefCell;
use std::fmt::Debug;
use std::time::Instant;

use super::budget;
use super::debug::{self, Limits};
use super::keep::Place;
use super::policy;
use crate::frame::{Piece, PieceKind};
use crate::mask::{Taint, rendering};

/// How much of a string is copied.
const TEXT: usize = 64;
/// How much of a rendered value is kept.
const RENDERED: usize = 768;

thread_local! {
    static SCRATCH: RefCell<String> = const { RefCell::new(String::new()) };
}

#[inline(never)]
pub(super) fn text(text: &str, place: &Place<'_>, kind: &'static PieceKind) {
    if !admitted(place) {
        return;
    }
    let start = text.floor_char_boundary(TEXT);
    if let Some(at) = place.chunk.put(&text.as_bytes()[..start]) {
        let piece = Piece { start: at, len: start, whole: text.len() as u64, taint: 0 };
        place.slot.put(kind, piece);
    }
    place.budget.spend(place.index, budget::COPY);
}

#[cold]
#[inline(never)]
pub(super) fn debug(value: &dyn Debug, place: &Place<'_>, kind: &'static PieceKind) {
    if !admitted(place) {
        return;
    }
    let begun = Instant::now();
    let _ = SCRATCH.try_with(|scratch| {
        // Taken, not borrowed: the value's Debug may bind variables of annotated functions.
        let mut text = scratch.take();
        text.clear();
        let policy = policy::get();
        let limits = Limits { bytes: policy.limits.bytes.min(RENDERED), ..policy.limits };
        let mut taint = Taint::default();
        let outcome = debug::render(value, &limits, &policy.masking, &mut taint, &mut text);
        let len = text.len();
        for masked in taint.values() {
            text.push_str(masked);
            text.push('\0');
        }
        let taint = text.len() - len;
        if let Some(start) = place.chunk.put(text.as_bytes()) {
            let piece = Piece { start, len, whole: u64::from(outcome.cut), taint };
            place.slot.put(kind, piece);
        }
        scratch.replace(text);
    });
    place.budget.spend(place.index, u32::try_from(begun.elapsed().as_nanos()).unwrap_or(u32::MAX));
}

fn admitted(place: &Place<'_>) -> bool {
    if rendering() || !place.budget.admits() {
        return false;
    }
    if place.budget.asks_about(place.index)
        && let Some(var) = place.function.variable(place.index)
        && (var.masked || policy::get().masking.name(var.name).is_some())
    {
        place.budget.close(place.index);
        return false;
    }
    true
}
