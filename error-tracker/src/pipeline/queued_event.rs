//! An event on its way through the queue and the writer.

use std::time::Instant;

use super::losses::ThreadNumber;
use crate::event::Event;
use crate::store::Sighting;

/// An event that waits.
pub(super) struct QueuedEvent {
    pub(super) event: Box<Event>,
    pub(super) turn: QueuePosition,
    /// None when the table of keys was full.
    pub(super) key: Option<u64>,
}

/// The place of an event in the queue.
#[derive(Clone, Copy)]
pub(super) struct QueuePosition {
    /// Counts what was accepted, from 1.
    pub(super) nth: u64,
    pub(super) weight: usize,
    pub(super) since: Instant,
    /// Whether it is kept only when it is the first of its issue.
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
    /// That of an event of the queue; else it only counts.
    pub(super) turn: Option<QueuePosition>,
}

/// What became of one [`SightingInFlight`].
pub(super) struct SightingOutcome {
    pub(super) key: Option<u64>,
    pub(super) turn: Option<QueuePosition>,
    pub(super) count: u64,
    pub(super) became: SightingFate,
}

pub(super) enum SightingFate {
    /// With the event to count onto from now on.
    Stored(Option<Box<Event>>),
    Dropped(&'static str),
    /// There is no room for it now.
    Unfit(Box<Sighting>),
}

impl SightingInFlight {
    pub(super) fn outcome(&self, became: SightingFate) -> SightingOutcome {
        SightingOutcome { key: self.key, turn: self.turn, count: self.sighting.count, became }
    }
}
