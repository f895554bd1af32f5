//! Errors that leave a thread or task, and are met again by who waits for it: through a `join`, a channel, or a handle that
//! is awaited. They became an event where they left; whoever gets them hands on the same error.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::facts::{Facts, Met};
use super::failure::{Failure, Told};
use super::guard::FrameRef;
use super::meta::Meta;
use super::record::Record;
use crate::event::Kind;

/// So many failures that left are remembered, for so long.
const MOST: usize = 64;
const LONGEST: Duration = Duration::from_secs(60);

/// Errors of the ways themselves: they rise where they are met, in each place anew.
const OF_THE_WAY: &[&str] =
    &["RecvError", "TryRecvError", "RecvTimeoutError", "SendError", "Elapsed", "Canceled"];

/// A failure that left the outermost annotated function of its thread or task.
struct Left {
    told: Told,
    kind: Kind,
    facts: Facts,
    /// The functions that it passed.
    passed: Vec<&'static Meta>,
    at: Instant,
}

/// Whether any was remembered yet.
static ANY: AtomicBool = AtomicBool::new(false);
static LEFT: Mutex<VecDeque<Left>> = Mutex::new(VecDeque::new());

fn all() -> MutexGuard<'static, VecDeque<Left>> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers a failure that became an event.
pub(super) fn leaves(failure: &Failure) {
    if failure.told == Told::No || failure.handled || failure.kind == Kind::None {
        return;
    }
    let left = Left {
        told: failure.told.clone(),
        kind: failure.kind,
        facts: failure.outermost().clone(),
        passed: failure.frames.iter().map(|passed| passed.meta).collect(),
        at: Instant::now(),
    };
    let mut all = all();
    if all.len() >= MOST {
        all.pop_front();
    }
    all.push_back(left);
    ANY.store(true, Ordering::Release);
}

/// The record of an error that left elsewhere and is met again in `frame`; nobody else meets it then. Whether errors come in
/// at a place is known of its site; that a task panicked is told by the error's type.
pub(super) fn met_again(frame: FrameRef<'_>, site: u32, met: &Met<'_, '_>) -> Option<Record> {
    if !ANY.load(Ordering::Acquire) {
        return None;
    }
    let name = met.error.type_name.rsplit("::").next().unwrap_or_default();
    let crosses = || frame.meta().known().site(site).is_some_and(|at| at.crosses);
    let comes_in = !OF_THE_WAY.iter().any(|known| name.starts_with(known)) && crosses();
    if !comes_in && name != "JoinError" {
        return None;
    }
    met.sources();
    let left = {
        let mut all = all();
        // What passed this very function rose below it, and is another error than one that comes to it from elsewhere.
        let index = all.iter().rposition(|left| {
            left.is_in(met, name)
                && left.at.elapsed() < LONGEST
                && !left.passed.iter().any(|passed| std::ptr::eq(*passed, frame.meta()))
        })?;
        all.remove(index)?
    };
    let mut record = Record::at(frame.key(), Box::new(Failure::new(Kind::Error, met.facts())));
    record.failure.told = left.told;
    (record.told, record.crossed) = (true, true);
    Some(record)
}

impl Left {
    fn is_in(&self, met: &Met<'_, '_>, name: &str) -> bool {
        match self.kind {
            Kind::Panic => name == "JoinError" && met.message().contains(&self.facts.message),
            _ => self.facts.type_name == met.error.type_name && met.carries(&self.facts),
        }
    }
}
