//! Corrections of events that are stored already.

use crate::event::Event;

/// A correction of a stored event, which the writer makes.
pub(super) enum Correction {
    /// Replace the event that has the same id.
    Replace(Box<Event>),
    /// Change the event with this id.
    Change { id: String, issue: Option<String>, change: EventChange },
}

/// A change of an event.
pub(super) type EventChange = Box<dyn FnOnce(&mut Event) + Send>;
