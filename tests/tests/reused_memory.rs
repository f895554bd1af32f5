//! An error behind a pointer is known again by where it lies, until another one lies there.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]
#![expect(unsafe_code, reason = "an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::error::Error;
use std::fmt;
use std::ptr::{self, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering::SeqCst};

use error_tracker::{auto_track_exception, capture_exception};
use error_tracker_tests::{SOON, events_of, tracker};

/// Gives the block of the last error to the next one.
struct Reusing {
    free: AtomicPtr<u8>,
}

#[global_allocator]
static REUSING: Reusing = Reusing { free: AtomicPtr::new(null_mut()) };

// SAFETY: a block that was given back has that very layout, and is taken by one caller only.
unsafe impl GlobalAlloc for Reusing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let free = if layout == Layout::new::<Large>() {
            self.free.swap(null_mut(), SeqCst)
        } else {
            null_mut()
        };
        if !free.is_null() {
            return free;
        }
        // SAFETY: as asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if layout == Layout::new::<Large>()
            && self.free.compare_exchange(null_mut(), at, SeqCst, SeqCst).is_ok()
        {
            return;
        }
        // SAFETY: as asked for.
        unsafe { System.dealloc(at, layout) }
    }
}

/// Of a size that nothing else has.
#[derive(Debug)]
struct Large {
    text: &'static str,
    rest: [u8; 7411],
}

impl fmt::Display for Large {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.text, self.rest[0])
    }
}

impl Error for Large {}

type Boxed = Box<dyn Error + Send + Sync>;

fn large(text: &'static str) -> Boxed {
    Box::new(Large { text, rest: [0; 7411] })
}

#[auto_track_exception]
fn fails(text: &'static str) -> Result<(), Boxed> {
    Err(large(text))
}

/// Captures it on another thread than it rose on.
fn capture(error: Boxed) {
    std::thread::spawn(move || drop(capture_exception!(error))).join().unwrap();
}

/// How many failures were raised, and where each error lay.
fn raised(run: impl FnOnce() + Send + 'static) -> u64 {
    let (sender, receiver) = std::sync::mpsc::channel();
    events_of(move || {
        let before = tracker().health().raised;
        let place = |error: &Boxed| ptr::from_ref(&**error).cast::<()>().addr();
        let first = place(&large("a first one"));
        assert_eq!(first, place(&large("a second one")), "memory is used again");
        run();
        tracker().flush(SOON).unwrap();
        sender.send(tracker().health().raised - before).unwrap();
    });
    receiver.recv().unwrap()
}

#[test]
fn an_error_that_is_captured_on_another_thread_is_reported_once() {
    assert_eq!(raised(|| capture(fails("handed on").unwrap_err())), 1);
}

#[test]
fn a_captured_error_at_the_address_of_an_earlier_one_is_reported() {
    let captures = || {
        drop(fails("equal"));
        capture(large("another"));
        capture(large("equal"));
    };
    assert_eq!(raised(captures), 3);
}

#[test]
fn a_handled_error_at_the_address_of_another_one_makes_that_one_forgotten() {
    #[auto_track_exception]
    fn handles() -> usize {
        match fails("handled meanwhile") {
            Ok(()) => 0,
            Err(error) => error.to_string().len(),
        }
    }
    let captures = || {
        drop(fails("lost"));
        assert!(handles() > 0);
        capture(large("lost"));
    };
    assert_eq!(raised(captures), 3);
}

#[test]
fn of_errors_at_one_address_only_the_last_is_recognised() {
    let captures = || {
        for _ in 0..5 {
            drop(fails("again and again"));
        }
        // The first may be the last one that failed.
        for _ in 0..5 {
            capture(large("again and again"));
        }
    };
    assert_eq!(raised(captures), 9);
}
