//! How much time copies and renderings of values may take: after a start at large, the expensive snapshots of a
//! function run while they take less than 1 % of the time, and stop beyond. A closed gate costs one load.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::registry::{Linked, Registry};
use crate::ticker;
use Ordering::{Acquire, Relaxed, Release};

pub(crate) const TICK: Duration = Duration::from_millis(100);
/// 1 % of a tick.
const SHARE: u32 = 1_000_000;
/// What a function may spend at once, before only its share is left: short programs and rare functions show everything.
const AT_ONCE: u32 = 10 * SHARE;
/// The same for a function that has just failed, which is of interest.
const AT_ONCE_FAILING: u32 = 5 * AT_ONCE;
/// Of reading at failures: 10 % of the time for a function, and for all of them together; these have more at once.
const SHARE_OF_READING: u32 = 10 * SHARE;
const AT_ONCE_OF_READING: u32 = 10 * AT_ONCE;
/// So often a function reads even when others have spent all: at ten failures that rise there, variables and error.
const FIRST_READ: u32 = 20;
/// All functions together: 3 % of one thread, and a tick at once.
const SHARE_OF_ALL: u32 = 3 * SHARE;
const AT_ONCE_OF_ALL: u32 = 100 * SHARE;
/// A value that took longer than this once is left alone from then on.
const SLOW: u32 = 1_000_000;
/// So many calls of a function are followed at once: short programs and rare functions show everything.
const FOLLOWED_AT_ONCE: u32 = 100_000;
/// So many in a tick, once those are spent.
const FOLLOWED: u32 = 2_500;
/// The same for a function that has just failed.
const FOLLOWED_FAILING: u32 = 5 * FOLLOWED;
/// What the copy of a string is taken to cost; a clock would cost more than the copy.
pub(crate) const COPY: u32 = 40;

/// The budget of one annotated function.
#[derive(Debug)]
pub struct Budget {
    /// How many more calls are followed: others are not on the list of running functions and keep nothing, and are told of
    /// only when an error leaves them.
    calls: AtomicU32,
    /// The tick in which `calls` was last renewed.
    renewed: AtomicU32,
    /// Bit i: the value of variable i may be copied or rendered where it is bound; variables from the 64th on share
    /// the last bit. All ones until first asked.
    gate: AtomicU64,
    /// Variables whose value is never taken: slow to render, or masked.
    closed: AtomicU64,
    /// Variables whose names were looked up among the masked ones.
    asked: AtomicU64,
    /// Nanoseconds spent, less the share of every tick since.
    spent: AtomicU32,
    /// Nanoseconds that its variables took to read at failures, less the share of every tick since.
    read: AtomicU32,
    /// How often they were read; stops at the most.
    times_read: AtomicU32,
    /// The function failed in the current tick.
    failing: AtomicBool,
    /// The tick in which it last failed.
    failed: AtomicU32,
    locals: Locals,
    linked: Linked<Budget>,
}

/// The option `locals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Locals {
    /// Within the budget.
    Adaptive,
    /// Whatever it costs.
    Always,
    /// No values that have to be copied or rendered when bound.
    Never,
}

static INSTALLED: AtomicBool = AtomicBool::new(false);
/// The budgets of all functions that ever asked.
static KNOWN: Registry<Budget> = Registry::new(|budget| &budget.linked);
static SPENT_BY_ALL: AtomicU32 = AtomicU32::new(0);
static READ_BY_ALL: AtomicU32 = AtomicU32::new(0);
/// Some gate is closed: the ticker has work.
static CLOSED: AtomicBool = AtomicBool::new(false);

impl Budget {
    pub(crate) const fn new(locals: Locals) -> Self {
        Self {
            calls: AtomicU32::new(FOLLOWED_AT_ONCE),
            renewed: AtomicU32::new(0),
            gate: AtomicU64::new(if matches!(locals, Locals::Never) { 0 } else { u64::MAX }),
            closed: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            spent: AtomicU32::new(0),
            read: AtomicU32::new(0),
            times_read: AtomicU32::new(0),
            failing: AtomicBool::new(false),
            failed: AtomicU32::new(0),
            locals,
            linked: Linked::new(),
        }
    }

    /// Whether the value of a variable may be taken now.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn is_open(&self, index: usize) -> bool {
        self.gate.load(Relaxed) & bit(index) != 0
    }

    /// Whether a call that begins is followed.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn follows(&self) -> bool {
        self.calls.load(Relaxed) != 0
    }

    /// A call is followed. What threads that call it at once do to the number may be lost.
    #[inline]
    pub(crate) fn followed(&'static self) {
        match self.calls.load(Relaxed) {
            0 => {}
            1 if self.locals == Locals::Always => {}
            1 => self.spend_last_call(),
            calls => self.calls.store(calls - 1, Relaxed),
        }
    }

    #[cold]
    #[inline(never)]
    fn spend_last_call(&'static self) {
        let now = tick();
        if self.renewed.swap(now, Relaxed) != now {
            self.calls.store(FOLLOWED, Relaxed);
            return;
        }
        KNOWN.add(self);
        self.calls.store(0, Relaxed);
        if !CLOSED.swap(true, Release) {
            ticker::wake();
        }
    }

    /// Asked behind an open gate, off the fast path.
    pub(crate) fn admits(&'static self) -> bool {
        KNOWN.add(self);
        let admits = INSTALLED.load(Relaxed) || self.locals == Locals::Always;
        if !admits {
            self.gate.store(0, Relaxed);
        }
        admits
    }

    /// Whether the name of a variable still has to be looked up among the masked ones.
    pub(crate) fn asks_about(&self, index: usize) -> bool {
        let asks = index >= 63 || self.asked.load(Relaxed) & bit(index) == 0;
        if asks {
            self.asked.fetch_or(bit(index), Relaxed);
        }
        asks
    }

    /// The value of a variable is not taken from now on; nor are those that share its bit.
    pub(crate) fn close(&self, index: usize) {
        self.closed.fetch_or(bit(index), Relaxed);
        self.gate.fetch_and(!bit(index), Relaxed);
    }

    /// Tells what a snapshot took, in nanoseconds.
    pub(crate) fn spend(&self, index: usize, nanos: u32) {
        if self.locals == Locals::Always {
            return;
        }
        if nanos > SLOW {
            self.close(index);
        }
        let ours = self.spent.fetch_add(nanos, Relaxed).saturating_add(nanos);
        let all = SPENT_BY_ALL.fetch_add(nanos, Relaxed).saturating_add(nanos);
        let most = if self.failing.load(Relaxed) { AT_ONCE_FAILING } else { AT_ONCE };
        if ours > most || all > AT_ONCE_OF_ALL {
            self.gate.store(0, Relaxed);
            if !CLOSED.swap(true, Release) {
                ticker::wake();
            }
        }
    }

    /// Whether its variables may be read at a failure. A parser that tries alternatives fails a thousand times a second: then
    /// the first failures of each function show everything, and the rest take their turns.
    pub(crate) fn reads(&self) -> bool {
        let (ours, all) = (self.read.load(Relaxed), READ_BY_ALL.load(Relaxed));
        let has_turn = all <= AT_ONCE_OF_READING || self.times_read.load(Relaxed) < FIRST_READ;
        let reads = ours <= AT_ONCE && has_turn || self.locals == Locals::Always;
        if !reads && !CLOSED.swap(true, Release) {
            ticker::wake();
        }
        reads
    }

    /// Tells how long its variables took to read.
    pub(crate) fn spend_reading(&'static self, took: Duration) {
        KNOWN.add(self);
        let nanos = u32::try_from(took.as_nanos()).unwrap_or(u32::MAX / 2);
        let add = |to: &AtomicU32, most: u32| {
            let _ = to.fetch_update(Relaxed, Relaxed, |read| Some(read.saturating_add(nanos).min(most)));
        };
        add(&self.read, u32::MAX);
        // One slow value shall not keep all functions from theirs for long.
        add(&READ_BY_ALL, 2 * AT_ONCE_OF_READING);
        let times = self.times_read.load(Relaxed);
        self.times_read.store(times.saturating_add(1), Relaxed);
    }

    /// A function that fails gets a larger budget, so that its next failure shows more.
    pub(crate) fn failed(&self) {
        let now = tick();
        if self.failed.swap(now, Relaxed) != now {
            self.calls.fetch_max(FOLLOWED_FAILING, Relaxed);
        }
        if !self.failing.swap(true, Relaxed) && INSTALLED.load(Relaxed) {
            self.open();
        }
    }

    fn open(&self) {
        if self.locals != Locals::Never {
            self.gate.store(!self.closed.load(Relaxed), Relaxed);
        }
    }
}

/// Numbers the ticks of this program, from 1 on.
fn tick() -> u32 {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    let ticks = BEGUN.get_or_init(Instant::now).elapsed().as_millis() / TICK.as_millis();
    u32::try_from(ticks).map_or(u32::MAX, |ticks| ticks.saturating_add(1))
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn bit(index: usize) -> u64 {
    1 << index.min(63)
}

/// Begins a new tick.
pub(crate) fn open_all() {
    let less =
        |spent: &AtomicU32, share: u32| spent.store(spent.load(Relaxed).saturating_sub(share), Relaxed);
    less(&SPENT_BY_ALL, SHARE_OF_ALL);
    less(&READ_BY_ALL, SHARE_OF_READING);
    for budget in KNOWN.iter() {
        less(&budget.spent, SHARE);
        less(&budget.read, SHARE_OF_READING);
        budget.failing.store(false, Relaxed);
        budget.calls.fetch_max(FOLLOWED, Relaxed);
        budget.open();
    }
}

/// From now on there is somebody to keep snapshots for.
pub(crate) fn install() {
    if !INSTALLED.swap(true, Relaxed) {
        open_all();
    }
}

/// Why a value was not taken.
pub(crate) fn why_not_now() -> &'static str {
    if INSTALLED.load(Relaxed) {
        "too costly to keep at the time"
    } else {
        "kept only when a tracker is installed"
    }
}

/// Called by the ticker: whether some gate was closed since it was last asked.
pub(crate) fn take_closed() -> bool {
    CLOSED.swap(false, Acquire)
}
