//! The budget of each annotated function for reading its variables at failures.

use std::sync::atomic::Ordering::Relaxed;

use super::budget::{
    BUDGETS, BURST, FULL_FAILURES, FunctionBudget, LocalsMode, READ_BY_ALL, READS_PER_TICK, add,
    renew, request_renewal,
};
use super::work::{Nanos, Stopwatch};

/// The work of reading that all functions together may do at once.
const READ_BURST: Nanos = 10 * BURST;
/// So many failures of a function are read in full in each tick, after the first `FULL_FAILURES`.
const FULL_READS_PER_TICK: u32 = 50;

/// What may be read of a function's variables at a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureReads {
    All,
    /// What runs no code of the program: bits, texts, and values rendered when they were bound.
    AtHand,
    Nothing,
}

/// The reads that are measured apart; one bit each.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MeasuredRead {
    Variables = 1,
    Error = 2,
}

impl FunctionBudget {
    /// Returns what may be read of the function's variables: at a failure of its own, or
    /// `as_caller` of a function that fails. A parser that tries alternatives fails a thousand
    /// times a second; then the first failures of each function show everything, and of the rest a
    /// few in each tick.
    pub(crate) fn allowed_reads(&'static self, as_caller: bool) -> FailureReads {
        let times = if as_caller { &self.callers } else { &self.failures };
        let count = times.load(Relaxed);
        if count < FULL_FAILURES || self.locals == LocalsMode::Always {
            times.store(count.saturating_add(1), Relaxed);
            return FailureReads::All;
        }
        BUDGETS.add(self);
        let mut left = self.reads_left.load(Relaxed);
        if left == 0 {
            request_renewal();
            return FailureReads::Nothing;
        }
        let in_full = |left| left > READS_PER_TICK - FULL_READS_PER_TICK;
        if !in_full(left) && renew() {
            left = READS_PER_TICK;
        }
        self.reads_left.store(left - 1, Relaxed);
        if in_full(left) && self.may_read() { FailureReads::All } else { FailureReads::AtHand }
    }

    /// Returns whether the error's `Debug` and a backtrace may be taken of a failure that begins
    /// here.
    pub(crate) fn reads_error(&self) -> bool {
        let is_first = self.failures.load(Relaxed) < FULL_FAILURES;
        is_first || self.locals == LocalsMode::Always || self.may_read()
    }

    /// Returns whether the budget for reading allows code of the program to run.
    fn may_read(&self) -> bool {
        let may =
            || self.read_work.load(Relaxed) <= BURST && READ_BY_ALL.load(Relaxed) <= READ_BURST;
        let reads = may() || renew() && may();
        if !reads {
            request_renewal();
        }
        reads
    }

    /// Starts to measure a read.
    pub(crate) fn start_reading(&self, what: MeasuredRead) -> Stopwatch {
        self.slow_to_read.watch(what as u64)
    }

    /// Adds the work of a read that wrote so many bytes.
    pub(crate) fn spend_reading(&'static self, what: MeasuredRead, bytes: usize, watch: Stopwatch) {
        BUDGETS.add(self);
        let work = self.slow_to_read.done(what as u64, bytes, watch.took());
        add(&self.read_work, work);
        add(&READ_BY_ALL, work);
        // Bounded, so that one slow value does not stop the reads of all functions for long.
        READ_BY_ALL.fetch_min(2 * READ_BURST, Relaxed);
    }
}
