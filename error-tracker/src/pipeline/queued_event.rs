//! Events in the queue and in the writer.

use std::time::Instant;

use super::losses::ThreadNumber;
use crate::event::Event;
use crate::store::Sighting;

/// A waiting event.
pub(super) struct QueuedEvent {
    pub(super) event: Box<Event>,
    pub(super) position: QueuePosition,
    /// The issue, by its [`Likeness`](super::Likeness); `None` if too many issues were remembered.
    pub(super) key: Option<u64>,
}

/// Facts about a queued event.
#[derive(Clone, Copy)]
pub(super) struct QueuePosition {
    /// The number of the accepted event, from 1.
    pub(super) number: u64,
    pub(super) weight: usize,
    pub(super) since: Instant,
    /// Whether it is stored only if it is the first of its issue, and counted otherwise.
    pub(super) only_counts: bool,
    /// Whether the writer has completed it.
    pub(super) is_prepared: bool,
    /// The thread that submitted it.
    pub(super) thread: ThreadNumber,
}

/// A sighting that the writer has taken from the queue.
pub(super) struct SightingInFlight {
    pub(super) sighting: Sighting,
    pub(super) key: Option<u64>,
    /// Set for an event of the queue; `None` for counts.
    pub(super) position: Option<QueuePosition>,
}

/// The outcome of one [`SightingInFlight`].
pub(super) struct SightingOutcome {
    pub(super) key: Option<u64>,
    pub(super) position: Option<QueuePosition>,
    pub(super) count: u64,
    pub(super) became: SightingFate,
}

pub(super) enum SightingFate {
    /// Stored, with the event to which repeats will be added.
    Stored(Option<Box<Event>>),
    Dropped(&'static str),
    /// The store has no room for it now.
    Deferred(Box<Sighting>),
}

impl SightingInFlight {
    pub(super) fn outcome(&self, became: SightingFate) -> SightingOutcome {
        SightingOutcome {
            key: self.key,
            position: self.position,
            count: self.sighting.count,
            became,
        }
    }
}
