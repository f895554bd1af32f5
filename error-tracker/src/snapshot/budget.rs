//! The time budget of each annotated function for value snapshots.
//!
//! A function may spend a burst of work at once; afterwards its variables are rendered as long as
//! that takes less than 1 % of the time of one thread. Then the gates of its variables close, and
//! open again with the next tick. A closed gate costs one load.
//!
//! Work is the size of what a rendering wrote (see [`work`](super::work)), not the time on the
//! clock: a program captures the same on a busy machine.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::registry::{RegistryLink, StaticRegistry};
use super::slow_types;
use super::work::{Nanos, SlowSuspects, Stopwatch};
use crate::fork::LazyPerProcess;
use crate::frame::SlotDescriptor;
use crate::ticker;
use Ordering::{Acquire, Relaxed, Release};

/// The interval in which budgets are renewed.
pub(crate) const TICK: Duration = Duration::from_millis(100);
/// The work that a function may do in a tick: 1 % of it.
const TICK_SHARE: Nanos = 1_000_000;
/// The work that each function may do before the work of the others counts.
const OWN_SHARE: Nanos = TICK_SHARE / 5;
/// The work that a function may do at once, before only its share is left: short programs and rare
/// functions show everything.
pub(super) const BURST: Nanos = 10 * TICK_SHARE;
/// The same for a function that has just failed: its next failure is of interest.
const FAILING_BURST: Nanos = 5 * BURST;
/// The work of all functions together in a tick (3 % of one thread), and at once.
const ALL_SHARE: Nanos = 3 * TICK_SHARE;
const ALL_BURST: Nanos = 10 * TICK_SHARE;
/// The work of reading variables at failures in a tick, of one function and of all together: 10 %.
const READ_SHARE: Nanos = 10 * TICK_SHARE;
/// So many failures of a function are read in full, whatever they cost.
pub(super) const FULL_FAILURES: u32 = 10;
/// So many failures of a function are read in a tick; the others are counted only.
pub(super) const READS_PER_TICK: u32 = 1_000;
/// The variable of a value whose rendering takes longer is not rendered again.
const SLOW_RENDERING: Nanos = 1_000_000;
/// After so many ticks a variable of a slow type is tried again.
const SLOW_TYPE_TICKS: u32 = 10;
/// So many calls of a function are tracked at once: short programs and rare functions show
/// everything.
const CALL_BURST: u32 = 100_000;
/// So many are tracked in a tick afterwards.
const CALLS_PER_TICK: u32 = 2_500;
/// The same for a function that has just failed.
const FAILING_CALLS_PER_TICK: u32 = 5 * CALLS_PER_TICK;

/// The budget of one annotated function.
///
/// All counts are plain loads and stores: what threads add at the same time may be lost, which
/// makes the budget slightly larger.
#[derive(Debug)]
pub struct FunctionBudget {
    /// How many more calls are tracked. A call that is not tracked has no frame and captures
    /// nothing; it is noticed only when an error leaves it.
    calls_left: AtomicU32,
    /// The tick in which `calls_left` was last renewed.
    calls_renewed: AtomicU32,
    /// Bit i: the value of variable i may be rendered where it is bound. Variables from the 64th on
    /// share the last bit. All bits are set until the first query.
    gate: AtomicU64,
    /// Variables whose values are never rendered, since their names are masked.
    masked: AtomicU64,
    /// Variables whose values are not rendered any more, since that took too long.
    too_slow: AtomicU64,
    /// Variables whose names were found not to be masked, while a tracker was installed.
    unmasked: AtomicU64,
    /// Variables that may be slow to render.
    slow: SlowSuspects,
    /// What may be slow to read at a failure, see `MeasuredRead`.
    pub(super) slow_to_read: SlowSuspects,
    /// What is left of `OWN_SHARE`.
    own_left: AtomicU32,
    /// The work of renderings, less the share of each tick since.
    spent: AtomicU32,
    /// The work of reading variables at failures, less the share of each tick since.
    pub(super) read_work: AtomicU32,
    /// How many failures of the function were read; not counted beyond `FULL_FAILURES`.
    pub(super) failures: AtomicU32,
    /// How often it was read as a caller of a function that failed; counted likewise.
    pub(super) callers: AtomicU32,
    /// How many failures may still be read in this tick.
    pub(super) reads_left: AtomicU32,
    /// The function failed in the current tick.
    failing: AtomicBool,
    /// The tick in which it last failed.
    failed_tick: AtomicU32,
    pub(super) locals: LocalsMode,
    link: RegistryLink<FunctionBudget>,
}

/// What may be captured of a variable where it is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaptureGrant {
    Nothing,
    /// The variable is masked: a text is copied, for which other text is searched, and never shown.
    HiddenText,
    All,
}

/// The option `locals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocalsMode {
    /// Captures within the budget.
    Adaptive,
    /// Captures always, at any cost.
    Always,
    /// Captures no value that has to be copied or rendered when it is bound.
    Never,
}

/// A tracker is installed.
static INSTALLED: AtomicBool = AtomicBool::new(false);
/// The budgets of all functions that have to be renewed.
pub(super) static BUDGETS: StaticRegistry<FunctionBudget> =
    StaticRegistry::new(|budget| &budget.link);
/// The work of renderings of all functions, less the share of each tick since.
static SPENT_BY_ALL: AtomicU32 = AtomicU32::new(0);
/// The work of reading at failures of all functions, likewise.
pub(super) static READ_BY_ALL: AtomicU32 = AtomicU32::new(0);
/// The tick of the last renewal; ticks are numbered from 1 on.
static LAST_RENEWAL: AtomicU32 = AtomicU32::new(1);
/// A gate is closed or a read was refused, so the ticker has work.
static NEEDS_RENEWAL: AtomicBool = AtomicBool::new(false);

impl FunctionBudget {
    pub(crate) const fn new(locals: LocalsMode) -> Self {
        Self {
            calls_left: AtomicU32::new(CALL_BURST),
            calls_renewed: AtomicU32::new(0),
            gate: AtomicU64::new(if matches!(locals, LocalsMode::Never) { 0 } else { u64::MAX }),
            masked: AtomicU64::new(0),
            too_slow: AtomicU64::new(0),
            unmasked: AtomicU64::new(0),
            slow: SlowSuspects::all(),
            slow_to_read: SlowSuspects::all(),
            own_left: AtomicU32::new(OWN_SHARE),
            spent: AtomicU32::new(0),
            read_work: AtomicU32::new(0),
            failures: AtomicU32::new(0),
            callers: AtomicU32::new(0),
            reads_left: AtomicU32::new(READS_PER_TICK),
            failing: AtomicBool::new(false),
            failed_tick: AtomicU32::new(0),
            locals,
            link: RegistryLink::new(),
        }
    }

    /// Returns whether the value of a variable may be rendered now.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn is_open(&self, index: usize) -> bool {
        self.gate.load(Relaxed) & bit(index) != 0
    }

    /// Returns whether a call that begins is tracked.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn tracks_call(&self) -> bool {
        self.calls_left.load(Relaxed) != 0
    }

    /// Counts a tracked call.
    #[inline]
    pub(crate) fn note_tracked_call(&'static self) {
        match self.calls_left.load(Relaxed) {
            0 => {}
            1 if self.locals == LocalsMode::Always => {}
            1 => self.spend_last_call(),
            calls => self.calls_left.store(calls - 1, Relaxed),
        }
    }

    #[cold]
    #[inline(never)]
    fn spend_last_call(&'static self) {
        let now = tick();
        if self.calls_renewed.swap(now, Relaxed) != now {
            self.calls_left.store(CALLS_PER_TICK, Relaxed);
            return;
        }
        BUDGETS.add(self);
        self.calls_left.store(0, Relaxed);
        request_renewal();
    }

    /// Returns whether the name of the variable is known not to be masked.
    #[inline]
    pub(crate) fn is_unmasked(&self, index: usize) -> bool {
        index < 63 && self.unmasked.load(Relaxed) & bit(index) != 0
    }

    /// Returns whether the text of the variable is known to be allowed to be copied.
    #[inline]
    pub(crate) fn copies_text(&self, index: usize) -> bool {
        self.is_unmasked(index) || index < 63 && self.masked.load(Relaxed) & bit(index) != 0
    }

    /// Returns what may be captured of a variable; `is_masked` looks up its name.
    pub(crate) fn grant(
        &'static self,
        index: usize,
        is_masked: impl FnOnce() -> bool,
    ) -> CaptureGrant {
        BUDGETS.add(self);
        if !INSTALLED.load(Relaxed) && self.locals != LocalsMode::Always {
            self.gate.store(0, Relaxed);
            return CaptureGrant::Nothing;
        }
        let is_masked = is_masked();
        if is_masked {
            self.masked.fetch_or(bit(index), Relaxed);
            self.gate.fetch_and(!bit(index), Relaxed);
        } else {
            self.unmasked.fetch_or(bit(index), Relaxed);
        }
        match is_masked {
            _ if self.locals == LocalsMode::Never => CaptureGrant::Nothing,
            true => CaptureGrant::HiddenText,
            false => CaptureGrant::All,
        }
    }

    /// Starts to measure the rendering of a variable.
    pub(crate) fn start_rendering(&self, index: usize) -> Stopwatch {
        self.slow.watch(bit(index))
    }

    /// Returns whether a variable is not rendered for now, since values of its type take too long
    /// in other variables. One that was quick before is rendered.
    pub(crate) fn is_suspended(&self, index: usize, descriptor: SlotDescriptor) -> bool {
        let is_suspended = self.locals != LocalsMode::Always
            && self.slow.suspects(bit(index))
            && slow_types::is_slow(descriptor);
        if is_suspended {
            self.gate.fetch_and(!bit(index), Relaxed);
            request_renewal();
        }
        is_suspended
    }

    /// Adds the work of a rendering that wrote so many bytes, and closes gates when the budget is
    /// spent.
    pub(crate) fn spend_rendering(
        &self,
        index: usize,
        descriptor: SlotDescriptor,
        bytes: usize,
        watch: Stopwatch,
    ) {
        let took = watch.took();
        if self.locals == LocalsMode::Always {
            return;
        }
        let work = self.slow.done(bit(index), bytes, took);
        if work > SLOW_RENDERING {
            slow_types::note(descriptor);
            self.too_slow.fetch_or(bit(index), Relaxed);
            self.gate.fetch_and(!bit(index), Relaxed);
        }
        let own = self.own_left.load(Relaxed);
        self.own_left.store(own.saturating_sub(work), Relaxed);
        if own >= work {
            return;
        }
        let ours = add(&self.spent, work);
        // A slow value counts for the others as the slowest that is rendered again: it is not
        // itself.
        let all = add(&SPENT_BY_ALL, work.min(SLOW_RENDERING));
        let is_spent = match self.failing.load(Relaxed) {
            true => ours > FAILING_BURST,
            false => ours > BURST || all > ALL_BURST,
        };
        if is_spent && !renew() {
            // The gates of this variable and the ones before it close. Later variables of this call
            // are still rendered, since its failure may be the one that matters; their renderings
            // close their gates.
            self.gate.fetch_and(!(bit(index) | (bit(index) - 1)), Relaxed);
            request_renewal();
        }
    }

    /// Notes a failure of the function: its budget becomes larger, so that its next failure shows
    /// more; after each of the first failures it is as at the start.
    pub(crate) fn note_failure(&self) {
        let now = tick();
        if self.failed_tick.swap(now, Relaxed) != now {
            self.calls_left.fetch_max(FAILING_CALLS_PER_TICK, Relaxed);
        }
        let was_failing = self.failing.swap(true, Relaxed);
        let is_first = self.failures.load(Relaxed) < FULL_FAILURES;
        if is_first {
            self.spent.store(0, Relaxed);
        }
        if (is_first || !was_failing) && INSTALLED.load(Relaxed) {
            self.open();
        }
    }

    /// Notes a failure that began in another function and passes this one.
    pub(crate) fn note_passing_failure(&self) {
        if self.failures.load(Relaxed) < FULL_FAILURES {
            self.note_failure();
        }
    }

    /// Opens the gates of all variables that may be rendered.
    fn open(&self) {
        if self.locals != LocalsMode::Never {
            self.gate.store(!(self.masked.load(Relaxed) | self.too_slow.load(Relaxed)), Relaxed);
        }
    }
}

/// Wakes the ticker, since a gate was closed or a read was refused.
pub(super) fn request_renewal() {
    if !NEEDS_RENEWAL.swap(true, Release) {
        ticker::wake();
    }
}

/// Adds work to a sum, and returns the new sum.
pub(super) fn add(to: &AtomicU32, work: Nanos) -> Nanos {
    let sum = to.load(Relaxed).saturating_add(work);
    to.store(sum, Relaxed);
    sum
}

/// Returns the number of the current tick; ticks are numbered from 1 on.
fn tick() -> u32 {
    static BEGUN: LazyPerProcess<Instant> = LazyPerProcess::new(Instant::now);
    let ticks = BEGUN.get().elapsed().as_millis() / TICK.as_millis();
    u32::try_from(ticks).map_or(u32::MAX, |ticks| ticks.saturating_add(1))
}

/// Returns the bit of a variable; those from the 64th on share the last one.
#[cfg_attr(not(debug_assertions), inline(always))]
fn bit(index: usize) -> u64 {
    1 << index.min(63)
}

/// Gives all functions their shares of the ticks since the last renewal. Returns false when none
/// has passed.
pub(crate) fn renew() -> bool {
    let now = tick();
    let before = LAST_RENEWAL.swap(now, Relaxed);
    let ticks = now.saturating_sub(before);
    if ticks == 0 {
        return false;
    }
    if now / SLOW_TYPE_TICKS != before / SLOW_TYPE_TICKS {
        slow_types::forget();
    }
    let less = |spent: &AtomicU32, share: Nanos| {
        spent.store(spent.load(Relaxed).saturating_sub(share.saturating_mul(ticks)), Relaxed);
    };
    less(&SPENT_BY_ALL, ALL_SHARE);
    less(&READ_BY_ALL, READ_SHARE);
    for budget in BUDGETS.iter() {
        less(&budget.spent, TICK_SHARE);
        less(&budget.read_work, READ_SHARE);
        budget.reads_left.store(READS_PER_TICK, Relaxed);
        budget.failing.store(false, Relaxed);
        budget.calls_left.fetch_max(CALLS_PER_TICK, Relaxed);
        budget.open();
    }
    true
}

/// Notes that a tracker is installed, so that values are rendered from now on.
pub(crate) fn install() {
    if !INSTALLED.swap(true, Relaxed) {
        BUDGETS.iter().for_each(FunctionBudget::open);
    }
}

/// Returns why a value was not captured, as events say it.
pub(crate) fn omission_reason() -> &'static str {
    if INSTALLED.load(Relaxed) {
        "too costly to capture at the time"
    } else {
        "captured only when a tracker is installed"
    }
}

/// Returns whether a renewal was requested since the last call. The ticker calls it.
pub(crate) fn take_renewal_request() -> bool {
    NEEDS_RENEWAL.swap(false, Acquire)
}
