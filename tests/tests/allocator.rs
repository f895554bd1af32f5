//! The program's allocator may be annotated as well: what it is asked for on behalf of its own frames ends.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]
#![expect(unsafe_code, reason = "an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use error_tracker::auto_track_exception;
use error_tracker_tests::{event_of, functions, value};

struct Counting {
    calls: AtomicUsize,
    bytes: AtomicUsize,
}

#[global_allocator]
static COUNTING: Counting = Counting { calls: AtomicUsize::new(0), bytes: AtomicUsize::new(0) };

// SAFETY: the system's allocator does the work.
#[auto_track_exception(locals = "always")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size();
        let calls = self.calls.fetch_add(1, Relaxed);
        self.bytes.fetch_add(if calls == usize::MAX { 0 } else { size }, Relaxed);
        // SAFETY: as asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        let size = layout.size();
        self.bytes.fetch_sub(size, Relaxed);
        // SAFETY: as asked for.
        unsafe { System.dealloc(at, layout) }
    }
}

#[auto_track_exception]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    let copy = text.to_owned();
    let number = copy.parse()?;
    Ok(number)
}

#[test]
fn a_program_whose_allocator_is_annotated_runs_and_reports_its_failures() {
    // A thread of its own has no memory for frames yet, and gives back what it got.
    for _ in 0..3 {
        std::thread::spawn(|| assert_eq!(parse("7"), Ok(7))).join().unwrap();
    }
    let event = event_of(|| parse("x"));
    assert_eq!((functions(&event), value(&event.frames[0], "copy")), (vec!["parse"], "\"x\""));
    assert!(COUNTING.calls.load(Relaxed) > 0);
}
