//! Writes a `Debug` or `Display` text, bounded in time where that is harmless.
//!
//! A `Debug` whose writer returns an error may go on: it ignores errors, or it belongs to a list of
//! a billion elements, which the standard library visits to its end. Only unwinding stops it. This
//! is done only if no cleanup code runs on the way: a lock's guard that is dropped by a panicking
//! thread would poison the lock.
//!
//! A `Debug` that panics unwinds by itself, and that of the standard library's `Mutex` holds the
//! lock meanwhile. A lock is not poisoned by a thread that was panicking already when it took the
//! lock. So the content of a lock is written while this thread unwinds, which takes some 2 µs. In
//! debug builds all text is written so: there generic functions have cleanup code even if it does
//! nothing.

use std::fmt;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::{UserCodeGuard, drop_quietly};
use crate::stack;

/// How much a text may write after the writer has failed, until the unwinding is tried again.
const MAX_BYTES: usize = 64 * 1024;
const MAX_WRITES: usize = 16 * 1024;

/// The first words that the `Debug` of a lock writes, before it takes the lock.
const LOCKS: [&str; 2] = ["Mutex", "RwLock"];

/// The knowledge whether a text shows the content of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeldLocks {
    /// Not known yet.
    Unseen,
    /// It may show one.
    Taken,
}

impl Default for HeldLocks {
    fn default() -> Self {
        if cfg!(debug_assertions) { Self::Taken } else { Self::Unseen }
    }
}

/// How writing a text ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteOutcome {
    Whole,
    /// The writer failed, and so many bytes were left out.
    Stopped(usize),
    /// The text itself returned an error.
    Failed,
    Panicked,
    /// The text is about to take a lock, which was not known before.
    TakesLock,
}

/// Writes a text of the program's own code to `out`, up to its end or the first error of `out`.
/// A text that takes a lock is written again from its beginning, to what `restart` makes of `out`.
pub(crate) fn write<W: fmt::Write>(
    out: W,
    text: fmt::Arguments<'_>,
    restart: impl FnOnce(W) -> W,
) -> (W, WriteOutcome) {
    write_from(HeldLocks::default(), out, text, restart)
}

fn write_from<W: fmt::Write>(
    locks: HeldLocks,
    mut out: W,
    text: fmt::Arguments<'_>,
    restart: impl FnOnce(W) -> W,
) -> (W, WriteOutcome) {
    let mut outcome = write_once(&mut out, text, locks);
    if outcome == WriteOutcome::TakesLock {
        out = restart(out);
        outcome = write_once(&mut out, text, HeldLocks::Taken);
    }
    (out, outcome)
}

fn write_once(
    out: &mut dyn fmt::Write,
    text: fmt::Arguments<'_>,
    locks: HeldLocks,
) -> WriteOutcome {
    let mut watched = WatchedWriter { out, locks, begun_at: 0, ended: None, bytes: 0, writes: 0 };
    let run = || {
        let here = 0;
        watched.begun_at = std::ptr::from_ref(black_box(&here)).addr();
        fmt::write(&mut watched, text)
    };
    let _rendering = UserCodeGuard::start();
    let unwinds = cfg!(panic = "unwind") && locks == HeldLocks::Taken && !std::thread::panicking();
    let written = if unwinds { unwinding(run) } else { catch(run) };
    match (written, watched.ended) {
        (Err(payload), ended) => {
            let is_stop = payload.is::<StopUnwind>();
            drop_quietly(payload);
            if is_stop { ended.unwrap_or(WriteOutcome::Failed) } else { WriteOutcome::Panicked }
        }
        (Ok(_), Some(ended)) => ended,
        (Ok(Ok(())), None) => WriteOutcome::Whole,
        (Ok(Err(fmt::Error)), None) => WriteOutcome::Failed,
    }
}

fn catch<R>(code: impl FnOnce() -> R) -> std::thread::Result<R> {
    catch_unwind(AssertUnwindSafe(code))
}

/// Runs `code` while this thread unwinds, in a destructor.
fn unwinding<R>(code: impl FnOnce() -> R) -> std::thread::Result<R> {
    struct WhenDropped<F: FnMut()>(F);

    impl<F: FnMut()> Drop for WhenDropped<F> {
        fn drop(&mut self) {
            (self.0)();
        }
    }

    let (mut code, mut ended) = (Some(code), None);
    let unwound = catch(|| {
        let _runs = WhenDropped(|| ended = code.take().map(catch));
        resume_unwind(Box::new(StopUnwind));
    });
    match (ended, unwound) {
        (Some(ended), _) => ended,
        (None, Ok(())) => Err(Box::new(StopUnwind)),
        (None, Err(payload)) => Err(payload),
    }
}

/// The payload of the unwinding that stops a text.
struct StopUnwind;

/// A writer that stops a text which goes on after an error.
struct WatchedWriter<'a> {
    out: &'a mut dyn fmt::Write,
    locks: HeldLocks,
    /// The address of a local of the function that began to write.
    begun_at: usize,
    /// Set when the writer has returned an error.
    ended: Option<WriteOutcome>,
    /// What was written since the last attempt to unwind.
    bytes: usize,
    writes: usize,
}

impl fmt::Write for WatchedWriter<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        match &mut self.ended {
            None if self.locks == HeldLocks::Unseen && LOCKS.contains(&part) => {
                self.ended = Some(WriteOutcome::TakesLock);
                return Err(fmt::Error);
            }
            None if self.out.write_str(part).is_ok() => return Ok(()),
            None => self.ended = Some(WriteOutcome::Stopped(0)),
            Some(WriteOutcome::Stopped(bytes)) => *bytes = bytes.saturating_add(part.len()),
            Some(_) => {}
        }
        self.stop(part.len());
        Err(fmt::Error)
    }
}

impl WatchedWriter<'_> {
    /// Unwinds the text if no cleanup code would run: tried at the first error, and again after
    /// `MAX_BYTES` or `MAX_WRITES`.
    fn stop(&mut self, bytes: usize) {
        let is_first = self.writes == 0;
        self.writes += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        let goes_on = self.writes > MAX_WRITES || self.bytes > MAX_BYTES;
        if cfg!(not(panic = "unwind")) || !(is_first || goes_on) {
            return;
        }
        let here = 0;
        let inner = std::ptr::from_ref(black_box(&here)).addr();
        if std::thread::panicking() || stack::runs_nothing_between(inner, self.begun_at) {
            resume_unwind(Box::new(StopUnwind));
        }
        (self.writes, self.bytes) = (1, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::sync::{Mutex, RwLock};

    use super::{HeldLocks, WriteOutcome, write_from};

    struct Panics;

    impl fmt::Debug for Panics {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("before")?;
            panic!("a value that cannot be shown")
        }
    }

    /// As in a release build.
    fn written(text: fmt::Arguments<'_>) -> (String, WriteOutcome) {
        write_from(HeldLocks::Unseen, "start: ".to_owned(), text, |_| "again: ".to_owned())
    }

    #[test]
    fn a_text_that_takes_a_lock_is_written_again_from_its_beginning() {
        let free = written(format_args!("{:?}", (1, "a")));
        assert_eq!(free, ("start: (1, \"a\")".to_owned(), WriteOutcome::Whole));
        let (text, outcome) = written(format_args!("{:?}", (1, Mutex::new(2), RwLock::new(3))));
        assert_eq!(outcome, WriteOutcome::Whole);
        assert!(text.starts_with("again: (1, Mutex { data: 2"), "{text}");
        assert_eq!(text.matches("(1, ").count(), 1, "{text}");
    }

    #[test]
    fn a_lock_whose_content_panics_is_not_poisoned() {
        let shared = Mutex::new(Panics);
        let (text, outcome) = written(format_args!("{:?}", (1, &shared)));
        assert_eq!(outcome, WriteOutcome::Panicked);
        assert!(text.ends_with("before"), "{text}");
        assert!(!shared.is_poisoned());
    }
}
