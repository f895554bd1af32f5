//! Errors that leave a thread or task, and are met again by who waits for it: through a `join`, a channel, or a handle that
//! is awaited. They became an event where they left; whoever gets them hands on the same error.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::facts::Facts;
use super::guard::FrameRef;
use super::meta::Meta;
use super::record::{Failure, Record};
use crate::event::Kind;

/// So many failures that left are remembered, for so long.
const MOST: usize = 64;
const LONGEST: Duration = Duration::from_secs(60);

/// Errors of the ways themselves: they rise where they are met, in each place anew.
const OF_THE_WAY: &[&str] =
    &["RecvError", "TryRecvError", "RecvTimeoutError", "SendError", "Elapsed", "Canceled"];

/// A failure that left the outermost annotated function of its thread or task.
struct Left {
    id: String,
    kind: Kind,
    facts: Facts,
    /// The functions that it passed.
    passed: Vec<&'static Meta>,
    at: Instant,
}

static LEFT: Mutex<VecDeque<Left>> = Mutex::new(VecDeque::new());

fn all() -> MutexGuard<'static, VecDeque<Left>> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers a failure that became an event.
pub(super) fn leaves(failure: &Failure) {
    if failure.id.is_empty() || failure.handled || failure.kind == Kind::None {
        return;
    }
    let left = Left {
        id: failure.id.clone(),
        kind: failure.kind,
        facts: failure.outermost.clone(),
        passed: failure.passed.clone(),
        at: Instant::now(),
    };
    let mut all = all();
    if all.len() >= MOST {
        all.pop_front();
    }
    all.push_back(left);
}

/// The record of an error that left elsewhere and is met again in `frame`; nobody else meets it then. `crosses` says whether
/// errors come in at this place; that a task panicked is told by the error's type.
pub(super) fn met_again(frame: FrameRef<'_>, crosses: bool, facts: &Facts) -> Option<Record> {
    let name = facts.type_name.rsplit("::").next().unwrap_or_default();
    let comes_in = crosses && !OF_THE_WAY.iter().any(|known| name.starts_with(known));
    if !comes_in && name != "JoinError" {
        return None;
    }
    let left = {
        let mut all = all();
        // What passed this very function rose below it, and is another error than one that comes to it from elsewhere.
        let index = all.iter().rposition(|left| {
            left.is_in(facts, name)
                && left.at.elapsed() < LONGEST
                && !left.passed.iter().any(|passed| stands_beside(passed, frame.meta()))
        })?;
        all.remove(index)?
    };
    let mut record = Record::at(frame.key(), Box::new(Failure::new(Kind::Error, facts.clone())));
    record.failure.id = left.id;
    (record.told, record.crossed) = (true, true);
    Some(record)
}

/// Whether it is the same function, or made by the same macro.
fn stands_beside(one: &Meta, other: &Meta) -> bool {
    one.file == other.file && one.head().first_line == other.head().first_line
}

impl Left {
    fn is_in(&self, facts: &Facts, name: &str) -> bool {
        match self.kind {
            Kind::Panic => name == "JoinError" && facts.message.contains(&self.facts.message),
            _ => self.facts.type_name == facts.type_name && self.facts.is_in(facts),
        }
    }
}
