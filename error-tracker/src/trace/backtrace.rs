//! Call stacks: addresses are taken where a failure rises, and turned into names later, on the writer thread.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use crate::event::BacktraceFrame;

/// Addresses of the calls, innermost first.
pub(crate) type Raw = Vec<usize>;

/// Calls that are kept. More are taken, because our own and the standard library's are among them.
const MOST: usize = 64;
const MOST_TAKEN: usize = 110;
/// Addresses whose names are remembered.
const MOST_KNOWN: usize = 20_000;
/// How many call stacks are taken in one second: they cost more than all the rest of a failure.
const PER_SECOND: u64 = 100;

/// Takes the call stack, unless too many were taken in this second.
pub(crate) fn capture() -> Raw {
    if !admitted() {
        return Raw::new();
    }
    let mut addresses = Vec::with_capacity(32);
    backtrace::trace(|frame| {
        addresses.push(frame.ip().addr());
        addresses.len() < MOST_TAKEN
    });
    addresses
}

fn admitted() -> bool {
    static START: OnceLock<Instant> = OnceLock::new();
    /// The second in the upper half, how many were taken in it in the lower.
    static TAKEN: AtomicU64 = AtomicU64::new(0);
    let second = START.get_or_init(Instant::now).elapsed().as_secs() << 32;
    let taken = TAKEN.fetch_update(Relaxed, Relaxed, |taken| {
        if taken & !0xffff_ffff != second {
            Some(second | 1)
        } else {
            (taken & 0xffff_ffff < PER_SECOND).then_some(taken + 1)
        }
    });
    taken.is_ok()
}

/// Turns addresses into names; reads debug information, so not for the program's own threads. What was found is
/// remembered in `known`.
pub(crate) fn resolve(raw: &Raw, known: &mut HashMap<usize, Vec<BacktraceFrame>>) -> Vec<BacktraceFrame> {
    if known.len() > MOST_KNOWN {
        known.clear();
    }
    let mut calls: Vec<BacktraceFrame> = raw
        .iter()
        .flat_map(|address| known.entry(*address).or_insert_with(|| name(*address)).clone())
        .collect();
    // Between the two marks of the standard library lies what the program called; our own calls are on top.
    let marked =
        |calls: &[BacktraceFrame], mark: &str| calls.iter().position(|call| call.function.contains(mark));
    if let Some(end) = marked(&calls, "__rust_begin_short_backtrace") {
        calls.truncate(end);
    }
    if let Some(start) = marked(&calls, "__rust_end_short_backtrace") {
        calls.drain(..=start);
    }
    // Without full debug information functions are called by their last name only, so files tell.
    let is_own = |call: &BacktraceFrame| call.file.as_deref().is_some_and(|file| file.starts_with(OURS));
    let first_in_app = calls.iter().position(|call| call.in_app).unwrap_or(calls.len());
    let own = calls[..first_in_app].iter().rposition(is_own).map_or(0, |last| last + 1);
    calls.drain(..own);
    calls.truncate(MOST);
    calls
}

fn name(address: usize) -> Vec<BacktraceFrame> {
    let mut calls = Vec::new();
    // An address is where the call returns to; the call itself lies before.
    let inside = std::ptr::without_provenance_mut(address.saturating_sub(1));
    backtrace::resolve(inside, |symbol| {
        let function = symbol.name().map(|name| format!("{name:#}")).unwrap_or_default();
        let file = symbol.filename().map(|file| file.to_string_lossy().into_owned());
        let in_app = is_in_app(&function, file.as_deref());
        calls.push(BacktraceFrame { function, file, line: symbol.lineno(), in_app });
    });
    calls
}

const OURS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/");

/// Whether a call is the program's own: no dependency and not the standard library.
fn is_in_app(function: &str, file: Option<&str>) -> bool {
    let path = function.trim_start_matches('<');
    let foreign = ["std::", "core::", "alloc::", "tokio::", "error_tracker::", "__rust_", "test::"];
    if function.is_empty() || foreign.iter().any(|prefix| path.starts_with(prefix)) {
        return false;
    }
    file.is_some_and(|file| {
        !file.starts_with(OURS)
            && !file.contains("/.cargo/registry/")
            && !file.contains("/.cargo/git/")
            && !file.contains("/rustc/")
    })
}
